package io.sonidb;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Precondition;
import io.sonidb.store.PreconditionFailedException;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.Supplier;

/// Makes records of what is to change, and appends them.
///
/// What depends on the present state is read and encoded on the caller's thread, and appended with
/// the condition that it is still so. If it is not, the caller may try again.
///
/// @param engine of the collection, which stays open meanwhile
/// @param spec of the collection
/// @param clock tells insert times and what has expired
record Writes(Engine engine, CollectionSpec spec, InstantSource clock) {
  /// Bytes of a record beside vector, payload and id, about.
  private static final int HEAD_BYTES = 80;

  /// The new payload of a vector; its present one is read if it is asked for.
  @FunctionalInterface
  interface PayloadChange extends Function<Supplier<Payload>, Payload> {}

  @FunctionalInterface
  private interface Maker {
    SoundRecord make(int index, long sequence);
  }

  private record Batch(int count, long bytes, Optional<Precondition> precondition, Maker maker)
      implements SegmentLog.Records {
    @Override
    public SoundRecord record(int index, long sequence, boolean continues, long acknowledged) {
      SoundRecord record = maker.make(index, sequence);
      SoundRecord placed = continues ? record.withBatchContinues(true) : record;
      return acknowledged < 0 ? placed : placed.withAcknowledgedSequence(acknowledged);
    }
  }

  /// Tells whether what is newest of an id is what was expected.
  @FunctionalInterface
  private interface Expectation {
    boolean isMet(int index, Engine.Newest found);
  }

  /// @param now the moment for which it is told what has expired: that of the first look
  private record Expected(Engine engine, List<VectorId> ids, long now, Expectation expectation)
      implements Precondition {
    @Override
    public void check() throws PreconditionFailedException {
      for (int i = 0; i < ids.size(); i++) {
        Engine.Newest found = engine.newest(ids.get(i), now);
        if (!expectation.isMet(i, found)) {
          throw new PreconditionFailedException(ids.get(i), found.sequence());
        }
      }
    }
  }

  private long append(Batch batch) throws IOException {
    return engine.log().append(batch);
  }

  private long now() {
    return Math.max(clock.millis(), SoundRecord.FIRST_MILLIS);
  }

  // Vectors ----------------------------------------------------------------------------------

  /// Inserts or replaces vectors, all or none; of points with the same id the last one counts.
  long upsert(List<Point> batch) throws IOException {
    return append(upserts(batch, Optional.empty(), false));
  }

  /// Inserts or replaces vectors as they were elsewhere: with their insert times, and with no other
  /// expiry than their own.
  long take(List<Point> batch) throws IOException {
    return append(upserts(batch, Optional.empty(), true));
  }

  /// Replaces vectors of points that are there, all or none; everything else of them stays.
  ///
  /// @param collection its name, for the message
  /// @throws PreconditionFailedException if one of them was changed meanwhile
  long replaceVectors(Map<VectorId, Vector> vectors, String collection) throws IOException {
    List<Point> points = new ArrayList<>(vectors.size());
    List<Long> sequences = new ArrayList<>(vectors.size());
    long now = now();
    vectors.forEach((id, vector) -> {
      Point old =
          engine
              .get(id)
              .orElseThrow(() ->
                  new VectorNotFoundException("collection " + collection + " has no vector " + id));
      sequences.add(old.sequence());
      points.add(new Point(id, vector, old.payload(), 0, Optional.empty(), old.expiresAt()));
    });
    List<VectorId> ids = points.stream().map(Point::id).toList();
    Precondition same =
        new Expected(engine, ids, now, (i, found) -> found.sequence() == sequences.get(i));
    return append(upserts(points, Optional.of(same), false));
  }

  /// Inserts or replaces a vector that has the expected sequence number; 0 if it is to be new.
  long upsertIf(Point point, long expected) throws IOException {
    Optional<Precondition> same = Optional.of(precondition(List.of(point.id()), expected));
    Batch batch = upserts(List.of(point), same, false);
    return appendIf(point.id(), expected, batch);
  }

  private Batch upserts(List<Point> batch, Optional<Precondition> precondition, boolean withTimes) {
    List<Point> points = new ArrayList<>(batch.size());
    for (Point point : batch) {
      points.add(
          new Point(
              point.id(),
              VectorCheck.accept(point.vector(), point.id(), spec),
              point.payload(),
              0,
              withTimes ? point.insertedAt() : Optional.empty(),
              point.expiresAt()));
    }
    List<Point> last = lastOfEachId(points);
    long bytes = (long) vectorBytes() * last.size();
    for (Point point : last) {
      bytes += HEAD_BYTES + point.id().encodedSize() + point.payload().sharedCbor().length;
    }
    long now = now();
    long timeToLive = withTimes ? 0 : spec.timeToLive().toMillis();
    return new Batch(
        last.size(),
        bytes,
        precondition,
        (index, sequence) -> upsert(last.get(index), sequence, now, timeToLive));
  }

