package io.sonidb.sound;

import io.sonidb.flac.AudioFormat;

/// What all records of one FLAC stream have in common: the type of the components and the way in
/// which they become sound. Together they fix the audio format, which may not change inside a file.
///
/// @param element the type of every vector's components
/// @param sonification how a vector becomes sound
public record SoundFormat(ElementType element, Sonification sonification) {
  /// float32 components as amplitudes: 48 kHz, 24 bits, two channels.
  public static final SoundFormat FLOAT32 =
      new SoundFormat(ElementType.FLOAT32, Sonification.AMPLITUDE);

  /// float64 components as amplitudes: 48 kHz, 24 bits, three channels.
  public static final SoundFormat FLOAT64 =
      new SoundFormat(ElementType.FLOAT64, Sonification.AMPLITUDE);

  /// The amplitude format of an element type.
  public static SoundFormat of(ElementType element) {
    return element == ElementType.FLOAT32 ? FLOAT32 : FLOAT64;
  }

  /// The amplitude format whose audio has that many channels.
  ///
  /// @throws IllegalArgumentException when there is none: it must be 2 or 3
  public static SoundFormat ofChannels(int channels) {
    return switch (channels) {
      case 2 -> FLOAT32;
      case 3 -> FLOAT64;
      default ->
          throw new IllegalArgumentException(
              "records need 2 channels (float32) or 3 (float64), was " + channels);
    };
  }

  /// How many channels the audio has; the last one carries the control words.
  public int channels() {
    return element == ElementType.FLOAT32 ? 2 : 3;
  }

  /// The audio format of every frame: the streamable subset of RFC 9639, section 7.
  public AudioFormat audio() {
    return new AudioFormat(RecordFormat.SAMPLE_RATE_HZ, channels(), RecordFormat.BITS_PER_SAMPLE);
  }
}
