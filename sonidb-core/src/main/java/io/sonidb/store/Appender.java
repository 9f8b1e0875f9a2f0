package io.sonidb.store;

import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.SyncFailedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Gives records their place at the end of a log, in groups.
///
/// A caller draws a *ticket*: a contiguous range of sequence numbers and a place in the queue. It
/// encodes its records on its own thread (a large batch on all cores), and waits. One appender
/// thread takes the tickets in order, as many as are ready, gives their frames their place, and
/// makes them durable with one write and one sync: the group commit. Then readers see them, and the
/// callers return. While one group is being synced the next one gathers.
///
/// A ticket whose encoding failed, or whose group could not be written, leaves a skip record in its
/// place, so that sequence numbers have no gaps. After a failed sync nobody knows what the disk
/// holds: the log refuses writes until it is opened again, which reads what is really there.
///
/// A ticket may have a [Precondition], checked at its turn. When the group gathered so far holds a
/// record of one of its ids, that part is committed first; otherwise the ticket joins the group, so
/// that changes of different ids share one sync. If it does not hold, the ticket becomes a skip.
///
/// `lock` guards the queue and the numbers. The appender's thread alone touches the
/// [SegmentWriter]; threads of callers never touch a file channel.
final class Appender {
  private static final long MAX_GROUP_BYTES = 16L << 20;
  private static final int IN_FLIGHT_BYTES = 256 << 20;
  private static final int PARALLEL_FROM = 32;
  // RFC 9639 counts samples in 36 bits; a segment ends long before it runs out of them.
  private static final long MAX_SEGMENT_SAMPLES = 1L << 35;

  /// Where the appender gets its segments from. All on the appender's thread.
  interface Segments {
    /// Notes that the collection is in use, before its first write.
    void markWritten() throws IOException;

    /// An empty segment behind the last one.
    SegmentWriter next() throws IOException;

    /// Hears which records became visible.
    void published(Segment segment, int from, int to);

    /// Makes the next segment beforehand if the current one is filling up.
    void prepare(SegmentWriter current);

    /// Takes a segment to which nothing is added any more; everything in it is synced.
    void full(SegmentWriter full);

    /// Size at which a segment is full.
    long segmentBytes();

    /// Whether a write is acknowledged only when it survives a power loss.
    boolean syncsWrites();
  }

  private static final class Ticket {
    private final long first;
    private final int count;
    private final Optional<Precondition> precondition;
    private final boolean isCopy;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private List<EncodedBatch> batches = List.of();
    private boolean ready;
    private long bytes;

    Ticket(long first, int count, Optional<Precondition> precondition, boolean isCopy) {
      this.first = first;
      this.count = count;
      this.precondition = precondition;
      this.isCopy = isCopy;
    }

    boolean isSkip() {
      return batches.isEmpty();
    }
  }

