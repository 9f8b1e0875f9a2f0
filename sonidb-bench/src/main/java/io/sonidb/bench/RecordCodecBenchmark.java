package io.sonidb.bench;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A vector with its id to sound and back, beside the baseline of [RawVectors].
///
/// Several vectors take turns, so that the branch predictor cannot learn one by heart.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class RecordCodecBenchmark {
  private static final int TURNS = 64;
  private static final int TOGETHER = 16;
  private static final long FIRST_SEQUENCE = 3_000_000;

  /// Records, and the same ones encoded.
  private static final class Records {
    private final SoundRecord[] records = new SoundRecord[TURNS];
    private final byte[][] encoded = new byte[TURNS][];
    private final RecordEncoder encoder;
    private final RecordDecoder decoder;
    private final byte[] out;
    private final byte[] all;
    private final int[] offsets = new int[TURNS];
    private final int[] someOffsets = new int[TOGETHER];
    private final int[] limits = new int[TOGETHER];
    private int turn;

    Records(SoundFormat format, Vector[] vectors) throws IOException {
      encoder = new RecordEncoder(format);
      decoder = new RecordDecoder(format);
      int largest = 0;
      for (int i = 0; i < TURNS; i++) {
        long sequence = FIRST_SEQUENCE + i;
        records[i] = SoundRecord.upsert(sequence, VectorId.of(sequence), vectors[i]);
        largest = Math.max(largest, encoder.maxSize(records[i]));
      }
      out = new byte[largest];
      for (int i = 0; i < TURNS; i++) {
        int size = encoder.encode(records[i], out, 0);
        encoded[i] = Arrays.copyOf(out, size);
        decoder.read(encoded[i], 0, size);
        if (!decoder.record().equals(records[i])) {
          throw new IllegalStateException("record " + i + " is not what was encoded");
        }
      }
      ByteArrayOutputStream behindOneAnother = new ByteArrayOutputStream();
      for (int i = 0; i < TURNS; i++) {
        offsets[i] = behindOneAnother.size();
        behindOneAnother.writeBytes(encoded[i]);
      }
      all = behindOneAnother.toByteArray();
      Arrays.fill(limits, all.length);
    }

    private int next() {
      turn = turn + 1 & TURNS - 1;
      return turn;
    }

    int encode() {
      return encoder.encode(records[next()], out, 0);
    }

    /// Decodes all of them together, each into the same array.
    float[] decodeTogether(float[] into) throws IOException {
      for (int from = 0; from < TURNS; from += TOGETHER) {
        System.arraycopy(offsets, from, someOffsets, 0, TOGETHER);
        decoder.prepare(all, someOffsets, limits, TOGETHER);
        for (int i = 0; i < TOGETHER; i++) {
          decoder.readPrepared(i);
          decoder.copyVector(into);
        }
      }
      return into;
    }

    RecordDecoder decode() throws IOException {
      byte[] bytes = encoded[next()];
      decoder.read(bytes, 0, bytes.length);
      return decoder;
    }
  }

  /// Vectors of float32.
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
  public static class Floats {
    /// Components of each vector.
    @Param({"128", "768", "1536"})
    public int dimension;

    /// How they sound.
    @Param({"AMPLITUDE", "FREQUENCY", "PULSE"})
    public Sonification sonification;

    private Records records;
    private float[][] vectors;
    private byte[][] raw;
    private float[] into;

    /// Makes the vectors.
    @Setup
    public void prepare() throws IOException {
      UnitVectors source = new UnitVectors(dimension);
      vectors = new float[TURNS][];
      raw = new byte[TURNS][RawVectors.size(dimension)];
      for (int i = 0; i < TURNS; i++) {
        vectors[i] = source.next();
        RawVectors.write(vectors[i], raw[i], 0);
      }
      records =
          new Records(
              new SoundFormat(ElementType.FLOAT32, sonification),
              Arrays.stream(vectors).map(Vector::sharing).toArray(Vector[]::new));
      into = new float[dimension];
    }
  }

  /// Vectors of float64.
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
  public static class Doubles {
    private static final int DIMENSION = 768;

    private Records records;
    private double[][] vectors;
    private byte[][] raw;
    private double[] into;

    /// Makes the vectors.
    @Setup
    public void prepare() throws IOException {
      UnitVectors source = new UnitVectors(DIMENSION);
      vectors = new double[TURNS][];
      raw = new byte[TURNS][RawVectors.doubleSize(DIMENSION)];
      for (int i = 0; i < TURNS; i++) {
        vectors[i] = source.nextDoubles();
        RawVectors.write(vectors[i], raw[i], 0);
      }
      records =
          new Records(
              SoundFormat.FLOAT64,
              Arrays.stream(vectors).map(Vector::sharing).toArray(Vector[]::new));
      into = new double[DIMENSION];
    }
  }

  /// A float32 record to FLAC.
  @Benchmark
  public int encode(Floats state) {
    return state.records.encode();
  }

  /// Baseline of `encode`: the vector's bytes and their CRC-32.
  @Benchmark
  public byte[] encodeBaseline(Floats state) {
    int turn = state.records.next();
    byte[] out = state.records.out;
    RawVectors.write(state.vectors[turn], out, 0);
    return out;
  }

  /// FLAC to a float32 vector, everything checked.
  @Benchmark
  public float[] read(Floats state) throws IOException {
    state.records.decode().copyVector(state.into);
    return state.into;
  }

  /// As `read`, sixteen records together.
  @Benchmark
  @OperationsPerInvocation(TURNS)
  public float[] readTogether(Floats state) throws IOException {
    return state.records.decodeTogether(state.into);
  }

  /// Baseline of `read`: bytes to vector, CRC-32 checked.
  @Benchmark
  public float[] readBaseline(Floats state) throws IOException {
    RawVectors.read(state.raw[state.records.next()], 0, state.into);
    return state.into;
  }

  /// A float64 record of 768 dimensions to FLAC.
  @Benchmark
  public int encodeFloat64(Doubles state) {
    return state.records.encode();
  }

  /// Baseline of `encodeFloat64`: the vector's bytes and their CRC-32.
  @Benchmark
  public byte[] encodeFloat64Baseline(Doubles state) {
    int turn = state.records.next();
    byte[] out = state.records.out;
    RawVectors.write(state.vectors[turn], out, 0);
    return out;
  }

  /// FLAC to a float64 vector of 768 dimensions, everything checked.
  @Benchmark
  public double[] readFloat64(Doubles state) throws IOException {
    state.records.decode().copyVector(state.into);
    return state.into;
  }

  /// Baseline of `readFloat64`: bytes to vector, CRC-32 checked.
  @Benchmark
  public double[] readFloat64Baseline(Doubles state) throws IOException {
    RawVectors.read(state.raw[state.records.next()], 0, state.into);
    return state.into;
  }
}
