package io.sonidb.sound;

import java.util.Arrays;

/// Chooses how a vector's exponent fields become ranks: the cheapest in bits, counted exactly.
///
/// The marker channel is Rice-coded without a predictor, so a component of rank r costs `(r >> k) +
/// 1 + k` bits under parameter k. What decides is therefore the histogram of the exponents alone, a
/// dozen distinct ones in a typical vector. All combinations are counted of
///
/// - five reference exponents at the most frequent one,
/// - the four orders of [ExponentOrders],
/// - no rank of its own, or rank 0, 1 or 2, for exponent field 0, when it occurs,
/// - ranks from 12 on coded as they are, or as 12 with the exponents listed in the header.
///
/// The last is for the two or three values around 1e-33 that some models leave in every vector:
/// each would be a run of 50 bits.
///
/// The sums for k = 0, 1 and 2 are made side by side in one long: ranks below 12 and 16,384
/// components need 18, 17 and 16 bits. Below rank 12 a higher k never pays: `(r >> 2) - (r >> 3)`
/// is at most the one bit that it costs. Ranks from 12 on set the top bit instead, and are counted
/// apart.
final class ExponentChoice {
  /// Tried in this order, because a good choice early on spares counting bad ones to the end.
  private static final int[] REFERENCES = {0, 1, -1, 2, -2};

  private static final int RICE_PARAMETERS = 13;
  private static final int LOW_BITS_64 = 5;

  /// What the header adds to the samples of the marker channel; about right is good enough, because
  /// only the choice of k depends on it.
  private static final int HEADER_SAMPLES = 10;

  private static final int SUM_1_AT = 18;
  private static final int SUM_2_AT = 35;
  private static final long SUM_0_MASK = (1L << 18) - 1;
  private static final long SUM_1_MASK = (1L << 17) - 1;
  private static final long SUM_2_MASK = (1L << 16) - 1;
  private static final long IS_BEYOND = Long.MIN_VALUE;

  private static final Ranks RANKS_32 = new Ranks(255);
  private static final Ranks RANKS_64 = new Ranks(2047);

  /// Ranks, and what they cost, by zero rank (none, 0, 1, 2), order, and offset + `maxExponent`.
  private static final class Ranks {
    final short[][][] rank = new short[4][ExponentOrders.COUNT][];
    final long[][][] cost = new long[4][ExponentOrders.COUNT][];

    Ranks(int maxExponent) {
      for (int zero = 0; zero < 4; zero++) {
        for (int order = 0; order < ExponentOrders.COUNT; order++) {
          short[] ranks = ExponentOrders.ranks(order, maxExponent);
          long[] costs = new long[ranks.length];
          for (int i = 0; i < ranks.length; i++) {
            if (zero > 0 && ranks[i] >= zero - 1) {
              ranks[i]++;
            }
            costs[i] = cost(ranks[i]);
          }
          rank[zero][order] = ranks;
          cost[zero][order] = costs;
        }
      }
    }

    static long cost(int rank) {
      return rank >= RecordFormat.FAR_RANK
          ? IS_BEYOND
          : (long) (rank >> 2) << SUM_2_AT | (long) (rank >> 1) << SUM_1_AT | rank;
    }
  }

  private final int maxExponent;
  private final Ranks ranks;
  private final int farBits;

  // Four histograms for four neighbours: the same exponent twice in a row would otherwise wait for
  // its own counter. All are empty between two calls.
  private final int[] histogram;
  private final int[] histogram2;
  private final int[] histogram3;
  private final int[] histogram4;
  private int least;
  private int most;

  private final int[] exponents;
  private final int[] counts;
  private int distinct;
  private int zeros;

  private int beyond;
  private final int[] beyondRanks;
  private final int[] beyondCounts;

  private int order;
  private int reference;
  private int zeroRank;
  private boolean far;
  private int riceParameter;
  private long bestBits;