  private SoundRecord upsert(Point point, long sequence, long now, long timeToLive) {
    SoundRecord record =
        SoundRecord.upsert(
                sequence,
                point.id(),
                spec.quantize().round(point.vector()), // on the thread that encodes it
                point.payload().sharedCbor())
            .withInsertedAtMillis(point.insertedAt().map(Writes::millis).orElse(now));
    if (point.expiresAt().isPresent()) {
      return record.withExpiresAtMillis(millis(point.expiresAt().get()));
    }
    return timeToLive == 0 ? record : record.withExpiresAtMillis(now + timeToLive);
  }

  // A record holds no earlier time; whatever expires before has expired.
  private static long millis(Instant time) {
    return time.isBefore(Instant.ofEpochMilli(SoundRecord.FIRST_MILLIS))
        ? SoundRecord.FIRST_MILLIS
        : time.toEpochMilli();
  }

  /// Bytes of a vector's sound, about.
  private int vectorBytes() {
    int raw = spec.dimension() * (spec.element() == ElementType.FLOAT32 ? 4 : 8);
    return spec.sonification() == Sonification.AMPLITUDE ? raw : raw + raw / 2;
  }

  private static List<Point> lastOfEachId(List<Point> points) {
    if (points.size() == 1) {
      return points;
    }
    Map<VectorId, Point> byId = LinkedHashMap.newLinkedHashMap(points.size());
    for (Point point : points) {
      byId.put(point.id(), point);
    }
    return byId.size() == points.size() ? points : List.copyOf(byId.values());
  }

  // Conditions -------------------------------------------------------------------------------

  private Precondition precondition(List<VectorId> ids, long expected) {
    return new Expected(engine, ids, now(), (i, found) -> found.sequence() == expected);
  }

  private long appendIf(VectorId id, long expected, Batch batch) throws IOException {
    try {
      // A conflict that is there already need not use up a sequence number.
      batch.precondition().orElseThrow().check();
      return append(batch);
    } catch (PreconditionFailedException e) {
      throw new ConflictException(id, expected, e.found());
    }
  }

  // Deletes ----------------------------------------------------------------------------------

  /// Deletes vectors that are meant, all or none.
  ///
  /// @param meant whether a vector that is there is to be deleted, by what is newest of it
  /// @return how many were there
  /// @throws PreconditionFailedException if one of them came, went or was changed so that it is
  ///   meant no more
  long delete(List<VectorId> ids, BiPredicate<VectorId, Engine.Newest> meant) throws IOException {
    List<VectorId> distinct = ids.stream().distinct().toList();
    long now = now();
    List<VectorId> there = new ArrayList<>();
    boolean[] isThere = new boolean[distinct.size()];
    for (int i = 0; i < isThere.length; i++) {
      isThere[i] = isMeant(distinct.get(i), engine.newest(distinct.get(i), now), meant);
      if (isThere[i]) {
        there.add(distinct.get(i));
      }
    }
    if (!there.isEmpty()) {
      Expectation same = (i, found) -> isMeant(distinct.get(i), found, meant) == isThere[i];
      append(deletes(there, now, new Expected(engine, distinct, now, same)));
    }
    return there.size();
  }

  private static boolean isMeant(
      VectorId id, Engine.Newest found, BiPredicate<VectorId, Engine.Newest> meant) {
    return found.isThere() && meant.test(id, found);
  }

  /// Deletes a vector that has the expected sequence number.
  long deleteIf(VectorId id, long expected) throws IOException {
    List<VectorId> ids = List.of(id);
    return appendIf(id, expected, deletes(ids, now(), precondition(ids, expected)));
  }

  private static Batch deletes(List<VectorId> ids, long now, Precondition precondition) {
    return new Batch(
        ids.size(),
        size(ids),
        Optional.of(precondition),
        (index, sequence) ->
            SoundRecord.delete(sequence, ids.get(index)).withInsertedAtMillis(now));
  }

  private static long size(List<VectorId> ids) {
    long bytes = 0;
    for (VectorId id : ids) {
      bytes += HEAD_BYTES + id.encodedSize();
    }
    return bytes;
  }

  // Payloads ---------------------------------------------------------------------------------

