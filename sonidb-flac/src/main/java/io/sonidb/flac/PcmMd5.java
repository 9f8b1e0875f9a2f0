package io.sonidb.flac;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The MD5 digest of a stream's samples, as STREAMINFO holds it: channels interleaved, each sample
/// signed and little-endian in as few whole bytes as its depth needs (RFC 9639, 8.2).
///
/// Not thread-safe.
public final class PcmMd5 {

  private static final VarHandle LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /// Samples of all channels that are laid out before they are digested.
  private static final int BUFFER_SAMPLES = 4096;

  private final AudioFormat format;
  private final MessageDigest digest;
  private final byte[] buffer;
  private final int[][] channels;

  /// Starts with no samples.
  ///
  /// @param format of all samples to come
  public PcmMd5(AudioFormat format) {
    this.format = format;
    channels = new int[format.channels()][];
    // Each sample is stored as four bytes, of which the next sample overwrites those that are too
    // many.
    buffer = new byte[BUFFER_SAMPLES * bytesPerSample() + Integer.BYTES];
    try {
      digest = MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no MD5", e);
    }
  }

  /// Takes the next samples of every channel.
  ///
  /// @param pcm `int[channels][blockSize]` or longer; only read
  /// @param blockSize samples of each channel
  public void update(int[][] pcm, int blockSize) {
    int bytesPerSample = bytesPerSample();
    int channelCount = format.channels();
    int blocking = BUFFER_SAMPLES / channelCount;
    for (int from = 0; from < blockSize; from += blocking) {
      int to = Math.min(from + blocking, blockSize);
      int at = 0;
      for (int i = from; i < to; i++) {
        for (int channel = 0; channel < channelCount; channel++) {
          LITTLE_ENDIAN.set(buffer, at, pcm[channel][i]);
          at += bytesPerSample;
        }
      }
      digest.update(buffer, 0, at);
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

  /// Ends a stream; this object then starts anew.
  ///
  /// @return the digest of all samples taken
  public Md5 digest() {
    return Md5.of(digest.digest());
  }

  private int bytesPerSample() {
    return (format.bitsPerSample() + 7) / 8;
  }
}
