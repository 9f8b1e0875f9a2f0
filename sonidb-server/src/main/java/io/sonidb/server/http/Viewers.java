package io.sonidb.server.http;

import io.sonidb.AudioStream;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.server.webrtc.OfferException;
import io.sonidb.server.webrtc.Peer;
import io.sonidb.server.webrtc.PeerProvider;
import io.sonidb.server.webrtc.Peers;
import io.sonidb.server.webrtc.PeersUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Those who follow a collection by WebRTC: a thread each, from the offer to the end. The library
/// is looked for when the first one comes.
final class Viewers implements AutoCloseable {
  private static final Duration GOODBYE = Duration.ofSeconds(5);

  /// Who has not connected yet notices so soon that nobody waits for him any more.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private static final String HOW =
      "build it (mvn -Pquick -Dmaven.test.skip=true -pl sonidb-webrtc -am package), or put"
          + " sonidb-webrtc.jar, webrtc-java.jar and its jar of native libraries on the class path";

  private final NodeConfig.WebRtc config;
  private final NodeConfig.Streams limits;
  private final Semaphore room;
  private final Map<UUID, Viewer> open = new ConcurrentHashMap<>();
  private volatile boolean closed;
  private @Nullable Peers peers; // guarded by this

  Viewers(NodeConfig.WebRtc config, NodeConfig.Streams limits) {
    this.config = config;
    this.limits = limits;
    this.room = new Semaphore(config.maxViewers());
  }

  /// One who follows.
  ///
  /// @param collection name in the path that it came by
  /// @param stream what it gets
  /// @param peer its end of the channel
  /// @param thread that sends
  /// @param isEnded whether he is to go
  private record Viewer(
      String collection, AudioStream stream, Peer peer, Thread thread, AtomicBoolean isEnded) {
    void end() {
      isEnded.set(true);
      stream.close();
    }

    /// Waits for him to connect.
    boolean awaitOpen(Duration timeout) throws InterruptedException {
      long end = System.nanoTime() + timeout.toNanos();
      boolean isOpen = false;
      while (!isOpen && !isEnded.get() && System.nanoTime() < end) {
        isOpen = peer.awaitOpen(LOOK_AGAIN);
      }
      return isOpen;
    }
  }

  /// What an offer is answered with.
  ///
  /// @param id by which it can be ended
  /// @param answer session description
  record Begun(UUID id, String answer) {}

  /// How many there are.
  int count() {
    return config.maxViewers() - room.availablePermits();
  }

  /// Takes an offer. From then on the stream is closed here.
  ///
  /// @param collection name in the path
  /// @throws ApiException 422 if it does not fit, 501 without WebRTC, 503 if there are too many
  Begun begin(String collection, AudioStream stream, String offer) throws InterruptedException {
    if (closed || !room.tryAcquire()) {
      stream.close();
      throw ApiException.of(
          503,
          "Service unavailable: there are "
              + config.maxViewers()
              + " viewers already (webrtc.max_viewers); try again later");
    }
    boolean begun = false;
    try {
      Peer peer = peers().accept(offer);
      UUID id = UUID.randomUUID();
      Thread thread = Thread.ofVirtual().name("sonidb-viewer").unstarted(() -> run(id));
      Viewer viewer = new Viewer(collection, stream, peer, thread, new AtomicBoolean());
      open.put(id, viewer);
      peer.onEnd(() -> Thread.startVirtualThread(viewer::end));
      if (closed) {
        viewer.end();
      }
      thread.start();
      begun = true;
      return new Begun(id, peer.answer());
    } catch (OfferException e) {
      throw SessionDescription.unfit(String.valueOf(e.getMessage()));
    } finally {
      if (!begun) {
        stream.close();
        room.release();
      }
    }
  }

  private synchronized Peers peers() {
    if (peers == null) {
      Optional<PeerProvider> provider =
          ServiceLoader.load(PeerProvider.class, ClassLoader.getSystemClassLoader()).findFirst();
      if (provider.isEmpty()) {
        throw ApiException.of(501, "Not implemented: the module sonidb-webrtc is not here; " + HOW);
      }
      try {
        peers = provider.get().start(config.peers());
      } catch (PeersUnavailableException e) {
        throw ApiException.of(501, "Not implemented: " + e.getMessage());
      }
    }
    return peers;
  }

  private void run(UUID id) {
    Viewer viewer = java.util.Objects.requireNonNull(open.get(id));
    try (AudioStream stream = viewer.stream;
        Peer peer = viewer.peer) {
      if (viewer.awaitOpen(Duration.ofSeconds(config.connectSeconds()))) {
        send(stream, peer);
        peer.finish(GOODBYE);
      }
    } catch (IOException e) {
      // It has gone, or takes nothing: who comes again says where to go on.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(id);
      room.release();
    }
  }

  private void send(AudioStream stream, Peer peer) throws IOException, InterruptedException {
    Sender sender = new Sender(peer, Duration.ofSeconds(limits.stallSeconds()));
    Duration heartbeat = Duration.ofSeconds(limits.heartbeatSeconds());
    byte[] buffer = new byte[ViewerMessages.MAX_PIECE_BYTES];
    long has = stream.nextSequence();
    sender.send(ViewerMessages.Kind.HEAD, has, has, ByteBuffer.wrap(stream.head()));
    long told = System.nanoTime();
    while (true) {
      ByteBuffer records = stream.records(buffer);
      if (!records.hasRemaining()) {
        if (stream.isOver()) {
          break;
        }
        long left = heartbeat.toNanos() - (System.nanoTime() - told);
        if (left > 0) {
          stream.await(Duration.ofNanos(left));
          continue;
        }
      }
      long next = stream.nextSequence();
      ViewerMessages.Kind kind =
          records.hasRemaining() ? ViewerMessages.Kind.RECORDS : ViewerMessages.Kind.ALIVE;
      sender.send(kind, has, next, records);
      has = next;
      told = System.nanoTime();
    }
    if (peer.isOpen()) {
      sender.send(ViewerMessages.Kind.END, has, stream.nextSequence(), ByteBuffer.allocate(0));
    }
  }

  /// Cuts pieces into messages and sends them.
  private record Sender(Peer peer, Duration stall) {
    void send(ViewerMessages.Kind kind, long from, long next, ByteBuffer piece)
        throws IOException, InterruptedException {
      ViewerMessages messages = new ViewerMessages(kind, from, next, piece);
      while (messages.hasNext()) {
        peer.send(messages.next(), stall);
      }
    }
  }

  /// Ends one.
  ///
  /// @throws ApiException 404 if there is none
  void end(String collection, String id) {
    Viewer viewer;
    try {
      viewer = open.get(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      viewer = null;
    }
    if (viewer == null || !viewer.collection.equals(collection)) {
      throw ApiException.notFound("there is no viewer of that id any more");
    }
    viewer.end();
  }

  /// Ends all of them.
  @Override
  public void close() {
    closed = true;
    open.values().forEach(Viewer::end);
    try {
      // Native code must not be unloaded below somebody's feet.
      if (room.tryAcquire(config.maxViewers(), 2 * GOODBYE.toSeconds(), TimeUnit.SECONDS)) {
        synchronized (this) {
          if (peers != null) {
            peers.close();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
