package io.sonidb.sound;

/// What a [Listener] has heard in an input.
///
/// @param container what the input was
/// @param heard what was made of its samples
/// @param skippedBytes bytes of a FLAC input that belong to no whole frame or page
public record ListenReport(Container container, ReceiverReport heard, long skippedBytes) {
  /// Kinds of input.
  public enum Container {
    /// A FLAC stream, or a piece of one.
    FLAC,
    /// A FLAC stream in an Ogg stream.
    OGG_FLAC,
    /// RIFF or RF64 with a WAVE form.
    WAV,
    /// Samples without any header.
    RAW
  }
}
