package io.sonidb.bench;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameBatchDecoder;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.flac.kernel.Crc16;
import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Md5Lanes;
import io.sonidb.flac.kernel.Rice;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.SplittableRandom;
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

/// The loops of the FLAC codec alone, on 768 numbers, with SIMD and without, each beside the plain
/// way to do it; and frames of int8 vectors read in a batch beside one by one.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class FlacKernelBenchmark {
  private static final int SIZE = 768;
  private static final int PARAMETER = 4;
  private static final int FRAMES = 32;
  private static final int ORDER = 12;
  private static final int LANES = 16;

  private static final int LANE_BLOCKS = 16;
  private static final int[] LANES_AT = {0, 128, 256, 384, 512, 640, 768, 896};

  /// `on` is what the machine prefers.
  @Param({"on", "off"})
  public String simd = "on";

  private Kernels kernels = Kernels.SCALAR;
  private final int[] noise = new int[SIZE];
  private final int[] small = new int[SIZE];
  private final byte[] bytes = new byte[4 * SIZE];
  private final int[] ints = new int[SIZE];
  private final long[] codes = new long[SIZE];
  private final int[] coefficients = new int[ORDER];
  private final double[] numbers = new double[SIZE + 1 + Kernels.LAGS];
  private final double[] sums = new double[Kernels.LAGS];
  private final int[] words = new int[6 * SIZE / Integer.BYTES + 5];
  private final Md5Lanes md5 = new Md5Lanes();
  private final MessageDigest md5Alone = md5Alone();

  private final byte[] smallCodes = new byte[LANES * SIZE];
  private final long[] positions = new long[LANES];
  private final long[] laneWords = new long[LANES];
  private final long[] parameters = new long[LANES];
  private final long[] rows = new long[LANES * SIZE / Long.BYTES];

  private final FrameDecoder decoder = new FrameDecoder();
  private final FrameBatchDecoder batch = new FrameBatchDecoder();
  private byte[] frames = {};
  private final int[] offsets = new int[FRAMES];
  private final int[] limits = new int[FRAMES];

  private static MessageDigest md5Alone() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has MD5", e);
    }
  }

  /// Makes the numbers and frames.
  @Setup
  public void prepare() {
    kernels = simd.equals("on") ? Kernels.BEST : Kernels.SCALAR;
    SplittableRandom random = new SplittableRandom(3);
    Arrays.setAll(noise, i -> random.nextInt() >> 8);
    Arrays.setAll(small, i -> Math.clamp(Math.round(20 * random.nextGaussian()), -128, 127));
    Arrays.setAll(coefficients, i -> random.nextInt(-500, 500));
    for (int i = 0; i < SIZE; i++) {
      numbers[i] = small[i];
    }
    Arrays.fill(parameters, 1);
    for (int lane = 0; lane < LANES; lane++) {
      writeSmallCodes(random, 8 * SIZE * lane);
    }
    if (chooseParameter() != chooseParameterBaseline()) {
      throw new IllegalStateException("the parameter chosen is not the best");
    }
    FrameEncoder encoder = new FrameEncoder(new AudioFormat(48_000, 1, 8), SubframeSearch.NOISE);
    int room = encoder.maxFrameSize(SIZE);
    frames = new byte[FRAMES * room];
    int at = 0;
    for (int i = 0; i < FRAMES; i++) {
      int[] samples = new int[SIZE];
      Arrays.setAll(samples, n -> Math.clamp(Math.round(20 * random.nextGaussian()), -128, 127));
      offsets[i] = at;
      at += encoder.encodeFixed(new int[][] {samples}, SIZE, i, frames, at);
      limits[i] = at;
    }
  }

  /// Rice codes of parameter 1, as short as those of exponents.
  private void writeSmallCodes(SplittableRandom random, int firstBit) {
    int bit = firstBit;
    for (int n = 0; n < SIZE; n++) {
      int folded = Integer.numberOfTrailingZeros(random.nextInt() | 1 << 7);
      bit += folded >>> 1;
      set(bit);
      if ((folded & 1) != 0) {
        set(bit + 1);
      }
      bit += 2;
    }
  }

  private void set(int bit) {
    smallCodes[bit >>> 3] |= (byte) (0x80 >>> (bit & 7));
  }

  /// 24-bit samples into bytes.
  @Benchmark
  public int pack24() {
    return kernels.pack24(noise, 0, SIZE, bytes, 0, bytes.length);
  }

  /// Baseline of `pack24`: byte by byte.
  @Benchmark
  public byte[] pack24Baseline() {
    for (int i = 0; i < SIZE; i++) {
      bytes[3 * i] = (byte) (noise[i] >> 16);
      bytes[3 * i + 1] = (byte) (noise[i] >> 8);
      bytes[3 * i + 2] = (byte) noise[i];
    }
    return bytes;
  }

  /// Bytes into 24-bit samples.
  @Benchmark
  public int unpack24() {
    return kernels.unpack24(bytes, 0, bytes.length, ints, 0, SIZE);
  }

  /// Baseline of `unpack24`: byte by byte.
  @Benchmark
  public int[] unpack24Baseline() {
    for (int i = 0; i < SIZE; i++) {
      ints[i] = bytes[3 * i] << 16 | (bytes[3 * i + 1] & 0xff) << 8 | (bytes[3 * i + 2] & 0xff);
    }
    return ints;
  }

  /// Rice codes joined by fours.
  @Benchmark
  public int joinCodes() {
    return kernels.joinCodes(codes, kernels.pairCodes(small, 0, SIZE, PARAMETER, codes));
  }

  /// Baseline of `joinCodes`: one after the other.
  @Benchmark
  public long[] joinCodesBaseline() {
    for (int i = 0; i < SIZE; i += 4) {
      long code = 0;
      int bits = 0;
      for (int n = i; n < i + 4; n++) {
        int folded = Rice.fold(small[n]);
        int length = (folded >>> PARAMETER) + 1 + PARAMETER;
        int low = (folded & (1 << PARAMETER) - 1) | 1 << PARAMETER;
        code = code << length | low;
        bits += length;
      }
      codes[i / 4] = code << 8 | bits;
    }
    return codes;
  }

  /// The parameter under which a run of codes is shortest, as the encoder finds it: downhill from
  /// an estimate.
  @Benchmark
  public int chooseParameter() {
    long sum = Rice.sum(small, 0, SIZE);
    int best = Rice.estimate(sum, SIZE);
    long least = codeBits(best, sum);
    int step = Rice.shiftedSum(small, 0, SIZE, best, sum) > SIZE ? 1 : -1;
    for (int k = best + step; k >= 0 && k <= Rice.MAX_PARAMETER_5_BIT; k += step) {
      long bits = codeBits(k, sum);
      if (bits >= least) {
        break;
      }
      least = bits;
      best = k;
    }
    return best;
  }

  private long codeBits(int parameter, long sum) {
    return Rice.shiftedSum(small, 0, SIZE, parameter, sum) + (long) SIZE * (parameter + 1);
  }

  /// Baseline of `chooseParameter`: all that the shorter coding method has, code by code.
  @Benchmark
  public int chooseParameterBaseline() {
    int best = 0;
    long least = Long.MAX_VALUE;
    for (int k = 0; k <= Rice.MAX_PARAMETER_4_BIT; k++) {
      long bits = 0;
      for (int residual : small) {
        bits += (Rice.fold(residual) >>> k) + k + 1;
      }
      if (bits < least) {
        least = bits;
        best = k;
      }
    }
    return best;
  }

  /// Folded bytes into numbers.
  @Benchmark
  public int[] unfold() {
    kernels.unfold(bytes, 0, SIZE, ints, 0);
    return ints;
  }

  /// Baseline of `unfold`: one by one.
  @Benchmark
  public int[] unfoldBaseline() {
    for (int i = 0; i < SIZE; i++) {
      ints[i] = Rice.unfold(bytes[i] & 0xff);
    }
    return ints;
  }

  /// Small Rice codes of sixteen runs in lanes; `off` is the baseline, one run after the other.
  @Benchmark
  @OperationsPerInvocation(LANES)
  public int readSmallInLanes() {
    for (int lane = 0; lane < LANES; lane++) {
      positions[lane] = 8L * SIZE * lane;
    }
    int read = kernels.readSmallInLanes(smallCodes, positions, laneWords, parameters, SIZE, rows);
    if (read < SIZE - Long.BYTES) {
      throw new IllegalStateException("only " + read + " numbers of each run are read");
    }
    return read;
  }

  /// What a predictor of order 12 leaves.
  @Benchmark
  public int[] subtractPrediction() {
    kernels.subtractPrediction(small, ORDER, SIZE - ORDER, coefficients, ORDER, 9, ints);
    return ints;
  }

  /// Baseline of `subtractPrediction`: sample by sample.
  @Benchmark
  public int[] subtractPredictionBaseline() {
    for (int i = ORDER; i < SIZE; i++) {
      int sum = 0;
      for (int tap = 0; tap < ORDER; tap++) {
        sum += coefficients[tap] * small[i - 1 - tap];
      }
      ints[i - ORDER] = small[i] - (sum >> 9);
    }
    return ints;
  }

  /// Autocorrelation at sixteen lags.
  @Benchmark
  public double[] correlate() {
    kernels.correlate(numbers, SIZE, 0, sums);
    return sums;
  }

  /// Baseline of `correlate`: lag by lag.
  @Benchmark
  public double[] correlateBaseline() {
    for (int lag = 0; lag < Kernels.LAGS; lag++) {
      double sum = 0;
      for (int i = 0; i < SIZE; i++) {
        sum += numbers[i] * numbers[i + lag];
      }
      sums[lag] = sum;
    }
    return sums;
  }

  /// Samples of two channels, laid out for [Md5Lanes]. There is no plain one.
  @Benchmark
  public int layOutForMd5() {
    return Md5Lanes.layOut(noise, small, 0, SIZE, words, 0);
  }

  /// Baseline of `layOutForMd5`: word by word.
  @Benchmark
  public int[] layOutForMd5Baseline() {
    int at = 0;
    for (int i = 0; i < SIZE; i += 2) {
      words[at] = noise[i] & 0xFFFFFF | small[i] << 24;
      words[at + 1] = small[i] >>> 8 & 0xFFFF | noise[i + 1] << 16;
      words[at + 2] = noise[i + 1] >>> 16 & 0xFF | small[i + 1] << 8;
      at += 3;
    }
    return words;
  }

  /// A block of each of eight streams.
  @Benchmark
  @OperationsPerInvocation(LANE_BLOCKS)
  public Md5Lanes md5InLanes() {
    md5.update(words, LANES_AT, LANE_BLOCKS, 0);
    return md5;
  }

  /// Baseline of `md5InLanes`: so many blocks, one after the other.
  @Benchmark
  @OperationsPerInvocation(LANE_BLOCKS)
  public MessageDigest md5InLanesBaseline() {
    for (int lane = 0; lane < Md5Lanes.LANES; lane++) {
      md5Alone.update(bytes, 0, LANE_BLOCKS * Md5Lanes.BLOCK_BYTES);
    }
    return md5Alone;
  }

  /// The checksum of 2,304 bytes, which does without SIMD.
  @Benchmark
  public int crc16() {
    return Crc16.of(bytes, 0, 3 * SIZE);
  }

  /// A frame of an int8 vector out of a batch of 32. `simd` does not reach it; `-Dsonidb.simd=off`
  /// does.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public int decodeBatch() {
    int wellFormed = batch.decode(frames, offsets, limits, FRAMES);
    if (wellFormed != FRAMES) {
      throw new IllegalStateException("only " + wellFormed + " frames are well-formed");
    }
    return wellFormed;
  }

  /// Baseline of `decodeBatch`: the same frames one by one.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public int decodeBatchBaseline() throws MalformedFlacException {
    int bytesRead = 0;
    for (int i = 0; i < FRAMES; i++) {
      bytesRead += decoder.decode(frames, offsets[i], limits[i]);
    }
    return bytesRead;
  }
}
