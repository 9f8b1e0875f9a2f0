package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Rice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Reads the residual of a subframe: its partitions of Rice codes or plain numbers (RFC 9639,
/// 9.2.7).
///
/// What limits is the chain from one code to the next: its length must be known before the next one
/// can be looked at. So everything else is kept out of the chain: a refill reads at an address that
/// the codes at hand do not decide, and the numbers are unfolded later, all at once.
///
/// - Codes with a small parameter are short, and a table knows all of them that are complete in the
///   next 11 bits, up to six: a shift, a load and a shift for all of them.
/// - Codes with a larger parameter are found by a count of leading zeros, a few at a time; whether
///   all of them were there is asked once, behind the last.
///
/// A code that is too long for either, and the last ones of the input, are read with care: the run
/// of zeros may not pass the end of the input, and the value may not pass 32 bits.
final class Residual {

  private static final int TABLE_BITS = 11;
  private static final int MAX_TABLE_PARAMETER = 3;
  private static final int CODES_PER_ENTRY = 6;

  /// As many look-ups as the 57 bits of a word last for in any case.
  private static final int ENTRIES_PER_WORD = 5;

  private static final int CODES_PER_WORD = ENTRIES_PER_WORD * CODES_PER_ENTRY;

  /// For each parameter a table. An entry: the number of bits of all its codes in the low byte,
  /// their number in the next, then the folded values, one byte each. An entry of no codes says
  /// that the next one is longer than the table.
  private static final long[] ENTRIES = entries();

  /// The largest parameters under which four codes are taken at a time, and two.
  private static final int MAX_PARAMETER_OF_FOURS = 9;

  private static final int MAX_PARAMETER_OF_TWOS = 22;

  /// Below this parameter a code that lies within one word cannot pass 32 bits.
  private static final int SAFE_PARAMETERS = 26;

  private static final int SURE_BITS = 57;

  private static final VarHandle VALUES =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// The numbers that the table gives for a partition, with room for an entry behind the last.
  byte[] folded = {};

  /// Bits of each parameter: 4 or 5.
  private int parameterBits;

  /// There are 2 to the power of this partitions.
  private int order;

  /// Reads the residual of a block into `into[predictorOrder..blockSize)`.
  void read(BitReader in, int[] into, int predictorOrder, int blockSize)
      throws MalformedFlacException {
    readHeader(in, predictorOrder, blockSize);
    readPartitions(in, into, predictorOrder, blockSize);
  }

  /// Reads how the residual is coded and cut into partitions.
  void readHeader(BitReader in, int predictorOrder, int blockSize) throws MalformedFlacException {
    int method = in.bits(2);
    if (method > 1) {
      throw in.malformed("residual coding method " + method + " is reserved");
    }
    parameterBits = method == 0 ? 4 : 5;
    order = in.bits(4);
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
  }

  /// The Rice parameter, if it is one for the whole block, and not yet read.
  ///
  /// @return -1 if there are several, or an escape
  int wholeParameter(BitReader in) throws MalformedFlacException {
    if (order > 0) {
      return -1;
    }
    int parameter = in.bits(parameterBits);
    in.position -= parameterBits;
    return parameter < (1 << parameterBits) - 1 ? parameter : -1;
  }

  /// Goes on behind the parameter with the codes for `into[from..to)`, of which others may have
  /// read those before.
  void readCodes(BitReader in, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    rice(in, into, from, to, parameter);
  }

  /// Whether a table knows the codes with this parameter.
  static boolean isTabled(int parameter) {
    return parameter >= 0 && parameter <= MAX_TABLE_PARAMETER;
  }

  /// Where the table of a parameter begins.
  private static int table(int parameter) {
    return parameter << TABLE_BITS;
  }

  /// Takes codes from one lane of many, as [io.sonidb.flac.kernel.Kernels#readSmallInLanes] gives
  /// them, into [#folded], which has [room][#makeRoom] for them.
  ///
  /// @param rows the first eight of each lane, the second eight of each lane, and so on
  /// @param from the place of the first in `folded`
  void takeLane(long[] rows, int lane, int lanes, int count, int from) {
    for (int i = 0; i < count; i += Long.BYTES) {
      BigEndian.writeLong(folded, from + i, rows[i / Long.BYTES * lanes + lane]);
    }
  }

  /// Reads a few codes into [#folded], of any length; there is room for them.
  ///
  /// @return whether all of them fit there, in a byte each
  boolean takeFew(BitReader in, int from, int to, int parameter) throws MalformedFlacException {
    boolean fit = true;
    for (int i = from; i < to; i++) {
      int code = one(in, parameter);
      folded[i] = (byte) code;
      fit &= code >>> Byte.SIZE == 0;
    }
    return fit;
  }

  /// Unfolds numbers that [#takeLane] has taken.
  void unfold(BitReader in, int[] into, int from, int to) {
    in.kernels.unfold(folded, from, to - from, into, from);
  }

  /// Makes [#folded] long enough, whatever was in it.
  void makeRoom(int count) {
    if (folded.length < count + Long.BYTES) {
      folded = new byte[count + Long.BYTES];
    }
  }

  /// The entry for the next bits.
  private static long entry(long word, int table) {
    // The mask tells the compiler that no index is outside of the tables.
    return ENTRIES[(table & MAX_TABLE_PARAMETER << TABLE_BITS) + (int) (word >>> 64 - TABLE_BITS)];
  }

  /// Takes the codes of some entries.
  ///
  /// @return the number of their bits in the low byte, and their number above; 0 if the first code
  ///   is too long for the table
  private static int take(byte[] in, long position, int table, byte[] into, int at) {
    long word = BigEndian.readLong(in, (int) (position >>> 3)) << (position & 7);
    // A shift looks at the low six bits of its distance, where an entry has its number of bits; and
    // sums of numbers of bits stay within a byte, those of numbers of codes within the next.
    long entry = entry(word, table);
    VALUES.set(into, at, entry >>> 16);
    word <<= entry;
    long taken = entry;
    entry = entry(word, table);
    VALUES.set(into, at + ((int) taken >>> 8 & 0xff), entry >>> 16);
    word <<= entry;
    taken += entry;
    entry = entry(word, table);
    VALUES.set(into, at + ((int) taken >>> 8 & 0xff), entry >>> 16);
    word <<= entry;
    taken += entry;
    entry = entry(word, table);
    VALUES.set(into, at + ((int) taken >>> 8 & 0xff), entry >>> 16);
    word <<= entry;
    taken += entry;
    entry = entry(word, table);
    VALUES.set(into, at + ((int) taken >>> 8 & 0xff), entry >>> 16);
    return (int) (taken + entry) & 0xffff;
  }

  /// Skips what [#wholeParameter] has told.
  void skipParameter(BitReader in) {
    in.position += parameterBits;
  }

  /// Reads the partitions behind the header.
  void readPartitions(BitReader in, int[] into, int predictorOrder, int blockSize)
      throws MalformedFlacException {
    int escape = (1 << parameterBits) - 1;
    int size = blockSize >>> order;
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

  private void rice(BitReader in, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    // Each code takes at least 1 + parameter bits: refuse early what cannot be there.
    in.require((long) (to - from) * (parameter + 1));
    int stop = 1 << parameter;
    int i = from;
    while (i < to) {
      int begin = i;
      if (parameter <= MAX_TABLE_PARAMETER) {
        begin += small(in, into, i, to, parameter);
        i = begin;
      } else if (parameter <= MAX_PARAMETER_OF_FOURS) {
        i = byFours(in, into, i, to, parameter);
      } else if (parameter <= MAX_PARAMETER_OF_TWOS) {
        i = byTwos(in, into, i, to, parameter);
      }
      int careful = i;
      if (parameter < SAFE_PARAMETERS) {
        i = byWord(in, into, i, to, parameter);
      }
      if (i == careful && i < to) {
        into[i++] = one(in, parameter) + stop;
      }
      unfold(into, begin, i, stop);
    }
  }

  /// Takes off the one that ends the unary part, which lies above the low bits, and unfolds.
  static void unfold(int[] into, int from, int to, int stop) {
    for (int i = from; i < to; i++) {
      into[i] = Rice.unfold(into[i] - stop);
    }
  }

  /// @return how many codes it took
  private int small(BitReader in, int[] into, int from, int to, int parameter) {
    makeRoom(to - from);
    int count = byTable(in, folded, to - from, table(parameter));
    in.kernels.unfold(folded, 0, count, into, from);
    return count;
  }

  /// Takes codes until one is too long for the table, or the output or input is nearly used up.
  ///
  /// @return how many
  private static int byTable(BitReader reader, byte[] into, int count, int table) {
    byte[] in = reader.in;
    long last = 8L * (reader.limit - Long.BYTES);
    long position = reader.position;
    int i = 0;
    while (i <= count - CODES_PER_WORD && position <= last) {
      int taken = take(in, position, table, into, i);
      if (taken == 0) {
        break;
      }
      position += taken & 0xff;
      i += taken >>> 8;
    }
    while (i <= count - CODES_PER_ENTRY && position <= last) {
      long word = BigEndian.readLong(in, (int) (position >>> 3)) << (position & 7);
      long entry = entry(word, table);
      int bits = (int) entry & 0xff;
      if (bits == 0) {
        break;
      }
      VALUES.set(into, i, entry >>> 16);
      i += (int) entry >>> 8 & 0xff;
      position += bits;
    }
    reader.position = position;
    return i;
  }

  /// Takes four codes at a time until they are longer than a refill, or the input is nearly used
  /// up. What it stores is not unfolded, and the one above the low bits is still there.
  private static int byFours(BitReader reader, int[] into, int from, int to, int parameter) {
    byte[] in = reader.in;
    int last = reader.limit - Long.BYTES;
    int pointer = (int) (reader.position >>> 3);
    if (pointer > last) {
      return from;
    }
    int skipped = (int) reader.position & 7;
    long word = BigEndian.readLong(in, pointer) << skipped;
    int available = 56 - skipped;
    pointer += 7;
    int lowShift = 63 - parameter;
    int tail = parameter + 1;
    int i = from;
    while (i <= to - 4 && pointer <= last) {
      word |= BigEndian.readLong(in, pointer) >>> available;
      pointer += (63 - available) >>> 3;
      available |= 56;
      int a = Long.numberOfLeadingZeros(word);
      long fromA = word << a;
      long afterA = fromA << tail;
      int b = Long.numberOfLeadingZeros(afterA);
      long fromB = afterA << b;
      long afterB = fromB << tail;
      int c = Long.numberOfLeadingZeros(afterB);
      long fromC = afterB << c;
      long afterC = fromC << tail;
      int d = Long.numberOfLeadingZeros(afterC);
      long fromD = afterC << d;
      int used = a + b + c + d + 4 * tail;
      if (used > available) {
        break;
      }
      into[i] = (a << parameter) + (int) (fromA >>> lowShift);
      into[i + 1] = (b << parameter) + (int) (fromB >>> lowShift);
      into[i + 2] = (c << parameter) + (int) (fromC >>> lowShift);
      into[i + 3] = (d << parameter) + (int) (fromD >>> lowShift);
      word = fromD << tail;
      available -= used;
      i += 4;
    }
    reader.position = ((long) pointer << 3) - available;
    return i;
  }

  /// Like [#byFours], two at a time.
  private static int byTwos(BitReader reader, int[] into, int from, int to, int parameter) {
    byte[] in = reader.in;
    int last = reader.limit - Long.BYTES;
    int pointer = (int) (reader.position >>> 3);
    if (pointer > last) {
      return from;
    }
    int skipped = (int) reader.position & 7;
    long word = BigEndian.readLong(in, pointer) << skipped;
    int available = 56 - skipped;
    pointer += 7;
    int lowShift = 63 - parameter;
    int tail = parameter + 1;
    int i = from;
    while (i <= to - 2 && pointer <= last) {
      word |= BigEndian.readLong(in, pointer) >>> available;
      pointer += (63 - available) >>> 3;
      available |= 56;
      int a = Long.numberOfLeadingZeros(word);
      long fromA = word << a;
      long afterA = fromA << tail;
      int b = Long.numberOfLeadingZeros(afterA);
      long fromB = afterA << b;
      int used = a + b + 2 * tail;
      if (used > available) {
        break;
      }
      into[i] = (a << parameter) + (int) (fromA >>> lowShift);
      into[i + 1] = (b << parameter) + (int) (fromB >>> lowShift);
      word = fromB << tail;
      available -= used;
      i += 2;
    }
    reader.position = ((long) pointer << 3) - available;
    return i;
  }

  /// Takes the codes that lie within the next word, and stores like [#byFours]. Behind the input
  /// lie zeros, in which no unary part ends; a code whose low bits lie there is noticed in the end.
  private static int byWord(BitReader reader, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    long word = reader.word(reader.position);
    int left = SURE_BITS;
    int tail = parameter + 1;
    int i = from;
    while (i < to) {
      int zeros = Long.numberOfLeadingZeros(word);
      int length = zeros + tail;
      if (length > left) {
        break;
      }
      into[i++] = (zeros << parameter) + (int) (word >>> (64 - length));
      word <<= length;
      left -= length;
    }
    reader.moveTo(reader.position + SURE_BITS - left);
    return i;
  }

  /// Takes one code of any length.
  ///
  /// @return the residual, folded
  private static int one(BitReader in, int parameter) throws MalformedFlacException {
    // The residual -2^31, which folds to 2^32 - 1, is forbidden, as are all that are longer.
    int most = (int) Math.min(0xffff_fffeL >>> parameter, Integer.MAX_VALUE);
    int high = in.unary(most, "a Rice code");
    int folded = high << parameter | in.bits(parameter);
    if (folded == -1) {
      throw in.malformed("residual -2147483648 is forbidden");
    }
    return folded;
  }

  private static long[] entries() {
    long[] entries = new long[MAX_TABLE_PARAMETER + 1 << TABLE_BITS];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = makeEntry(i & (1 << TABLE_BITS) - 1, i >>> TABLE_BITS);
    }
    return entries;
  }

  private static long makeEntry(int index, int parameter) {
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
      values |= (long) folded << (8 * count);
      used += length;
      count++;
    }
    return values << 16 | (long) count << 8 | used;
  }
}
