package io.sonidb.webrtc;

import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelObserver;
import dev.onvoid.webrtc.RTCDataChannelState;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceGatheringState;
import dev.onvoid.webrtc.RTCPeerConnectionState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What the library tells of a connection and its channel, for a thread that waits for it.
final class ChannelEvents implements PeerConnectionObserver, RTCDataChannelObserver {
  /// Channels that a client may open; only the first one is used.
  private static final int MAX_CHANNELS = 4;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<RTCDataChannel> channels = new ArrayList<>();
  private boolean gathered;
  private boolean open;
  private boolean ended;
  private long sent; // bytes of what waited, by now
  private @Nullable Runnable onEnd;

  // Of the connection --------------------------------------------------------------------------

  @Override
  public void onIceCandidate(RTCIceCandidate candidate) {
    // It will stand in the description.
  }

  @Override
  public void onIceGatheringChange(RTCIceGatheringState state) {
    if (state == RTCIceGatheringState.COMPLETE) {
      change(() -> gathered = true);
    }
  }

  @Override
  public void onConnectionChange(RTCPeerConnectionState state) {
    if (state == RTCPeerConnectionState.FAILED || state == RTCPeerConnectionState.CLOSED) {
      end();
    }
  }

  @Override
  public void onDataChannel(RTCDataChannel channel) {
    boolean isFirst;
    lock.lock();
    try {
      if (channels.size() == MAX_CHANNELS) {
        ended = true;
        isFirst = false;
      } else {
        isFirst = channels.isEmpty();
      }
      channels.add(channel);
    } finally {
      lock.unlock();
    }
    if (isFirst) {
      channel.registerObserver(this);
      if (channel.getState() == RTCDataChannelState.OPEN) {
        change(() -> open = true);
      }
    }
  }

  // Of the channel -----------------------------------------------------------------------------

  @Override
  public void onBufferedAmountChange(long bytes) {
    change(() -> sent += bytes);
  }

  @Override
  public void onStateChange() {
    switch (channel().getState()) {
      case OPEN -> change(() -> open = true);
      case CLOSED -> end();
      case CONNECTING, CLOSING -> change(() -> {});
    }
  }

  @Override
  public void onMessage(RTCDataChannelBuffer message) {
    // A viewer has nothing to say.
  }

  // For those who wait -------------------------------------------------------------------------

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    Runnable told;
    lock.lock();
    try {
      told = ended ? null : onEnd;
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (told != null) {
      told.run();
    }
  }

  void onEnd(Runnable action) {
    boolean isOver;
    lock.lock();
    try {
      onEnd = action;
      isOver = ended;
    } finally {
      lock.unlock();
    }
    if (isOver) {
      action.run();
    }
  }

  boolean isOpen() {
    lock.lock();
    try {
      return open && !ended;
    } finally {
      lock.unlock();
    }
  }

  /// The client's channel, which must be there.
  RTCDataChannel channel() {
    lock.lock();
    try {
      return channels.getFirst();
    } finally {
      lock.unlock();
    }
  }

  /// A condition that is looked at under the lock.
  private interface Fact {
    boolean holds();
  }

  private boolean await(Fact fact, Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lock();
    try {
      while (!fact.holds() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return fact.holds();
    } finally {
      lock.unlock();
    }
  }

  boolean awaitGathered(Duration timeout) throws InterruptedException {
    return await(() -> gathered || ended, timeout);
  }

  boolean awaitOpen(Duration timeout) throws InterruptedException {
    await(() -> open || ended, timeout);
    return isOpen();
  }

  boolean awaitEnd(Duration timeout) throws InterruptedException {
    return await(() -> ended, timeout);
  }

  /// How many bytes of what waited are sent.
  long sent() {
    lock.lock();
    try {
      return sent;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until more than that is sent, or it is over.
  boolean awaitSent(long more, Duration timeout) throws InterruptedException {
    return await(() -> sent > more || ended, timeout);
  }

  /// Lets go of the channels, when the connection is closed.
  void dispose() {
    List<RTCDataChannel> all;
    lock.lock();
    try {
      all = List.copyOf(channels);
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    for (RTCDataChannel channel : all) {
      if (Objects.equals(channel, all.getFirst())) {
        channel.unregisterObserver();
      }
      channel.dispose();
    }
  }
}
