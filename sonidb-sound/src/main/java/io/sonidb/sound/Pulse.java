package io.sonidb.sound;

/// The sonification `pulse`: each two bits of a vector are the length of a pulse.
///
/// A signal of two levels, as from a telegraph key: it is low for 1 to 4 samples, then high for 1
/// to 4, and so on, and each length less 1 is two bits of a word, from its top down. A byte is low,
/// high, low, high, so every byte begins as all others do, and its samples are in a table. FLAC
/// holds a sample in one bit, whatever the level: all lower ones are 0 and cost nothing.
///
/// The five bits below the sign belong to the exponent and are much alike in most vectors: numbers
/// below 1 have ones there, which are the longest pulses. So those of them that are mostly set are
/// turned over in all words, and the vector says which. That saves six samples of 41 a component.
///
/// A channel of float64 that comes to its end before the other does ends in one more pulse, low,
/// which fills the rest. Words have 16 pulses, so it cannot be taken for one.
final class Pulse implements Voice {
  private static final int PULSES_PER_WORD = 16;
  private static final int PAIRS_PER_WORD = 8;
  private static final int LONGEST = 4;

  /// The lowest of the bits that may be turned over, and how many they are.
  private static final int TURNED_AT = 26;

  private static final int TURNED_BITS = 5;

  /// Bits of two pulses, low and high, from bit 7 down: 1 is low. By the four bits that they stand
  /// for; and how many they are.
  private static final int[] PAIR_SAMPLES = new int[16];

  private static final int[] PAIR_LENGTH = new int[16];

  /// By the next eight bits: the four bits that two pulses stand for, and above them, from bit 4,
  /// how many samples they have; 0 when the bits do not begin with two pulses.
  private static final int[] PAIRS = new int[256];

  /// The same by byte: samples from bit 15 down, and from bit 16 up how many.
  private static final int[] BYTES = new int[256];

  static {
    for (int pair = 0; pair < 16; pair++) {
      int low = (pair >> 2) + 1;
      int high = (pair & 3) + 1;
      PAIR_SAMPLES[pair] = 0xFF00 >> low & 0xFF;
      PAIR_LENGTH[pair] = low + high;
    }
    for (int bits = 0; bits < 256; bits++) {
      int low = Integer.numberOfLeadingZeros(~(bits << 24));
      if (low >= 1 && low <= LONGEST) {
        // A bit that is set ends the longest pulse; if it goes on, no pair begins behind it.
        int high = Integer.numberOfLeadingZeros(bits << 24 + low | 1 << 31 - LONGEST);
        PAIRS[bits] = low + high << 4 | low - 1 << 2 | high - 1;
      }
      int first = bits >> 4;
      int second = bits & 0xF;
      BYTES[bits] =
          PAIR_SAMPLES[first] << 8
              | PAIR_SAMPLES[second] << 8 >> PAIR_LENGTH[first]
              | PAIR_LENGTH[first] + PAIR_LENGTH[second] << 16;
    }
  }

  private int[][] words = new int[0][0];
  private int dimension;
  private int turned;

  /// Samples as bits, 1 for low, 64 in a word, from the top down.
  private long[] bits = new long[RecordFormat.MAX_PART_SAMPLES / Long.SIZE + 2];

  @Override
  public int representation() {
    return RecordFormat.PULSE;
  }

  @Override
  public int parameter() {
    return turned >>> TURNED_AT;
  }

  @Override
  public int shift() {
    return RecordFormat.MAX_SHIFT;
  }

  /// In front of the vector a header costs what it costs anywhere; but it must leave room.
  @Override
  public int mostHeaderBits() {
    return RecordFormat.MAX_PART_SAMPLES / 2;
  }

  @Override
  public int fewestFitting() {
    return (RecordFormat.MAX_PART_SAMPLES - 8) / mostSamples();
  }

  @Override
  public int mostSamples() {
    return PULSES_PER_WORD * LONGEST;
  }

  @Override
  public int fewestSamples() {
    return PULSES_PER_WORD;
  }

  @Override
  public int mostBits() {
    return 1;
  }

  @Override
  public void prepare(int[][] all, int count) {
    words = all;
    dimension = count;
    turned = 0;
    for (int bit = TURNED_AT; bit < TURNED_AT + TURNED_BITS; bit++) {
      turned |= isMostlySet(all[0], bit, count) ? 1 << bit : 0;
    }
  }

  private static boolean isMostlySet(int[] words, int bit, int count) {
    int set = 0;
    for (int i = 0; i < count; i++) {
      set += words[i] >>> bit & 1;
    }
    return 2 * set > count;
  }

  @Override
  public int fitting(int from, int room) {
    int fitting = dimension - from;
    for (int[] channel : words) {
      int used = 0;
      int i = 0;
      while (i < fitting && used + length(channel[from + i] ^ turned) <= room) {
        used += length(channel[from + i++] ^ turned);
      }
      fitting = i;
    }
    // The filling of a channel needs no room: it ends where the longest one does.
    return fitting;
  }

