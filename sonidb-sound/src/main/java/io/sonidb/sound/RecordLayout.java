package io.sonidb.sound;

/// Weighs how a record is laid out in parts, by bits as FLAC will code them.
///
/// Two things are open. The *shift*: low bits that are 0 in all mantissas (floats that were
/// integers, bfloat16 or float16 numbers) cost FLAC nothing, if the header too keeps to the bits
/// above; it then needs more samples, and each of these costs a little in the marker channel. And
/// the payload's *place*: in the header, where its samples cost a little in the marker channel too,
/// or in parts of its own, where they do not, but each is a frame more.
final class RecordLayout {
  /// A frame's fixed cost beside its data subframes: frame header with a five-byte number and CRCs
  /// 14 bytes; marker channel 57 bits when nothing but the control word is in it.
  private static final int FRAME_BITS = 14 * 8 + 57;

  private static final int SUBFRAME_HEADER_BITS = 8;

  /// The most samples of a first part's header that is laid out for numbers of few bits, unless no
  /// layout has fewer.
  static final int MAX_NARROW_HEADER_SAMPLES = 4096;

  private final int dataChannels;
  private final int wordBits;
  private final int frameBits;

  private int shift;
  private int headerSamples;
  private int onwardSamples;
  private int vectorParts;
  private int valuesInFirst;
  private int valuesInOthers;
  private long dataBits;
  private long verbatimBits;

  RecordLayout(int dataChannels) {
    this.dataChannels = dataChannels;
    wordBits = RecordFormat.BITS_PER_SAMPLE * dataChannels;
    frameBits = FRAME_BITS + dataChannels * SUBFRAME_HEADER_BITS;
  }

  /// How many bytes of a payload fit in a part of its own, behind the byte that says what they are.
  int payloadBytesPerPart() {
    return RecordFormat.MAX_PART_SAMPLES * wordBits / 8 - 1;
  }

  /// How many parts of its own a payload needs.
  int payloadParts(int payloadBytes) {
    return Math.ceilDiv(payloadBytes, payloadBytesPerPart());
  }

  /// What a payload in parts of its own costs, in bits.
  long payloadCost(int payloadBytes) {
    int parts = payloadParts(payloadBytes);
    return 8L * (payloadBytes + parts) + (long) parts * frameBits;
  }

  /// The shift with which bytes fill the shortest block, instead of being followed by silence that
  /// would cost as much.
  int fillingShift(int bytes) {
    int least = Math.ceilDiv(8 * bytes, RecordFormat.MIN_BLOCK_SAMPLES);
    return Math.max(0, (wordBits - least) / dataChannels);
  }

  /// Lays out a record without a vector.
  void planHeader(int headerBytes) {
    layOut(headerBytes, 0, fillingShift(headerBytes));
  }

  /// Lays out a record with a vector under the cheapest shift.
  ///
  /// The cheapest is looked for among the shifts that do not raise the size of the subframes were
  /// they all verbatim, so that the size without shift bounds them all.
  ///
  /// @param freeShift how many low bits of each data channel are 0 in all of the vector
  /// @param exponents knows what the marker channel costs
  void planVector(int headerBytes, int dimension, int freeShift, ExponentChoice exponents) {
    layOut(headerBytes, dimension, 0);
    if (freeShift == 0) {
      return;
    }
    long best = cost(dimension, exponents);
    long mostVerbatimBits = verbatimBits;
    int mostParts = vectorParts;
    int bestShift = 0;
    for (int candidate = 1; candidate <= freeShift; candidate++) {
      if (layOut(headerBytes, dimension, candidate)
          && verbatimBits <= mostVerbatimBits
          && vectorParts <= mostParts) {
        long cost = cost(dimension, exponents);
        if (cost < best) {
          best = cost;
          bestShift = candidate;
        }
      }
    }
    layOut(headerBytes, dimension, bestShift);
  }

  /// Lays out a record with a vector of numbers that Rice codes will hold: as loud as they can be,
  /// unless the header would take too many samples.
  ///
  /// @param width the fewest bits that hold every number
  /// @return the bits that the layout gives them
  int planNumbers(int headerBytes, int values, int width) {
    int least = (wordBits - width) / dataChannels;
    layOut(headerBytes, values, least);
    while (headerSamples > MAX_NARROW_HEADER_SAMPLES && least > 0) {
      least--;
      layOut(headerBytes, values, least);
    }
    return wordBits - least * dataChannels;
  }

  /// What the layout of [#planHeader] costs, in bits.
  long headerCost() {
    return dataBits + frameBits;
  }

  /// What the layout of [#planNumbers] costs, in bits, about.
  ///
  /// @param sampleBits what the Rice codes of all numbers cost
  /// @param headerBitCost what a bit of the header costs among them
  long numbersCost(long sampleBits, double headerBitCost) {
    int width = wordBits - shift * dataChannels;
    long header = headerSamples + (vectorParts - 1L) * onwardSamples;
    return sampleBits + (long) (header * width * headerBitCost) + (long) vectorParts * frameBits;
  }

  /// What the layout at hand costs, in bits.
  long cost(int dimension, ExponentChoice exponents) {
    int samples = dimension + headerSamples + (vectorParts - 1) * onwardSamples;
    return dataBits
        + exponents.rankBits(samples)
        + (long) samples * exponents.lowBits()
        + (long) vectorParts * frameBits;
  }

  /// Lays the record out under one shift; returns whether its header fits in a part.
  private boolean layOut(int headerBytes, int dimension, int candidate) {
    int width = wordBits - candidate * dataChannels;
    shift = candidate;
    headerSamples = DataBits.samples(headerBytes, width);
    onwardSamples = DataBits.samples(1, width);
    if (headerSamples > RecordFormat.MAX_PART_SAMPLES) {
      return false;
    }
    valuesInFirst = Math.min(dimension, RecordFormat.MAX_PART_SAMPLES - headerSamples);
    valuesInOthers = RecordFormat.MAX_PART_SAMPLES - onwardSamples;
    int others = Math.ceilDiv(dimension - valuesInFirst, valuesInOthers);
    vectorParts = 1 + others;
    int samples = headerSamples + others * onwardSamples + dimension;
    int last = samples - others * RecordFormat.MAX_PART_SAMPLES;
    samples += Math.max(0, RecordFormat.MIN_BLOCK_SAMPLES - last);
    dataBits = (long) samples * width;
    verbatimBits = (long) samples * (width + RecordFormat.BITS_PER_SAMPLE);
    return true;
  }

  int shift() {
    return shift;
  }

  /// The samples of the first part's header.
  int headerSamples() {
    return headerSamples;
  }

  /// The samples of the one-byte header of a part in which the vector goes on.
  int onwardSamples() {
    return onwardSamples;
  }

  /// How many parts the header and the vector need.
  int vectorParts() {
    return vectorParts;
  }

  /// How many components are in one of these parts.
  int values(int part, int dimension) {
    return part == 0 ? valuesInFirst : Math.min(valuesInOthers, dimension - firstValue(part));
  }

  /// Which component is the first in one of these parts.
  int firstValue(int part) {
    return part == 0 ? 0 : valuesInFirst + (part - 1) * valuesInOthers;
  }
}
