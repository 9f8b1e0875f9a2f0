package io.sonidb.sound;

import java.util.Arrays;

/// Chooses how a vector's exponent fields become ranks: the cheapest in bits, counted exactly.
///
/// The marker channel is Rice-coded without a predictor, so a component of rank r costs `(r >> k) +
/// 1 + k` bits under parameter k. What decides is therefore the histogram of the exponents alone, a
/// dozen distinct ones in a typical vector. All combinations are counted of
///
/// - five reference exponents around the most frequent one,
/// - the four orders of [ExponentOrders],
/// - no rank of its own, or rank 0, 1 or 2, for exponent field 0, when it occurs,
/// - ranks from 12 on coded as they are, or as 12 with the exponents listed in the header.
///
/// The last is for the two or three values around 1e-33 that some models leave in every vector:
/// each would be a run of 50 bits.
final class ExponentChoice {
  private static final int REFERENCES = 5;
  private static final int RICE_PARAMETERS = 13;

  /// What the header adds to the samples of the marker channel; about right is good enough, because
  /// only the choice of k depends on it.
  private static final int HEADER_SAMPLES = 10;

  private static final short[][] RANKS_32 = ranks(255);
  private static final short[][] RANKS_64 = ranks(2047);

  private final int maxExponent;
  private final short[][] ranks;
  private final int farBits;

  // Four histograms for four neighbours: the same exponent twice in a row would otherwise wait for
  // its own counter.
  private final int[] histogram;
  private final int[] histogram2;
  private final int[] histogram3;
  private final int[] histogram4;
  private final int[] exponents;
  private final int[] counts;
  private int distinct;
  private int zeros;

  private final long[] near = new long[RICE_PARAMETERS];
  private final long[] beyond = new long[RICE_PARAMETERS];

  private int order;
  private int reference;
  private int zeroRank;
  private boolean far;
  private int riceParameter;
  private long bestBits;

  private long mantissaBits;
  private final int[] rankOf;
  private final int[] farExponents = new int[RecordFormat.MAX_FAR_EXPONENTS];
  private int farCount;

  ExponentChoice(ElementType element) {
    boolean single = element == ElementType.FLOAT32;
    maxExponent = single ? 255 : 2047;
    ranks = single ? RANKS_32 : RANKS_64;
    farBits = single ? 8 : 16;
    histogram = new int[maxExponent + 1];
    histogram2 = new int[maxExponent + 1];
    histogram3 = new int[maxExponent + 1];
    histogram4 = new int[maxExponent + 1];
    exponents = new int[maxExponent + 1];
    counts = new int[maxExponent + 1];
    rankOf = new int[maxExponent + 1];
  }

  private static short[][] ranks(int maxExponent) {
    short[][] ranks = new short[ExponentOrders.COUNT][];
    for (int order = 0; order < ranks.length; order++) {
      ranks[order] = ExponentOrders.ranks(order, maxExponent);
    }
    return ranks;
  }

  /// Chooses for a float32 vector.
  void choose(float[] vector) {
    mantissaBits = count(vector, histogram, histogram2, histogram3, histogram4) & 0x7FFFFF;
    gather(0, maxExponent);
    search(vector.length);
    if (far) {
      for (float component : vector) {
        addIfFar(Float.floatToRawIntBits(component) >>> 23 & 0xFF);
      }
    }
  }

  /// Chooses for a float64 vector.
  void choose(double[] vector) {
    mantissaBits = count(vector, histogram, histogram2, histogram3, histogram4) & (1L << 52) - 1;
    gather(0, maxExponent);
    search(vector.length);
    if (far) {
      for (double component : vector) {
        addIfFar((int) (Double.doubleToRawLongBits(component) >>> 52) & 0x7FF);
      }
    }
  }

  private static int count(float[] vector, int[] h1, int[] h2, int[] h3, int[] h4) {
    int seen = 0;
    int i = 0;
    for (; i <= vector.length - 4; i += 4) {
      int a = Float.floatToRawIntBits(vector[i]);
      int b = Float.floatToRawIntBits(vector[i + 1]);
      int c = Float.floatToRawIntBits(vector[i + 2]);
      int d = Float.floatToRawIntBits(vector[i + 3]);
      seen |= a | b | c | d;
      h1[a >>> 23 & 0xFF]++;
      h2[b >>> 23 & 0xFF]++;
      h3[c >>> 23 & 0xFF]++;
      h4[d >>> 23 & 0xFF]++;
    }
    for (; i < vector.length; i++) {
      int a = Float.floatToRawIntBits(vector[i]);
      seen |= a;
      h1[a >>> 23 & 0xFF]++;
    }
    return seen;
  }

