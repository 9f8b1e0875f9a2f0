package io.sonidb.sound;

/// Another way to hear records in sound, beside that of a [Receiver]: one that needs neither the
/// channels nor the depth nor the very samples that were sent.
public interface Ear {
  /// Makes an ear as soon as the rate is known.
  @FunctionalInterface
  interface Maker {
    /// Nobody who hears in another way.
    Maker NONE =
        _ -> {
          throw new IllegalArgumentException("there is no other way to hear");
        };

    /// An ear for sound of that rate.
    ///
    /// @throws IllegalArgumentException when nothing can be heard at that rate
    Ear at(int sampleRateHz);
  }

  /// Hears `count` samples of one channel, full scale 1.
  ///
  /// @param pcm not kept
  void accept(float[] pcm, int from, int count);

  /// Ends the hearing.
  void finish();

  /// What was heard so far; after [#finish], all of it.
  ReceiverReport report();
}
