package io.sonidb.bench;

import io.sonidb.vector.Kernels;
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

/// The sums that distances are made of: SIMD, plain loops with four running sums, and as baseline
/// the loop that one would write first.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class DistanceBenchmark {
  private static final String SIMD = "--add-modules=jdk.incubator.vector";
  private static final String SCALAR = "-Dsonidb.simd=off";

  /// Components of each vector.
  @Param({"128", "768", "1536"})
  public int dimension;

  private float[] a = {};
  private float[] b = {};

  /// Makes two vectors, and checks that the JVM of this benchmark runs the kernels that it is
  /// about.
  @Setup
  public void prepare() {
    UnitVectors vectors = new UnitVectors(dimension);
    a = vectors.next();
    b = vectors.next();
    boolean off = "off".equals(System.getProperty("sonidb.simd"));
    if (off != Kernels.BEST.name().equals("scalar")) {
      throw new IllegalStateException(
          "the kernels are " + Kernels.BEST.name() + " and SIMD is " + (off ? "off" : "on"));
    }
  }

  /// Inner product, SIMD.
  @Benchmark
  @Fork(jvmArgsAppend = SIMD)
  public float dotSimd() {
    return Kernels.BEST.dot(a, b);
  }

  /// Inner product, plain.
  @Benchmark
  @Fork(jvmArgsAppend = SCALAR)
  public float dotScalar() {
    return Kernels.BEST.dot(a, b);
  }

  /// Baseline: inner product with one running sum.
  @Benchmark
  @Fork(jvmArgsAppend = SIMD)
  public float dotBaseline() {
    float sum = 0f;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /// Squared distance, SIMD.
  @Benchmark
  @Fork(jvmArgsAppend = SIMD)
  public float euclidSimd() {
    return Kernels.BEST.squaredDistance(a, b);
  }

  /// Squared distance, plain.
  @Benchmark
  @Fork(jvmArgsAppend = SCALAR)
  public float euclidScalar() {
    return Kernels.BEST.squaredDistance(a, b);
  }

  /// Baseline: squared distance with one running sum.
  @Benchmark
  @Fork(jvmArgsAppend = SIMD)
  public float euclidBaseline() {
    float sum = 0f;
    for (int i = 0; i < a.length; i++) {
      float difference = a[i] - b[i];
      sum += difference * difference;
    }
    return sum;
  }
}
