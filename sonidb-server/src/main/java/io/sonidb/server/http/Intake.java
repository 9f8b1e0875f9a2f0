package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Points, deletes and payload changes on their way from a long body into a collection.
///
/// Whoever reads the body hands them over one by one; another thread writes them, in their order
/// and in batches, each all or none. So reading goes on while a batch is encoded and synced. A
/// reader that is faster waits: one batch is written while another one fills up, so memory is
/// bounded by [#BYTES] however long the body is.
final class Intake implements AutoCloseable {
  /// Bytes of vectors and payloads from which on a batch is full.
  static final int BATCH_BYTES = 8 << 20;

  /// Memory that one takes: what fills up, what is written, and that encoded.
  static final int BYTES = 3 * BATCH_BYTES;

  private static final int BATCH_STEPS = 1 << 14;
  private static final int STEP_BYTES = 64;

  /// Hears which points the collection cannot hold.
  interface Refusals {
    /// @throws RuntimeException to end it all; then nothing of the point's batch is written
    void refused(Taken point, String reason);
  }

  /// A point and where it stood.
  ///
  /// @param record its number in the body, from 0
  /// @param position in the body, in the unit of the body's kind
  record Taken(Point point, long record, long position) {}

  private sealed interface Step permits Upserts, Deletes, Payloads {
    int size();
  }

  private record Upserts(List<Taken> points) implements Step {
    @Override
    public int size() {
      return points.size();
    }
  }

  private record Deletes(List<VectorId> ids) implements Step {
    @Override
    public int size() {
      return ids.size();
    }
  }

  private record Payloads(Map<VectorId, Payload> payloads) implements Step {
    @Override
    public int size() {
      return payloads.size();
    }
  }

  /// What came of it.
  ///
  /// @param inserted upserts that were written
  /// @param deleted points that were there
  /// @param payloads points whose payloads were changed
  /// @param notThere deletes and payload changes of points that were not there
  /// @param lastSequence number of the newest write
  record Outcome(long inserted, long deleted, long payloads, long notThere, long lastSequence) {}

  private final Collection collection;
  private final boolean keepsTimes;
  private final Refusals refusals;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Step> steps = new ArrayDeque<>(); // guarded by lock, and all below
  private long bytes;
  private boolean isUrgent;
  private boolean isOver;
  private boolean hasEnded;
  private Optional<RuntimeException> failure = Optional.empty();

  // The writer's own, until it has ended.
  private long inserted;
  private long deleted;
  private long payloads;
  private long notThere;
  private long lastSequence;

  private Intake(Collection collection, boolean keepsTimes, Refusals refusals) {
    this.collection = collection;
    this.keepsTimes = keepsTimes;
    this.refusals = refusals;
    this.lastSequence = collection.lastSequence();
  }

  /// Begins to take in.
  ///
  /// @param keepsTimes whether points keep the times at which they were inserted elsewhere
  static Intake begin(Collection collection, boolean keepsTimes, Refusals refusals) {
    Intake intake = new Intake(collection, keepsTimes, refusals);
    Thread.ofVirtual().name("sonidb-intake").start(intake::writeUntilOver);
    return intake;
  }

  // The reader's thread ----------------------------------------------------------------------

  /// @param payloadBytes of the point, about
  void upsert(Point point, int payloadBytes, long record, long position) {
    Vector vector = point.vector();
    int width = vector.elementType() == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    int size = vector.dimension() * width + payloadBytes;
    Taken taken = new Taken(point, record, position);
    add(
        size,
        () -> {
          if (steps.peekLast() instanceof Upserts last) {
            last.points().add(taken);
          } else {
            steps.add(new Upserts(new ArrayList<>(List.of(taken))));
          }
        });
  }

  void delete(VectorId id) {
    add(
        0,
        () -> {
          if (steps.peekLast() instanceof Deletes last) {
            last.ids().add(id);
          } else {
            steps.add(new Deletes(new ArrayList<>(List.of(id))));
          }
        });
  }

  void overwritePayload(VectorId id, Payload payload, int payloadBytes) {
    add(
        payloadBytes,
        () -> {
          if (steps.peekLast() instanceof Payloads last) {
            last.payloads().put(id, payload);
          } else {
            steps.add(new Payloads(new LinkedHashMap<>(Map.of(id, payload))));
          }
        });
  }

