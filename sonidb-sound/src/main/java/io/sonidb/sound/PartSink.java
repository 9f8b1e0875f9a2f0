package io.sonidb.sound;

import io.sonidb.flac.FrameDecoder;

/// Hears every frame of a record while it is read, for whoever needs the PCM itself: a checksum
/// over it, a player.
@FunctionalInterface
public interface PartSink {
  /// Ignores what it hears.
  PartSink NONE = (frame, sizeBytes) -> {};

  /// Takes one frame, in the order of the audio.
  ///
  /// A record that turns out to be malformed in a later part has had its earlier parts heard.
  ///
  /// @param frame holds the decoded samples, valid only during the call
  /// @param sizeBytes the size of the encoded frame
  void part(FrameDecoder frame, int sizeBytes);
}
