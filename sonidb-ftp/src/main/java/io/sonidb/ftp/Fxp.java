package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.SyncFile;
import io.sonidb.ftp.FxpException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Has servers send files to each other, and only gives the commands: no byte of a file comes here.
///
/// Sessions with the servers stay open until it is closed, so the next call needs no logins.
/// Threads may call [#move] at the same time, for other files.
public final class Fxp implements AutoCloseable {
  /// Before the second try of a file, twice that before the third, and so on.
  private static final long PAUSE_MILLIS = 1000;

  private final FxpOptions options;
  private final AtomicLong commandBytes = new AtomicLong();
  private final Map<FxpEnd, FxpSessions> sessions = new HashMap<>(); // guarded by itself
  private final CountDownLatch ended = new CountDownLatch(1);

  /// What became of a file.
  ///
  /// @param bytes that were moved for it, less than its size if part of it was there
  /// @param certainty how it was checked at the target
  /// @param failure why it is not there, if it is not
  public record Moved(
      SyncFile file, long bytes, Certainty certainty, Optional<FxpException> failure) {}

  /// How sure it is that what lies at the target is what was announced.
  public enum Certainty {
    /// The server tells nothing about its files.
    NONE,
    /// The size is right.
    SIZE,
    /// Size and CRC-32 are right: nothing was damaged, unless on purpose.
    CRC32,
    /// Size and SHA-256 are right.
    SHA256
  }

  /// Makes one that has no connections yet.
  public Fxp(FxpOptions options) {
    this.options = options;
  }

  /// Bytes that went through connections for commands, TLS included.
  public long commandBytes() {
    return commandBytes.get();
  }

  /// What certificate a server shows, for the login of a node that is to exchange files with it.
  ///
  /// @return SHA-256 of it, 64 hexadecimal digits; empty if the server is used without TLS
  /// @throws FxpException if it cannot be used
  public Optional<String> certificate(FxpEnd end) throws FxpException {
    return use(end, FxpSession::certificate);
  }

  /// Moves files from one server to another, several side by side, in the order of the list.
  ///
  /// @param source server that has them
  /// @param target server that gets them; what it has of a file already is not sent again
  /// @param files what they are called and must be, under the same names at both
  /// @param progress hears bytes of these files that are at the target; may throw
  ///   [CancellationException]
  /// @return for each file, in the same order, what became of it
  /// @throws FxpException if one of the servers cannot be used at all
  public List<Moved> move(FxpEnd source, FxpEnd target, List<SyncFile> files, Progress progress)
      throws FxpException {
    return new Run(source, target, files, progress).call();
  }

  /// Spreads files to many nodes, which pass on to each other what they have got. See [SwarmPlan].
  ///
  /// @param origin node that has all files
  /// @param receivers nodes with logins that let the origin and each other send and get
  /// @param progress hears bytes that are at receivers, of those that all together lack; may throw
  ///   [CancellationException]
  /// @return for each receiver, in the same order, what became of it; the others finish when one
  ///   fails
  /// @throws FxpException if it was ended
  public List<Spread> spread(FxpEnd origin, List<Receiver> receivers, Progress progress)
      throws FxpException {
    return new FxpSwarm(this, origin, receivers, progress).call();
  }

  /// Has a node send another one what is written to a collection, until one of them ends that, or
  /// this is closed.
  ///
  /// @param source node with a login that gets a tail
  /// @param target node with a login that sends one
  /// @throws FxpException if it broke off, or is refused
  void tail(FxpEnd source, FxpEnd target) throws FxpException {
    FxpTransfer.tail(this, source, target);
  }

  /// A node that gets files.
  ///
  /// @param missing files that it lacks
  public record Receiver(FxpEnd end, List<SyncFile> missing) {}

  /// What became of a node that was to get files.
  ///
  /// @param missing files that it still lacks; none if all is well
  /// @param failure what went wrong last, if it lacks some
  /// @param fromOrigin bytes that the origin sent to it
  /// @param fromOthers bytes that other nodes sent to it
  public record Spread(
      FxpEnd end,
      List<SyncFile> missing,
      Optional<FxpException> failure,
      long fromOrigin,
      long fromOthers) {}

