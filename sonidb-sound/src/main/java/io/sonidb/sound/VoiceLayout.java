package io.sonidb.sound;

import java.util.Optional;

/// Lays out a record whose vector is sounded by a [Voice]: a vector of many samples, in as few
/// parts as it takes.
///
/// A short header lies in front of the vector, under the vector's shift. A longer one, with the
/// payload if it is short enough too, has a part of its own: in front of the vector it would have
/// to be told in samples of few bits or, among samples that are quiet, in loud ones. So has every
/// header before a vector of float64. A header fills the first data channel before the second, so
/// in front of the vector it would take away the first one's shift. (The one bit that is set in the
/// byte with which the vector goes on does not.)
final class VoiceLayout {
  private final Voice voice;
  private final int dataChannels;
  private final int wordBits;
  private int[][] words;
  private final int[] firstValues = new int[RecordFormat.MAX_PARTS + 1];
  private int parts;
  private int shift;
  private int headerShift;

  VoiceLayout(Voice voice, int dataChannels) {
    this.voice = voice;
    this.dataChannels = dataChannels;
    wordBits = RecordFormat.BITS_PER_SAMPLE * dataChannels;
    words = new int[dataChannels][0];
  }

  /// The layout for records of a format, unless its sonification is by amplitude.
  static Optional<VoiceLayout> of(SoundFormat format) {
    int dataChannels = format.channels() - 1;
    return switch (format.sonification()) {
      case AMPLITUDE -> Optional.empty();
      case FREQUENCY -> Optional.of(new VoiceLayout(new Frequency(), dataChannels));
      case PULSE -> Optional.of(new VoiceLayout(new Pulse(), dataChannels));
    };
  }

  /// Takes up a vector; [#plan] comes next.
  void prepare(Vector vector) {
    int dimension = vector.dimension();
    if (words[0].length < dimension) {
      words = new int[dataChannels][dimension];
    }
    split(vector, dimension);
    voice.prepare(words, dimension);
  }

  private void split(Vector vector, int dimension) {
    if (dataChannels == 1) {
      float[] floats = vector.floats();
      for (int i = 0; i < dimension; i++) {
        words[0][i] = Float.floatToRawIntBits(floats[i]);
      }
      return;
    }
    double[] doubles = vector.doubles();
    for (int i = 0; i < dimension; i++) {
      long bits = Double.doubleToRawLongBits(doubles[i]);
      words[0][i] = (int) (bits >>> 32);
      words[1][i] = (int) bits;
    }
  }

  /// Whether a header with its payload goes into one part, if need be into one of its own.
  boolean isInline(int bytes) {
    return DataBits.samples(bytes, wordBits) <= RecordFormat.MAX_PART_SAMPLES;
  }

  /// Plans the parts of the vector that the voice has been given.
  ///
  /// @param fillingShift for a header in a part of its own
  void plan(int headerBytes, int dimension, int fillingShift) {
    shift = voice.shift();
    int header = DataBits.samples(headerBytes, width(shift));
    boolean apart = dataChannels > 1 || 8 * headerBytes > voice.mostHeaderBits();
    headerShift = apart ? fillingShift : shift;
    int value = apart ? 0 : voice.fitting(0, RecordFormat.MAX_PART_SAMPLES - header);
    int room = RecordFormat.MAX_PART_SAMPLES - DataBits.samples(1, width(shift));
    parts = 1;
    firstValues[0] = 0;
    while (value < dimension) {
      firstValues[parts++] = value;
      value += voice.fitting(value, room);
    }
    firstValues[parts] = dimension;
  }

  private int width(int candidate) {
    return wordBits - candidate * dataChannels;
  }

  /// The most parts that a vector and its header can have.
  int maxParts(int dimension) {
    return 1 + Math.ceilDiv(dimension, voice.fewestFitting());
  }

  /// The most bytes that all samples of a vector can take.
  int maxBytes(int dimension) {
    long bits = (long) dimension * voice.mostSamples() * voice.mostBits() * dataChannels;
    return (int) Math.ceilDiv(bits, 8L);
  }

  /// The byte with which the vector's description begins and ends.
  byte description() {
    return (byte) (voice.representation() << RecordFormat.REPRESENTATION_AT | voice.parameter());
  }

  int parts() {
    return parts;
  }

  /// The shift of one part.
  int shift(int part) {
    return part == 0 ? headerShift : shift;
  }

  /// Sounds the components of one part; returns how many samples they have.
  int sound(int part, int[][] pcm, int at) {
    int first = firstValues[part];
    return voice.sound(first, firstValues[part + 1] - first, pcm, at);
  }
}