  private long mantissaBits;
  private final int[] rankOf;
  private final int[] markerOf;
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
    beyondRanks = new int[maxExponent + 1];
    beyondCounts = new int[maxExponent + 1];
    rankOf = new int[maxExponent + 1];
    markerOf = new int[maxExponent + 1];
  }

  /// Chooses for a float32 vector.
  ///
  /// @param bits receives the bits of the components, which the histogram needs anyway
  void choose(float[] vector, int[] bits) {
    mantissaBits = count(vector, bits, histogram, histogram2, histogram3, histogram4) & 0x7FFFFF;
    least = 1;
    most = maxExponent;
    gather();
    search(vector.length);
    if (far) {
      int[] rank = rankOf;
      for (int i = 0; i < vector.length; i++) {
        if (rank[bits[i] >>> 23 & 0xFF] == RecordFormat.FAR_RANK) {
          farExponents[farCount++] = bits[i] >>> 23 & 0xFF;
        }
      }
    }
  }

  /// Chooses for a float64 vector.
  void choose(double[] vector) {
    mantissaBits = count(vector) & (1L << 52) - 1;
    gather();
    search(vector.length);
    if (far) {
      for (double component : vector) {
        int exponent = (int) (Double.doubleToRawLongBits(component) >>> 52) & 0x7FF;
        if (rankOf[exponent] == RecordFormat.FAR_RANK) {
          farExponents[farCount++] = exponent;
        }
      }
    }
  }

  private static int count(float[] vector, int[] bits, int[] h1, int[] h2, int[] h3, int[] h4) {
    int seen = 0;
    int i = 0;
    for (; i <= vector.length - 4; i += 4) {
      int a = Float.floatToRawIntBits(vector[i]);
      int b = Float.floatToRawIntBits(vector[i + 1]);
      int c = Float.floatToRawIntBits(vector[i + 2]);
      int d = Float.floatToRawIntBits(vector[i + 3]);
      bits[i] = a;
      bits[i + 1] = b;
      bits[i + 2] = c;
      bits[i + 3] = d;
      seen |= a | b | c | d;
      h1[a >>> 23 & 0xFF]++;
      h2[b >>> 23 & 0xFF]++;
      h3[c >>> 23 & 0xFF]++;
      h4[d >>> 23 & 0xFF]++;
    }
    for (; i < vector.length; i++) {
      int a = Float.floatToRawIntBits(vector[i]);
      bits[i] = a;
      seen |= a;
      h1[a >>> 23 & 0xFF]++;
    }
    return seen;
  }

  /// Also finds the range of the exponents, because looking through all 2048 would cost more.
  private long count(double[] vector) {
    int[] even = histogram;
    int[] odd = histogram2;
    long seen = 0;
    int lowest = maxExponent;
    int highest = 0;
    for (int i = 0; i < vector.length; i++) {
      long bits = Double.doubleToRawLongBits(vector[i]);
      int exponent = (int) (bits >>> 52) & 0x7FF;
      seen |= bits;
      // Exponent field 0 is counted apart, so it does not widen the range.
      lowest = Math.min(lowest, exponent - 1 & 0x7FF);
      highest = Math.max(highest, exponent);
      if ((i & 1) == 0) {
        even[exponent]++;
      } else {
        odd[exponent]++;
      }
    }
    least = lowest + 1;
    most = highest;
    return seen;
  }

  /// Lists the exponents that occur, and empties the histograms.
  private void gather() {
    add(histogram, histogram2, histogram3, histogram4, most + 1);
    zeros = histogram[0];
    distinct = 0;
    for (int exponent = least; exponent <= most; exponent++) {
      if (histogram[exponent] != 0) {
        exponents[distinct] = exponent;
        counts[distinct++] = histogram[exponent];
      }
    }
    Arrays.fill(histogram, 0, most + 1, 0);
  }

  private static void add(int[] h1, int[] h2, int[] h3, int[] h4, int end) {
    for (int i = 0; i < end; i++) {
      h1[i] += h2[i] + h3[i] + h4[i];
    }
    Arrays.fill(h2, 0, end, 0);
    Arrays.fill(h3, 0, end, 0);
    Arrays.fill(h4, 0, end, 0);
  }

  private void search(int dimension) {
    int mode = mostFrequent();
    bestBits = Long.MAX_VALUE;
    int lastZeroRank = zeros > 0 ? 2 : -1;
    for (int zero = -1; zero <= lastZeroRank; zero++) {
      for (int step : REFERENCES) {
        int candidate = mode + step;
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
    long[] cost = ranks.cost[zero + 1][candidateOrder];
    int base = maxExponent - candidate;
    long ofZero = zero < 0 ? cost[base] : Ranks.cost(zero);
    long sums = zeros * ofZero;
    long all = zeros > 0 ? ofZero : 0;
    for (int i = 0; i < distinct; i++) {
      long ofOne = cost[base + exponents[i]];
      sums += counts[i] * ofOne;
      all |= ofOne;
    }
    long bits0 = (sums & SUM_0_MASK) + samples;
    long bits1 = (sums >>> SUM_1_AT & SUM_1_MASK) + 2L * samples;
    long bits2 = (sums >>> SUM_2_AT & SUM_2_MASK) + 3L * samples;
    long bits = Math.min(bits0, Math.min(bits1, bits2));
    if (all < 0) {
      // Whatever k and the ranks beyond cost, it is at least this.
      if (Math.min(bits, 4L * samples) < bestBits) {
        considerBeyond(candidateOrder, candidate, zero, samples, sums);
      }
    } else if (bits < bestBits) {
      keep(bits, candidateOrder, candidate, zero, false, bits == bits0 ? 0 : bits == bits1 ? 1 : 2);
    }
  }

  /// The rare half of [#consider]: some ranks are 12 or more.
  ///
  /// @param sums what the other ranks cost
  private void considerBeyond(int candidateOrder, int candidate, int zero, int samples, long sums) {
    int farther = gatherBeyond(ranks.rank[zero + 1][candidateOrder], candidate, zero);
    long listBits = 8 + (long) farther * farBits;
    for (int k = 0; k < RICE_PARAMETERS && (k + 1L) * samples < bestBits; k++) {
      long near =
          switch (k) {
            case 0 -> sums & SUM_0_MASK;
            case 1 -> sums >>> SUM_1_AT & SUM_1_MASK;
            case 2 -> sums >>> SUM_2_AT & SUM_2_MASK;
            case 3 -> nearBits3(ranks.rank[zero + 1][candidateOrder], candidate, zero);
            default -> 0;
          };
      long fixed = near + (k + 1L) * samples;
      if (fixed >= bestBits) {
        continue;
      }
      // The list lies in header samples, and these cost k + 1 bits in the marker channel.
      long listed =
          fixed
              + (long) farther * (RecordFormat.FAR_RANK >> k)
              + listBits
              + listBits * (k + 1) / RecordFormat.BITS_PER_SAMPLE;
      if (listed < bestBits && farther <= RecordFormat.MAX_FAR_EXPONENTS) {
        keep(listed, candidateOrder, candidate, zero, true, k);
      }
      long unlisted = fixed + beyondBits(k);
      if (unlisted < bestBits) {
        keep(unlisted, candidateOrder, candidate, zero, false, k);
      }
    }
  }

  /// Notes the ranks that are beyond; returns how many components have them.
  ///
  /// In every order the offsets of ranks below 12 are neighbours, and the exponents are sorted: so
  /// those beyond are at the two ends.
  private int gatherBeyond(short[] rank, int candidate, int zero) {
    int base = maxExponent - candidate;
    beyond = 0;
    int farther = zeros > 0 ? noteIfBeyond(zero < 0 ? rank[base] : zero, zeros) : 0;
    int low = 0;
    for (int more = 1; low < distinct && more > 0; low++) {
      more = noteIfBeyond(rank[base + exponents[low]], counts[low]);
      farther += more;
    }
    for (int high = distinct - 1; high >= low; high--) {
      int more = noteIfBeyond(rank[base + exponents[high]], counts[high]);
      if (more == 0) {
        break;
      }
      farther += more;
    }
    return farther;
  }

  private int noteIfBeyond(int rank, int count) {
    if (rank < RecordFormat.FAR_RANK) {
      return 0;
    }
    beyondRanks[beyond] = rank;
    beyondCounts[beyond++] = count;
    return count;
  }

  /// What the ranks below 12 cost under k = 3, which they are hardly ever coded with.
  private long nearBits3(short[] rank, int candidate, int zero) {
    int base = maxExponent - candidate;
    int ofZero = zero < 0 ? rank[base] : zero;
    long bits = ofZero < RecordFormat.FAR_RANK ? (long) zeros * (ofZero >> 3) : 0;
    for (int i = 0; i < distinct; i++) {
      int r = rank[base + exponents[i]];
      bits += r < RecordFormat.FAR_RANK ? (long) counts[i] * (r >> 3) : 0;
    }
    return bits;
  }

  private long beyondBits(int k) {
    long bits = 0;
    for (int i = 0; i < beyond; i++) {
      bits += (long) beyondCounts[i] * (beyondRanks[i] >> k);
    }
    return bits;
  }

  private void keep(
      long bits, int candidateOrder, int candidate, int zero, boolean withFar, int k) {
    bestBits = bits;
    order = candidateOrder;
    reference = candidate;
    zeroRank = zero;
    far = withFar;
    riceParameter = k;
  }

  private void assignRanks() {
    farCount = 0;
    for (int i = 0; i < distinct; i++) {
      assign(exponents[i], rank(exponents[i]));
    }
    assign(0, zeroRank >= 0 ? zeroRank : rank(0));
  }

  private void assign(int exponent, int rank) {
    rankOf[exponent] = rank;
    markerOf[exponent] = Amplitude.unfold(rank);
  }

  private int rank(int exponent) {
    int r = ranks.rank[zeroRank + 1][order][maxExponent - reference + exponent];
    return far ? Math.min(r, RecordFormat.FAR_RANK) : r;
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

  /// The highest exponent field that the vector has.
  int highest() {
    return distinct == 0 ? 0 : exponents[distinct - 1];
  }

  /// Unfolded ranks by exponent field, right for those that the vector has.
  int[] markerOf() {
    return markerOf;
  }

  /// What ranks and zeros of the marker channel cost together in bits, the low bits of float64
  /// aside.
  ///
  /// @param samples how many, those of the vector and those that are 0
  long rankBits(int samples) {
    long best = Long.MAX_VALUE;
    for (int k = 0; k < RICE_PARAMETERS; k++) {
      long bits = (k + 1L) * samples + (long) zeros * (rankOf[0] >> k);
      for (int i = 0; i < distinct; i++) {
        bits += (long) counts[i] * (rankOf[exponents[i]] >> k);
      }
      best = Math.min(best, bits);
    }
    return best;
  }

  /// How many low bits of the mantissa are in the marker channel: 5 for float64 unless they are all
  /// 0.
  int lowBits() {
    return maxExponent > 255 && (mantissaBits & 31) != 0 ? LOW_BITS_64 : 0;
  }

  /// The or of what the data words get of the mantissas.
  long dataBits() {
    return maxExponent > 255 ? mantissaBits >>> LOW_BITS_64 : mantissaBits;
  }
}
