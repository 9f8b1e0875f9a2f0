package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.SyncFile;
import io.sonidb.ftp.Fxp.Moved;
import io.sonidb.ftp.Fxp.Receiver;
import io.sonidb.ftp.Fxp.Spread;
import io.sonidb.ftp.FxpException.Kind;
import io.sonidb.ftp.SwarmPlan.Transfer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Carries a [SwarmPlan] out.
final class FxpSwarm {
  private final Fxp fxp;
  private final Progress progress;
  private final List<FxpEnd> ends = new ArrayList<>();
  private final List<SyncFile> files;
  private final List<Map<SyncFile, FxpTransfer>> underWay = new ArrayList<>(); // by node
  private final long total;
  // Guarded by this.
  private final SwarmPlan plan;
  private final Map<FxpEnd, FxpException> failures = new LinkedHashMap<>();
  private final long[] fromOrigin; // by node
  private final long[] fromOthers; // by node
  private long done;
  private long told;

  FxpSwarm(Fxp fxp, FxpEnd origin, List<Receiver> receivers, Progress progress) {
    this.fxp = fxp;
    this.progress = progress;
    int nodes = receivers.size() + 1;
    SequencedSet<SyncFile> all = new LinkedHashSet<>();
    receivers.forEach(each -> all.addAll(each.missing()));
    this.files = List.copyOf(all);
    BitSet[] wanted = new BitSet[nodes];
    wanted[SwarmPlan.ORIGIN] = new BitSet();
    ends.add(origin);
    for (Receiver each : receivers) {
      BitSet missing = new BitSet();
      each.missing().forEach(file -> missing.set(files.indexOf(file)));
      wanted[ends.size()] = missing;
      ends.add(each.end());
    }
    this.total =
        receivers.stream().flatMap(each -> each.missing().stream()).mapToLong(SyncFile::size).sum();
    this.plan =
        new SwarmPlan(
            files.stream().mapToLong(SyncFile::size).toArray(), wanted, fxp.options().sessions());
    for (int node = 0; node < nodes; node++) {
      underWay.add(new ConcurrentHashMap<>());
    }
    this.fromOrigin = new long[nodes];
    this.fromOthers = new long[nodes];
  }

  List<Spread> call() throws FxpException {
    List<Thread> watches = new ArrayList<>();
    for (int node = 1; node < ends.size(); node++) {
      int watched = node;
      watches.add(Thread.ofVirtual().name("sonidb-fxp-watch").start(() -> watch(watched)));
    }
    try {
      run();
      return report();
    } catch (InterruptedException e) {
      fxp.close();
      Thread.currentThread().interrupt();
      throw Fxp.cancelled();
    } catch (CancellationException e) {
      fxp.close();
      throw e;
    } finally {
      watches.forEach(Thread::interrupt);
    }
  }

  private void run() throws InterruptedException, FxpException {
    while (true) {
      long now;
      synchronized (this) {
        if (!begin()) {
          break;
        }
        TimeUnit.MILLISECONDS.timedWait(this, fxp.options().poll().toMillis());
        now = progressed();
      }
      progress.update(now, total, "bytes");
    }
    if (fxp.hasEnded()) {
      throw Fxp.cancelled();
    }
    long last;
    synchronized (this) {
      last = progressed();
    }
    progress.update(last, total, "bytes");
  }

  private long progressed() {
    long now = done;
    for (Map<SyncFile, FxpTransfer> each : underWay) {
      now += Fxp.there(each.values());
    }
    told = Math.max(told, Math.min(total, now));
    return told;
  }

  /// Begins what can begin.
  ///
  /// @return whether anything is under way
  private boolean begin() {
    while (!fxp.hasEnded()) {
      Optional<Transfer> next = plan.next();
      if (next.isEmpty()) {
        break;
      }
      Transfer transfer = next.get();
      Thread.ofVirtual().name("sonidb-fxp").start(() -> move(transfer));
    }
    return plan.underWay() > 0;
  }

  private void move(Transfer transfer) {
    FxpEnd target = ends.get(transfer.target());
    Moved moved =
        fxp.moveOne(
            ends.get(transfer.source()),
            target,
            files.get(transfer.file()),
            1, // another source may do better
            underWay.get(transfer.target()));
    synchronized (this) {
      if (transfer.source() == SwarmPlan.ORIGIN) {
        fromOrigin[transfer.target()] += moved.bytes();
      } else {
        fromOthers[transfer.target()] += moved.bytes();
      }
      if (moved.failure().isEmpty()) {
        done += moved.file().size();
        plan.done(transfer);
      } else {
        FxpException failure = moved.failure().get();
        int culprit =
            failure.end().map(ends::indexOf).filter(at -> at >= 0).orElse(transfer.target());
        failures.put(ends.get(culprit), failure);
        failures.put(target, failure);
        plan.failed(transfer, culprit);
        if (failure.kind() == Kind.UNREACHABLE) {
          plan.leave(culprit);
        }
      }
      notifyAll();
    }
  }

  private void watch(int node) {
    Fxp.Watch watch = new Fxp.Watch(fxp, ends.get(node));
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(fxp.options().poll().toMillis());
        watch.look(underWay.get(node).values());
      }
    } catch (InterruptedException e) {
      // All is done.
    }
  }

  private synchronized List<Spread> report() {
    List<Spread> all = new ArrayList<>();
    for (int node = 1; node < ends.size(); node++) {
      List<SyncFile> missing = plan.lacks(node).stream().mapToObj(files::get).toList();
      all.add(
          new Spread(
              ends.get(node),
              missing,
              missing.isEmpty()
                  ? Optional.empty()
                  : Optional.of(failures.getOrDefault(ends.get(node), cause())),
              fromOrigin[node],
              fromOthers[node]));
    }
    return all;
  }

  /// Why a node lacks files at which nothing has failed: nobody is left who has them.
  private FxpException cause() {
    return failures.getOrDefault(
        ends.get(SwarmPlan.ORIGIN),
        new FxpException(Kind.BROKEN, null, "nobody is left who has the files"));
  }
}
