package io.sonidb.ftp;

import io.sonidb.SyncFile;
import io.sonidb.ftp.Fxp.Certainty;
import io.sonidb.ftp.FxpException.Kind;
import io.sonidb.ftp.FxpSession.Reply;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// One file on its way from one server to another.
///
/// Both servers are told at the same time: some answer only when the other one has connected, and
/// would wait for ever. One of them listens, the other one connects; in TLS one must be the client,
/// which servers are not by nature, unless CPSV or SSCN says so. A node is preferred, then the
/// receiver: a sender that is the client never reads the session tickets of the other end, unless
/// it is a node, and when it closes with those unread, its system may throw away what it sent last.
final class FxpTransfer {
  // A server that does not tell sizes is given the time of a slow line.
  private static final long LEAST_BYTES_A_SECOND = 50_000;

  private final Fxp fxp;
  private final FxpEnd source;
  private final FxpEnd target;
  private final SyncFile file;
  private long offset;
  private long moved;
  // Guarded by this.
  private @Nullable FxpSession from;
  private @Nullable FxpSession to;
  private long lastSize = -1;
  private long lastChange = System.nanoTime();
  private boolean stalled;

  FxpTransfer(Fxp fxp, FxpEnd source, FxpEnd target, SyncFile file) {
    this.fxp = fxp;
    this.source = source;
    this.target = target;
    this.file = file;
  }

  SyncFile file() {
    return file;
  }

  /// Bytes that went over; known when it has ended.
  long bytes() {
    return moved;
  }

  /// Bytes that were at the target when it was last looked.
  synchronized long there() {
    return Math.clamp(lastSize, 0, file.size());
  }

  /// Takes note of how much is there, and cuts the transfer if that has not changed for too long.
  synchronized void note(OptionalLong size, Duration stall) {
    long now = System.nanoTime();
    if (size.isPresent() && size.getAsLong() != lastSize) {
      lastSize = size.getAsLong();
      lastChange = now;
    }
    long limit =
        stall.toNanos()
            + (lastSize >= 0 ? 0 : TimeUnit.SECONDS.toNanos(file.size() / LEAST_BYTES_A_SECOND));
    if (now - lastChange > limit && from != null && to != null) {
      stalled = true;
      from.cut();
      to.cut();
    }
  }

  /// Moves the file, or the rest of it.
  ///
  /// @return how it was checked at the target
  Certainty run() throws FxpException {
    FxpSessions sources = fxp.sessions(source);
    FxpSessions targets = fxp.sessions(target);
    FxpSession reading = sources.take();
    boolean isInOrder = false;
    try {
      FxpSession writing = targets.take();
      try {
        synchronized (this) {
          from = reading;
          to = writing;
          lastChange = System.nanoTime();
        }
        Certainty certainty = run(reading, writing);
        isInOrder = true;
        return certainty;
      } catch (FxpException e) {
        // After a refusal both wait for the next command; after anything else nobody knows.
        isInOrder = e.kind() == Kind.REFUSED || e.kind() == Kind.WRONG;
        throw told(e);
      } finally {
        synchronized (this) {
          from = null;
          to = null;
        }
        giveBack(targets, writing, isInOrder);
      }
    } finally {
      giveBack(sources, reading, isInOrder);
    }
  }

  private static void giveBack(FxpSessions all, FxpSession session, boolean isInOrder) {
    if (isInOrder) {
      all.give(session);
    } else {
      all.drop(session);
    }
  }

  private synchronized FxpException told(FxpException e) {
    return stalled
        ? new FxpException(
            Kind.BROKEN,
            null,
            file.name() + " from " + source + " to " + target + " stood still and was ended",
            e)
        : e;
  }

  private Certainty run(FxpSession from, FxpSession to) throws FxpException {
    OptionalLong there = to.size(file.name());
    if (there.isPresent() && there.getAsLong() == file.size()) {
      Certainty certainty = same(to);
      // From a server that tells no sums the size must do: what it has was compared when it came.
      boolean isBest = certainty == Certainty.SIZE && !target.isNode();
      if (isBest || certainty.compareTo(Certainty.CRC32) >= 0) {
        return certainty;
      }
    }
    offset = there.isPresent() && there.getAsLong() <= file.size() ? there.getAsLong() : 0;
    if (offset > 0) {
      try {
        return once(from, to);
      } catch (FxpException e) {
        if (e.kind() != Kind.REFUSED && e.kind() != Kind.WRONG) {
          throw e;
        }
        offset = 0; // what is there is of another file
      }
    }
    return once(from, to);
  }

  /// How sure it is that the target has the file; nothing if it has another one, or not all of it.
  private Certainty same(FxpSession to) throws FxpException {
    try {
      return to.check(file);
    } catch (FxpException e) {
      if (e.kind() != Kind.WRONG) {
        throw e;
      }
      return Certainty.NONE;
    }
  }

  private Certainty once(FxpSession from, FxpSession to) throws FxpException {
    connect(fxp.options(), source, target, from, to);
    from.restart(offset);
    to.restart(offset);
    CompletableFuture<Reply> stored = move(to, "STOR " + target.path(file.name()));
    CompletableFuture<Reply> sent = move(from, "RETR " + source.path(file.name()));
    both(fxp.options(), stored, sent, from, to, file.name());
    moved += file.size() - offset;
    // A node has compared all sums before it said so.
    return target.isNode() ? Certainty.SHA256 : to.check(file);
  }

