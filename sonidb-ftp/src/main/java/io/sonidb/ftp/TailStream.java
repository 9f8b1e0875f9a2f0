package io.sonidb.ftp;

import io.sonidb.RescanRequiredException;
import io.sonidb.SoniDbException;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The stream of what is written to a collection, from node to node, while it is followed. It
/// breaks off when one of them is gone for a while, and is begun anew where it ended.
///
/// One thread uses it; another one waits for the end of the stream.
final class TailStream implements AutoCloseable {
  private static final long PAUSE_NANOS = 2_000_000_000L;

  private final SyncNode source;
  private final SyncNode target;
  private final ClusterSecret secret;
  private final FxpOptions options;
  private final Consumer<String> told;
  private @Nullable Running running;
  private long next = System.nanoTime(); // no sooner it is tried again

  /// @param told hears when it begins, and why it ended
  TailStream(
      SyncNode source,
      SyncNode target,
      ClusterSecret secret,
      FxpOptions options,
      Consumer<String> told) {
    this.source = source;
    this.target = target;
    this.secret = secret;
    this.options = options;
    this.told = told;
  }

  private record Running(Thread thread, Fxp fxp, String sending, String receiving) {}

  /// Begins it, if it does not run.
  ///
  /// @param epoch of the history that the target is a copy of
  /// @return whether a round is needed before it can begin: the target lacks what only a state has
  boolean begin(UUID collection, int epoch) {
    if (running != null && running.thread().isAlive() || System.nanoTime() - next < 0) {
      return false;
    }
    close();
    next = System.nanoTime() + PAUSE_NANOS;
    try {
      running = start(collection, epoch);
      return false;
    } catch (IOException | SoniDbException e) {
      told.accept("live stream to " + target.name() + ": " + e.getMessage());
      return e instanceof RescanRequiredException
          || e instanceof SyncFailedException failed
              && failed.kind() == SyncFailedException.Kind.REFUSED;
    }
  }

  private Running start(UUID collection, int epoch) throws IOException {
    SyncNode.Contact from = source.contact(target);
    SyncNode.Contact to = target.contact(source);
    SyncNode.Hearing hearing = target.receiveTail(collection, epoch, from.peer());
    String sending;
    try {
      sending = source.sendTail(collection, epoch, hearing.next(), to.peer());
    } catch (IOException | RuntimeException e) {
      Syncing.endQuietly(target, hearing.login());
      throw e;
    }
    boolean plain = options.plainData() && from.plainData() && to.plainData();
    Fxp fxp = new Fxp(options.withPlainData(plain));
    FxpEnd sender = from.end(sending, secret);
    FxpEnd receiver = to.end(hearing.login(), secret);
    Thread thread =
        Thread.ofVirtual()
            .name("sonidb-tail")
            .start(() -> {
              try {
                fxp.tail(sender, receiver);
              } catch (FxpException e) {
                if (!fxp.hasEnded()) {
                  told.accept("live stream to " + target.name() + " ended: " + e.getMessage());
                }
              }
            });
    told.accept("live stream to " + target.name() + " begins at " + hearing.next());
    return new Running(thread, fxp, sending, hearing.login());
  }

  /// Ends it.
  @Override
  public void close() {
    Running was = running;
    running = null;
    if (was != null) {
      was.fxp().close();
      Syncing.endQuietly(target, was.receiving());
      Syncing.endQuietly(source, was.sending());
    }
  }
}
