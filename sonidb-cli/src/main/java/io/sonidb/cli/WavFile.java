package io.sonidb.cli;

import io.sonidb.cli.SoundExport.FrameSink;
import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// A WAV file of 16- or 24-bit samples; RF64 (EBU Tech 3306) when it grows beyond what WAV can
/// count.
///
/// ```text
/// "RIFF" size "WAVE"   "JUNK" 28 bytes, which become "ds64" with 64-bit sizes
/// "fmt " 40: WAVE_FORMAT_EXTENSIBLE, channels, rate, PCM   "data" size samples, little-endian
/// ```
///
/// A pipe gets the largest size instead of the true one, which readers take for "to the end".
final class WavFile implements FrameSink {

  private static final int HEAD_BYTES = 12 + 8 + 28 + 8 + 40 + 8;
  private static final long UNKNOWN = 0xFFFF_FFFFL;

  /// The tail of the GUID of PCM, behind its format tag 1 (KSDATAFORMAT_SUBTYPE_PCM).
  private static final byte[] GUID_TAIL = {
    0, 0, 0, 0, 16, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71
  };

  private final ByteOutput out;
  private final AudioFormat format;
  private final int sampleBytes;
  private final long maxRiffBytes;
  private byte[] pcm = new byte[1 << 14];
  private long dataBytes;

  private WavFile(ByteOutput out, AudioFormat format, long maxRiffBytes) {
    this.out = out;
    this.format = format;
    this.sampleBytes = format.bitsPerSample() / 8;
    this.maxRiffBytes = maxRiffBytes;
  }

  static WavFile start(ByteOutput out, AudioFormat format) throws IOException {
    return start(out, format, UNKNOWN);
  }

  /// @param maxRiffBytes size from which on the file is RF64
  static WavFile start(ByteOutput out, AudioFormat format, long maxRiffBytes) throws IOException {
    if (format.bitsPerSample() != 16 && format.bitsPerSample() != 24) {
      throw new IllegalArgumentException(
          "16 or 24 bits per sample are written, asked for " + format);
    }
    WavFile file = new WavFile(out, format, maxRiffBytes);
    out.stream().write(file.head("RIFF", UNKNOWN, UNKNOWN, "JUNK"));
    return file;
  }

  private byte[] head(String riff, long riffSize, long dataSize, String junk) {
    int frameBytes = format.channels() * sampleBytes;
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    head.put(ascii(riff)).putInt((int) riffSize).put(ascii("WAVE"));
    head.put(ascii(junk)).putInt(28);
    boolean large = junk.equals("ds64");
    head.putLong(large ? HEAD_BYTES - 8 + dataBytes + padding() : 0);
    head.putLong(large ? dataBytes : 0);
    head.putLong(large ? dataBytes / frameBytes : 0);
    head.putInt(0);
    head.put(ascii("fmt ")).putInt(40);
    head.putShort((short) 0xFFFE).putShort((short) format.channels());
    head.putInt(format.sampleRateHz()).putInt(format.sampleRateHz() * frameBytes);
    head.putShort((short) frameBytes).putShort((short) format.bitsPerSample());
    // 22 bytes follow; all bits are valid; the channels have no places; PCM.
    head.putShort((short) 22).putShort((short) format.bitsPerSample()).putInt(0);
    head.putShort((short) 1).put(GUID_TAIL);
    head.put(ascii("data")).putInt((int) dataSize);
    return head.array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private int padding() {
    return (int) (dataBytes & 1);
  }

  @Override
  public void write(byte[] frame, int offset, int length, FrameDecoder decoder) throws IOException {
    int channels = format.channels();
    int bytes = decoder.blockSize() * channels * sampleBytes;
    if (bytes > pcm.length) {
      pcm = Arrays.copyOf(pcm, bytes);
    }
    for (int channel = 0; channel < channels; channel++) {
      int[] samples = decoder.samples(channel);
      int at = channel * sampleBytes;
      for (int i = 0; i < decoder.blockSize(); i++) {
        int sample = samples[i];
        for (int b = 0; b < sampleBytes; b++) {
          pcm[at + b] = (byte) (sample >>> 8 * b);
        }
        at += channels * sampleBytes;
      }
    }
    out.stream().write(pcm, 0, bytes);
    dataBytes += bytes;
  }

  @Override
  public void finish() throws IOException {
    out.stream().write(new byte[padding()]);
    Optional<FileChannel> channel = out.channel();
    if (channel.isEmpty()) {
      return;
    }
    out.stream().flush();
    long riffSize = HEAD_BYTES - 8 + dataBytes + padding();
    byte[] complete =
        riffSize < maxRiffBytes
            ? head("RIFF", riffSize, dataBytes, "JUNK")
            : head("RF64", UNKNOWN, UNKNOWN, "ds64");
    ByteBuffer head = ByteBuffer.wrap(complete);
    while (head.hasRemaining()) {
      channel.get().write(head, head.position());
    }
  }
}