  /// Has the source send what is written, until it or the target ends that, or the sessions are
  /// closed.
  static void tail(Fxp fxp, FxpEnd source, FxpEnd target) throws FxpException {
    FxpSession from = fxp.sessions(source).take();
    try {
      FxpSession to = fxp.sessions(target).take();
      try {
        connect(fxp.options(), source, target, from, to);
        CompletableFuture<Reply> stored = move(to, "STOR " + FileSource.TAIL);
        CompletableFuture<Reply> sent = move(from, "RETR " + FileSource.TAIL);
        both(fxp.options(), stored, sent, from, to, "a tail");
      } finally {
        fxp.sessions(target).drop(to);
      }
    } finally {
      fxp.sessions(source).drop(from);
    }
  }

  private static void connect(
      FxpOptions options, FxpEnd source, FxpEnd target, FxpSession from, FxpSession to)
      throws FxpException {
    boolean secure = !options.plainData();
    from.protect(secure);
    to.protect(secure);
    // Where one is a node, it listens: it knows where connections may come from.
    boolean nodeSends = source.isNode() && !target.isNode();
    if (secure) {
      boolean isClient =
          nodeSends ? client(from, to) || client(to, from) : client(to, from) || client(from, to);
      if (!isClient) {
        throw new FxpException(
            Kind.UNABLE,
            null,
            "neither "
                + source
                + " nor "
                + target
                + " has CPSV or SSCN, so files cannot travel in TLS between them");
      }
    } else if (nodeSends) {
      to.connectTo(from.listen("PASV"));
    } else {
      from.connectTo(to.listen("PASV"));
    }
  }

  /// Has one end listen and be the client of TLS, if it can.
  private static boolean client(FxpSession client, FxpSession other) throws FxpException {
    boolean once = client.has("CPSV") && !client.isInVersion6();
    if (!once && !client.has("SSCN")) {
      return false;
    }
    other.beClientOfTls(false);
    client.beClientOfTls(!once);
    other.connectTo(client.listen(once ? "CPSV" : "PASV"));
    return true;
  }

  private static CompletableFuture<Reply> move(FxpSession session, String command) {
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("sonidb-fxp-" + command.substring(0, 4))
        .start(() -> {
          try {
            answer.complete(session.move(command));
          } catch (FxpException | RuntimeException | Error e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  /// Waits until both servers have said that all is well.
  private static void both(
      FxpOptions options,
      CompletableFuture<Reply> stored,
      CompletableFuture<Reply> sent,
      FxpSession from,
      FxpSession to,
      String what)
      throws FxpException {
    try {
      var _ = CompletableFuture.anyOf(stored, sent).handle((_, _) -> true).get();
      if (isGood(stored) && isGood(sent)) {
        var _ = CompletableFuture.allOf(stored, sent).handle((_, _) -> true).get();
      }
      if (!agree(options, stored, sent)) {
        // One has given up, and the other one does not notice.
        from.cut();
        to.cut();
      }
      var _ = CompletableFuture.allOf(stored, sent).handle((_, _) -> true).get();
      FxpException atTarget = failure(stored, to, "to take " + what);
      FxpException atSource = failure(sent, from, "to send " + what);
      if (atTarget != null || atSource != null) {
        throw worse(atTarget, hasReason(stored), atSource);
      }
    } catch (InterruptedException e) {
      from.cut();
      to.cut();
      Thread.currentThread().interrupt();
      throw new FxpException(Kind.CANCELLED, null, "interrupted", e);
    } catch (ExecutionException e) {
      throw new AssertionError("handled", e);
    }
  }

  /// Whether nothing is known to be wrong.
  private static boolean isGood(CompletableFuture<Reply> answer) {
    return !answer.isDone()
        || !answer.isCompletedExceptionally() && answer.resultNow().isPositive();
  }

  private static boolean agree(
      FxpOptions options, CompletableFuture<Reply> stored, CompletableFuture<Reply> sent)
      throws InterruptedException, ExecutionException {
    try {
      var _ =
          CompletableFuture.allOf(stored, sent)
              .handle((_, _) -> true)
              .get(options.agreement().toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private static @Nullable FxpException failure(
      CompletableFuture<Reply> answer, FxpSession session, String what) {
    if (answer.isCompletedExceptionally()) {
      Throwable thrown = answer.exceptionNow();
      return thrown instanceof FxpException known
          ? known
          : new FxpException(Kind.BROKEN, null, String.valueOf(thrown.getMessage()), thrown);
    }
    Reply reply = answer.resultNow();
    return reply.isPositive() ? null : session.refused(what, reply);
  }

  /// Whether a server says more than that the data connection is gone or did not come.
  private static boolean hasReason(CompletableFuture<Reply> answer) {
    return !answer.isCompletedExceptionally()
        && answer.resultNow().code() != 425
        && answer.resultNow().code() != 426;
  }

  /// Of two failures the one that tells more: where one has given up, the other one only sees the
  /// connection go.
  private static FxpException worse(
      @Nullable FxpException atTarget, boolean targetHasReason, @Nullable FxpException atSource) {
    if (atTarget == null || atSource == null) {
      return Objects.requireNonNull(atTarget == null ? atSource : atTarget, "none of two");
    }
    boolean isTarget =
        atTarget.kind() == Kind.REFUSED || targetHasReason && atSource.kind() != Kind.REFUSED;
    FxpException worse = isTarget ? atTarget : atSource;
    worse.addSuppressed(isTarget ? atSource : atTarget);
    return worse;
  }
}