  /// Ends what is under way: whoever waits gets [Kind#CANCELLED].
  @Override
  public void close() {
    ended.countDown();
    List<FxpSessions> all;
    synchronized (sessions) {
      all = List.copyOf(sessions.values());
    }
    // Each waits for an answer to its goodbye.
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (FxpSessions each : all) {
        each.end().forEach(session -> threads.execute(session::close));
      }
    }
  }

  boolean hasEnded() {
    return ended.getCount() == 0;
  }

  private boolean hasEndedWithin(long millis) {
    try {
      return ended.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  FxpSessions sessions(FxpEnd end) {
    synchronized (sessions) {
      return sessions.computeIfAbsent(end, to -> new FxpSessions(to, options, commandBytes));
    }
  }

  /// Something to do with a session.
  @FunctionalInterface
  interface Use<T> {
    T with(FxpSession session) throws FxpException;
  }

  /// Does something with a session of a server.
  <T> T use(FxpEnd end, Use<T> use) throws FxpException {
    FxpSessions with = sessions(end);
    FxpSession session = with.take();
    try {
      return use.with(session);
    } finally {
      with.give(session);
    }
  }

  FxpOptions options() {
    return options;
  }

  static FxpException cancelled() {
    return new FxpException(Kind.CANCELLED, null, "the transfers were ended");
  }

  // One file ---------------------------------------------------------------------------------

  /// Moves one file.
  ///
  /// @param watch knows the transfer while it is under way
  Moved moveOne(
      FxpEnd source, FxpEnd target, SyncFile file, int tries, Map<SyncFile, FxpTransfer> watch) {
    FxpException last = cancelled();
    long bytes = 0;
    for (int i = 0; i < tries && !hasEndedWithin(i * PAUSE_MILLIS); i++) {
      FxpTransfer transfer = new FxpTransfer(this, source, target, file);
      watch.put(file, transfer);
      try {
        Certainty certainty = transfer.run();
        return new Moved(file, bytes + transfer.bytes(), certainty, Optional.empty());
      } catch (FxpException e) {
        last = hasEnded() ? cancelled() : e;
        bytes += transfer.bytes();
        if (last.kind() != Kind.BROKEN) {
          break;
        }
      } finally {
        watch.remove(file);
      }
    }
    return new Moved(file, bytes, Certainty.NONE, Optional.of(last));
  }

  /// Bytes that were at the target when somebody last looked.
  static long there(Collection<FxpTransfer> transfers) {
    return transfers.stream().mapToLong(FxpTransfer::there).sum();
  }

  // Many files -------------------------------------------------------------------------------

  /// A call of [#move].
  private final class Run {
    private final FxpEnd source;
    private final FxpEnd target;
    private final List<SyncFile> files;
    private final Progress progress;
    private final Map<SyncFile, FxpTransfer> underWay = new ConcurrentHashMap<>();
    private final long total;
    // Guarded by this.
    private final Deque<SyncFile> waiting;
    private final Map<SyncFile, Moved> moved = new HashMap<>();
    private long done;
    private long told;

    Run(FxpEnd source, FxpEnd target, List<SyncFile> files, Progress progress) {
      this.source = source;
      this.target = target;
      this.files = List.copyOf(files);
      this.progress = progress;
      this.waiting = new ArrayDeque<>(files);
      this.total = files.stream().mapToLong(SyncFile::size).sum();
    }

    List<Moved> call() throws FxpException {
      // The first one here, so that a server that cannot be used is told once.
      FxpSessions from = sessions(source);
      from.give(from.take());
      FxpSessions to = sessions(target);
      to.give(to.take());
      int workers = Math.min(options.sessions(), files.size());
      CountDownLatch working = new CountDownLatch(workers);
      for (int i = 0; i < workers; i++) {
        Thread.ofVirtual()
            .name("sonidb-fxp")
            .start(() -> {
              try {
                work();
              } finally {
                working.countDown();
              }
            });
      }
      watch(working);
      return files.stream()
          .map(file -> {
            synchronized (this) {
              return moved.getOrDefault(
                  file, new Moved(file, 0, Certainty.NONE, Optional.of(cancelled())));
            }
          })
          .toList();
    }

    private void work() {
      for (SyncFile file; (file = next()) != null && !hasEnded(); ) {
        Moved result = moveOne(source, target, file, options.tries(), underWay);
        synchronized (this) {
          moved.put(file, result);
          done += result.failure().isEmpty() ? file.size() : 0;
        }
      }
    }

    private synchronized @Nullable SyncFile next() {
      return waiting.poll();
    }

    /// Tells how far the transfers are, and cuts those that stand still.
    private void watch(CountDownLatch working) throws FxpException {
      Watch watch = new Watch(Fxp.this, target);
      try {
        while (!working.await(options.poll().toMillis(), TimeUnit.MILLISECONDS)) {
          watch.look(underWay.values());
          tell();
        }
        tell();
      } catch (InterruptedException e) {
        close();
        Thread.currentThread().interrupt();
        throw cancelled();
      } catch (CancellationException e) {
        close();
        throw e;
      }
    }

    private void tell() {
      long now;
      synchronized (this) {
        now = Math.max(told, Math.min(total, done + there(underWay.values())));
        told = now;
      }
      progress.update(now, total, "bytes");
    }
  }

  /// Asks a target how far transfers are, on a session of its own: those of the transfers wait for
  /// the end.
  static final class Watch {
    private final FxpSessions target;
    private final Duration stall;

    Watch(Fxp fxp, FxpEnd target) {
      this.target = fxp.sessions(target);
      this.stall = fxp.options().stall();
    }

    /// Notes how much of each is there.
    void look(Collection<FxpTransfer> transfers) {
      if (transfers.isEmpty()) {
        return;
      }
      try {
        FxpSession asked = target.take();
        try {
          for (FxpTransfer each : transfers) {
            each.note(asked.size(each.file().name()), stall);
          }
        } finally {
          target.give(asked); // every time, lest a transfer waits for it
        }
      } catch (FxpException e) {
        // The transfers tell what is wrong.
        transfers.forEach(each -> each.note(OptionalLong.empty(), stall));
      }
    }
  }
}
