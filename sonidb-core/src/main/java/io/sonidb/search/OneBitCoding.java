package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.FLOAT;
import static io.sonidb.search.SearchPartFormat.INT;
import static io.sonidb.search.SearchPartFormat.SHORT;

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
  private static final int CORRECTIONS = 14;
  private static final int PROBE_CORRECTIONS = 16;

  private final float[] centroid;
  private final float centroidSquare;
  private final int padded;
  private final OptimizedScalarQuantizer quantizer;
  private final float[] scratch;
  private final byte[] levels;
  private final byte[] bits;
  private final byte[] nibbles;

  OneBitCoding(Score score, float[] centroid) {
    super(score, centroid.length);
    this.centroid = centroid.clone();
    this.centroidSquare = (float) square(centroid);
    this.padded = OptimizedScalarQuantizer.discretize(dimension, 64);
    this.quantizer =
        new OptimizedScalarQuantizer(
            score == Score.EUCLID
                ? VectorSimilarityFunction.EUCLIDEAN
                : VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT);
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
    OptimizedScalarQuantizer.QuantizationResult code = quantise(prepared, CODE_BITS);
    OptimizedScalarQuantizer.packAsBinary(levels, bits);
    MemorySegment.copy(bits, 0, codes, ValueLayout.JAVA_BYTE, at, bits.length);
    long rest = at + bits.length;
    codes.set(FLOAT, rest, code.lowerInterval());
    codes.set(FLOAT, rest + 4, code.upperInterval());
    codes.set(FLOAT, rest + 8, code.additionalCorrection());
    codes.set(SHORT, rest + 12, (short) code.quantizedComponentSum());
    boolean isFinite = isFinite(code);
    if (isFinite && probes.byteSize() > 0) {
      OptimizedScalarQuantizer.QuantizationResult probe = quantise(prepared, PROBE_BITS);
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
  private OptimizedScalarQuantizer.QuantizationResult quantise(float[] vector, byte ofBits) {
    System.arraycopy(vector, 0, scratch, 0, dimension);
    Arrays.fill(levels, (byte) 0);
    return quantizer.scalarQuantize(scratch, levels, ofBits, centroid);
  }

  @Override
  CodeScorer scorer(MemorySegment codes, MemorySegment probes) {
    return new BitScorer(codes, probes);
  }

  /// Sums are over words of 64 components: what both vectors have in common is counted there at
  /// once, for each of the four bits. Bits meet wherever they are in a word, so it does not matter
  /// in which order a machine has its bytes.
  private final class BitScorer extends CodeScorer {
    private static final int BITS = 4;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private final MemorySegment probes;
    private final int words = padded / Long.SIZE;

    /// Of each word, its four bits one behind the other.
    private final long[] wanted = new long[BITS * words];

    private float lower;
    private float width;
    private float extra;
    private float sum;

    BitScorer(MemorySegment codes, MemorySegment probes) {
      super(codes, codeBytes());
      this.probes = probes;
    }

    @Override
    void aim(float[] prepared) {
      OptimizedScalarQuantizer.QuantizationResult probe = quantise(prepared, PROBE_BITS);
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
      long at = start;
      for (int bit = 0; bit < BITS; bit++) {
        for (int word = 0; word < words; word++) {
          wanted[BITS * word + bit] = from.get(WORD, at);
          at += Long.BYTES;
        }
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
      int first = 0;
      int second = 0;
      int third = 0;
      int fourth = 0;
      for (int word = 0; word < words; word++) {
        long code = codes.get(WORD, at + (long) Long.BYTES * word);
        int bit = BITS * word;
        first += Long.bitCount(code & wanted[bit]);
        second += Long.bitCount(code & wanted[bit + 1]);
        third += Long.bitCount(code & wanted[bit + 2]);
        fourth += Long.bitCount(code & wanted[bit + 3]);
      }
      int both = first + 2 * second + 4 * third + 8 * fourth;
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
