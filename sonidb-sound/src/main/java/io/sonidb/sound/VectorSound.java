package io.sonidb.sound;

import java.util.Arrays;

/// Makes samples of the components of one vector, each of which has one: as floats, on a grid or as
/// whole numbers, whichever is smallest.
///
/// The choice is made by counting bits. Ways that a vector of noise rules out at a glance are
/// looked at first, so that such a vector costs little more than its layout as floats.
final class VectorSound {
  /// What the mantissas of float16 numbers do not use.
  private static final int LOW_BITS_OF_HALVES = 0x1FFF;

  /// What a component on a grid takes: no number that takes less is looked for there.
  private static final long GRID_BITS = 14;

  private final boolean single;
  private final int dataChannels;
  private final int wordBits;
  private final RecordLayout layout;
  private final ExponentChoice exponents;
  private final IntegerChoice integers;
  private final GridChoice grid = new GridChoice();
  private final int[] bits;

  private Vector vector = Vector.of(0f);
  private int representation;
  private int freeShift;
  private boolean knownStep;

  /// @param element of the vectors
  /// @param dataChannels of the format: two for float64, and for float32 that comes from it
  VectorSound(ElementType element, int dataChannels, RecordLayout layout) {
    single = element == ElementType.FLOAT32;
    this.dataChannels = dataChannels;
    this.layout = layout;
    wordBits = RecordFormat.BITS_PER_SAMPLE * dataChannels;
    exponents = new ExponentChoice(element);
    integers = new IntegerChoice(element);
    bits = new int[single ? Vector.MAX_DIMENSION : 0];
  }

  /// Chooses how a vector becomes samples.
  ///
  /// @param size the bytes of the record's header before the vector's own
  void choose(Vector next, int size) {
    vector = next;
    knownStep = next.step() != 0 && integers.isMultipleOf(next, next.step());
    if (knownStep) {
      representation = RecordFormat.INTEGER;
      return;
    }
    boolean whole = integers.isFound(next);
    chooseExponents();
    boolean small = whole && integers.sampleBits() <= GRID_BITS * next.dimension();
    if (!small && isOnGrid()) {
      exponents.choose(grid.numbers(), bits);
      findFreeShift();
      representation = RecordFormat.GRID;
      if (integers.isMultipleOf(next, grid.step())) {
        chooseCheaper(RecordFormat.INTEGER, size);
      }
    } else if (whole) {
      chooseCheaper(RecordFormat.INTEGER, size);
    }
  }

  private void chooseExponents() {
    if (single) {
      exponents.choose(vector.floats(), bits);
    } else {
      exponents.choose(vector.doubles());
    }
    findFreeShift();
    representation =
        !single && exponents.lowBits() == 0
            ? RecordFormat.FLOAT_WITHOUT_LOW_BITS
            : RecordFormat.FLOAT;
  }

  private void findFreeShift() {
    long mantissas = exponents.dataBits();
    // float32 fills the upper half of a float64 format's data word. The sign's bit is never free.
    long data = (single ? mantissas << wordBits - 24 : mantissas) | 1L << wordBits - 1;
    freeShift = Long.numberOfTrailingZeros(data) / dataChannels;
  }

  private boolean isOnGrid() {
    return single
        && (exponents.dataBits() & LOW_BITS_OF_HALVES) != 0
        && grid.isFound(vector.floats(), bits);
  }

  /// Changes to another representation if the record becomes smaller.
  private void chooseCheaper(int other, int size) {
    int chosen = representation;
    long before = cost(size);
    representation = other;
    if (cost(size) >= before) {
      representation = chosen;
    }
  }

  /// The code of the representation chosen.
  int code() {
    return representation;
  }

  private boolean isNumbers() {
    return representation == RecordFormat.INTEGER;
  }

  /// What the record costs in bits, about, without its payload.
  ///
  /// @param size the bytes of the record's header before the vector's own
  long cost(int size) {
    plan(size + headerBytes());
    return layoutCost();
  }

