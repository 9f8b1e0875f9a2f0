package io.sonidb.webrtc;

import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import io.sonidb.server.webrtc.PeerOptions;
import io.sonidb.server.webrtc.PeerProvider;
import io.sonidb.server.webrtc.Peers;
import io.sonidb.server.webrtc.PeersUnavailableException;

/// Loads the library. Found by name in `META-INF/services`.
public final class NativePeerProvider implements PeerProvider {
  private static final String LIBRARIES =
      "libpulse0 libudev1 libx11-6 libxfixes3 libxrandr2 libxcomposite1 libdbus-1-3";

  /// Makes one that has loaded nothing yet.
  public NativePeerProvider() {}

  @Override
  public Peers start(PeerOptions options) throws PeersUnavailableException {
    HeadlessAudioDeviceModule noAudio = null;
    try {
      // Without it the library looks for a sound card, and where there is none ends the process.
      noAudio = new HeadlessAudioDeviceModule();
      return new NativePeers(new PeerConnectionFactory(noAudio), noAudio, options);
    } catch (LinkageError | RuntimeException e) {
      if (noAudio != null) {
        noAudio.dispose();
      }
      throw new PeersUnavailableException(
          "the native library of WebRTC cannot be loaded here ("
              + cause(e)
              + "); it needs a jar of webrtc-java for this platform and, on Debian and Ubuntu,"
              + " apt-get install "
              + LIBRARIES,
          e);
    }
  }

  private static String cause(Throwable e) {
    Throwable deepest = e;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return String.valueOf(deepest.getMessage());
  }
}
