package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.SyncReport;
import io.sonidb.ftp.SyncFailedException.Kind;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Brings a collection from one node to another: asks both for logins, has them move what the
/// target lacks, and has the target publish it. It only controls: no byte of a file comes here.
public final class Syncing {
  private static final long LOOK_NANOS = 200_000_000;

  private final SyncNode source;
  private final SyncNode target;
  private final ClusterSecret secret;
  private final FxpOptions options;
  private @Nullable SyncManifest followed; // the newest state of the source that is known

  /// @param secret that both nodes have
  public Syncing(SyncNode source, SyncNode target, ClusterSecret secret, FxpOptions options) {
    this.source = source;
    this.target = target;
    this.secret = secret;
    this.options = options;
  }

  /// Does it. Afterwards the target has the state that the source had when it began, or a newer
  /// one; when it fails, the state that it had.
  ///
  /// @param collection its name at the source
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears bytes; may throw to end it
  /// @throws IOException if it is not done
  public SyncReport run(String collection, boolean seal, Progress progress) throws IOException {
    long start = System.nanoTime();
    SyncNode.Contact from = source.contact(target);
    SyncNode.Contact to = target.contact(source);
    if (from.certificate().equals(to.certificate())) {
      throw new SyncFailedException(Kind.REFUSED, target.name() + " is the source itself");
    }
    SyncNode.Sending sending = source.send(collection, seal, to.peer());
    try {
      SyncManifest state = SignedManifest.read(sending.manifest(), secret);
      followed = state;
      SyncNode.Welcome welcome = welcome(state, sending, from);
      try {
        long commandBytes = 0;
        if (!welcome.missing().isEmpty()) {
          commandBytes = move(sending, welcome, from, to, progress);
        }
        ReceiveReport report = target.publish(welcome.login(), sending.newest(), progress);
        return new SyncReport(
            target.name(),
            report,
            welcome.missing().size(),
            welcome.missing().stream().mapToLong(SyncFile::size).sum(),
            state.files().size(),
            state.bytes(),
            sending.newest(),
            commandBytes + callBytes(source) + callBytes(target),
            (System.nanoTime() - start) / 1e9);
      } finally {
        endQuietly(target, welcome.login());
      }
    } finally {
      endQuietly(source, sending.login());
    }
  }

  /// Does it again and again, until `progress` ends it, or the target does not want it any more;
  /// what is written in between goes as a live stream, record by record. Nodes that cannot be
  /// reached for a while are waited for.
  ///
  /// @param everySeconds how long after a round the next one begins
  /// @param told hears what came of each round
  /// @throws IOException if the target refuses
  public void follow(
      String collection, boolean seal, int everySeconds, Progress progress, Consumer<String> told)
      throws IOException {
    try (TailStream tail = new TailStream(source, target, secret, options, told)) {
      while (true) {
        try {
          SyncReport report = run(collection, seal, progress);
          if (report.received().changed()) {
            told.accept(
                target.name() + " has " + collection + " up to " + report.received().sequence());
          }
        } catch (SyncFailedException e) {
          if (e.kind() == Kind.REFUSED) {
            throw e;
          }
          told.accept(String.valueOf(e.getMessage()));
        } catch (FxpException e) {
          if (e.kind() == FxpException.Kind.CANCELLED) {
            throw e;
          }
          told.accept(String.valueOf(e.getMessage())); // a node went away in between
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(everySeconds);
        while (System.nanoTime() - end < 0) {
          if (followed != null && tail.begin(followed.uuid(), followed.epoch())) {
            break;
          }
          progress.update(0, 0, "waiting for writes"); // may end it
          LockSupport.parkNanos(LOOK_NANOS);
        }
      }
    }
  }

  static long callBytes(SyncNode node) {
    return node instanceof RemoteNode remote ? remote.bytes() : 0;
  }

  private SyncNode.Welcome welcome(
      SyncManifest state, SyncNode.Sending sending, SyncNode.Contact from) throws IOException {
    return switch (target.receive(sending.manifest(), from.peer())) {
      case SyncNode.Welcome welcome -> welcome;
      case SyncNode.OutOfDate newer -> {
        boolean demoted = source.demote(state.uuid(), newer.newerEpoch());
        throw new SyncFailedException(
            Kind.REFUSED,
            target.name()
                + ": "
                + newer.reason()
                + (demoted ? ": " + source.name() + " is read-only from now on" : "")
                + "; sync the other way");
      }
    };
  }

  private long move(
      SyncNode.Sending sending,
      SyncNode.Welcome welcome,
      SyncNode.Contact from,
      SyncNode.Contact to,
      Progress progress)
      throws IOException {
    boolean plain = options.plainData() && from.plainData() && to.plainData();
    try (Fxp fxp = new Fxp(options.withPlainData(plain))) {
      List<Fxp.Moved> moved =
          fxp.move(
              from.end(sending.login(), secret),
              to.end(welcome.login(), secret),
              welcome.missing(),
              progress);
      check(moved, target.name());
      return fxp.commandBytes();
    }
  }

  /// @param target what it is called, for people
  /// @throws SyncFailedException if one of the files is not there
  static void check(List<Fxp.Moved> moved, String target) throws SyncFailedException {
    List<Fxp.Moved> failed = moved.stream().filter(each -> each.failure().isPresent()).toList();
    if (!failed.isEmpty()) {
      FxpException why = failed.getFirst().failure().orElseThrow();
      throw new SyncFailedException(
          Kind.BROKEN,
          failed.size()
              + " of "
              + moved.size()
              + " files were not moved to "
              + target
              + ": "
              + failed.getFirst().file().name()
              + ": "
              + why.getMessage(),
          why);
    }
  }

  static void endQuietly(SyncNode node, String login) {
    try {
      node.end(login);
    } catch (IOException e) {
      // It ends by itself.
    }
  }
}
