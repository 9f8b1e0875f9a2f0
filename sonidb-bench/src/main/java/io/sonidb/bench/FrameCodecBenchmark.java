package io.sonidb.bench;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.Frames;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The FLAC codec alone, on the frame that a float32 vector becomes: 24-bit stereo, one channel of
/// noise (signs and mantissas), one of small numbers behind a control word (exponents).
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class FrameCodecBenchmark {
  private static final VarHandle LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /// A position some minutes into a segment: five bytes of coded number.
  private static final long FIRST_SAMPLE = 20_000_000;

  /// Components of the vector.
  @Param({"128", "768", "1536"})
  public int dimension;

  private final SoundFormat format = SoundFormat.FLOAT32;
  private final FrameEncoder encoder = new FrameEncoder(format.audio(), SubframeSearch.NOISE);
  private final FrameDecoder decoder = new FrameDecoder();
  private final int[] byteTable = byteTable();
  private final int[][] pcm = new int[format.channels()][];
  private int blockSize;
  private byte[] frame = {};
  private byte[] out = {};
  private byte[] wav = {};

  /// Makes the frame, and checks that the codec gives it back.
  @Setup
  public void prepare() throws MalformedFlacException {
    SoundRecord record =
        SoundRecord.upsert(
            3_000_000, VectorId.of(2_500_000), Vector.of(new UnitVectors(dimension).next()));
    RecordEncoder records = new RecordEncoder(format);
    byte[] bytes = new byte[records.maxSize(record)];
    int size = records.encode(record, bytes, 0);
    if (decoder.decode(bytes, 0, size) != size) {
      throw new IllegalStateException("the record is more than one frame");
    }
    blockSize = decoder.blockSize();
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = Arrays.copyOf(decoder.samples(channel), blockSize);
    }
    out = new byte[encoder.maxFrameSize(blockSize) + Frames.MAX_RENUMBER_GROWTH];
    int length = encode();
    frame = Arrays.copyOf(out, length);
    decode();
    for (int channel = 0; channel < pcm.length; channel++) {
      if (!Arrays.equals(pcm[channel], 0, blockSize, decoder.samples(channel), 0, blockSize)) {
        throw new IllegalStateException("channel " + channel + " is not what was encoded");
      }
    }
    wav = encodeBaseline().clone();
    if (!Arrays.equals(decodeBaseline()[1], 0, blockSize, decoder.samples(1), 0, blockSize)) {
      throw new IllegalStateException("the baseline does not read what it wrote");
    }
    if (crc16() != 0 || crc16Bytewise() != 0) {
      throw new IllegalStateException("the CRC-16 of a whole frame must be 0");
    }
  }

  /// PCM to frame.
  @Benchmark
  public int encode() {
    return encoder.encode(pcm, blockSize, FIRST_SAMPLE, out, 0);
  }

  /// Frame to PCM, CRC-8 and CRC-16 checked.
  @Benchmark
  public int decode() throws MalformedFlacException {
    return decoder.decode(frame, 0, frame.length);
  }

  /// Baseline of `encode`: the same samples as the bytes of a WAV file, unchecked.
  @Benchmark
  public byte[] encodeBaseline() {
    int[] left = pcm[0];
    int[] right = pcm[1];
    for (int i = 0; i < blockSize; i++) {
      // The fourth byte of each is overwritten by the next.
      LITTLE_ENDIAN.set(out, 6 * i, left[i]);
      LITTLE_ENDIAN.set(out, 6 * i + 3, right[i]);
    }
    return out;
  }

  /// Baseline of `decode`: the samples out of the bytes of a WAV file, unchecked.
  @Benchmark
  public int[][] decodeBaseline() {
    int[] left = pcm[0];
    int[] right = pcm[1];
    for (int i = 0; i < blockSize; i++) {
      left[i] = (int) LITTLE_ENDIAN.get(wav, 6 * i) << 8 >> 8;
      right[i] = (int) LITTLE_ENDIAN.get(wav, 6 * i + 3) << 8 >> 8;
    }
    return pcm;
  }

  /// The frame under another sample number.
  @Benchmark
  public int renumber() {
    return Frames.renumber(frame, 0, frame.length, FIRST_SAMPLE + 1_000_000, out, 0);
  }

  /// Baseline of `renumber`: the frame copied.
  @Benchmark
  public byte[] renumberBaseline() {
    System.arraycopy(frame, 0, out, 0, frame.length);
    return out;
  }

  /// The checksum of the whole frame.
  @Benchmark
  public int crc16() {
    return Frames.crc16(frame, 0, frame.length);
  }

  /// Baseline of `crc16`: one table look-up a byte.
  @Benchmark
  public int crc16Bytewise() {
    int crc = 0;
    for (byte b : frame) {
      crc = (crc << 8 & 0xffff) ^ byteTable[crc >>> 8 ^ (b & 0xff)];
    }
    return crc;
  }

  private static int[] byteTable() {
    int[] table = new int[256];
    for (int value = 0; value < table.length; value++) {
      int crc = value << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x18005 : 0);
      }
      table[value] = crc;
    }
    return table;
  }
}
