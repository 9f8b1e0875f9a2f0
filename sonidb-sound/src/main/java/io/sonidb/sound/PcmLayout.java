package io.sonidb.sound;

/// How samples lie in raw PCM: interleaved, little-endian.
///
/// @param channels 2 for float32 records, 3 for float64 records; tones may have any, 1 to 8
/// @param encoding how one sample is written
public record PcmLayout(int channels, Encoding encoding) {
  /// How one sample is written.
  public enum Encoding {
    /// Signed, 2 bytes: too few for records, enough for tones.
    S16LE(2),
    /// Signed, 3 bytes.
    S24LE(3),
    /// Signed, 4 bytes, the 24 bits in the upper three.
    S32LE(4),
    /// IEEE 754 single precision, 4 bytes, full scale 1.0: exact for 24 bits.
    F32LE(4);

    private final int bytes;

    Encoding(int bytes) {
      this.bytes = bytes;
    }

    /// How many bytes one sample has.
    public int bytes() {
      return bytes;
    }

    /// The encoding of that name, as ffmpeg calls it: `s16le`, `s24le`, `s32le` or `f32le`.
    ///
    /// @throws IllegalArgumentException when no encoding has that name
    public static Encoding parse(String name) {
      return switch (name) {
        case "s16le" -> S16LE;
        case "s24le" -> S24LE;
        case "s32le" -> S32LE;
        case "f32le" -> F32LE;
        default ->
            throw new IllegalArgumentException(
                "unknown PCM encoding '" + name + "': choose s16le, s24le, s32le or f32le");
      };
    }
  }

  private static final int MAX_CHANNELS = 8;

  /// Checks the channels.
  ///
  /// @throws IllegalArgumentException when there are not 1 to 8
  public PcmLayout {
    if (channels < 1 || channels > MAX_CHANNELS) {
      throw new IllegalArgumentException("channels must be 1 to 8, was " + channels);
    }
  }

  /// Whether a [Receiver] can find records in such samples.
  boolean holdsRecords() {
    return (channels == 2 || channels == 3) && encoding != Encoding.S16LE;
  }

  /// How many bytes the samples of all channels at one moment have.
  int frameBytes() {
    return channels * encoding.bytes();
  }
}
