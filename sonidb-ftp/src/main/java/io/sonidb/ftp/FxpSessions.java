package io.sonidb.ftp;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The sessions with one server. They stay open for the next transfer: to make one takes half a
/// dozen round trips.
final class FxpSessions {
  private final FxpEnd end;
  private final FxpOptions options;
  private final AtomicLong bytes;
  // Guarded by this.
  private final Deque<FxpSession> idle = new ArrayDeque<>();
  private final Set<FxpSession> used = new HashSet<>();
  private boolean closed;

  /// @param bytes gets what goes through the connections added
  FxpSessions(FxpEnd end, FxpOptions options, AtomicLong bytes) {
    this.end = end;
    this.options = options;
    this.bytes = bytes;
  }

  /// A session that answers: an idle one, a new one or, if the server lets no more in, one that
  /// somebody gives back. Whoever waits here must have no session with this server.
  FxpSession take() throws FxpException {
    while (true) {
      FxpSession kept = takeIdle();
      if (kept == null) {
        try {
          return open();
        } catch (FxpException e) {
          awaitIdle(e);
        }
      } else if (kept.isAlive()) {
        return kept;
      } else {
        drop(kept);
      }
    }
  }

  private FxpSession open() throws FxpException {
    FxpSession made = FxpSession.open(end, options, bytes);
    synchronized (this) {
      if (!closed) {
        used.add(made);
        return made;
      }
    }
    made.cut();
    throw ended();
  }

  private static FxpException ended() {
    return new FxpException(FxpException.Kind.CANCELLED, null, "the transfers were ended");
  }

  private synchronized @Nullable FxpSession takeIdle() {
    FxpSession kept = idle.poll();
    if (kept != null) {
      used.add(kept);
    }
    return kept;
  }

  /// @param refusal why no new one can be made
  private synchronized void awaitIdle(FxpException refusal) throws FxpException {
    try {
      while (idle.isEmpty()) {
        if (closed) {
          throw ended();
        }
        if (used.isEmpty()) {
          throw refusal;
        }
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FxpException(FxpException.Kind.CANCELLED, null, "interrupted", e);
    }
  }

  /// Gives a session back that is in order.
  void give(FxpSession session) {
    synchronized (this) {
      used.remove(session);
      notifyAll();
      if (!closed) {
        idle.push(session);
        return;
      }
    }
    session.cut();
  }

  /// Gives a session back of which nobody knows what it will say next.
  void drop(FxpSession session) {
    synchronized (this) {
      used.remove(session);
      notifyAll();
    }
    session.cut();
  }

  /// Cuts those that are in use; no new ones are made.
  ///
  /// @return the others, to be closed
  synchronized List<FxpSession> end() {
    closed = true;
    notifyAll();
    used.forEach(FxpSession::cut);
    List<FxpSession> open = List.copyOf(idle);
    idle.clear();
    return open;
  }
}