  /// Changes the payloads of those of the ids that are there and meant, all or none.
  ///
  /// @param meant whether a vector that is there is to be changed, by what is newest of it
  /// @return how many were there
  /// @throws PreconditionFailedException if one of them was changed meanwhile
  long changePayload(
      List<VectorId> ids, BiPredicate<VectorId, Engine.Newest> meant, PayloadChange change)
      throws IOException {
    return changePayloads(ids, meant, _ -> change);
  }

  /// Replaces the payloads of those of the ids that are there, each by its own, all or none.
  ///
  /// @return how many were there
  /// @throws PreconditionFailedException if one of them was changed meanwhile
  long overwritePayloads(Map<VectorId, Payload> payloads) throws IOException {
    return changePayloads(
        List.copyOf(payloads.keySet()),
        (_, _) -> true,
        id -> _ -> Objects.requireNonNull(payloads.get(id)));
  }

  private long changePayloads(
      List<VectorId> ids,
      BiPredicate<VectorId, Engine.Newest> meant,
      Function<VectorId, PayloadChange> changes)
      throws IOException {
    List<VectorId> distinct = ids.stream().distinct().toList();
    long now = now();
    List<Engine.Newest> seen = new ArrayList<>();
    List<VectorId> there = new ArrayList<>();
    List<Engine.Newest> newest = new ArrayList<>();
    List<Payload> payloads = new ArrayList<>();
    long bytes = 0;
    for (VectorId id : distinct) {
      Engine.Newest found = engine.newest(id, now);
      seen.add(found);
      if (isMeant(id, found, meant)) {
        there.add(id);
        newest.add(found);
        Payload changed = changed(id, changes.apply(id));
        payloads.add(changed);
        bytes += HEAD_BYTES + id.encodedSize() + changed.sharedCbor().length;
        SegmentLog.checkBatch(bytes);
      }
    }
    if (!there.isEmpty()) {
      Precondition unchanged =
          new Expected(
              engine, distinct, now, (i, found) -> found.sequence() == seen.get(i).sequence());
      append(payloadChanges(there, newest, payloads, now, unchanged));
    }
    return there.size();
  }

  private Payload changed(VectorId id, PayloadChange change) {
    try {
      return change.apply(() -> engine.payload(id));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("vector " + id + ": " + e.getMessage(), e);
    }
  }

  /// Replaces the payload of a vector that has the expected sequence number.
  long overwritePayloadIf(VectorId id, Payload payload, long expected) throws IOException {
    List<VectorId> ids = List.of(id);
    long now = now();
    Engine.Newest newest = engine.newest(id, now);
    if (newest.sequence() != expected) {
      throw new ConflictException(id, expected, newest.sequence());
    }
    return appendIf(
        id,
        expected,
        payloadChanges(ids, List.of(newest), List.of(payload), now, precondition(ids, expected)));
  }

  private static Batch payloadChanges(
      List<VectorId> ids,
      List<Engine.Newest> newest,
      List<Payload> payloads,
      long now,
      Precondition precondition) {
    long bytes = size(ids);
    for (Payload payload : payloads) {
      bytes += payload.sharedCbor().length;
    }
    return new Batch(
        ids.size(),
        bytes,
        Optional.of(precondition),
        (index, sequence) ->
            SoundRecord.changePayload(sequence, ids.get(index), payloads.get(index).sharedCbor())
                .withVectorSequence(newest.get(index).vectorSequence())
                .withInsertedAtMillis(now));
  }

  // Expiry -----------------------------------------------------------------------------------

  /// Deletes vectors whose time is up.
  ///
  /// @param vectors numbers of the upserts that expired; an id that has another vector since is
  ///   left alone
  void expire(List<VectorId> ids, List<Long> vectors) throws IOException {
    List<VectorId> due = new ArrayList<>();
    List<Long> expired = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (engine.newest(ids.get(i)).vectorSequence() == vectors.get(i)) {
        due.add(ids.get(i));
        expired.add(vectors.get(i));
      }
    }
    if (due.isEmpty()) {
      return;
    }
    try {
      append(expiries(due, expired));
    } catch (PreconditionFailedException superseded) {
      expire(due, expired);
    }
  }

  private Batch expiries(List<VectorId> ids, List<Long> vectors) {
    long now = now();
    // Whether it has expired is settled; only what is newest counts.
    Precondition same =
        new Expected(engine, ids, 0, (i, found) -> found.vectorSequence() == (long) vectors.get(i));
    return new Batch(
        ids.size(),
        size(ids),
        Optional.of(same),
        (index, sequence) ->
            SoundRecord.delete(sequence, ids.get(index)).withInsertedAtMillis(now).withExpired());
  }
}