  private static int length(int word) {
    // Pairs of bits to sums of pairs, of fours, of all: each pulse has a sample more than it says.
    int fours = (word & 0x33333333) + (word >>> 2 & 0x33333333);
    int bytes = (fours & 0x0F0F0F0F) + (fours >>> 4 & 0x0F0F0F0F);
    return PULSES_PER_WORD + (bytes * 0x01010101 >>> 24);
  }

  @Override
  public int sound(int from, int count, int[][] pcm, int at) {
    int most = 0;
    for (int channel = 0; channel < words.length; channel++) {
      int samples = collect(words[channel], from, count);
      expand(bits, samples, pcm[channel], at);
      for (int before = 0; before < channel; before++) {
        fill(pcm[before], at + most, at + samples);
      }
      fill(pcm[channel], at + samples, at + most);
      most = Math.max(most, samples);
    }
    return most;
  }

  private static void fill(int[] samples, int from, int to) {
    for (int i = from; i < to; i++) {
      samples[i] = -1 << RecordFormat.MAX_SHIFT;
    }
  }

  private int collect(int[] channel, int from, int count) {
    long[] out = bits;
    long pending = 0;
    int filled = 0;
    int at = 0;
    for (int i = from; i < from + count; i++) {
      int word = channel[i] ^ turned;
      for (int shift = 24; shift >= 0; shift -= 8) {
        int entry = BYTES[word >>> shift & 0xFF];
        long samples = (long) (entry & 0xFFFF) << 48;
        pending |= samples >>> filled;
        filled += entry >>> 16;
        if (filled >= Long.SIZE) {
          out[at++] = pending;
          filled -= Long.SIZE;
          pending = samples << (entry >>> 16) - filled;
        }
      }
    }
    out[at] = pending;
    return at * Long.SIZE + filled;
  }

  private static void expand(long[] bits, int count, int[] into, int at) {
    int whole = count / Integer.SIZE;
    for (int i = 0; i < whole; i++) {
      int word = (int) (bits[i >> 1] >>> ((i & 1) == 0 ? 32 : 0));
      expand(word, Integer.SIZE, into, at + i * Integer.SIZE);
    }
    int word = (int) (bits[whole >> 1] >>> ((whole & 1) == 0 ? 32 : 0));
    expand(word, count % Integer.SIZE, into, at + whole * Integer.SIZE);
  }

  private static void expand(int word, int count, int[] into, int at) {
    for (int i = 0; i < count; i++) {
      into[at + i] = (word << i) >> 31 << RecordFormat.MAX_SHIFT;
    }
  }

  /// Only the sign of a sample counts. What is low at the end is filling: words end high.
  @Override
  public int hear(int[] samples, int from, int to, int shift, int parameter, int[] into, int at) {
    int end = to;
    while (end > from && samples[end - 1] < 0) {
      end--;
    }
    int count = end - from;
    pack(samples, from, count);
    int pairs = readPairs(bits, count, parameter << TURNED_AT, into, at);
    return pairs % PAIRS_PER_WORD == 0 ? pairs / PAIRS_PER_WORD : -1;
  }

  /// Reads pairs of pulses up to the end; returns how many, or -1 if they do not end there.
  private static int readPairs(long[] bits, int count, int turned, int[] into, int at) {
    int position = 0;
    int pairs = 0;
    int word = 0;
    while (position < count) {
      int index = position >> 6;
      // Two shifts, because one by 64 would be none.
      long next = bits[index] << position | bits[index + 1] >>> 1 >>> ~position;
      int pair = PAIRS[(int) (next >>> 56)];
      if (pair == 0) {
        return -1;
      }
      position += pair >> 4;
      word = word << 4 | pair & 0xF;
      if (++pairs % PAIRS_PER_WORD == 0) {
        into[at + pairs / PAIRS_PER_WORD - 1] = word ^ turned;
      }
    }
    return pairs;
  }

  /// Makes bits of signs, and ones behind them, which end the last pulse.
  private void pack(int[] samples, int from, int count) {
    long[] out = bits;
    int whole = count / Long.SIZE;
    for (int i = 0; i < whole; i++) {
      out[i] = signs(samples, from + i * Long.SIZE, Long.SIZE);
    }
    int rest = count % Long.SIZE;
    long last = signs(samples, from + whole * Long.SIZE, rest);
    out[whole] = rest == 0 ? -1 : last << Long.SIZE - rest | -1L >>> rest;
    out[whole + 1] = -1;
  }

  private static long signs(int[] samples, int from, int count) {
    long signs = 0;
    for (int i = from; i < from + count; i++) {
      signs = signs << 1 | samples[i] >>> Integer.SIZE - 1;
    }
    return signs;
  }
}
