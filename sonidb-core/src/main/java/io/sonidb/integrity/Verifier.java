package io.sonidb.integrity;

import io.sonidb.store.DamagedRange;
import io.sonidb.store.SegmentCheck;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.WorkProgress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/// Compares the files of a collection with what was written, segments side by side.
public final class Verifier {
  /// Segments are decoded so many at a time at most, because their digests are faster together; but
  /// no core is to be left without any.
  private static final int MOST_TOGETHER = 8;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /// What was found.
  ///
  /// @param segments that were looked at
  /// @param bytes that were read
  /// @param damaged in the order of files and places
  public record Outcome(int segments, long bytes, List<DamagedRange> damaged) {}

  private Verifier() {}

  /// Verifies a collection's log.
  ///
  /// @param deep whether to decode every frame, or only the open segment's and those of files whose
  ///   CRC-32 is wrong
  /// @throws IOException if a file cannot be read at all
  public static Outcome verify(SegmentLog log, boolean deep, Executor cores, WorkProgress progress)
      throws IOException {
    try (SegmentCheck check = new SegmentCheck(log)) {
      return verify(check, deep, cores, progress);
    }
  }

  private static Outcome verify(
      SegmentCheck check, boolean deep, Executor cores, WorkProgress progress) throws IOException {
    List<SegmentCheck.Target> targets = check.targets();
    long total = targets.stream().mapToLong(SegmentCheck.Target::bytes).sum();
    AtomicLong done = new AtomicLong();
    List<CompletableFuture<List<DamagedRange>>> parts = new ArrayList<>();
    int together = deep ? Math.clamp(targets.size() / CORES, 1, MOST_TOGETHER) : 1;
    for (int from = 0; from < targets.size(); from += together) {
      List<SegmentCheck.Target> some =
          targets.subList(from, Math.min(targets.size(), from + together));
      parts.add(
          CompletableFuture.supplyAsync(
              () -> {
                // Before the work, too: whoever does not want to go on says so here.
                progress.update(done.get(), total, "bytes");
                List<DamagedRange> found = check.check(some, deep);
                long bytes = some.stream().mapToLong(SegmentCheck.Target::bytes).sum();
                progress.update(done.addAndGet(bytes), total, "bytes");
                return found;
              },
              cores));
    }
    List<DamagedRange> damaged = new ArrayList<>(check.fileMetadata());
    List<Throwable> failures = new ArrayList<>();
    // All of them end before the files are let go.
    for (CompletableFuture<List<DamagedRange>> part : parts) {
      try {
        damaged.addAll(part.join());
      } catch (CompletionException e) {
        failures.add(e.getCause() == null ? e : e.getCause());
      }
    }
    if (!failures.isEmpty()) {
      if (failures.getFirst() instanceof CancellationException cancelled) {
        throw cancelled;
      }
      throw new IOException(String.valueOf(failures.getFirst()), failures.getFirst());
    }
    damaged.sort(Comparator.comparing(DamagedRange::file).thenComparingLong(DamagedRange::offset));
    return new Outcome(targets.size(), total, damaged);
  }
}
