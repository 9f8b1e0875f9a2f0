package io.sonidb.sound;

import java.io.IOException;
import java.io.InputStream;

/// Hears a whole input - WAV, FLAC or raw PCM - and delivers the records in it.
public final class Listener {
  private Listener() {}

  /// Hears a WAV or FLAC input to its end; which of them, its first bytes tell. A FLAC input may
  /// begin in the middle of a stream.
  ///
  /// @throws IOException when it cannot be read, or is no such input, or has not the channels and
  ///   depth that records need
  public static ReceiverReport listen(InputStream in, RecordSink sink) throws IOException {
    throw new IOException("unsupported: " + in + sink);
  }

  /// Hears raw PCM to its end. It may begin in the middle, even of a sample.
  ///
  /// @throws IOException when it cannot be read
  public static ReceiverReport listen(InputStream in, PcmLayout layout, RecordSink sink)
      throws IOException {
    throw new IOException("unsupported: " + in + layout + sink);
  }
}
