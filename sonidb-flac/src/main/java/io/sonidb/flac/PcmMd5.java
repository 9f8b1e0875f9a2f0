package io.sonidb.flac;

import io.sonidb.flac.kernel.Md5Choice;
import io.sonidb.flac.kernel.Md5Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The MD5 digest of a stream's samples, as STREAMINFO holds it: channels interleaved, each sample
/// signed and little-endian in as few whole bytes as its depth needs (RFC 9639, 8.2).
///
/// Not thread-safe, nor are those that were made [#together].
public final class PcmMd5 {

  private static final VarHandle LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LITTLE_ENDIAN_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// Samples of all channels that are laid out before they are digested.
  private static final int BUFFER_SAMPLES = 4096;

  private static final int LOW_24_BITS = 0xFFFFFF;

  /// Where the bytes go.
  private interface Chain {
    void update(byte[] bytes, int size);

    /// Takes samples of two channels of 24 bits, if that spares laying them out before.
    ///
    /// @return whether it has
    boolean updatePairs(int[] first, int[] second, int count);

    Md5 digest();
  }

  private final AudioFormat format;
  private final Chain chain;
  private final byte[] buffer;
  private final int[][] channels;

  /// Starts with no samples.
  ///
  /// @param format of all samples to come
  public PcmMd5(AudioFormat format) {
    this(format, alone());
  }

  private PcmMd5(AudioFormat format, Chain chain) {
    this.format = format;
    this.chain = chain;
    channels = new int[format.channels()][];
    // Samples are stored as four or eight bytes, of which the next ones overwrite those that are
    // too many.
    buffer = new byte[BUFFER_SAMPLES * bytesPerSample() + Long.BYTES];
  }

  /// Digests of several streams whose samples come in turns. Where the machine can, they are
  /// computed side by side, and all together take little longer than one; that is fastest when the
  /// streams are fed evenly. Each is good for one stream.
  ///
  /// @param format of all samples to come
  /// @param count how many
  /// @return so many, all of which start with no samples
  public static List<PcmMd5> together(AudioFormat format, int count) {
    return together(format, count, count > 1 && Md5Choice.lanesAreFaster());
  }

  static List<PcmMd5> together(AudioFormat format, int count, boolean inLanes) {
    if (!inLanes) {
      return Stream.generate(() -> new PcmMd5(format)).limit(count).toList();
    }
    List<PcmMd5> all = new ArrayList<>(count);
    while (all.size() < count) {
      int streams = Math.min(count - all.size(), Md5Lanes.LANES);
      Md5Group group = new Md5Group(streams);
      for (int lane = 0; lane < streams; lane++) {
        all.add(new PcmMd5(format, inLane(group, lane)));
      }
    }
    return all;
  }

  private static Chain inLane(Md5Group group, int lane) {
    return new Chain() {
      @Override
      public void update(byte[] bytes, int size) {
        group.update(lane, bytes, size);
      }

      @Override
      public boolean updatePairs(int[] first, int[] second, int count) {
        group.updatePairs(lane, first, second, count);
        return true;
      }

      @Override
      public Md5 digest() {
        return group.digest(lane);
      }
    };
  }

  private static Chain alone() {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no MD5", e);
    }
    return new Chain() {
      @Override
      public void update(byte[] bytes, int size) {
        digest.update(bytes, 0, size);
      }

      @Override
      public boolean updatePairs(int[] first, int[] second, int count) {
        return false;
      }

      @Override
      public Md5 digest() {
        return Md5.of(digest.digest());
      }
    };
  }

  /// Takes the next samples of every channel.
  ///
  /// @param pcm `int[channels][blockSize]` or longer; only read
  /// @param blockSize samples of each channel
  public void update(int[][] pcm, int blockSize) {
    int bytesPerSample = bytesPerSample();
    int channelCount = format.channels();
    boolean pairs = bytesPerSample == 3 && channelCount == 2;
    if (pairs && chain.updatePairs(pcm[0], pcm[1], blockSize)) {
      return;
    }
    int blocking = BUFFER_SAMPLES / channelCount;
    for (int from = 0; from < blockSize; from += blocking) {
      int to = Math.min(from + blocking, blockSize);
      int size = bytesPerSample * channelCount * (to - from);
      if (pairs) {
        layOutPairs(pcm[0], pcm[1], from, to, buffer);
      } else {
        layOut(pcm, from, to);
      }
      chain.update(buffer, size);
    }
  }

  private void layOut(int[][] pcm, int from, int to) {
    int bytesPerSample = bytesPerSample();
    int at = 0;
    for (int i = from; i < to; i++) {
      for (int channel = 0; channel < channels.length; channel++) {
        LITTLE_ENDIAN.set(buffer, at, pcm[channel][i]);
        at += bytesPerSample;
      }
    }
  }

  /// The same for two channels of 24 bits, a sample of both at a time.
  private static void layOutPairs(int[] first, int[] second, int from, int to, byte[] into) {
    int at = 0;
    for (int i = from; i < to; i++) {
      long pair = first[i] & LOW_24_BITS | (second[i] & (long) LOW_24_BITS) << 24;
      LITTLE_ENDIAN_LONG.set(into, at, pair);
      at += 6;
    }
  }

  /// Takes the frame that a decoder has just decoded.
  ///
  /// @param decoder as its last call of `decode` left it
  /// @throws IllegalArgumentException if the frame is of another format
  public void update(FrameDecoder decoder) {
    if (!decoder.format().equals(format)) {
      throw new IllegalArgumentException(
          "frame of " + decoder.format() + " in a stream of " + format);
    }
    for (int channel = 0; channel < channels.length; channel++) {
      channels[channel] = decoder.samples(channel);
    }
    update(channels, decoder.blockSize());
  }

  /// Ends a stream; this object then starts anew, unless it was made [#together] with others.
  ///
  /// @return the digest of all samples taken
  public Md5 digest() {
    return chain.digest();
  }

  private int bytesPerSample() {
    return (format.bitsPerSample() + 7) / 8;
  }
}
