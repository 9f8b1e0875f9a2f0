package io.sonidb.webrtc;

import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.PortAllocatorConfig;
import dev.onvoid.webrtc.RTCAnswerOptions;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCIceServer;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import io.sonidb.server.webrtc.OfferException;
import io.sonidb.server.webrtc.Peer;
import io.sonidb.server.webrtc.PeerOptions;
import io.sonidb.server.webrtc.Peers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Peers that share one factory, and so its threads and its network.
///
/// The library calls back on threads of its own, and calls into it wait for these: so nothing that
/// is called back waits for a lock that somebody holds while he calls.
final class NativePeers implements Peers {
  /// Of the library's own work, which takes milliseconds.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// For candidates; what STUN and TURN servers have not said by then is left out.
  private static final Duration GATHERING = Duration.ofSeconds(3);

  private final PeerConnectionFactory factory;
  private final HeadlessAudioDeviceModule noAudio;
  private final PeerOptions options;

  NativePeers(
      PeerConnectionFactory factory, HeadlessAudioDeviceModule noAudio, PeerOptions options) {
    this.factory = factory;
    this.noAudio = noAudio;
    this.options = options;
  }

  private RTCConfiguration configuration() {
    RTCConfiguration configuration = new RTCConfiguration();
    configuration.portAllocatorConfig =
        new PortAllocatorConfig().setDisableTcp(true).setEnableIpv6(true);
    configuration.portAllocatorConfig.minPort = options.minPort();
    configuration.portAllocatorConfig.maxPort = options.maxPort();
    for (String address : options.iceServers()) {
      RTCIceServer server = new RTCIceServer();
      server.urls = List.of(address);
      if (address.startsWith("turn")) {
        server.username = options.username();
        server.password = options.password();
      }
      configuration.iceServers.add(server);
    }
    return configuration;
  }

  @Override
  public Peer accept(String offer) throws OfferException, InterruptedException {
    ChannelEvents events = new ChannelEvents();
    RTCPeerConnection connection = factory.createPeerConnection(configuration(), events);
    if (connection == null) {
      throw new OfferException("a connection cannot be made with the ICE servers of this node");
    }
    boolean accepted = false;
    try {
      take(connection, offer);
      Made made = new Made();
      connection.createAnswer(new RTCAnswerOptions(), made);
      RTCSessionDescription answer = made.await();
      Done local = new Done();
      connection.setLocalDescription(answer, local);
      local.await();
      events.awaitGathered(GATHERING);
      String whole = connection.getLocalDescription().sdp;
      accepted = true;
      return new NativePeer(connection, events, whole);
    } finally {
      if (!accepted) {
        connection.close();
        events.dispose();
      }
    }
  }

  private static void take(RTCPeerConnection connection, String offer)
      throws OfferException, InterruptedException {
    Done remote = new Done();
    try {
      connection.setRemoteDescription(new RTCSessionDescription(RTCSdpType.OFFER, offer), remote);
    } catch (Error e) {
      if (e.getClass() != Error.class) {
        throw e; // the JVM's
      }
      throw new OfferException(String.valueOf(e.getMessage())); // the library's for bad syntax
    }
    remote.await();
  }

  private static <T> T result(CompletableFuture<T> future)
      throws OfferException, InterruptedException {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new OfferException(
          String.valueOf(Objects.requireNonNullElse(e.getCause(), e).getMessage()));
    } catch (TimeoutException e) {
      throw new OfferException("the library of WebRTC does not answer");
    }
  }

  /// Waits for a description to be taken.
  private static final class Done implements SetSessionDescriptionObserver {
    private final CompletableFuture<Boolean> future = new CompletableFuture<>();

    @Override
    public void onSuccess() {
      future.complete(true);
    }

    @Override
    public void onFailure(String error) {
      future.completeExceptionally(new IllegalArgumentException(error));
    }

    void await() throws OfferException, InterruptedException {
      result(future);
    }
  }

  /// Waits for a description to be made.
  private static final class Made implements CreateSessionDescriptionObserver {
    private final CompletableFuture<RTCSessionDescription> future = new CompletableFuture<>();

    @Override
    public void onSuccess(RTCSessionDescription description) {
      future.complete(description);
    }

    @Override
    public void onFailure(String error) {
      future.completeExceptionally(new IllegalArgumentException(error));
    }

    RTCSessionDescription await() throws OfferException, InterruptedException {
      return result(future);
    }
  }

  @Override
  public void close() {
    factory.dispose();
    noAudio.dispose();
  }
}
