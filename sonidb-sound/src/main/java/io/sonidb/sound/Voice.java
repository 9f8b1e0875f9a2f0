package io.sonidb.sound;

/// A sonification that makes many samples of one component.
///
/// What it sounds are words of 32 bits: each data channel has one for each component. Of float32
/// that is the component; of float64 the first data channel has the upper half, the second one the
/// lower half.
sealed interface Voice permits Frequency, Pulse {
  /// The representation by which a reader knows it, [RecordFormat#FREQUENCY] or
  /// [RecordFormat#PULSE].
  int representation();

  /// What a reader must know of the vector that was prepared: five bits.
  int parameter();

  /// Takes up a vector to be sounded.
  ///
  /// @param words of each data channel; not changed until the vector has been sounded
  void prepare(int[][] words, int dimension);

  /// How many low bits of all samples of the vector that was prepared are 0.
  int shift();

  /// How many components, from one on, go into so many samples.
  int fitting(int from, int room);

  /// Sounds components in every data channel.
  ///
  /// @return how many samples they have; the same in all channels
  int sound(int from, int count, int[][] pcm, int at);

  /// A header of more bits costs less in a part of its own than in front of the vector.
  int mostHeaderBits();

  /// How many components, at least, go into a part in which the vector goes on, unless fewer are
  /// left.
  int fewestFitting();

  /// The most samples that a component can have.
  int mostSamples();

  /// The fewest samples that a component can have.
  int fewestSamples();

  /// The most bits, without the low ones that are 0, that a sample of a vector can have.
  int mostBits();

  /// Reads words from all samples of one data channel.
  ///
  /// @param shift low bits of each sample that do not count
  /// @param parameter as the record says, five bits
  /// @param words has room from `at` on for as many as so many samples can hold
  /// @return how many there are; -1 when these are not the samples of words
  int hear(int[] samples, int from, int to, int shift, int parameter, int[] words, int at);
}
