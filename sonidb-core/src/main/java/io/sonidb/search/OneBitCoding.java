package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.FLOAT;
import static io.sonidb.search.SearchPartFormat.INT;
import static io.sonidb.search.SearchPartFormat.SHORT;

import io.sonidb.vector.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.quantization.OptimizedScalarQuantizer;

/// A bit for each component of the rotated vector, less the centroid, and what an estimate of the
/// inner product needs beside: the two numbers that the bits stand for, the product with the
/// centroid (or the squared distance from it), and the number of ones. What is compared with codes
/// has four bits a component.
///
/// With a bit `b` that stands for `l + b * w` in the one vector and four bits `f` for `m + f * v`
/// in the other, the product of both is a sum of four terms, of which only the sum of `b * f` needs
/// the components: that is four ANDs and counts of ones for 64 of them.
final class OneBitCoding extends Coding {
  static final int KIND = 1;

  private static final byte CODE_BITS = 1;
  private static final byte PROBE_BITS = 4;
  private static final float PROBE_STEPS = 15;
  private static final float LAMBDA = 0.1f; // as the library has it
  private static final int CORRECTIONS = 14;
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int PROBE_CORRECTIONS = 16;

  private final float[] centroid;
  private final float centroidSquare;
  private final int padded;
  private final OptimizedScalarQuantizer quantizer;

  /// Four bits are near their best interval at once, and who searches waits.
  private final OptimizedScalarQuantizer queryQuantizer;

  private final float[] scratch;
  private final byte[] levels;
  private final byte[] bits;
  private final byte[] nibbles;

  OneBitCoding(Score score, float[] centroid) {
    super(score, centroid.length);
    this.centroid = centroid.clone();
    this.centroidSquare = (float) square(centroid);
    this.padded = OptimizedScalarQuantizer.discretize(dimension, 64);
    VectorSimilarityFunction similarity =
        score == Score.EUCLID
            ? VectorSimilarityFunction.EUCLIDEAN
            : VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
    this.quantizer = new OptimizedScalarQuantizer(similarity);
    this.queryQuantizer = new OptimizedScalarQuantizer(similarity, LAMBDA, 1);
    this.scratch = new float[dimension];
    this.levels = new byte[padded];
    this.bits = new byte[padded / 8];
    this.nibbles = new byte[padded / 2];
  }