  private long layoutCost() {
    int values = vector.dimension();
    return isNumbers()
        ? layout.numbersCost(integers.sampleBits(), integers.headerBitCost(width()))
        : layout.cost(values, exponents);
  }

  private int width() {
    return wordBits - layout.shift() * dataChannels;
  }

  /// Lays the record out.
  ///
  /// @param size the bytes of its whole header
  void plan(int size) {
    int values = vector.dimension();
    if (isNumbers()) {
      layout.planNumbers(size, values, integers.width());
    } else {
      layout.planVector(size, values, freeShift, exponents);
    }
  }

  /// Whether a payload costs less in the header than in parts of its own.
  ///
  /// @param size the bytes of the header without it
  boolean isCheaperInline(int size, int payloadBytes) {
    if (isNumbers()) {
      plan(size + payloadBytes);
      double inline = 8L * payloadBytes * integers.headerBitCost(width());
      return inline <= layout.payloadCost(payloadBytes)
          && layout.headerSamples() <= RecordLayout.MAX_NARROW_HEADER_SAMPLES;
    }
    plan(size);
    long apart = layoutCost() + layout.payloadCost(payloadBytes);
    plan(size + payloadBytes);
    return layoutCost() <= apart;
  }

  /// How many bytes [#writeHeader] writes.
  int headerBytes() {
    return switch (representation) {
      case RecordFormat.INTEGER -> integers.headerBytes();
      case RecordFormat.GRID -> exponentBytes() + grid.bytes();
      default -> exponentBytes();
    };
  }

  private int exponentBytes() {
    int size = single ? 1 : 2;
    return 1 + size + (exponents.far() ? 1 + exponents.farCount() * size : 0);
  }

  /// Writes the vector's header; returns where it ends.
  int writeHeader(byte[] out, int offset) {
    if (isNumbers()) {
      return integers.writeHeader(out, offset);
    }
    int at = writeExponents(out, offset);
    return representation == RecordFormat.GRID ? grid.write(out, at) : at;
  }

  private int writeExponents(byte[] out, int offset) {
    // An exponent field has 8 bits in float32, 11 in float64.
    int size = single ? 1 : 2;
    int at = offset;
    out[at++] =
        (byte)
            (representation << RecordFormat.REPRESENTATION_AT
                | exponents.order() << RecordFormat.ORDER_AT
                | (exponents.zeroRank() + 1) << RecordFormat.ZERO_RANK_AT
                | (exponents.far() ? RecordFormat.FAR : 0));
    IdFormat.writeBigEndian(exponents.reference(), size, out, at);
    at += size;
    if (exponents.far()) {
      out[at++] = (byte) exponents.farCount();
      for (int i = 0; i < exponents.farCount(); i++) {
        IdFormat.writeBigEndian(exponents.farExponents()[i], size, out, at);
        at += size;
      }
    }
    return at;
  }

  /// Makes the samples of `count` components from `from` on.
  void sound(int from, int count, int[][] pcm, int at) {
    int[] marker = pcm[dataChannels];
    if (isNumbers()) {
      integers.sound(from, count, pcm, at, width());
    } else if (single) {
      Amplitude.sound(
          bits, from, count, exponents.markerOf(), exponents.highest(), pcm[0], marker, at);
      if (dataChannels == 2) {
        Arrays.fill(pcm[1], at, at + count, 0);
      }
    } else {
      double[] doubles = vector.doubles();
      int lowBits = exponents.lowBits();
      Amplitude.sound(doubles, from, count, exponents.rankOf(), lowBits, pcm, at);
    }
  }

  /// Whether the samples are small numbers, among which it pays to look for a code; all others are
  /// noise.
  boolean isWorthSearching() {
    return isNumbers();
  }

  /// Whether the vector knew the step of which its components are whole multiples.
  boolean isOfKnownStep() {
    return isNumbers() && knownStep;
  }
}
