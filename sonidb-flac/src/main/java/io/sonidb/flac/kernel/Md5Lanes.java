package io.sonidb.flac.kernel;

import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// MD5 (RFC 1321) of eight streams at once, one in each lane of a vector.
///
/// MD5 is a chain in which each step waits for the one before: one stream leaves most of a
/// processor idle, and eight take as long as one.
public final class Md5Lanes {
  /// How many streams.
  public static final int LANES = 8;

  /// Bytes of a block.
  public static final int BLOCK_BYTES = 64;

  private static final int BLOCK_WORDS = BLOCK_BYTES / Integer.BYTES;
  private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_256;

  private static final VectorSpecies<Long> PAIRS = LongVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Byte> PAIR_BYTES = ByteVector.SPECIES_PREFERRED;

  /// As many ints as a vector has longs.
  private static final VectorSpecies<Integer> HALVES =
      VectorSpecies.of(int.class, VectorShape.forBitSize(PAIRS.vectorBitSize() / 2));

  private static final int PAIR_SIZE = 6;
  private static final int PACKED = PAIR_SIZE * PAIRS.length();

  /// The low six bytes of each long, lowest first.
  private static final VectorShuffle<Byte> PACK =
      VectorShuffle.fromOp(PAIR_BYTES, i -> i < PACKED ? i / PAIR_SIZE * 8 + i % PAIR_SIZE : 0);

  private static final long LOW_24_BITS = 0xFFFFFF;

  // Where the four words of the state begin, and those of a block in work.
  private static final int A = 0;
  private static final int B = LANES;
  private static final int C = 2 * LANES;
  private static final int D = 3 * LANES;
  private static final int WORK = 4 * LANES;

  /// The sines of 1 to 64, in 2^32ths.
  private static final int[] SINES = sines();

  /// Part of the work on a block.
  private interface Step {
    void run(int[] state, int[] words, int[] sines);
  }

  /// Called through an interface, so that each is compiled by itself: one with another inside would
  /// hold more vectors than the compiler keeps out of memory.
  private static final Step[] STEPS = {
    Md5Lanes::first,
    Md5Lanes::second,
    Md5Lanes::third,
    Md5Lanes::fourth,
    (state, _, _) -> sum(state)
  };

  private final int[] state = new int[2 * WORK];
  private final int[] kept = new int[WORK];
  private final int[] words = new int[BLOCK_WORDS * LANES];

  /// All streams begin.
  public Md5Lanes() {
    Arrays.fill(state, A, B, 0x67452301);
    Arrays.fill(state, B, C, 0xefcdab89);
    Arrays.fill(state, C, D, 0x98badcfe);
    Arrays.fill(state, D, WORK, 0x10325476);
  }

  private static int[] sines() {
    int[] sines = new int[64];
    for (int i = 0; i < sines.length; i++) {
      sines[i] = (int) (long) (Math.abs(Math.sin(i + 1.0)) * 4294967296.0);
    }
    return sines;
  }

  /// Takes the next blocks of some streams.
  ///
  /// @param in holds them, as little-endian words
  /// @param offsets for each lane where its first block begins; for idle lanes anywhere
  /// @param blocks how many, of each stream
  /// @param idle bit `i` is set if lane `i` takes nothing
  public void update(int[] in, int[] offsets, int blocks, int idle) {
    System.arraycopy(state, 0, kept, 0, WORK);
    for (int block = 0; block < blocks; block++) {
      load(in, block * BLOCK_WORDS, offsets, words);
      for (Step step : STEPS) {
        step.run(state, words, SINES);
      }
    }
    for (int lane = 0; lane < LANES; lane++) {
      if ((idle >>> lane & 1) != 0) {
        for (int word = lane; word < WORK; word += LANES) {
          state[word] = kept[word];
        }
      }
    }
  }

  /// Lays out samples of two channels as MD5 takes them: in turns, the low 24 bits of each,
  /// little-endian; and the last few not.
  ///
  /// @param into receives them as little-endian words from `offset` on; up to five words behind
  ///   them are overwritten
  /// @return the sample that the caller goes on with
  public static int layOut(int[] first, int[] second, int from, int to, int[] into, int offset) {
    int at = offset;
    int i = from;
    for (; i <= to - PAIRS.length(); i += PAIRS.length()) {
      LongVector high = widened(second, i).lanewise(VectorOperators.LSHL, 24);
      widened(first, i)
          .or(high)
          .reinterpretAsBytes()
          .rearrange(PACK)
          .reinterpretAsInts()
          .intoArray(into, at);
      at += PACKED / Integer.BYTES;
    }
    return i;
  }

  private static LongVector widened(int[] samples, int at) {
    return IntVector.fromArray(HALVES, samples, at)
        .convertShape(VectorOperators.ZERO_EXTEND_I2L, PAIRS, 0)
        .reinterpretAsLongs()
        .and(LOW_24_BITS);
  }

  /// One word of a lane's digest, 0 to 3, which is little-endian.
  public int word(int lane, int index) {
    return state[index * LANES + lane];
  }

  private static void load(int[] in, int at, int[] offsets, int[] words) {
    for (int word = 0; word < BLOCK_WORDS; word++) {
      IntVector.fromArray(SPECIES, in, at + word, offsets, 0).intoArray(words, word * LANES);
    }
  }

  private static IntVector row(int[] from, int offset) {
    return IntVector.fromArray(SPECIES, from, offset);
  }