  float[] centroid() {
    return centroid;
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  int codeBytes() {
    return padded / 8 + CORRECTIONS;
  }

  @Override
  int probeBytes() {
    return padded / 2 + PROBE_CORRECTIONS;
  }

  @Override
  boolean encode(
      float[] prepared, MemorySegment codes, long at, MemorySegment probes, long probeAt) {
    OptimizedScalarQuantizer.QuantizationResult code = quantise(quantizer, prepared, CODE_BITS);
    OptimizedScalarQuantizer.packAsBinary(levels, bits);
    MemorySegment.copy(bits, 0, codes, ValueLayout.JAVA_BYTE, at, bits.length);
    long rest = at + bits.length;
    codes.set(FLOAT, rest, code.lowerInterval());
    codes.set(FLOAT, rest + 4, code.upperInterval());
    codes.set(FLOAT, rest + 8, code.additionalCorrection());
    codes.set(SHORT, rest + 12, (short) code.quantizedComponentSum());
    boolean isFinite = isFinite(code);
    if (isFinite && probes.byteSize() > 0) {
      OptimizedScalarQuantizer.QuantizationResult probe = quantise(quantizer, prepared, PROBE_BITS);
      OptimizedScalarQuantizer.transposeHalfByte(levels, nibbles);
      MemorySegment.copy(nibbles, 0, probes, ValueLayout.JAVA_BYTE, probeAt, nibbles.length);
      long behind = probeAt + nibbles.length;
      probes.set(FLOAT, behind, probe.lowerInterval());
      probes.set(FLOAT, behind + 4, probe.upperInterval());
      probes.set(FLOAT, behind + 8, probe.additionalCorrection());
      probes.set(INT, behind + 12, probe.quantizedComponentSum());
      isFinite = isFinite(probe);
    }
    return isFinite;
  }

  private static boolean isFinite(OptimizedScalarQuantizer.QuantizationResult result) {
    return Float.isFinite(
        result.lowerInterval() + result.upperInterval() + result.additionalCorrection());
  }

  // The quantiser changes what it is given.
  private OptimizedScalarQuantizer.QuantizationResult quantise(
      OptimizedScalarQuantizer by, float[] vector, byte ofBits) {
    System.arraycopy(vector, 0, scratch, 0, dimension);
    Arrays.fill(levels, (byte) 0);
    return by.scalarQuantize(scratch, levels, ofBits, centroid);
  }

  @Override
  CodeScorer scorer(MemorySegment codes, MemorySegment probes) {
    return new BitScorer(codes, probes);
  }

  /// What both vectors have in common is counted in words of 64 components, for each of the four
  /// bits. Bits meet wherever they are in a word, so it does not matter in which order a machine
  /// has its bytes.
  private final class BitScorer extends CodeScorer {
    private static final Kernels K = Kernels.BEST;

    private final MemorySegment probes;
    private final int words = padded / Long.SIZE;
    private final int planeWords = Kernels.planeWords(words);
    private final long[] planes;

    private float lower;
    private float width;
    private float extra;
    private float sum;

    BitScorer(MemorySegment codes, MemorySegment probes) {
      super(codes, codeBytes());
      this.probes = probes;
      this.planes = new long[Kernels.PLANES * planeWords];
    }

    private BitScorer(MemorySegment codes, BitScorer aimed) {
      super(codes, codeBytes());
      this.probes = aimed.probes;
      this.planes = aimed.planes;
      this.lower = aimed.lower;
      this.width = aimed.width;
      this.extra = aimed.extra;
      this.sum = aimed.sum;
    }

    @Override
    CodeScorer over(MemorySegment others) {
      return new BitScorer(others, this);
    }

    @Override
    void aim(float[] prepared) {
      OptimizedScalarQuantizer.QuantizationResult probe =
          quantise(queryQuantizer, prepared, PROBE_BITS);
      OptimizedScalarQuantizer.transposeHalfByte(levels, nibbles);
      want(MemorySegment.ofArray(nibbles), 0);
      aim(
          probe.lowerInterval(),
          probe.upperInterval(),
          probe.additionalCorrection(),
          probe.quantizedComponentSum());
    }

    @Override
    void aimAt(int node) {
      long at = (long) node * probeBytes();
      want(probes, at);
      long rest = at + padded / 2;
      aim(
          probes.get(FLOAT, rest),
          probes.get(FLOAT, rest + 4),
          probes.get(FLOAT, rest + 8),
          probes.get(INT, rest + 12));
    }

    private void want(MemorySegment from, long start) {
      for (int bit = 0; bit < Kernels.PLANES; bit++) {
        long at = start + (long) Long.BYTES * words * bit;
        MemorySegment.copy(from, WORD, at, planes, planeWords * bit, words);
      }
    }

    private void aim(float lowest, float highest, float additional, int ofLevels) {
      lower = lowest;
      width = (highest - lowest) / PROBE_STEPS;
      extra = additional;
      sum = ofLevels;
    }

    @Override
    float score(int node) {
      long at = (long) node * codeBytes;
      int both = K.bitProduct(codes, at, words, planes);
      long rest = at + padded / 8;
      float low = codes.get(FLOAT, rest);
      float step = codes.get(FLOAT, rest + 4) - low;
      float ones = codes.get(SHORT, rest + 12);
      float product =
          low * lower * dimension + lower * step * ones + low * width * sum + step * width * both;
      float corrections = extra + codes.get(FLOAT, rest + 8);
      return score == Score.EUCLID
          ? ofSquaredDistance(corrections - 2 * product)
          : ofProduct(product + corrections - centroidSquare);
    }
  }
}
