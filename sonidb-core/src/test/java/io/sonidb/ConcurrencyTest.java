package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many threads on one collection. Every id has one writer, which counts its versions up; a version
/// is a vector that tells which one it is, or a deletion. So whoever reads knows what it may find:
/// nothing older than what was acknowledged before, nothing newer than what was begun after.
class ConcurrencyTest {
  private static final int DIMENSION = 500;
  private static final int WRITERS = 16;
  private static final int IDS = 12;

  @TempDir Path folder;

  private final AtomicIntegerArray begun = new AtomicIntegerArray(WRITERS * IDS);
  private final AtomicIntegerArray acknowledged = new AtomicIntegerArray(WRITERS * IDS);
  private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());

  private static CollectionSpec spec() {
    return CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID).segmentBytes(1 << 20);
  }

  private static VectorId id(int slot) {
    return Model.id(slot / IDS, slot % IDS);
  }

  private static Map<VectorId, Integer> slots() {
    Map<VectorId, Integer> slots = new HashMap<>();
    for (int slot = 0; slot < WRITERS * IDS; slot++) {
      slots.put(id(slot), slot);
    }
    return slots;
  }

  /// What brings a slot to a version.
  private enum Step {
    UPSERT,
    UPSERT_IF,
    PAYLOAD,
    DELETE
  }

  private static Step step(int slot, int version) {
    return switch ((slot * 31 + version) % 8) {
      case 0 -> Step.DELETE;
      case 2, 3 -> Step.PAYLOAD;
      case 5 -> Step.UPSERT_IF;
      default -> Step.UPSERT;
    };
  }

  /// The version that wrote the vector which a slot has in a version; 0 if it has none.
  private static int vectorVersion(int slot, int version) {
    int at = version;
    while (at > 0 && step(slot, at) == Step.PAYLOAD) {
      at--;
    }
    return at == 0 || step(slot, at) == Step.DELETE ? 0 : at;
  }

  private static Vector vector(int slot, int version) {
    Random random = new Random(slot * 1_000_003L + version);
    float[] values = new float[DIMENSION];
    values[0] = slot;
    values[1] = version;
    for (int i = 2; i < DIMENSION; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  private static Payload payload(int version) {
    return Payload.ofMap(Map.of("version", version));
  }

  /// The version of a point, every bit of which must be right.
  private static int version(int slot, Point point) {
    int version = (int) point.payload().toMap().getOrDefault("version", -1);
    assertThat(point.vector())
        .as("vector of version %s of %s", version, point.id())
        .isEqualTo(vector(slot, vectorVersion(slot, version)));
    return version;
  }

  private static boolean mayBeAbsent(int slot, int from, int to) {
    for (int version = from; version <= to; version++) {
      if (vectorVersion(slot, version) == 0) {
        return true;
      }
    }
    return false;
  }

  private void assertFits(int slot, Optional<Point> found, int from, int to) {
    if (found.isEmpty()) {
      assertThat(mayBeAbsent(slot, from, to))
          .as("%s is absent between version %s and %s", id(slot), from, to)
          .isTrue();
    } else {
      assertThat(version(slot, found.get())).as("version of %s", id(slot)).isBetween(from, to);
    }
  }

  private static void assertVectorFits(int slot, Optional<Vector> found, int from, int to) {
    int version = found.map(vector -> (int) vector.floatAt(1)).orElse(0);
    if (version > 0) {
      assertThat(found).contains(vector(slot, version));
    }
    boolean fits = false;
    for (int at = from; at <= to; at++) {
      fits |= vectorVersion(slot, at) == version;
    }
    assertThat(fits)
        .as("vector of version %s of %s between %s and %s", version, id(slot), from, to)
        .isTrue();
  }

  private void write(Collection songs, int writer, Random random) {
    if (random.nextInt(8) > 0) {
      write(songs, List.of(writer * IDS + random.nextInt(IDS)));
      return;
    }
    List<Integer> batch = new ArrayList<>();
    for (int k = random.nextInt(4); k < IDS; k += 1 + random.nextInt(3)) {
      batch.add(writer * IDS + k);
    }
    write(songs, batch);
  }

  /// Brings ids to their next versions: those that are vectors as one batch, deletions as another.
  private void write(Collection songs, List<Integer> slots) {
    List<Point> points = new ArrayList<>();
    List<VectorId> deleted = new ArrayList<>();
    for (int slot : slots) {
      int version = begun.incrementAndGet(slot);
      VectorId id = id(slot);
      Point point = Point.of(id, vector(slot, version), payload(version));
      switch (step(slot, version)) {
        case UPSERT -> points.add(point);
        case UPSERT_IF -> {
          long there = songs.get(id).map(Point::sequence).orElse(0L);
          assertThatThrownBy(() -> songs.upsertIf(point, there + 1))
              .isInstanceOf(ConflictException.class);
          songs.upsertIf(point, there);
        }
        case PAYLOAD -> {
          long there = vectorVersion(slot, version) == 0 ? 0 : 1;
          assertThat(songs.overwritePayload(List.of(id), payload(version))).isEqualTo(there);
        }
        case DELETE -> deleted.add(id);
      }
    }
    if (!points.isEmpty()) {
      songs.upsert(points);
    }
    songs.delete(deleted);
    slots.forEach(slot -> acknowledged.set(slot, begun.get(slot)));
  }

  private Thread start(String name, Runnable work) {
    return Thread.ofPlatform()
        .name(name)
        .start(() -> {
          try {
            work.run();
          } catch (Throwable e) {
            failures.add(new AssertionError(name, e));
          }
        });
  }

  private Thread repeat(String name, AtomicBoolean stop, Runnable work) {
    return start(
        name,
        () -> {
          do {
            work.run();
          } while (!stop.get());
        });
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void assertFinal(Collection songs) {
    for (int slot = 0; slot < WRITERS * IDS; slot++) {
      int last = acknowledged.get(slot);
      assertFits(slot, songs.get(id(slot)), last, last);
    }
  }

  @Test
  void everyThreadSeesWhatItMay() throws Exception {
    writeAndLook(50);
  }

  @Tag("slow")
  @RepeatedTest(10)
  void everyThreadSeesWhatItMayForLonger() throws Exception {
    writeAndLook(600);
  }

  private void writeAndLook(int steps) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger rebuilds = new AtomicInteger();
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      List<Thread> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int number = writer;
        writers.add(
            start(
                "writer " + writer,
                () -> {
                  Random random = new Random(number);
                  for (int step = 0; step < steps; step++) {
                    write(songs, number, random);
                  }
                }));
      }
      List<Thread> others = new ArrayList<>();
      Map<VectorId, Integer> slots = slots();
      for (int i = 0; i < 2; i++) {
        others.add(repeat("reader", stop, () -> read(songs)));
      }
      others.add(repeat("scroller", stop, () -> scroll(songs, slots)));
      others.add(repeat("scanner", stop, () -> scan(songs, slots)));
      others.add(repeat("searcher", stop, () -> search(songs, slots)));
      others.add(
          repeat(
              "builder",
              stop,
              () ->
                  songs.buildIndex(
                      new IndexOptions(rebuilds.incrementAndGet() % 3 == 0, false),
                      Progress.NONE)));
      others.add(
          repeat(
              "verifier",
              stop,
              () ->
                  assertThat(
                          songs.verifyIntegrity(rebuilds.get() % 2 == 0, Progress.NONE).damaged())
                      .isEmpty()));
      others.add(
          repeat("counter", stop, () -> assertThat(songs.stats().records()).isNotNegative()));
      others.add(
          repeat("compactor", stop, () -> songs.compact(rebuilds.get() % 3 == 0, Progress.NONE)));
      List<Thread> subscribers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        subscribers.add(start("subscriber", () -> follow(songs, stop, slots)));
      }
      others.add(repeat("new subscriber", stop, () -> hearWhatAViewHolds(songs, slots)));
      join(writers);
      stop.set(true);
      join(others);
      join(subscribers);
      assertThat(failures).isEmpty();
      assertFinal(songs);
      LogNumbers.assertHaveNoGaps(songs);
      PowerLossTest.assertIsWhole(songs);
    }
    try (SoniDb db = SoniDb.open(folder)) {
      assertThat(db.warnings()).isEmpty();
      assertFinal(db.collection("songs"));
    }
  }

  private void read(Collection songs) {
    int slot = ThreadLocalRandom.current().nextInt(WRITERS * IDS);
    int from = acknowledged.get(slot);
    Optional<Point> found = songs.get(id(slot));
    assertFits(slot, found, from, begun.get(slot));
  }

  private void scroll(Collection songs, Map<VectorId, Integer> slots) {
    int[] from = versions(acknowledged);
    Map<Integer, Point> found = new HashMap<>();
    int[] to;
    try (PointCursor cursor = songs.scroll()) {
      to = versions(begun);
      VectorId previous = VectorId.of(0);
      while (cursor.hasNext()) {
        Point point = cursor.next();
        assertThat(point.id().compareTo(previous)).as("ids ascend").isGreaterThanOrEqualTo(0);
        previous = point.id();
        assertThat(found.put(slots.get(point.id()), point)).isNull();
      }
    }
    for (int slot = 0; slot < from.length; slot++) {
      assertFits(slot, Optional.ofNullable(found.get(slot)), from[slot], to[slot]);
    }
  }

  private void scan(Collection songs, Map<VectorId, Integer> slots) {
    int[] from = versions(acknowledged);
    Map<Integer, Vector> found = new ConcurrentHashMap<>();
    songs.scan((id, vector) -> found.put(slots.get(id), Vector.of(vector.floats().clone())));
    int[] to = versions(begun);
    for (int slot = 0; slot < from.length; slot++) {
      assertVectorFits(slot, Optional.ofNullable(found.get(slot)), from[slot], to[slot]);
    }
  }

  /// Finds a vector by its own newest version: no hit may come twice, or be older than
  /// acknowledged.
  private void search(Collection songs, Map<VectorId, Integer> slots) {
    int[] from = versions(acknowledged);
    SearchResult result =
        songs.search(Query.nearest(vector(5, Math.max(1, from[5])), WRITERS * IDS));
    int[] to = versions(begun);
    assertThat(result.damaged()).isEmpty();
    assertThat(result.hits().stream().map(Hit::id)).doesNotHaveDuplicates();
    List<VectorId> ids = result.hits().stream().map(Hit::id).toList();
    for (int slot = 0; slot < from.length; slot++) {
      assertThat(ids.contains(id(slot)) || mayBeAbsent(slot, from[slot], to[slot]))
          .as("%s is found", id(slot))
          .isTrue();
    }
    assertThat(slots.keySet()).containsAll(ids);
  }

  private static int[] versions(AtomicIntegerArray of) {
    int[] versions = new int[of.length()];
    for (int i = 0; i < versions.length; i++) {
      versions[i] = of.get(i);
    }
    return versions;
  }

  /// Hears every change in order, and knows in the end what the collection holds; unless a purge
  /// makes it read all again.
  private void follow(Collection songs, AtomicBoolean stop, Map<VectorId, Integer> slots) {
    Map<VectorId, Point> state = new TreeMap<>();
    long next = 1;
    boolean more = true;
    while (more) {
      try (Subscription changes = songs.subscribe(next)) {
        while (more) {
          boolean last = stop.get();
          Optional<Change> change = changes.next(Duration.ofMillis(20));
          more = change.isPresent() || !last;
          if (change.isPresent()) {
            assertThat(change.get().sequence()).as("sequence number").isGreaterThanOrEqualTo(next);
            next = change.get().sequence() + 1;
            apply(change.get(), state, slots);
          }
        }
      } catch (RescanRequiredException purged) {
        try (CollectionView view = songs.view()) {
          state = points(view.scroll());
          next = view.sequence() + 1;
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    assertThat(state).isEqualTo(points(songs.scroll()));
  }

  /// Hears the history from the beginning: what was not changed after a view must be as it shows.
  private void hearWhatAViewHolds(Collection songs, Map<VectorId, Integer> slots) {
    TreeMap<VectorId, Point> state = new TreeMap<>();
    Set<VectorId> changed = new HashSet<>();
    try (CollectionView view = songs.view();
        Subscription changes = songs.subscribe(1)) {
      for (Optional<Change> change = changes.next(Duration.ZERO);
          change.isPresent();
          change = changes.next(Duration.ZERO)) {
        apply(change.get(), state, slots);
        if (change.get().sequence() > view.sequence()) {
          changed.add(idOf(change.get()));
        }
      }
      Map<VectorId, Point> held = points(view.scroll());
      held.keySet().removeAll(changed);
      state.keySet().removeAll(changed);
      assertThat(state).as("history up to %s", view.sequence()).isEqualTo(held);
    } catch (RescanRequiredException purged) {
      // It begins again, with the next view.
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static VectorId idOf(Change change) {
    return switch (change) {
      case Change.Upserted(Point point) -> point.id();
      case Change.PayloadChanged(VectorId id, Payload _, long _) -> id;
      case Change.Deleted(VectorId id, long _) -> id;
      case Change.Expired(VectorId id, long _) -> id;
      case Change.Lost lost -> throw new AssertionError(lost.toString());
    };
  }

  private static Map<VectorId, Point> points(PointCursor cursor) {
    TreeMap<VectorId, Point> points = new TreeMap<>();
    try (cursor) {
      cursor.forEachRemaining(point -> points.put(point.id(), point));
    }
    return points;
  }

  private static void apply(
      Change change, Map<VectorId, Point> state, Map<VectorId, Integer> slots) {
    switch (change) {
      case Change.Upserted(Point point) -> {
        version(slots.getOrDefault(point.id(), -1), point);
        state.put(point.id(), point);
      }
      case Change.PayloadChanged(VectorId id, Payload payload, long sequence) ->
          state.computeIfPresent(
              id,
              (_, old) ->
                  new Point(
                      id, old.vector(), payload, sequence, old.insertedAt(), old.expiresAt()));
      case Change.Deleted(VectorId id, long _) -> state.remove(id);
      case Change.Expired expired -> throw new AssertionError(expired.toString());
      case Change.Lost lost -> throw new AssertionError(lost.toString());
    }
  }

  @Test
  void interruptsDisturbNobodyElse() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.create("songs", spec());
      List<Thread> interrupted = new ArrayList<>();
      AtomicInteger survived = new AtomicInteger();
      // Writers of their own ids, which are interrupted all the time: a write is acknowledged or
      // not.
      for (int writer = 0; writer < 3; writer++) {
        int number = writer;
        Random random = new Random(writer);
        interrupted.add(
            repeat(
                "interrupted writer",
                stop,
                () -> {
                  write(songs, number, random);
                  survived.incrementAndGet();
                }));
      }
      interrupted.add(
          repeat("interrupted compactor", stop, () -> songs.compact(true, Progress.NONE)));
      interrupted.add(repeat("interrupted reader", stop, () -> read(songs)));
      interrupted.add(repeat("interrupted builder", stop, () -> songs.buildIndex()));
      interrupted.add(
          repeat(
              "interrupted rebuilder",
              stop,
              () -> songs.buildIndex(IndexOptions.FULL, Progress.NONE)));
      interrupted.add(
          repeat(
              "interrupted verifier",
              stop,
              () -> assertThat(songs.verifyIntegrity().ok()).isTrue()));
      interrupted.add(repeat("interrupted counter", stop, songs::stats));
      interrupted.add(repeat("interrupted scanner", stop, () -> scan(songs, slots())));
      interrupted.add(
          repeat(
              "interrupted creator",
              stop,
              () -> {
                db.create("other", CollectionSpec.dimension(2)).upsert("1", new float[] {1, 2});
                db.drop("other");
              }));
      Thread chaos =
          repeat(
              "interrupter",
              stop,
              () -> {
                interrupted
                    .get(ThreadLocalRandom.current().nextInt(interrupted.size()))
                    .interrupt();
                Thread.onSpinWait();
              });
      Random random = new Random(99);
      for (int step = 0; step < 150; step++) {
        write(songs, 10, random);
        read(songs);
      }
      stop.set(true);
      join(interrupted);
      chaos.join();
      assertThat(failures).isEmpty();
      assertThat(survived.get()).isPositive();
      assertFinal(songs);
      PowerLossTest.assertIsWhole(songs);
      Thread.currentThread().interrupt();
    }
    assertThat(Thread.interrupted()).isTrue();
    try (SoniDb db = SoniDb.open(folder)) {
      assertThat(db.warnings()).as("it was closed cleanly though interrupted").isEmpty();
      assertFinal(db.collection("songs"));
    }
  }

  @Test
  void acknowledgesOrRefusesEveryWriteWhileItIsClosed() throws Exception {
    long before = 0;
    for (int round = 0; round < 4; round++) {
      SoniDb db = SoniDb.open(folder);
      Collection songs =
          db.find("songs").isPresent() ? db.collection("songs") : db.create("songs", spec());
      CountDownLatch writing = new CountDownLatch(WRITERS);
      List<Thread> writers = new ArrayList<>();
      Model model = new Model();
      for (int writer = 0; writer < WRITERS; writer++) {
        int number = writer + round * WRITERS;
        writers.add(
            start(
                "writer " + writer,
                () -> {
                  try {
                    for (int k = 0; ; k++) {
                      Point point = Point.of(Model.id(number, k), vector(number, k));
                      Model.Write write =
                          new Model.Write(Map.of(point.id(), Model.value(Optional.of(point))));
                      model.begin(write);
                      try {
                        songs.upsert(List.of(point));
                      } catch (StorageException refused) {
                        model.refuse(write);
                        assertThat(refused).hasMessageContaining("closed");
                        throw refused;
                      }
                      model.acknowledge(write);
                      if (k == 3) {
                        writing.countDown();
                      }
                    }
                  } catch (StorageException closed) {
                    // And so will every later write.
                    assertThatThrownBy(() -> songs.upsert("1", new float[DIMENSION]))
                        .isInstanceOf(StorageException.class);
                  }
                }));
      }
      writing.await();
      db.close();
      join(writers);
      assertThat(failures).isEmpty();
      try (SoniDb again = SoniDb.open(folder)) {
        assertThat(again.warnings()).isEmpty();
        Collection found = again.collection("songs");
        model
            .acknowledged()
            .forEach((id, value) ->
                assertThat(Model.value(found.get(id))).isEqualTo(Optional.of(value)));
        // What was refused is not there.
        assertThat(found.count() - before).isEqualTo(model.acknowledged().size());
        before = found.count();
        LogNumbers.assertHaveNoGaps(found);
      }
    }
  }

  @Test
  void syncsOnceForManyWaitingWriters() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    io.sonidb.store.ForgetfulStorage storage = new io.sonidb.store.ForgetfulStorage(1);
    storage.createFolders(Path.of("/db"));
    int each = 40;
    try (SoniDb db =
        SoniDb.open(storage, Path.of("/db"), Optional.empty(), SoniDbOptions.DEFAULT)) {
      Collection songs = db.create("songs", spec());
      songs.upsert("first", new float[DIMENSION]);
      long before = storage.operations();
      List<Thread> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int number = writer;
        writers.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    for (int k = 0; k < each; k++) {
                      songs.upsert(Model.id(number, k), vector(number, k), Payload.EMPTY);
                    }
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                }));
      }
      join(writers);
      assertThat(failure.get()).isNull();
      assertThat(songs.count()).isEqualTo(1 + WRITERS * each);
      // A write and a sync for each would be twice as many.
      assertThat(storage.operations() - before).isLessThan(2L * WRITERS * each);
    }
  }
}