  private static long count(double[] vector, int[] h1, int[] h2, int[] h3, int[] h4) {
    long seen = 0;
    int i = 0;
    for (; i <= vector.length - 4; i += 4) {
      long a = Double.doubleToRawLongBits(vector[i]);
      long b = Double.doubleToRawLongBits(vector[i + 1]);
      long c = Double.doubleToRawLongBits(vector[i + 2]);
      long d = Double.doubleToRawLongBits(vector[i + 3]);
      seen |= a | b | c | d;
      h1[(int) (a >>> 52) & 0x7FF]++;
      h2[(int) (b >>> 52) & 0x7FF]++;
      h3[(int) (c >>> 52) & 0x7FF]++;
      h4[(int) (d >>> 52) & 0x7FF]++;
    }
    for (; i < vector.length; i++) {
      long a = Double.doubleToRawLongBits(vector[i]);
      seen |= a;
      h1[(int) (a >>> 52) & 0x7FF]++;
    }
    return seen;
  }

  /// Adds the histograms up, lists the exponents that occur, and leaves the histograms empty.
  private void gather(int from, int to) {
    add(histogram, histogram2, histogram3, histogram4);
    zeros = histogram[0];
    distinct = 0;
    for (int exponent = Math.max(1, from); exponent <= to; exponent++) {
      if (histogram[exponent] > 0) {
        exponents[distinct] = exponent;
        counts[distinct++] = histogram[exponent];
      }
    }
    Arrays.fill(histogram, 0);
    Arrays.fill(histogram2, 0);
    Arrays.fill(histogram3, 0);
    Arrays.fill(histogram4, 0);
  }

  private static void add(int[] h1, int[] h2, int[] h3, int[] h4) {
    for (int i = 0; i < h1.length; i++) {
      h1[i] += h2[i] + h3[i] + h4[i];
    }
  }

  private void search(int dimension) {
    int mode = mostFrequent();
    bestBits = Long.MAX_VALUE;
    int lastZeroRank = zeros > 0 ? 2 : -1;
    for (int zero = -1; zero <= lastZeroRank; zero++) {
      for (int i = 0; i < REFERENCES; i++) {
        int candidate = mode - REFERENCES / 2 + i;
        if (candidate < 0 || candidate > maxExponent) {
          continue;
        }
        for (int o = 0; o < ExponentOrders.COUNT; o++) {
          consider(o, candidate, zero, dimension + HEADER_SAMPLES);
        }
      }
    }
    assignRanks();
  }

  private int mostFrequent() {
    int mode = 0;
    int most = 0;
    for (int i = 0; i < distinct; i++) {
      if (counts[i] > most) {
        most = counts[i];
        mode = exponents[i];
      }
    }
    return mode;
  }

  /// Counts the bits of one combination, and keeps it when it is the cheapest so far.
  private void consider(int candidateOrder, int candidate, int zero, int samples) {
    short[] rank = ranks[candidateOrder];
    int base = maxExponent - candidate;
    int insertAt = zero < 0 ? Integer.MAX_VALUE : zero;
    int farther = 0;
    int maxRank = 0;
    int near0 = 0;
    int near1 = 0;
    int near2 = 0;
    int near3 = 0;
    for (int i = 0; i < distinct; i++) {
      int r = rank[base + exponents[i]];
      if (r >= insertAt) {
        r++;
      }
      if (r >= RecordFormat.FAR_RANK) {
        farther += counts[i];
        maxRank = Math.max(maxRank, r);
        continue;
      }
      int count = counts[i];
      near0 += count * r;
      near1 += count * (r >> 1);
      near2 += count * (r >> 2);
      near3 += count * (r >> 3);
    }
    int zeroAt = zero < 0 ? rank[base] : zero;
    if (zeros > 0) {
      if (zeroAt >= RecordFormat.FAR_RANK) {
        farther += zeros;
        maxRank = Math.max(maxRank, zeroAt);
      } else {
        near0 += zeros * zeroAt;
        near1 += zeros * (zeroAt >> 1);
        near2 += zeros * (zeroAt >> 2);
        near3 += zeros * (zeroAt >> 3);
      }
    }
    if (farther == 0) {
      keepIfCheaper(near0 + (long) samples, candidateOrder, candidate, zero, false, 0);
      keepIfCheaper(near1 + 2L * samples, candidateOrder, candidate, zero, false, 1);
      keepIfCheaper(near2 + 3L * samples, candidateOrder, candidate, zero, false, 2);
      keepIfCheaper(near3 + 4L * samples, candidateOrder, candidate, zero, false, 3);
    } else {
      near[0] = near0;
      near[1] = near1;
      near[2] = near2;
      near[3] = near3;
      Arrays.fill(near, 4, RICE_PARAMETERS, 0);
      considerFar(candidateOrder, candidate, zero, samples, farther, maxRank);
    }
  }

