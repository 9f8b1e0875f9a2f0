package io.sonidb.flac;

/// What one sample of a stream is: how often, on how many channels, how many bits.
///
/// @param sampleRateHz samples a second on each channel, 0 to 1048575; 0 says that the samples are
///   not audio (RFC 9639, 8.2)
/// @param channels 1 to 8
/// @param bitsPerSample 4 to 32, signed
public record AudioFormat(int sampleRateHz, int channels, int bitsPerSample) {

  /// The largest sample rate that STREAMINFO's 20 bits hold, in Hz.
  public static final int MAX_SAMPLE_RATE_HZ = (1 << 20) - 1;

  /// The most channels that a frame can carry.
  public static final int MAX_CHANNELS = 8;

  /// Checks the ranges.
  public AudioFormat {
    if (sampleRateHz < 0 || sampleRateHz > MAX_SAMPLE_RATE_HZ) {
      throw new IllegalArgumentException(
          "sample rate must be 0 to " + MAX_SAMPLE_RATE_HZ + " Hz, was " + sampleRateHz);
    }
    if (channels < 1 || channels > MAX_CHANNELS) {
      throw new IllegalArgumentException(
          "channels must be 1 to " + MAX_CHANNELS + ", was " + channels);
    }
    if (bitsPerSample < 4 || bitsPerSample > 32) {
      throw new IllegalArgumentException("bits per sample must be 4 to 32, was " + bitsPerSample);
    }
  }

  @Override
  public String toString() {
    return channels + " x " + bitsPerSample + " bit at " + sampleRateHz + " Hz";
  }
}
