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

  /// As many look-ups as the 56 bits of a refill last for in any case.
  private static final int ENTRIES_PER_REFILL = 4;

  private static final int CODES_PER_REFILL = ENTRIES_PER_REFILL * CODES_PER_ENTRY;

  /// An entry: the number of bits of all its codes in the low byte, their number in the next, then
  /// the unfolded values, one byte each. An entry of no codes says that the next one is longer than
  /// the table.
  private static final long[][] TABLES = tables();

  /// The bits of all codes of an entry once more: what the next look-up waits for is then a small
  /// table, which stays in the nearest cache whatever else is read.
  private static final byte[][] LENGTHS = lengths();

  /// The largest parameters under which four codes are taken at a time, and two.
  private static final int MAX_PARAMETER_OF_FOURS = 9;

  private static final int MAX_PARAMETER_OF_TWOS = 22;

  /// Below this parameter a code that lies within one word cannot pass 32 bits.
  private static final int SAFE_PARAMETERS = 26;

  private static final int SURE_BITS = 57;

  private static final VarHandle VALUES =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// The values that the table gives for a partition, with room for an entry behind the last.
  private byte[] values = {};

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

  /// Whether [#readBoth] reads codes with this parameter.
  static boolean isTabled(int parameter) {
    return parameter >= 0 && parameter <= MAX_TABLE_PARAMETER;
  }

  /// Reads the codes of two whole blocks in turns, so that the look-ups of one fill the time in
  /// which those of the other wait.
  ///
  /// @param parameters both [#isTabled]
  static void readBoth(
      Residual first,
      BitReader firstIn,
      int[] firstInto,
      Residual second,
      BitReader secondIn,
      int[] secondInto,
      int predictorOrder,
      int blockSize,
      int[] parameters)
      throws MalformedFlacException {
    int a = predictorOrder;
    int b = predictorOrder;
    while (blockSize - Math.max(a, b) >= CODES_PER_REFILL) {
      first.makeRoom(blockSize - a);
      second.makeRoom(blockSize - b);
      long counts =
          byTables(
              firstIn,
              first.values,
              blockSize - a,
              parameters[0],
              secondIn,
              second.values,
              blockSize - b,
              parameters[1]);
      int ofFirst = (int) (counts >>> 32);
      int ofSecond = (int) counts;
      firstIn.kernels.widen(first.values, ofFirst, firstInto, a);
      secondIn.kernels.widen(second.values, ofSecond, secondInto, b);
      a += ofFirst;
      b += ofSecond;
      int before = a + b;
      if (isLong(firstIn, parameters[0])) {
        a = carefully(firstIn, firstInto, a, blockSize, parameters[0]);
      }
      if (isLong(secondIn, parameters[1])) {
        b = carefully(secondIn, secondInto, b, blockSize, parameters[1]);
      }
      if (a + b == before) {
        break;
      }
    }
    first.rice(firstIn, firstInto, a, blockSize, parameters[0]);
    second.rice(secondIn, secondInto, b, blockSize, parameters[1]);
  }

  /// Whether the next code is too long for the table.
  private static boolean isLong(BitReader in, int parameter) {
    return LENGTHS[parameter][(int) (in.word(in.position) >>> (64 - TABLE_BITS))] == 0;
  }

  private void makeRoom(int count) {
    if (values.length < count + Long.BYTES) {
      values = new byte[count + Long.BYTES];
    }
  }

  /// [#byTable] for two runs in turns, until either cannot go on.
  ///
  /// @return how many codes of the first, and in the low half, of the second
  private static long byTables(
      BitReader firstReader,
      byte[] firstInto,
      int firstCount,
      int firstParameter,
      BitReader secondReader,
      byte[] secondInto,
      int secondCount,
      int secondParameter) {
    byte[] inA = firstReader.in;
    byte[] inB = secondReader.in;
    int lastA = firstReader.limit - Long.BYTES;
    int lastB = secondReader.limit - Long.BYTES;
    int pointerA = (int) (firstReader.position >>> 3);
    int pointerB = (int) (secondReader.position >>> 3);
    if (pointerA > lastA || pointerB > lastB) {
      return 0;
    }
    int skippedA = (int) firstReader.position & 7;
    int skippedB = (int) secondReader.position & 7;
    long wordA = BigEndian.readLong(inA, pointerA) << skippedA;
    long wordB = BigEndian.readLong(inB, pointerB) << skippedB;
    int availableA = 56 - skippedA;
    int availableB = 56 - skippedB;
    pointerA += 7;
    pointerB += 7;
    long[] tableA = TABLES[firstParameter];
    long[] tableB = TABLES[secondParameter];
    byte[] lengthsA = LENGTHS[firstParameter];
    byte[] lengthsB = LENGTHS[secondParameter];
    int mostA = firstCount - CODES_PER_REFILL;
    int mostB = secondCount - CODES_PER_REFILL;
    int a = 0;
    int b = 0;
    while (a <= mostA && b <= mostB && pointerA <= lastA && pointerB <= lastB) {
      wordA |= BigEndian.readLong(inA, pointerA) >>> availableA;
      pointerA += (63 - availableA) >>> 3;
      availableA |= 56;
      wordB |= BigEndian.readLong(inB, pointerB) >>> availableB;
      pointerB += (63 - availableB) >>> 3;
      availableB |= 56;
      int lengthA = 0;
      int lengthB = 0;
      for (int n = 0; n < ENTRIES_PER_REFILL; n++) {
        int indexA = (int) (wordA >>> (64 - TABLE_BITS));
        int indexB = (int) (wordB >>> (64 - TABLE_BITS));
        lengthA = lengthsA[indexA];
        lengthB = lengthsB[indexB];
        long entryA = tableA[indexA];
        long entryB = tableB[indexB];
        VALUES.set(firstInto, a, entryA >>> 16);
        VALUES.set(secondInto, b, entryB >>> 16);
        a += (int) entryA >>> 8 & 0xff;
        b += (int) entryB >>> 8 & 0xff;
        availableA -= lengthA;
        availableB -= lengthB;
        wordA <<= lengthA;
        wordB <<= lengthB;
      }
      if (lengthA == 0 || lengthB == 0) {
        break;
      }
    }
    firstReader.position = ((long) pointerA << 3) - availableA;
    secondReader.position = ((long) pointerB << 3) - availableB;
    return (long) a << 32 | b;
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

  /// Takes at least one code, and those that lie within a word with it.
  ///
  /// @return what comes next
  private static int carefully(BitReader in, int[] into, int from, int to, int parameter)
      throws MalformedFlacException {
    int stop = 1 << parameter;
    int i = byWord(in, into, from, to, parameter);
    if (i == from && i < to) {
      into[i++] = one(in, parameter) + stop;
    }
    unfold(into, from, i, stop);
    return i;
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
    int count = byTable(in, values, to - from, TABLES[parameter], LENGTHS[parameter]);
    in.kernels.widen(values, count, into, from);
    return count;
  }

  /// Takes codes until one is too long for the table, or the output or input is nearly used up.
  ///
  /// @return how many
  private static int byTable(
      BitReader reader, byte[] into, int count, long[] table, byte[] lengths) {
    byte[] in = reader.in;
    int last = reader.limit - Long.BYTES;
    int pointer = (int) (reader.position >>> 3);
    if (pointer > last) {
      return 0;
    }
    int skipped = (int) reader.position & 7;
    long word = BigEndian.readLong(in, pointer) << skipped;
    int available = 56 - skipped;
    pointer += 7;
    int i = 0;
    while (i <= count - CODES_PER_REFILL && pointer <= last) {
      word |= BigEndian.readLong(in, pointer) >>> available;
      pointer += (63 - available) >>> 3;
      available |= 56;
      int length = 0;
      for (int n = 0; n < ENTRIES_PER_REFILL; n++) {
        int index = (int) (word >>> (64 - TABLE_BITS));
        length = lengths[index];
        long entry = table[index];
        VALUES.set(into, i, entry >>> 16);
        i += (int) entry >>> 8 & 0xff;
        available -= length;
        word <<= length;
      }
      if (length == 0) {
        // Every look-up after a code that is too long finds the same, so only the last need be
        // asked.
        break;
      }
    }
    while (i <= count - CODES_PER_ENTRY) {
      if (pointer <= last) {
        word |= BigEndian.readLong(in, pointer) >>> available;
        pointer += (63 - available) >>> 3;
        available |= 56;
      } else if (available < TABLE_BITS) {
        break;
      }
      int index = (int) (word >>> (64 - TABLE_BITS));
      int length = lengths[index];
      if (length == 0) {
        break;
      }
      long entry = table[index];
      VALUES.set(into, i, entry >>> 16);
      i += (int) entry >>> 8 & 0xff;
      available -= length;
      word <<= length;
    }
    reader.position = ((long) pointer << 3) - available;
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

  private static long[][] tables() {
    long[][] tables = new long[MAX_TABLE_PARAMETER + 1][1 << TABLE_BITS];
    for (int parameter = 0; parameter <= MAX_TABLE_PARAMETER; parameter++) {
      for (int index = 0; index < 1 << TABLE_BITS; index++) {
        tables[parameter][index] = entry(index, parameter);
      }
    }
    return tables;
  }

  private static byte[][] lengths() {
    byte[][] lengths = new byte[TABLES.length][1 << TABLE_BITS];
    for (int parameter = 0; parameter < TABLES.length; parameter++) {
      for (int index = 0; index < 1 << TABLE_BITS; index++) {
        lengths[parameter][index] = (byte) TABLES[parameter][index];
      }
    }
    return lengths;
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