  /// The rare half of [#consider]: some ranks are 12 or more.
  private void considerFar(
      int candidateOrder, int candidate, int zero, int samples, int farther, int maxRank) {
    sumBeyond(ranks[candidateOrder], maxExponent - candidate, zero);
    int parameters = Math.min(RICE_PARAMETERS, 33 - Integer.numberOfLeadingZeros(maxRank));
    for (int k = 0; k < parameters; k++) {
      long fixed = near[k] + (k + 1L) * samples;
      keepIfCheaper(fixed + beyond[k], candidateOrder, candidate, zero, false, k);
      if (farther <= RecordFormat.MAX_FAR_EXPONENTS) {
        long listed = 8 + (long) farther * (farBits + (RecordFormat.FAR_RANK >> k));
        // The list lies in header samples, and these cost k + 1 bits in the marker channel.
        long carried = (8 + (long) farther * farBits) * (k + 1) / RecordFormat.BITS_PER_SAMPLE;
        keepIfCheaper(fixed + listed + carried, candidateOrder, candidate, zero, true, k);
      }
    }
  }

  private void sumBeyond(short[] rank, int base, int zero) {
    Arrays.fill(beyond, 0);
    for (int i = 0; i < distinct; i++) {
      int r = rank[base + exponents[i]];
      if (zero >= 0 && r >= zero) {
        r++;
      }
      if (r >= RecordFormat.FAR_RANK) {
        addBeyond(r, counts[i]);
      }
    }
    int zeroAt = zero < 0 ? rank[base] : zero;
    if (zeros > 0 && zeroAt >= RecordFormat.FAR_RANK) {
      addBeyond(zeroAt, zeros);
    }
  }

  private void addBeyond(int rank, int count) {
    for (int k = 0; k < RICE_PARAMETERS; k++) {
      beyond[k] += (long) count * (rank >> k);
    }
  }

  private void keepIfCheaper(
      long bits, int candidateOrder, int candidate, int zero, boolean withFar, int k) {
    if (bits < bestBits) {
      bestBits = bits;
      order = candidateOrder;
      reference = candidate;
      zeroRank = zero;
      far = withFar;
      riceParameter = k;
    }
  }

  private void assignRanks() {
    farCount = 0;
    for (int i = 0; i < distinct; i++) {
      rankOf[exponents[i]] = rank(exponents[i]);
    }
    rankOf[0] = rank(0);
  }

  private int rank(int exponent) {
    int r = ranks[order][maxExponent - reference + exponent];
    if (zeroRank >= 0) {
      r = exponent == 0 ? zeroRank : r >= zeroRank ? r + 1 : r;
    }
    return far ? Math.min(r, RecordFormat.FAR_RANK) : r;
  }

  private void addIfFar(int exponent) {
    if (rankOf[exponent] == RecordFormat.FAR_RANK) {
      farExponents[farCount++] = exponent;
    }
  }

  /// Which of the four orders.
  int order() {
    return order;
  }

  /// The exponent field that the offsets are counted from.
  int reference() {
    return reference;
  }

  /// The rank of exponent field 0, or -1 when it has none of its own.
  int zeroRank() {
    return zeroRank;
  }

  /// Whether rank 12 stands for the exponents in [#farExponents].
  boolean far() {
    return far;
  }

  /// The exponents told one by one, [#farCount] of them, in the order of the vector.
  int[] farExponents() {
    return farExponents;
  }

  int farCount() {
    return farCount;
  }

  /// The Rice parameter that the choice is cheapest with; a sample of 0 costs one bit more than it.
  int riceParameter() {
    return riceParameter;
  }

  /// Ranks by exponent field, right for those that the vector has.
  int[] rankOf() {
    return rankOf;
  }

  /// The or of all mantissas.
  long mantissaBits() {
    return mantissaBits;
  }
}
