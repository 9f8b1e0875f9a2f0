package io.sonidb.flac;

import java.util.Arrays;

/// Reads the residual of a subframe: its partitions of Rice codes or plain numbers (RFC 9639,
/// 9.2.7).
///
/// Two loops share the work:
///
/// - Codes with a small parameter are short, and a table knows all of them that are complete in the
///   next 11 bits, up to four. One word of input feeds five look-ups.
/// - Codes with a larger parameter, and the last few, are taken one by one; a count of leading
///   zeros finds the end of the unary part, and as many codes as fit are taken from each word.
///
/// A code that is too long for a word is read with care: the run of zeros may not pass the end of
/// the input, and the value may not pass 32 bits.
final class Residual {

  private static final int TABLE_BITS = 11;
  private static final int MAX_TABLE_PARAMETER = 3;
  private static final int CODES_PER_ENTRY = 4;
  private static final int ENTRIES_PER_WORD = 5;

  /// An entry: the bits of all its codes in the low byte, their number in the next, then the
  /// unfolded values, one byte each. An entry of no codes says that the next one is longer than the
  /// table.
  private static final long[][] TABLES = tables();

  /// Below this parameter a code that lies within one word cannot pass 32 bits.
  private static final int SAFE_PARAMETERS = 26;

  private static final int CODES_PER_WORD = ENTRIES_PER_WORD * CODES_PER_ENTRY;

  private static final int SURE_BITS = 57;

  private Residual() {}

  /// Reads the residual of a block into `into[predictorOrder..blockSize)`.
  static void read(BitReader in, int[] into, int predictorOrder, int blockSize)
      throws MalformedFlacException {
    int method = in.bits(2);
    if (method > 1) {
      throw in.malformed("residual coding method " + method + " is reserved");
    }
    int parameterBits = method == 0 ? 4 : 5;
    int escape = (1 << parameterBits) - 1;
    int order = in.bits(4);
    int size = blockSize >>> order;
    if (size << order != blockSize) {
      throw in.malformed(
          "partition order " + order + " does not divide a block of " + blockSize + " samples");
    }
    if (size <= predictorOrder) {
      throw in.malformed(
          "partitions of "
              + size
              + " samples are too short for a predictor of order "
              + predictorOrder);
    }
    int start = predictorOrder;
    for (int part = 0; part < 1 << order; part++) {
      int end = (part + 1) * size;
      int parameter = in.bits(parameterBits);
      if (parameter < escape) {
        rice(in, into, start, end, parameter);
      } else {
        int width = in.bits(5);
        if (width == 0) {
          Arrays.fill(into, start, end, 0);
        } else {
          in.samples(into, start, end, width);
        }
      }
      start = end;
    }
  }

  private static void rice(BitReader in, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    // Each code takes at least 1 + parameter bits: refuse early what cannot be there.
    in.require((long) (to - from) * (parameter + 1));
    int i = from;
    while (i < to) {
      if (parameter <= MAX_TABLE_PARAMETER) {
        i = byTable(in, into, i, to, TABLES[parameter]);
      }
      if (parameter < SAFE_PARAMETERS) {
        i = byWord(in, into, i, to, parameter);
      }
      if (i < to) {
        into[i++] = one(in, parameter);
      }
    }
  }

  /// Takes codes until one is too long for the table, or the output or input is nearly used up.
  private static int byTable(BitReader reader, int[] into, int from, int to, long[] table) {
    byte[] in = reader.in;
    long at = reader.position;
    long lastAt = ((long) (reader.limit - Long.BYTES) << 3) + 7;
    int last = to - CODES_PER_WORD;
    int i = from;
    while (i <= last && at <= lastAt) {
      long word = BigEndian.readLong(in, (int) (at >>> 3)) << (at & 7);
      long entry = 0;
      int used = 0;
      for (int n = 0; n < ENTRIES_PER_WORD; n++) {
        entry = table[(int) (word >>> (64 - TABLE_BITS))];
        into[i] = (byte) (entry >>> 16);
        into[i + 1] = (byte) (entry >>> 24);
        into[i + 2] = (byte) (entry >>> 32);
        into[i + 3] = (byte) (entry >>> 40);
        int length = (int) entry & 0xff;
        i += (int) (entry >>> 8) & 0xff;
        word <<= length;
        used += length;
      }
      at += used;
      if ((entry & 0xff00) == 0) {
        // Every look-up after a code that is too long finds the same, so only the last need be
        // asked.
        break;
      }
    }
    reader.position = at;
    return i;
  }

  /// Takes codes until one is too long for a word. Behind the input lie zeros, in which no unary
  /// part ends; a code whose low bits lie there is noticed in the end.
  private static int byWord(BitReader reader, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    long at = reader.position;
    int tail = parameter + 1;
    int i = from;
    while (i < to) {
      long word = reader.word(at);
      int left = SURE_BITS;
      while (i < to) {
        int zeros = Long.numberOfLeadingZeros(word);
        int length = zeros + tail;
        if (length > left) {
          break;
        }
        // The one that ends the zeros counts as one too many in the high part, so take it off.
        int folded = (int) (word >>> (64 - length)) + ((zeros - 1) << parameter);
        into[i++] = Rice.unfold(folded);
        word <<= length;
        left -= length;
      }
      if (left == SURE_BITS) {
        break;
      }
      at += SURE_BITS - left;
    }
    reader.moveTo(at);
    return i;
  }

  /// Takes one code of any length.
  private static int one(BitReader in, int parameter) throws MalformedFlacException {
    // The residual -2^31, which folds to 2^32 - 1, is forbidden, as are all that are longer.
    int most = (int) Math.min(0xffff_fffeL >>> parameter, Integer.MAX_VALUE);
    int high = in.unary(most, "a Rice code");
    int folded = high << parameter | in.bits(parameter);
    if (folded == -1) {
      throw in.malformed("residual -2147483648 is forbidden");
    }
    return Rice.unfold(folded);
  }

  private static long[][] tables() {
    long[][] tables = new long[MAX_TABLE_PARAMETER + 1][1 << TABLE_BITS];
    for (int parameter = 0; parameter <= MAX_TABLE_PARAMETER; parameter++) {
      for (int index = 0; index < 1 << TABLE_BITS; index++) {
        tables[parameter][index] = entry(index, parameter);
      }
    }
    return tables;
  }

  private static long entry(int index, int parameter) {
    int used = 0;
    int count = 0;
    long values = 0;
    while (count < CODES_PER_ENTRY) {
      int rest = index << (32 - TABLE_BITS + used);
      int zeros = rest == 0 ? TABLE_BITS : Integer.numberOfLeadingZeros(rest);
      int length = zeros + 1 + parameter;
      if (used + length > TABLE_BITS) {
        break;
      }
      int folded = (rest >>> (32 - length)) + ((zeros - 1) << parameter);
      values |= (Rice.unfold(folded) & 0xffL) << (8 * count);
      used += length;
      count++;
    }
    return values << 16 | (long) count << 8 | used;
  }
}
