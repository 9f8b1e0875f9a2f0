package io.sonidb.bench;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
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

/// Records of vectors that have a representation of their own, beside vectors of noise, for which
/// one is looked for in vain. The compiler needs seconds for all of it.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls prepare() first.
public class RepresentationBenchmark {
  private static final int TURNS = 64;

  /// What the components are.
  public enum Kind {
    /// Floats of all bits.
    NOISE,
    /// float16 numbers times one scale.
    GRID,
    /// Small whole numbers times a step that the vector knows.
    MULTIPLES,
    /// 0 for one component of two, else 1 to 255.
    PIXELS;

    private Vector vector(float[] noise, float scale) {
      int[] multiples = new int[noise.length];
      float[] floats = noise.clone();
      for (int i = 0; i < noise.length; i++) {
        multiples[i] = Math.round(noise[i] * 28 * (float) Math.sqrt(noise.length));
        float half = Float.float16ToFloat(Float.floatToFloat16(noise[i]));
        if (this == GRID) {
          floats[i] = half * scale;
        } else if (this == PIXELS) {
          floats[i] = noise[i] < 0 ? 0 : 1 + Math.abs(multiples[i]) % 255;
        }
      }
      return this == MULTIPLES ? Vector.ofMultiples(multiples, scale) : Vector.sharing(floats);
    }
  }

  /// Components of each vector.
  @Param({"768", "1536"})
  public int dimension;

  /// What the components are.
  @Param public Kind kind;

  private final RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
  private final RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
  private final SoundRecord[] records = new SoundRecord[TURNS];
  private final byte[][] encoded = new byte[TURNS][];
  private byte[] out = new byte[0];
  private int turn;

  /// Makes the vectors.
  @Setup
  public void prepare() throws IOException {
    UnitVectors source = new UnitVectors(dimension);
    int largest = 0;
    for (int i = 0; i < TURNS; i++) {
      Vector vector = kind.vector(source.next(), 0.0123f + i / 1000f);
      records[i] = SoundRecord.upsert(i, VectorId.of(i), vector);
      largest = Math.max(largest, encoder.maxSize(records[i]));
    }
    out = new byte[largest];
    for (int i = 0; i < TURNS; i++) {
      encoded[i] = Arrays.copyOf(out, encoder.encode(records[i], out, 0));
      decoder.read(encoded[i], 0, encoded[i].length);
      if (!decoder.record().equals(records[i])) {
        throw new IllegalStateException("record " + i + " is not what was encoded");
      }
    }
  }

  private int next() {
    turn = turn + 1 & TURNS - 1;
    return turn;
  }

  /// A record to FLAC.
  @Benchmark
  public int encode() {
    return encoder.encode(records[next()], out, 0);
  }

  /// FLAC to a record, all checks.
  @Benchmark
  public RecordDecoder decode() throws IOException {
    byte[] bytes = encoded[next()];
    decoder.read(bytes, 0, bytes.length);
    return decoder;
  }
}