  private final Segments segments;
  private final String name;
  private volatile SoundFormat format;
  private final Executor cores;
  private final int coreCount;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Bell published = new Bell();
  private final ArrayDeque<Ticket> queue = new ArrayDeque<>();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private long nextSequence;
  private volatile long lastPublished;
  private volatile long lastDurable;
  private volatile Syncs syncs = new Syncs(0, 0); // written by the appender's thread
  private volatile boolean closing; // written under lock
  private volatile Optional<IOException> failure = Optional.empty();
  private Optional<Thread> thread = Optional.empty();

  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_BYTES);
  private final Queue<RecordEncoder> encoders = new ConcurrentLinkedQueue<>();

  // The appender's own.
  private Optional<SegmentWriter> writer;
  private final Set<VectorId> touched = new HashSet<>();
  private long owedSkipFirst;
  private int owedSkipCount;

  /// @param writer of the segment that is gone on with, if there is one
  /// @param lastSequence number of the last record there is
  /// @param cores runs the encoding of large batches
  /// @param coreCount how many pieces such a batch is cut into
  Appender(
      Segments segments,
      CollectionHeader header,
      Optional<SegmentWriter> writer,
      long lastSequence,
      Executor cores,
      int coreCount) {
    this.segments = segments;
    this.name = header.name();
    this.format = header.format();
    this.writer = writer;
    this.lastPublished = lastSequence;
    this.lastDurable = lastSequence;
    this.nextSequence = lastSequence + 1;
    this.cores = cores;
    this.coreCount = coreCount;
  }

  /// Sequence number up to which everything is visible, and durable if writes are synced.
  long lastPublished() {
    return lastPublished;
  }

  /// Sequence number up to which everything survives a power loss.
  long lastDurable() {
    return lastDurable;
  }

  /// Whether [#stop] was called.
  boolean isClosed() {
    return closing;
  }

  /// What writes to the current segment; for the appender's thread, or when there is none.
  Optional<SegmentWriter> writer() {
    return writer;
  }

  /// Refuses writes from now on. A sync that failed must not be tried again: it would succeed and
  /// save nothing.
  synchronized void fail(IOException e) {
    if (failure.isEmpty()) {
      failure = Optional.of(e);
    }
  }

  boolean hasFailed() {
    return failure.isPresent();
  }

  /// @throws IOException if a sync failed, so that nothing can be written any more
  void checkNotFailed() throws IOException {
    if (failure.isPresent()) {
      throw new IOException(
          "writing stopped after a failed sync ("
              + failure.get().getMessage()
              + "): open the database again to see what the disk holds",
          failure.get());
    }
  }

  /// Waits until a record with this sequence number is visible.
  ///
  /// @return whether it is
  boolean awaitPublished(long sequence, long timeoutNanos) throws InterruptedException {
    return awaitPublished(sequence, timeoutNanos, () -> false);
  }

  /// As [#awaitPublished(long, long)], until the log is closed or whoever waits has given up.
  ///
  /// @param isOver whether nobody waits any more; asked again after [#wake]
  boolean awaitPublished(long sequence, long timeoutNanos, BooleanSupplier isOver)
      throws InterruptedException {
    published.await(
        () -> lastPublished >= sequence || closing || isOver.getAsBoolean(), timeoutNanos);
    return lastPublished >= sequence;
  }

  /// Has those who wait look whether they still want to.
  void wake() {
    published.ring();
  }

  // The callers' threads ---------------------------------------------------------------------

  /// Appends records, all or none, and returns when they are durable and visible.
  ///
  /// @return the sequence number of the last one
  /// @throws PreconditionFailedException if their precondition does not hold
  /// @throws IOException if they could not be written; then none of them is there
  long append(SegmentLog.Records records) throws IOException {
    int count = records.count();
    long expected = records.bytes();
    SegmentLog.checkBatch(expected);
    int permits = (int) expected;
    inFlight.acquireUninterruptibly(permits);
    try {
      Ticket ticket = draw(count, records.precondition());
      try {
        encode(ticket, records);
      } finally {
        finish(ticket); // without batches it becomes a skip, and those behind it are not held up
      }
      return await(ticket);
    } finally {
      inFlight.release(permits);
    }
  }

  /// Appends records under the numbers that they have elsewhere, all or none. What fails leaves no
  /// skip: they are to come again. For a log to which nobody else appends.
  ///
  /// @param first number of the first one; the others have the next ones
  /// @throws IOException if that is not the next number, or they could not be written
  void copy(long first, SegmentLog.Records records) throws IOException {
    long expected = records.bytes();
    SegmentLog.checkBatch(expected);
    int permits = (int) expected;
    inFlight.acquireUninterruptibly(permits);
    try {
      Ticket copies = new Ticket(first, records.count(), Optional.empty(), true);
      encode(copies, records); // without a number that others would wait for
      place(copies);
      await(copies);
    } finally {
      inFlight.release(permits);
    }
  }

  /// Leaves out numbers of which there is no record elsewhere, up to `last`. For a log to which
  /// nobody else appends.
  void skipTo(long last) throws IOException {
    long first = lastPublished + 1;
    while (first <= last) {
      int count = (int) Math.min(last - first + 1, Integer.MAX_VALUE);
      Ticket skip = new Ticket(first, count, Optional.empty(), true);
      place(skip);
      await(skip);
      first += count;
    }
  }

  private void place(Ticket copies) throws IOException {
    lock.lock();
    try {
      checkNotClosed();
      checkNotFailed();
      start();
      if (copies.first != nextSequence) {
        throw new IOException(
            "the next write is number " + nextSequence + ", and not " + copies.first);
      }
      copies.ready = true;
      queue.add(copies);
      nextSequence += copies.count;
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  private Ticket draw(int count, Optional<Precondition> precondition) throws IOException {
    lock.lock();
    try {
      checkNotClosed();
      checkNotFailed();
      start();
      Ticket ticket = new Ticket(nextSequence, count, precondition, false);
      queue.add(ticket);
      nextSequence += count;
      return ticket;
    } finally {
      lock.unlock();
    }
  }

  private void checkNotClosed() throws IOException {
    if (closing) {
      throw new IOException("the collection is closed");
    }
  }

  /// Starts the thread with the first thing there is for it to do; the lock is held.
  private void start() {
    if (thread.isEmpty()) {
      thread =
          Optional.of(
              Thread.ofPlatform()
                  .daemon()
                  .name("sonidb-append-" + name)
                  .start(this::appendUntilClosed));
    }
  }

  private void encode(Ticket ticket, SegmentLog.Records records) {
    long durable = lastDurable;
    int pieces = ticket.count < PARALLEL_FROM ? 1 : coreCount;
    List<CompletableFuture<EncodedBatch>> others = new ArrayList<>();
    for (int piece = 1; piece < pieces; piece++) {
      int from = (int) ((long) ticket.count * piece / pieces);
      int to = (int) ((long) ticket.count * (piece + 1) / pieces);
      others.add(
          CompletableFuture.supplyAsync(() -> encode(ticket, records, from, to, durable), cores));
    }
    List<EncodedBatch> batches = new ArrayList<>();
    batches.add(encode(ticket, records, 0, ticket.count / pieces, durable));
    for (CompletableFuture<EncodedBatch> other : others) {
      batches.add(encoded(other));
    }
    long bytes = 0;
    for (EncodedBatch batch : batches) {
      bytes += batch.placedSizeBound();
    }
    ticket.bytes = bytes;
    ticket.batches = batches;
  }

  private static EncodedBatch encoded(CompletableFuture<EncodedBatch> piece) {
    try {
      return piece.join();
    } catch (CompletionException e) {
      // The caller is to see the same as when it encodes the record itself.
      throw e.getCause() instanceof RuntimeException reason ? reason : e;
    }
  }

  private EncodedBatch encode(
      Ticket ticket, SegmentLog.Records records, int from, int to, long acknowledged) {
    RecordEncoder encoder = encoder();
    EncodedBatch batch =
        new EncodedBatch(to - from, records.bytes() / ticket.count * (to - from) + 1);
    for (int i = from; i < to; i++) {
      batch.add(
          encoder,
          records.record(i, ticket.first + i, i < ticket.count - 1, i == 0 ? acknowledged : -1));
    }
    encoders.add(encoder);
    return batch;
  }

  private RecordEncoder encoder() {
    SoundFormat wanted = format;
    RecordEncoder idle = encoders.poll();
    while (idle != null && !idle.format().equals(wanted)) {
      idle = encoders.poll();
    }
    return idle != null ? idle : new RecordEncoder(wanted);
  }

  private void finish(Ticket ticket) {
    lock.lock();
    try {
      ticket.ready = true;
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  // Deaf to interrupts: the write goes on whatever the caller's thread is told.
  private static long await(Ticket ticket) throws IOException {
    try {
      ticket.done.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof PreconditionFailedException failed) {
        throw failed;
      }
      throw new IOException(cause.getMessage(), cause);
    }
    return ticket.first + ticket.count - 1;
  }

  /// Has records sound in another way from now on; those that are being encoded may not yet.
  void soundBy(SoundFormat other) {
    format = other;
  }

  /// Runs `task` on the appender's thread, between two groups: nothing is written meanwhile.
  <T> T exclusively(Callable<T> task) throws IOException {
    CompletableFuture<T> done = new CompletableFuture<>();
    lock.lock();
    try {
      checkNotClosed();
      start();
      tasks.add(() -> {
        try {
          done.complete(task.call());
        } catch (Exception | Error e) {
          done.completeExceptionally(e);
        }
      });
      work.signal();
    } finally {
      lock.unlock();
    }
    try {
      return done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  /// Takes no more records, and returns when all that were taken are written.
  ///
  /// @return whether this was the first call
  boolean stop() {
    lock.lock();
    try {
      if (closing) {
        return false;
      }
      closing = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
    published.ring();
    thread.ifPresent(Appender::joinUninterruptibly);
    return true;
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // The appender's thread --------------------------------------------------------------------

  private void appendUntilClosed() {
    List<Ticket> group = new ArrayList<>();
    while (true) {
      group.clear();
      Optional<Runnable> task = Optional.empty();
      lock.lock();
      try {
        while (tasks.isEmpty() && (queue.isEmpty() || !queue.peek().ready)) {
          if (closing && queue.isEmpty()) {
            return;
          }
          work.awaitUninterruptibly();
        }
        if (tasks.isEmpty()) {
          gather(group);
        } else {
          task = Optional.of(tasks.remove());
        }
      } finally {
        lock.unlock();
      }
      if (task.isPresent()) {
        task.get().run();
      } else {
        commit(group);
      }
    }
  }

  private void gather(List<Ticket> group) {
    long bytes = 0;
    while (!queue.isEmpty() && queue.peek().ready) {
      bytes += queue.peek().bytes;
      if (!group.isEmpty() && bytes > MAX_GROUP_BYTES) {
        return;
      }
      group.add(queue.remove());
    }
  }

  private void commit(List<Ticket> group) {
    boolean asks = group.stream().anyMatch(ticket -> ticket.precondition.isPresent());
    int at = 0;
    while (at < group.size()) {
      int upTo = at;
      try {
        checkNotFailed();
        long bytes = group.get(at).bytes;
        SegmentWriter current = writerFor(bytes);
        long room = segments.segmentBytes() - current.end();
        touched.clear();
        do {
          admit(group.get(upTo), asks);
          upTo++;
          bytes += upTo < group.size() ? group.get(upTo).bytes : 0;
        } while (upTo < group.size() && bytes <= room && !mustWait(group.get(upTo)));
        write(current, group.subList(at, upTo));
      } catch (IOException | RuntimeException | Error e) {
        // With nothing placed yet (no new segment could be made), the first ticket fails alone.
        upTo = Math.max(upTo, at + 1);
        IOException reason = e instanceof IOException io ? io : new IOException(e.toString(), e);
        if (e instanceof SyncFailedException || e instanceof Error) {
          fail(reason);
        }
        owe(group.subList(at, upTo));
        group.subList(at, upTo).forEach(ticket -> ticket.done.completeExceptionally(reason));
      }
      at = upTo;
    }
  }

  /// Whether a ticket's precondition looks at an id of which a record is about to be written.
  private boolean mustWait(Ticket ticket) {
    return !ticket.isSkip()
        && ticket.precondition.isPresent()
        && ticket.precondition.get().ids().stream().anyMatch(touched::contains);
  }

  /// Checks the precondition of a ticket that is about to be written; if it does not hold, a skip
  /// takes its place.
  ///
  /// @param asks whether any ticket of the group asks for the ids of those before it
  private void admit(Ticket ticket, boolean asks) {
    if (!ticket.isSkip() && ticket.precondition.isPresent()) {
      try {
        ticket.precondition.get().check();
      } catch (IOException | RuntimeException e) {
        ticket.batches = List.of();
        ticket.done.completeExceptionally(e);
      }
    }
    if (asks) {
      ticket.batches.forEach(batch -> batch.addIdsTo(touched));
    }
  }

  private void write(SegmentWriter current, List<Ticket> tickets) throws IOException {
    try {
      if (owedSkipCount > 0) {
        current.place(skip(owedSkipFirst, owedSkipCount));
      }
      for (Ticket ticket : tickets) {
        if (ticket.isSkip()) {
          current.place(skip(ticket.first, ticket.count));
        }
        ticket.batches.forEach(current::place);
        ticket.batches = List.of();
      }
      current.write();
    } catch (IOException | RuntimeException | Error e) {
      try {
        current.rollBack();
      } catch (IOException cannotTakeBack) {
        e.addSuppressed(cannotTakeBack);
        fail(cannotTakeBack);
      }
      throw e;
    }
    boolean syncsNow = segments.syncsWrites();
    try {
      if (syncsNow) {
        sync(current);
      }
      int from = current.publish();
      owedSkipCount = 0;
      segments.published(current.segment(), from, current.segment().table().count());
    } catch (IOException | RuntimeException | Error e) {
      // It is written and cannot be taken back any more: only a new start tells what is there.
      fail(e instanceof IOException io ? io : new IOException(e.toString(), e));
      throw e;
    }
    Ticket last = tickets.getLast();
    lock.lock();
    try {
      lastPublished = last.first + last.count - 1;
      lastDurable = syncsNow ? lastPublished : lastDurable;
    } finally {
      lock.unlock();
    }
    published.ring();
    tickets.forEach(ticket -> ticket.done.complete(null));
    segments.prepare(current);
  }

  private void sync(SegmentWriter written) throws IOException {
    long start = System.nanoTime();
    written.sync();
    Syncs before = syncs;
    syncs = new Syncs(before.count() + 1, before.nanos() + System.nanoTime() - start);
  }

  /// What syncing took until now.
  Syncs syncs() {
    return syncs;
  }

  private void owe(List<Ticket> tickets) {
    if (tickets.getFirst().isCopy) {
      lock.lock();
      try {
        nextSequence = tickets.getFirst().first; // nobody has drawn a later one
      } finally {
        lock.unlock();
      }
      return;
    }
    for (Ticket ticket : tickets) {
      if (owedSkipCount == 0) {
        owedSkipFirst = ticket.first;
      }
      owedSkipCount += ticket.count;
    }
  }

  private EncodedBatch skip(long first, int count) {
    EncodedBatch batch = new EncodedBatch(1, 1 << 12);
    RecordEncoder encoder = encoder();
    batch.add(encoder, SoundRecord.skip(first, count));
    encoders.add(encoder);
    return batch;
  }

  private SegmentWriter writerFor(long bytes) throws IOException {
    segments.markWritten();
    if (writer.isPresent()
        && !writer.get().isEmpty()
        && (writer.get().end() + bytes > segments.segmentBytes()
            || writer.get().samples() > MAX_SEGMENT_SAMPLES)) {
      rotate();
    }
    if (writer.isEmpty()) {
      writer = Optional.of(segments.next());
    }
    return writer.get();
  }

  /// Ends the current segment; the next record begins another one.
  private void rotate() throws IOException {
    SegmentWriter full = writer.orElseThrow();
    // Whoever finds a record in a later segment knows that this one is whole.
    sync(full);
    lastDurable = lastPublished;
    writer = Optional.empty();
    segments.full(full);
  }

  /// Ends the current segment if it holds anything; for a task that runs [#exclusively].
  void endSegment() throws IOException {
    checkNotFailed();
    if (writer.isPresent() && !writer.get().isEmpty()) {
      segments.markWritten();
      try {
        rotate();
      } catch (SyncFailedException e) {
        fail(e);
        throw e;
      }
    }
  }
}