  /// Adds a step, when there is room for it.
  private void add(int size, Runnable step) {
    lock.lock();
    try {
      while (bytes >= BATCH_BYTES && failure.isEmpty()) {
        changed.awaitUninterruptibly();
      }
      throwFailure();
      step.run();
      bytes += size + STEP_BYTES;
      if (isFull()) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Has written soon what was handed over: the reader is going to wait for more.
  void flush() {
    lock.lock();
    try {
      if (!steps.isEmpty()) {
        isUrgent = true;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until everything that was handed over is written.
  ///
  /// @throws RuntimeException if that failed; batches before it are written
  Outcome finish() {
    Outcome outcome = end(false);
    throwFailure();
    return outcome;
  }

  private Outcome outcome() {
    lock.lock();
    try {
      return new Outcome(inserted, deleted, payloads, notThere, lastSequence);
    } finally {
      lock.unlock();
    }
  }

  /// Waits until everything that was handed over is written, or cannot be.
  ///
  /// @param abandons whether to leave out what is not being written yet
  /// @return what is written
  Outcome end(boolean abandons) {
    lock.lock();
    try {
      if (abandons) {
        steps.clear();
        bytes = 0;
        isUrgent = false;
      }
      isOver = true;
      changed.signalAll();
      while (!hasEnded) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    return outcome();
  }

  @Override
  public void close() {
    end(false);
  }

  private void throwFailure() {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  // The writer's thread ----------------------------------------------------------------------

  private void writeUntilOver() {
    Optional<RuntimeException> why = Optional.empty();
    try {
      for (Optional<Step> step = take(); step.isPresent(); step = take()) {
        write(step.get());
      }
    } catch (RuntimeException e) {
      why = Optional.of(e);
    } catch (Error e) {
      why = Optional.of(new IllegalStateException(e));
      throw e;
    } finally {
      lock.lock();
      try {
        failure = why;
        hasEnded = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private Optional<Step> take() {
    lock.lock();
    try {
      while (!isFull() && !(isUrgent || isOver)) {
        changed.awaitUninterruptibly();
      }
      Optional<Step> step = Optional.ofNullable(steps.poll());
      if (steps.isEmpty()) {
        bytes = 0;
        isUrgent = false;
      }
      changed.signalAll();
      return step;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFull() {
    return steps.size() > 1
        || bytes >= BATCH_BYTES
        || (!steps.isEmpty() && steps.element().size() >= BATCH_STEPS);
  }

  private void write(Step step) {
    switch (step) {
      case Upserts(List<Taken> points) -> upsert(points);
      case Deletes(List<VectorId> ids) -> {
        long were = collection.delete(ids);
        note(() -> deleted += were, ids.size() - were);
      }
      case Payloads(Map<VectorId, Payload> changes) -> {
        long were = collection.overwritePayloads(changes);
        note(() -> payloads += were, changes.size() - were);
      }
    }
  }

  private void note(Runnable count, long absent) {
    lock.lock();
    try {
      count.run();
      notThere += absent;
      lastSequence = collection.lastSequence();
    } finally {
      lock.unlock();
    }
  }

  private void upsert(List<Taken> points) {
    List<Taken> fitting = points;
    try {
      write(points);
    } catch (IllegalArgumentException e) {
      fitting = fitting(points, e);
      if (!fitting.isEmpty()) {
        write(fitting);
      }
    }
    int count = fitting.size();
    note(() -> inserted += count, 0);
  }

  private void write(List<Taken> taken) {
    List<Point> points = new ArrayList<>(taken.size());
    for (Taken each : taken) {
      points.add(each.point());
    }
    if (keepsTimes) {
      collection.take(points);
    } else {
      collection.upsert(points);
    }
  }

  /// Those that the collection can hold.
  private List<Taken> fitting(List<Taken> points, IllegalArgumentException why) {
    List<Taken> fitting = new ArrayList<>(points.size());
    for (Taken each : points) {
      try {
        collection.check(each.point());
        fitting.add(each);
      } catch (IllegalArgumentException e) {
        refusals.refused(each, String.valueOf(e.getMessage()));
      }
    }
    if (fitting.size() == points.size()) {
      throw why; // it is none of them, but all of them together
    }
    return fitting;
  }
}