  private static IntVector input(int[] words, int word, int sine) {
    return row(words, (word & BLOCK_WORDS - 1) * LANES).add(sine);
  }

  /// `rotate(a + f + input) + b`, with `f` = `z ^ (b & (y ^ z))`: `y` where `b` has ones.
  private static IntVector choose(
      IntVector a, IntVector b, IntVector y, IntVector z, IntVector input, int rotation) {
    IntVector f = y.lanewise(VectorOperators.XOR, z).and(b).lanewise(VectorOperators.XOR, z);
    return a.add(input).add(f).lanewise(VectorOperators.ROL, rotation).add(b);
  }

  /// As [#choose], with `f` = `c ^ (d & (b ^ c))`: `b` where `d` has ones.
  private static IntVector chosen(
      IntVector a, IntVector b, IntVector c, IntVector d, IntVector input, int rotation) {
    IntVector f = b.lanewise(VectorOperators.XOR, c).and(d).lanewise(VectorOperators.XOR, c);
    return a.add(input).add(f).lanewise(VectorOperators.ROL, rotation).add(b);
  }

  /// As [#choose], with `f` = `b ^ c ^ d`.
  private static IntVector parity(
      IntVector a, IntVector b, IntVector c, IntVector d, IntVector input, int rotation) {
    IntVector f = c.lanewise(VectorOperators.XOR, d).lanewise(VectorOperators.XOR, b);
    return a.add(input).add(f).lanewise(VectorOperators.ROL, rotation).add(b);
  }

  /// As [#choose], with `f` = `c ^ (b | ~d)`.
  private static IntVector last(
      IntVector a, IntVector b, IntVector c, IntVector d, IntVector input, int rotation) {
    IntVector f = d.lanewise(VectorOperators.NOT).or(b).lanewise(VectorOperators.XOR, c);
    return a.add(input).add(f).lanewise(VectorOperators.ROL, rotation).add(b);
  }

  private static void first(int[] state, int[] words, int[] sines) {
    IntVector a = row(state, A);
    IntVector b = row(state, B);
    IntVector c = row(state, C);
    IntVector d = row(state, D);
    for (int i = 0; i < BLOCK_WORDS; i += 4) {
      a = choose(a, b, c, d, input(words, i, sines[i]), 7);
      d = choose(d, a, b, c, input(words, i + 1, sines[i + 1]), 12);
      c = choose(c, d, a, b, input(words, i + 2, sines[i + 2]), 17);
      b = choose(b, c, d, a, input(words, i + 3, sines[i + 3]), 22);
    }
    a.intoArray(state, WORK + A);
    b.intoArray(state, WORK + B);
    c.intoArray(state, WORK + C);
    d.intoArray(state, WORK + D);
  }

  private static void second(int[] state, int[] words, int[] sines) {
    IntVector a = row(state, WORK + A);
    IntVector b = row(state, WORK + B);
    IntVector c = row(state, WORK + C);
    IntVector d = row(state, WORK + D);
    for (int i = 0; i < BLOCK_WORDS; i += 4) {
      int word = 5 * i + 1;
      a = chosen(a, b, c, d, input(words, word, sines[16 + i]), 5);
      d = chosen(d, a, b, c, input(words, word + 5, sines[17 + i]), 9);
      c = chosen(c, d, a, b, input(words, word + 10, sines[18 + i]), 14);
      b = chosen(b, c, d, a, input(words, word + 15, sines[19 + i]), 20);
    }
    a.intoArray(state, WORK + A);
    b.intoArray(state, WORK + B);
    c.intoArray(state, WORK + C);
    d.intoArray(state, WORK + D);
  }

  private static void third(int[] state, int[] words, int[] sines) {
    IntVector a = row(state, WORK + A);
    IntVector b = row(state, WORK + B);
    IntVector c = row(state, WORK + C);
    IntVector d = row(state, WORK + D);
    for (int i = 0; i < BLOCK_WORDS; i += 4) {
      int word = 3 * i + 5;
      a = parity(a, b, c, d, input(words, word, sines[32 + i]), 4);
      d = parity(d, a, b, c, input(words, word + 3, sines[33 + i]), 11);
      c = parity(c, d, a, b, input(words, word + 6, sines[34 + i]), 16);
      b = parity(b, c, d, a, input(words, word + 9, sines[35 + i]), 23);
    }
    a.intoArray(state, WORK + A);
    b.intoArray(state, WORK + B);
    c.intoArray(state, WORK + C);
    d.intoArray(state, WORK + D);
  }

  private static void fourth(int[] state, int[] words, int[] sines) {
    IntVector a = row(state, WORK + A);
    IntVector b = row(state, WORK + B);
    IntVector c = row(state, WORK + C);
    IntVector d = row(state, WORK + D);
    for (int i = 0; i < BLOCK_WORDS; i += 4) {
      int word = 7 * i;
      a = last(a, b, c, d, input(words, word, sines[48 + i]), 6);
      d = last(d, a, b, c, input(words, word + 7, sines[49 + i]), 10);
      c = last(c, d, a, b, input(words, word + 14, sines[50 + i]), 15);
      b = last(b, c, d, a, input(words, word + 21, sines[51 + i]), 21);
    }
    a.intoArray(state, WORK + A);
    b.intoArray(state, WORK + B);
    c.intoArray(state, WORK + C);
    d.intoArray(state, WORK + D);
  }

  private static void sum(int[] state) {
    for (int word = 0; word < WORK; word++) {
      state[word] += state[WORK + word];
    }
  }
}
