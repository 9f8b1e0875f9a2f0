package io.sonidb.flac.kernel;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The widest vectors that the machine prefers.
final class SimdKernels implements Kernels {
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  /// As many ints as a vector has longs.
  private static final VectorSpecies<Integer> HALF_INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(INTS.vectorBitSize() / 2));

  /// As many bytes as a vector has ints.
  private static final VectorSpecies<Byte> BYTES_TO_WIDEN =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(BYTES.vectorBitSize() / 4));

  /// Samples in a vector, and the bytes that they take when packed.
  private static final int SAMPLES = INTS.length();

  private static final int PACKED = 3 * SAMPLES;

  /// The low three bytes of each int, highest first.
  private static final VectorShuffle<Byte> PACK =
      VectorShuffle.fromOp(BYTES, i -> i < PACKED ? i / 3 * 4 + 2 - i % 3 : 0);

  /// Three bytes, first to last, into the high ones of an int, highest to lowest.
  private static final VectorShuffle<Byte> UNPACK =
      VectorShuffle.fromOp(BYTES, i -> i % 4 == 0 ? 0 : i / 4 * 3 + 3 - i % 4);

  /// Every other lane of two vectors.
  private static final VectorShuffle<Long> EVEN = VectorShuffle.fromOp(LONGS, i -> 2 * i);

  private static final VectorShuffle<Long> ODD = VectorShuffle.fromOp(LONGS, i -> 2 * i + 1);

  private static final long LOW = 0xffff_ffffL;

  /// A word read at any bit has at least so many bits of the input in it.
  private static final int SURE_BITS = 57;

  /// More than fit; twice as many still fit in a byte.
  private static final long MANY_BITS = 0x7f;

  static boolean isWorthwhile() {
    return SAMPLES >= 8;
  }

  @Override
  public String name() {
    return "simd" + INTS.vectorBitSize();
  }

  @Override
  public boolean areSimd() {
    return true;
  }

  @Override
  public int pack24(int[] samples, int from, int to, byte[] out, int at, int limit) {
    int end = at;
    int i = from;
    // A quarter of what is stored lies behind the samples and is overwritten later.
    for (; i <= to - SAMPLES && end <= limit - BYTES.length(); i += SAMPLES) {
      IntVector.fromArray(INTS, samples, i)
          .reinterpretAsBytes()
          .rearrange(PACK)
          .intoArray(out, end);
      end += PACKED;
    }
    return i;
  }

  @Override
  public int unpack24(byte[] in, int at, int limit, int[] into, int from, int to) {
    int begin = at;
    int i = from;
    for (; i <= to - SAMPLES && begin <= limit - BYTES.length(); i += SAMPLES) {
      ByteVector.fromArray(BYTES, in, begin)
          .rearrange(UNPACK)
          .reinterpretAsInts()
          .lanewise(VectorOperators.ASHR, 8)
          .intoArray(into, i);
      begin += PACKED;
    }
    return i;
  }

  @Override
  public void unfold(byte[] folded, int from, int count, int[] into, int offset) {
    int i = 0;
    for (; i <= count - SAMPLES; i += SAMPLES) {
      IntVector wide =
          ByteVector.fromArray(BYTES_TO_WIDEN, folded, from + i)
              .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0)
              .reinterpretAsInts();
      wide.lanewise(VectorOperators.LSHR, 1)
          .lanewise(VectorOperators.XOR, wide.and(1).neg())
          .intoArray(into, offset + i);
    }
    for (; i < count; i++) {
      into[offset + i] = Rice.unfold(folded[from + i] & 0xff);
    }
  }

  // C2 inlines some forty vector operations into one method and then gives up, so the joining is
  // done in passes over an array.

  @Override
  public int pairCodes(int[] residuals, int from, int to, int parameter, long[] codes) {
    int stop = 1 << parameter;
    int count = 0;
    for (int i = from; i <= to - SAMPLES; i += SAMPLES) {
      IntVector residual = IntVector.fromArray(INTS, residuals, i);
      IntVector folded =
          residual
              .lanewise(VectorOperators.LSHL, 1)
              .lanewise(VectorOperators.XOR, residual.lanewise(VectorOperators.ASHR, 31));
      LongVector code = folded.and(stop - 1).or(stop).reinterpretAsLongs();
      LongVector bits =
          folded.lanewise(VectorOperators.LSHR, parameter).add(parameter + 1).reinterpretAsLongs();
      LongVector secondBits = bits.lanewise(VectorOperators.LSHR, 32);
      // The first of two is in the low half.
      code.and(LOW)
          .lanewise(VectorOperators.LSHL, secondBits)
          .or(code.lanewise(VectorOperators.LSHR, 32))
          .lanewise(VectorOperators.LSHL, 8)
          .or(bits.and(LOW).add(secondBits).min(MANY_BITS))
          .intoArray(codes, count);
      count += LONGS.length();
    }
    return count;
  }

  @Override
  public int joinCodes(long[] codes, int count) {
    int joined = 0;
    for (int i = 0; i <= count - 2 * LONGS.length(); i += 2 * LONGS.length()) {
      LongVector a = LongVector.fromArray(LONGS, codes, i);
      LongVector b = LongVector.fromArray(LONGS, codes, i + LONGS.length());
      LongVector first = a.rearrange(EVEN, b);
      LongVector second = a.rearrange(ODD, b);
      LongVector secondBits = second.and(0xff);
      first
          .lanewise(VectorOperators.LSHR, 8)
          .lanewise(VectorOperators.LSHL, secondBits)
          .or(second.lanewise(VectorOperators.LSHR, 8))
          .lanewise(VectorOperators.LSHL, 8)
          .or(first.and(0xff).add(secondBits).min(MANY_BITS))
          .intoArray(codes, joined);
      joined += LONGS.length();
    }
    return joined;
  }

  /// Only vectors of 512 bits can count leading zeros, and fewer lanes would not pay.
  @Override
  public int lanes() {
    return LONGS.length() == 8 ? 2 * LONGS.length() : 0;
  }

  // Half of the lanes in one method, so that C2 does not give up; the processor works on both
  // halves
  // at the same time, where one alone would wait for its words to come back from memory.

  @Override
  public int readInLanes(
      byte[] in,
      long[] positions,
      int[] ends,
      long[] words,
      long[] parameters,
      int count,
      int[] into) {
    int half = LONGS.length();
    int group = group(parameters);
    int done = 0;
    while (done <= count - group
        && readWords(in, positions, ends, words)
        && readGroup(positions, words, parameters, 0, group, into, 2 * half * done)
        && readGroup(positions, words, parameters, half, group, into, 2 * half * done + half)) {
      System.arraycopy(words, 0, positions, 0, 2 * half);
      done += group;
    }
    return done;
  }

  /// Reads some codes of each lane out of words, which become the next positions.
  ///
  /// @return whether all of them lay in the words
  private static boolean readGroup(
      long[] positions,
      long[] words,
      long[] parameters,
      int lane,
      int group,
      int[] into,
      int offset) {
    LongVector at = LongVector.fromArray(LONGS, positions, lane);
    LongVector parameter = LongVector.fromArray(LONGS, parameters, lane);
    LongVector tail = parameter.add(1);
    LongVector lowShift = tail.neg().add(Long.SIZE);
    LongVector word =
        LongVector.fromArray(LONGS, words, lane).lanewise(VectorOperators.LSHL, at.and(7));
    LongVector used = tail.mul(group);
    int row = offset;
    for (int n = 0; n < group; n++) {
      LongVector high = word.lanewise(VectorOperators.LEADING_ZEROS_COUNT);
      LongVector low = word.lanewise(VectorOperators.LSHL, high);
      high.lanewise(VectorOperators.LSHL, parameter)
          .add(low.lanewise(VectorOperators.LSHR, lowShift))
          .convertShape(VectorOperators.L2I, HALF_INTS, 0)
          .reinterpretAsInts()
          .intoArray(into, row);
      word = low.lanewise(VectorOperators.LSHL, tail);
      used = used.add(high);
      row += 2 * LONGS.length();
    }
    at.add(used).intoArray(words, lane);
    return !used.compare(VectorOperators.GT, SURE_BITS).anyTrue();
  }

  /// As many codes as mostly lie in a word.
  private static int group(long[] parameters) {
    return largest(parameters) <= 5 ? 6 : 4;
  }

  private static long largest(long[] parameters) {
    long most = 0;
    for (long parameter : parameters) {
      most = Math.max(most, parameter);
    }
    return most;
  }

  /// @return whether all words lie in the array
  private static boolean readWords(byte[] in, long[] positions, long[] words) {
    long last = 0;
    for (int lane = 0; lane < words.length; lane++) {
      last = Math.max(last, positions[lane]);
    }
    if (last >>> 3 > in.length - Long.BYTES) {
      return false;
    }
    for (int lane = 0; lane < words.length; lane++) {
      words[lane] = BigEndian.readLong(in, (int) (positions[lane] >>> 3));
    }
    return true;
  }

  /// @return whether all words lie before the ends
  private static boolean readWords(byte[] in, long[] positions, int[] ends, long[] words) {
    int least = Integer.MAX_VALUE;
    for (int lane = 0; lane < words.length; lane++) {
      least = Math.min(least, ends[lane] - Long.BYTES - (int) (positions[lane] >>> 3));
    }
    if (least < 0) {
      return false;
    }
    for (int lane = 0; lane < words.length; lane++) {
      words[lane] = BigEndian.readLong(in, (int) (positions[lane] >>> 3));
    }
    return true;
  }

  @Override
  public int readSmallInLanes(
      byte[] in, long[] positions, long[] words, long[] parameters, int count, long[] into) {
    int group = largest(parameters) <= 1 ? 2 * Long.BYTES : Long.BYTES;
    int done = 0;
    while (done < count) {
      int codes = Math.min(group, count - done);
      if (!readWords(in, positions, words)
          || !readEights(
              positions, words, parameters, codes, into, done * 2 * LONGS.length() / 8)) {
        break;
      }
      System.arraycopy(words, 0, positions, 0, words.length);
      done += codes;
    }
    return done;
  }

  /// Reads a few codes of each lane out of words, which become the next positions. Both halves of
  /// the lanes take turns, because each code waits for the one before.
  ///
  /// A number fits in its byte: eight codes with parameter 3 leave 25 of 57 bits for unary parts,
  /// and 25 * 8 + 7 is below 256; with smaller ones it is less.
  ///
  /// @return whether all of them lay in the words
  private static boolean readEights(
      long[] positions, long[] words, long[] parameters, int count, long[] into, int offset) {
    int half = LONGS.length();
    LongVector atA = LongVector.fromArray(LONGS, positions, 0);
    LongVector atB = LongVector.fromArray(LONGS, positions, half);
    LongVector parameterA = LongVector.fromArray(LONGS, parameters, 0);
    LongVector parameterB = LongVector.fromArray(LONGS, parameters, half);
    LongVector tailA = parameterA.add(1);
    LongVector tailB = parameterB.add(1);
    LongVector stopA = LongVector.broadcast(LONGS, 1).lanewise(VectorOperators.LSHL, parameterA);
    LongVector stopB = LongVector.broadcast(LONGS, 1).lanewise(VectorOperators.LSHL, parameterB);
    LongVector lowA = stopA.sub(1);
    LongVector lowB = stopB.sub(1);
    LongVector wordA =
        LongVector.fromArray(LONGS, words, 0).lanewise(VectorOperators.LSHL, atA.and(7));
    LongVector wordB =
        LongVector.fromArray(LONGS, words, half).lanewise(VectorOperators.LSHL, atB.and(7));
    LongVector usedA = LongVector.zero(LONGS);
    LongVector usedB = usedA;
    int row = offset;
    for (int left = count; left > 0; left -= Long.BYTES) {
      LongVector eightA = LongVector.zero(LONGS);
      LongVector eightB = eightA;
      int codes = Math.min(left, Long.BYTES);
      for (int i = 0; i < codes; i++) {
        LongVector highA = wordA.lanewise(VectorOperators.LEADING_ZEROS_COUNT);
        LongVector highB = wordB.lanewise(VectorOperators.LEADING_ZEROS_COUNT);
        LongVector lengthA = highA.add(tailA);
        LongVector lengthB = highB.add(tailB);
        // Turned to the low end, a code's last bits are its number's; what is used up stays there.
        wordA = wordA.lanewise(VectorOperators.ROL, lengthA);
        wordB = wordB.lanewise(VectorOperators.ROL, lengthB);
        eightA =
            eightA
                .lanewise(VectorOperators.LSHL, Byte.SIZE)
                .add(highA.lanewise(VectorOperators.LSHL, parameterA))
                .add(wordA.and(lowA));
        eightB =
            eightB
                .lanewise(VectorOperators.LSHL, Byte.SIZE)
                .add(highB.lanewise(VectorOperators.LSHL, parameterB))
                .add(wordB.and(lowB));
        usedA = usedA.add(lengthA);
        usedB = usedB.add(lengthB);
      }
      int unused = Byte.SIZE * (Long.BYTES - codes);
      eightA.lanewise(VectorOperators.LSHL, unused).intoArray(into, row);
      eightB.lanewise(VectorOperators.LSHL, unused).intoArray(into, row + half);
      row += 2 * half;
    }
    atA.add(usedA).intoArray(words, 0);
    atB.add(usedB).intoArray(words, half);
    return !usedA.max(usedB).compare(VectorOperators.GT, SURE_BITS).anyTrue();
  }

  /// A lane for each lag.
  @Override
  public void correlate(double[] numbers, int count, int firstLag, double[] into) {
    int half = DOUBLES.length();
    for (int lag = 0; lag < LAGS; lag += 2 * half) {
      int at = firstLag + lag;
      DoubleVector even = DoubleVector.zero(DOUBLES);
      DoubleVector evenHigh = even;
      DoubleVector odd = even;
      DoubleVector oddHigh = even;
      for (int i = 0; i < count; i += 2) {
        DoubleVector one = DoubleVector.broadcast(DOUBLES, numbers[i]);
        even = even.add(one.mul(DoubleVector.fromArray(DOUBLES, numbers, i + at)));
        evenHigh = evenHigh.add(one.mul(DoubleVector.fromArray(DOUBLES, numbers, i + at + half)));
        DoubleVector next = DoubleVector.broadcast(DOUBLES, numbers[i + 1]);
        odd = odd.add(next.mul(DoubleVector.fromArray(DOUBLES, numbers, i + at + 1)));
        oddHigh =
            oddHigh.add(next.mul(DoubleVector.fromArray(DOUBLES, numbers, i + at + half + 1)));
      }
      even.add(odd).intoArray(into, lag);
      evenHigh.add(oddHigh).intoArray(into, lag + half);
    }
  }

  @Override
  public void subtractPrediction(
      int[] samples, int offset, int count, int[] coefficients, int order, int shift, int[] into) {
    int i = 0;
    for (; i <= count - SAMPLES; i += SAMPLES) {
      IntVector sum = IntVector.zero(INTS);
      for (int tap = 0; tap < order; tap++) {
        IntVector earlier = IntVector.fromArray(INTS, samples, offset + i - 1 - tap);
        sum = sum.add(earlier.mul(coefficients[tap]));
      }
      IntVector.fromArray(INTS, samples, offset + i)
          .sub(sum.lanewise(VectorOperators.ASHR, shift))
          .intoArray(into, i);
    }
    for (; i < count; i++) {
      int sum = 0;
      for (int tap = 0; tap < order; tap++) {
        sum += coefficients[tap] * samples[offset + i - 1 - tap];
      }
      into[i] = samples[offset + i] - (sum >> shift);
    }
  }
}
