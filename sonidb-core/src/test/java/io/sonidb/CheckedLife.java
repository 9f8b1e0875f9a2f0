package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.PlainMap.Stored;
import io.sonidb.filter.Filter;
import io.sonidb.payload.IndexedField;
import io.sonidb.payload.PayloadCheck;
import io.sonidb.payload.RandomFilters;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/// A random life of one collection beside a [PlainMap]: writes of every kind, time that goes on,
/// compaction, views and subscribers, ended again and again by a close, a kill or a power loss, or
/// in the middle of any operation of the file system. At every step both must be equal.
final class CheckedLife {
  /// What a life is made of.
  ///
  /// @param operations how many
  /// @param oldSegmentsReappear whether a file that compaction took away may come back
  record Plan(int operations, boolean oldSegmentsReappear) {}

  private static final int DIMENSION = 12;
  private static final int IDS = 60;
  private static final Path SNAPSHOT = Path.of("/snapshot");
  private static final List<Metric> METRICS = List.of(Metric.DOT, Metric.EUCLID, Metric.MANHATTAN);

  private record HeldView(CollectionView view, PlainMap expected, Instant since) {}

  /// Somebody who has a copy, and keeps it up to date.
  private static final class Follower {
    private PlainMap copy = new PlainMap();
    private long next = 1;
    private Optional<Subscription> changes = Optional.empty();

    void close() {
      changes.ifPresent(Subscription::close);
      changes = Optional.empty();
    }
  }

  private final long seed;
  private final Plan plan;
  private final Random random;
  private final RandomFilters filters;
  private final TestClock clock = new TestClock();
  private final List<String> history = new ArrayList<>();
  private final List<HeldView> views = new ArrayList<>();
  private final List<Follower> followers = new ArrayList<>();
  private final Map<Path, byte[]> oldSegments = new TreeMap<>();
  private final boolean syncs;

  private ForgetfulStorage storage;
  private Path folder = Path.of("/db0");
  private SoniDb db;
  private Collection songs;
  private int moves;
  private PlainMap state = new PlainMap();
  // What a power loss may take the collection back to, when writes are not synced.
  private final List<PlainMap> sinceDurable = new ArrayList<>();
  private Optional<PlainMap> inFlight = Optional.empty();
  private boolean unsyncedLost;
  private Optional<PlainMap> snapshot = Optional.empty();
  private Instant snapshotAt = TestClock.START;

  CheckedLife(long seed, Plan plan) throws IOException {
    this.seed = seed;
    this.plan = plan;
    this.random = Seeds.random(seed);
    this.filters = new RandomFilters(random, k -> Model.id(1, k));
    this.storage = new ForgetfulStorage(random.nextLong());
    this.syncs = plan.oldSegmentsReappear() || random.nextInt(4) > 0;
    this.db = openedDatabase();
    this.songs = db.create("songs", spec());
    if (!syncs) {
      // Before the first clean close not even the collection's folder need be there.
      close();
      this.db = openedDatabase();
      this.songs = db.collection("songs");
    }
  }

  private Sonification anySonification() {
    return List.of(Sonification.values()).get(random.nextInt(3));
  }

  private CollectionSpec spec() {
    CollectionSpec spec =
        CollectionSpec.dimension(DIMENSION)
            .metric(Metric.EUCLID)
            .sonification(anySonification())
            .segmentBytes(1 << 20)
            .retention(Duration.ofHours(random.nextBoolean() ? 0 : random.nextInt(48)))
            .durability(syncs ? Durability.FSYNC : Durability.OS);
    return random.nextInt(4) == 0 ? spec.timeToLive(Duration.ofDays(2)) : spec;
  }

  void run() {
    int step = 0;
    try {
      for (; step < plan.operations(); step++) {
        step(step);
      }
      storage.powerOffAt(-1);
      endCleanly();
      start();
      checkEverything();
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      checkEverything();
      close();
    } catch (Throwable e) {
      throw new AssertionError(
          "operation "
              + step
              + ": "
              + e.getMessage()
              + "\n"
              + Seeds.again(seed)
              + "\n"
              + String.join(
                  "\n", history.subList(Math.max(0, history.size() - 400), history.size())),
          e);
    } finally {
      letGo();
    }
  }

  private void letGo() {
    storage.kill();
    try {
      db.close();
    } catch (StorageException dead) {
      // Only its threads matter.
    }
  }

  private void note(String what) {
    history.add(history.size() + " [" + storage.operations() + "] " + what);
  }

  private void step(int step) throws Exception {
    try {
      act();
      if (!storage.isOff() && step % 16 == 0) {
        checkState();
      }
    } catch (StorageException | IOException e) {
      if (!storage.isOff()) {
        throw e;
      }
    }
    if (storage.isOff()) {
      note("the power went off");
      recover(random.nextInt(3) == 0);
    }
    inFlight = Optional.empty();
  }

  private void act() throws Exception {
    int choice = random.nextInt(200);
    if (choice < 34) {
      upsert(1);
    } else if (choice < 52) {
      upsert(2 + random.nextInt(18));
    } else if (choice < 70) {
      delete(6);
    } else if (choice < 95) {
      changePayload();
    } else if (choice < 98) {
      writeFiltered();
    } else if (choice < 114) {
      writeIf();
    } else if (choice < 124) {
      passTime();
    } else if (choice < 136) {
      note("buildIndex");
      songs.buildIndex();
      becameDurable();
    } else if (choice < 140) {
      note("buildIndex full");
      songs.buildIndex(IndexOptions.FULL, Progress.NONE);
    } else if (choice < 146) {
      note("compact");
      songs.compact(false, Progress.NONE);
    } else if (choice < 150) {
      note("purge");
      songs.compact(true, Progress.NONE);
      becameDurable();
    } else if (choice < 157) {
      hold();
    } else if (choice < 161) {
      forgetDeletes();
    } else if (choice < 166) {
      checkAndCloseAView();
    } else if (choice < 170) {
      follow();
    } else if (choice < 178) {
      catchUp();
    } else if (choice < 179) {
      search();
    } else if (choice < 180) {
      changeIndexes();
    } else if (choice < 182) {
      alter();
    } else if (choice < 185) {
      takeSnapshot();
    } else if (choice < 186) {
      restore();
    } else if (choice < 188) {
      checkEverything();
    } else if (choice < 192) {
      endCleanly();
      start();
    } else if (choice < 195) {
      long at = storage.operations() + 1 + random.nextInt(random.nextBoolean() ? 15 : 80);
      note("the power will go off at file operation " + at);
      storage.powerOffAt(at);
    } else {
      boolean power = random.nextBoolean();
      note(power ? "power loss" : "kill");
      recover(power);
    }
  }

  // Writing ------------------------------------------------------------------------------------

  private VectorId id() {
    return Model.id(1, random.nextInt(IDS));
  }

  private List<VectorId> ids(int most) {
    List<VectorId> ids = new ArrayList<>();
    for (int i = 1 + random.nextInt(most); i > 0; i--) {
      ids.add(id());
    }
    return ids;
  }

  private Vector vector() {
    float[] values = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  private Map<String, Object> payload() {
    if (random.nextBoolean()) {
      return Payload.ofMap(filters.payload()).toMap(); // numbers as they come back
    }
    Map<String, Object> payload = new LinkedHashMap<>();
    int kind = random.nextInt(10);
    if (kind > 3) {
      payload.put(key(), random.nextInt());
    }
    if (kind > 6) {
      payload.put(key(), "text " + random.nextInt(100));
    }
    if (kind == 9) {
      payload.put("large", "la".repeat(random.nextInt(40_000)));
    }
    return payload;
  }

  private String key() {
    return "key" + random.nextInt(4);
  }

  private Optional<Instant> expiry() {
    return switch (random.nextInt(12)) {
      case 0 -> Optional.of(clock.instant().minusSeconds(random.nextInt(100)));
      case 1, 2, 3 -> Optional.of(clock.instant().plus(Duration.ofHours(1 + random.nextInt(60))));
      default -> Optional.empty();
    };
  }

  private Point point(VectorId id) {
    Point point = Point.of(id, vector(), Payload.ofMap(payload()));
    Optional<Instant> expiry = expiry();
    return expiry.isPresent() ? point.expiresAt(expiry.get()) : point;
  }

  private Stored written(Point point) {
    Duration timeToLive = songs.spec().timeToLive();
    Optional<Instant> byDefault =
        timeToLive.isZero() ? Optional.empty() : Optional.of(clock.instant().plus(timeToLive));
    return new Stored(
        point.vector(),
        point.payload().toMap(),
        Optional.of(clock.instant()),
        point.expiresAt().or(() -> byDefault),
        0);
  }

  /// Makes changes of both, the collection and the map.
  ///
  /// @param write makes them, and tells whether the collection said what it should
  private void change(String what, Map<VectorId, Optional<Stored>> changes, BooleanSupplier write) {
    note(what + " " + changes.keySet());
    PlainMap after = state.copy();
    after.apply(changes);
    inFlight = Optional.of(after);
    long before = songs.lastSequence();
    assertThat(write.getAsBoolean()).as("answer of %s", what).isTrue();
    long last = songs.lastSequence();
    for (VectorId id : changes.keySet()) {
      Optional<Stored> expected = after.find(id, clock.instant());
      Optional<Stored> found = songs.get(id).map(Stored::of);
      assertThat(found.isPresent()).as("whether %s is there", id).isEqualTo(expected.isPresent());
      if (found.isPresent()) {
        assertThat(expected.get().fits(found.get())).as("%s is as it was written", id).isTrue();
        assertThat(found.get().sequence()).as("sequence number").isBetween(before + 1, last);
        after.put(id, found.get());
      }
    }
    state = after;
    inFlight = Optional.empty();
    if (!syncs) {
      sinceDurable.add(after.copy());
    }
  }

  private void upsert(int count) {
    List<Point> points = new ArrayList<>();
    Map<VectorId, Optional<Stored>> changes = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      Point point = point(id());
      points.add(point);
      changes.put(point.id(), Optional.of(written(point)));
    }
    long before = songs.lastSequence();
    // The sweeper may write at any time.
    change("upsert", changes, () -> songs.upsert(points) >= before + changes.size());
  }

  private void delete(int most) {
    List<VectorId> ids = ids(most);
    Map<VectorId, Optional<Stored>> changes = new LinkedHashMap<>();
    ids.stream()
        .filter(id -> state.find(id, clock.instant()).isPresent())
        .forEach(id -> changes.put(id, Optional.empty()));
    change("delete", changes, () -> songs.delete(ids) == changes.size());
  }

  /// A segment of deletes, which soon are old enough to be dropped; unless something older must not
  /// come back.
  private void forgetDeletes() {
    songs.buildIndex();
    delete(25);
    songs.buildIndex();
    becameDurable();
    clock.advance(Duration.ofHours(1));
    note("it is " + clock.instant() + ", compact");
    songs.compact(false, Progress.NONE);
  }

  private void changePayload() {
    List<VectorId> ids = ids(6);
    Map<String, Object> given = payload();
    Payload payload = Payload.ofMap(given);
    Set<String> keys = Set.of(key(), "large");
    switch (random.nextInt(4)) {
      case 0 ->
          changePayloads(
              "set payload",
              ids,
              old -> {
                old.putAll(given);
                return old;
              },
              () -> songs.setPayload(ids, payload));
      case 1 ->
          changePayloads(
              "overwrite payload", ids, _ -> given, () -> songs.overwritePayload(ids, payload));
      case 2 ->
          changePayloads(
              "delete keys",
              ids,
              old -> {
                old.keySet().removeAll(keys);
                return old;
              },
              () -> songs.deletePayloadKeys(ids, keys));
      default -> changePayloads("clear payload", ids, _ -> Map.of(), () -> songs.clearPayload(ids));
    }
  }

  private void changePayloads(
      String what,
      List<VectorId> ids,
      UnaryOperator<Map<String, Object>> change,
      java.util.function.LongSupplier write) {
    Map<VectorId, Optional<Stored>> changes = new LinkedHashMap<>();
    for (VectorId id : ids) {
      state
          .find(id, clock.instant())
          .ifPresent(old ->
              changes.put(id, Optional.of(old.withPayload(change.apply(old.copyOfPayload()), 0))));
    }
    change(what, changes, () -> write.getAsLong() == changes.size());
  }

  private void changeIndexes() {
    Iterator<String> indexed = songs.spec().payloadIndexes().keySet().iterator();
    if (random.nextInt(3) == 0 && indexed.hasNext()) {
      String field = indexed.next();
      note("drop the index of " + field);
      assertThat(songs.dropPayloadIndex(field)).isTrue();
    }
    for (IndexedField field : filters.someFields()) {
      note("index " + field);
      songs.createPayloadIndex(field.path().toString(), field.type());
    }
  }

  private static boolean fulfils(Filter filter, VectorId id, Map<String, Object> payload) {
    return PayloadCheck.fulfils(filter, id, Payload.ofMap(payload).tree());
  }

  /// The ids that fulfil a filter, as everybody can see.
  private static Set<VectorId> fulfilling(PlainMap map, Filter filter, Instant now) {
    Set<VectorId> ids = new TreeSet<>();
    map.at(now)
        .forEach((id, stored) -> {
          if (fulfils(filter, id, stored.payload())) {
            ids.add(id);
          }
        });
    return ids;
  }

  private void writeFiltered() {
    Filter filter = filters.filter();
    Set<VectorId> meant = fulfilling(state, filter, clock.instant());
    Map<VectorId, Optional<Stored>> changes = new LinkedHashMap<>();
    if (random.nextBoolean() && meant.size() < IDS / 3) {
      meant.forEach(id -> changes.put(id, Optional.empty()));
      change("delete " + filter.toJson(), changes, () -> songs.delete(filter) == changes.size());
      return;
    }
    Map<String, Object> given = payload();
    for (VectorId id : meant) {
      Stored old = state.find(id, clock.instant()).orElseThrow();
      Map<String, Object> merged = old.copyOfPayload();
      merged.putAll(given);
      changes.put(id, Optional.of(old.withPayload(merged, 0)));
    }
    change(
        "set payload of " + filter.toJson(),
        changes,
        () -> songs.setPayload(filter, Payload.ofMap(given)) == changes.size());
  }

  private void checkFilters(CollectionView view, PlainMap expected, Instant now) {
    for (int i = 0; i < 3; i++) {
      Filter filter = filters.filter();
      Set<VectorId> ids = new TreeSet<>();
      try (PointCursor cursor = view.scroll(filter)) {
        cursor.forEachRemaining(point -> ids.add(point.id()));
      }
      assertThat(ids)
          .as("what fulfils %s", filter.toJson())
          .isEqualTo(fulfilling(expected, filter, now));
      assertThat(view.count(filter)).isEqualTo(ids.size());
      Query query = Query.nearest(vector(), 5).filter(filter);
      assertThat(view.search(query).hits()).hasSize(Math.min(5, ids.size()));
    }
  }

  private void writeIf() {
    VectorId id = id();
    Optional<Stored> now = state.find(id, clock.instant());
    long right = now.map(Stored::sequence).orElse(0L);
    boolean fits = random.nextInt(3) > 0;
    long expected = fits ? right : right + 1 + random.nextInt(5);
    int kind = expected == 0 ? 0 : random.nextInt(3);
    Point point = point(id);
    Map<VectorId, Optional<Stored>> changes = new LinkedHashMap<>();
    if (fits) {
      changes.put(
          id,
          switch (kind) {
            case 0 -> Optional.of(written(point));
            case 1 -> Optional.empty();
            default -> now.map(old -> old.withPayload(point.payload().toMap(), 0));
          });
    }
    change(
        List.of("upsertIf ", "deleteIf ", "overwritePayloadIf ").get(kind) + expected,
        changes,
        () -> {
          try {
            switch (kind) {
              case 0 -> songs.upsertIf(point, expected);
              case 1 -> songs.deleteIf(id, expected);
              default -> songs.overwritePayloadIf(id, point.payload(), expected);
            }
            return fits;
          } catch (ConflictException conflict) {
            return !fits && conflict.actual() == right;
          }
        });
  }

  private void passTime() {
    Duration time =
        random.nextBoolean()
            ? Duration.ofMinutes(random.nextInt(300))
            : Duration.ofMillis(random.nextInt(5000));
    clock.advance(time);
    boolean sweeps = random.nextInt(3) > 0;
    note("it is " + clock.instant() + (sweeps ? ", and swept" : ""));
    if (sweeps) {
      sweep();
    }
  }

  private void sweep() {
    songs.sweep();
    if (!storage.isOff()) {
      state.sweep(clock.instant());
      assertThat(songs.count()).as("count after a sweep").isEqualTo(state.size());
    }
  }

  private void becameDurable() {
    if (!storage.isOff()) {
      sinceDurable.clear();
      sinceDurable.add(state.copy());
    }
  }

  private void alter() {
    CollectionSpec changed =
        songs
            .spec()
            .metric(METRICS.get(random.nextInt(METRICS.size())))
            .sonification(anySonification())
            .timeToLive(Duration.ofDays(random.nextInt(3)))
            .retention(Duration.ofHours(random.nextInt(48)));
    note("alter to " + changed);
    songs.alter(changed, Progress.NONE);
    assertThat(songs.spec()).isEqualTo(changed);
  }

  // Views and subscribers ----------------------------------------------------------------------

  private void hold() {
    if (views.size() < 4) {
      note("view " + songs.lastSequence());
      views.add(new HeldView(songs.view(), state.copy(), clock.instant()));
    }
  }

  private void checkAndCloseAView() {
    if (!views.isEmpty()) {
      HeldView held = views.remove(random.nextInt(views.size()));
      note("look at view " + held.view().sequence());
      check(held);
      held.view().close();
    }
  }

  private void check(HeldView held) {
    CollectionView view = held.view();
    assertFits("scroll of a view", held.expected(), scrolled(view.scroll()), held.since());
    TreeMap<VectorId, Stored> sliced = new TreeMap<>();
    int parts = 1 + random.nextInt(5);
    for (int part = 0; part < parts; part++) {
      scrolled(view.slice(part, parts))
          .forEach((id, found) ->
              assertThat(sliced.put(id, found)).as("%s in another slice", id).isNull());
    }
    assertFits("slices of a view", held.expected(), sliced, held.since());
    TreeMap<VectorId, Stored> got = new TreeMap<>();
    for (int k = 0; k < IDS; k++) {
      VectorId id = Model.id(1, k);
      view.get(id).ifPresent(point -> got.put(id, Stored.of(point)));
    }
    assertFits("get from a view", held.expected(), got, held.since());
    assertThat(view.count()).as("count of a view").isEqualTo(got.size());
    checkFilters(view, held.expected(), held.since());
  }

  private static Map<VectorId, Stored> scrolled(PointCursor cursor) {
    TreeMap<VectorId, Stored> found = new TreeMap<>();
    try (cursor) {
      cursor.forEachRemaining(point ->
          assertThat(found.put(point.id(), Stored.of(point)))
              .as("%s comes twice", point.id())
              .isNull());
    }
    return found;
  }

  private static void assertFits(
      String what, PlainMap expected, Map<VectorId, Stored> found, Instant now) {
    expected
        .difference(found, now)
        .ifPresent(difference -> {
          throw new AssertionError(what + ": " + difference);
        });
  }

  private void follow() {
    if (followers.size() < 4) {
      note("somebody follows");
      Follower follower = new Follower();
      if (random.nextBoolean()) {
        rescan(follower);
      }
      followers.add(follower);
    } else {
      note("somebody follows no more");
      followers.remove(random.nextInt(followers.size())).close();
    }
  }

  private void rescan(Follower follower) {
    try (CollectionView view = songs.view()) {
      follower.copy = new PlainMap(scrolled(view.scroll()));
      follower.next = view.sequence() + 1;
    }
  }

  private void catchUp() throws InterruptedException {
    if (!followers.isEmpty()) {
      Follower follower = followers.get(random.nextInt(followers.size()));
      note("somebody at " + follower.next + " catches up");
      if (random.nextInt(4) == 0) {
        read(follower, 1 + random.nextInt(20));
        return;
      }
      if (!read(follower, Integer.MAX_VALUE)) {
        note("who has to read again");
        rescan(follower);
        read(follower, Integer.MAX_VALUE);
      }
      Map<VectorId, Stored> copied = follower.copy.at(clock.instant());
      assertFits("somebody who follows", state, copied, clock.instant());
    }
  }

  /// Reads changes, up to a number of them.
  ///
  /// @return whether none was missing
  private boolean read(Follower follower, int most) throws InterruptedException {
    try {
      if (follower.changes.isEmpty()) {
        follower.changes = Optional.of(songs.subscribe(follower.next));
      }
      for (int i = 0; i < most; i++) {
        Optional<Change> change = follower.changes.get().next(Duration.ZERO);
        if (change.isEmpty()) {
          return true;
        }
        assertThat(change.get().sequence()).as("next change").isGreaterThanOrEqualTo(follower.next);
        follower.next = change.get().sequence() + 1;
        apply(change.get(), follower.copy);
      }
      return true;
    } catch (RescanRequiredException e) {
      follower.close();
      return false;
    }
  }

  private static void apply(Change change, PlainMap copy) {
    switch (change) {
      case Change.Upserted(Point point) -> copy.put(point.id(), Stored.of(point));
      case Change.PayloadChanged(VectorId id, Payload payload, long sequence) ->
          copy.find(id, Instant.MIN)
              .ifPresent(old -> copy.put(id, old.withPayload(payload.toMap(), sequence)));
      case Change.Deleted(VectorId id, long _) -> copy.remove(id);
      case Change.Expired(VectorId id, long _) -> copy.remove(id);
      case Change.Lost lost -> throw new AssertionError(lost);
    }
  }

  // Checking -----------------------------------------------------------------------------------

  private void checkState() {
    Instant now = clock.instant();
    assertFits("scroll", state, scrolled(songs.scroll()), now);
    List<VectorId> ids = new ArrayList<>();
    for (int k = 0; k < IDS; k++) {
      ids.add(Model.id(1, k));
    }
    TreeMap<VectorId, Stored> got = new TreeMap<>();
    TreeMap<VectorId, Stored> gotTogether = new TreeMap<>();
    List<Optional<Point>> together = songs.get(ids);
    for (int k = 0; k < IDS; k++) {
      VectorId id = ids.get(k);
      songs.get(id).ifPresent(point -> got.put(id, Stored.of(point)));
      together.get(k).ifPresent(point -> gotTogether.put(id, Stored.of(point)));
    }
    assertFits("get", state, got, now);
    assertFits("get of many", state, gotTogether, now);
    assertThat(songs.count()).as("count").isBetween((long) got.size(), (long) state.size());
    try (CollectionView view = songs.view()) {
      checkFilters(view, state, now);
    }
  }

  private void search() {
    note("search");
    Vector query = vector();
    Map<VectorId, Stored> there = state.at(clock.instant());
    Optional<VectorId> best = Optional.empty();
    double bestScore = Double.NEGATIVE_INFINITY;
    for (Map.Entry<VectorId, Stored> each : there.entrySet()) {
      double score = score(songs.spec().metric(), query, each.getValue().vector());
      if (score > bestScore) {
        bestScore = score;
        best = Optional.of(each.getKey());
      }
    }
    List<Hit> hits = songs.search(Query.nearest(query, 3)).hits();
    assertThat(hits).hasSize(Math.min(3, there.size()));
    if (best.isPresent()) {
      Stored expected = Objects.requireNonNull(there.get(best.get()));
      assertThat(hits.getFirst().id()).as("nearest").isEqualTo(best.get());
      assertThat(hits.getFirst().payload().toMap()).isEqualTo(expected.payload());
      assertThat(hits.getFirst().sequence()).isEqualTo(expected.sequence());
    }
  }

  private static double score(Metric metric, Vector a, Vector b) {
    double sum = 0;
    for (int i = 0; i < DIMENSION; i++) {
      double difference = (double) a.floatAt(i) - b.floatAt(i);
      sum +=
          switch (metric) {
            case DOT -> (double) a.floatAt(i) * b.floatAt(i);
            case EUCLID -> -difference * difference;
            case MANHATTAN -> -Math.abs(difference);
            case COSINE -> throw new IllegalArgumentException("cosine");
          };
    }
    return sum;
  }

  private void checkEverything() throws IOException {
    note("check everything");
    checkState();
    search();
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    LogNumbers.assertHaveNoGaps(songs);
    assertThat(storage.violations()).isEmpty();
  }

  // Ends and beginnings ------------------------------------------------------------------------

  private SoniDb openedDatabase() throws IOException {
    storage.createFolders(folder);
    boolean compacts = random.nextInt(3) == 0;
    return SoniDb.open(
        storage,
        folder,
        Optional.empty(),
        new SoniDbOptions(1 + random.nextInt(2)).clock(clock).compaction(compacts));
  }

  private void leave() {
    views.forEach(held -> held.view().close());
    views.clear();
    followers.forEach(Follower::close);
  }

  private void close() throws IOException {
    leave();
    db.close();
    if (!storage.isOff()) {
      sinceDurable.clear();
      sinceDurable.add(state.copy());
      assertThat(storage.openFiles()).isEmpty();
      assertThat(storage.violations()).isEmpty();
    }
  }

  private void endCleanly() throws IOException {
    note("close");
    keepSegments();
    close();
    if (storage.isOff()) {
      throw new StorageException("the power went off", new IOException());
    }
    loseFiles(true);
  }

  /// Loses some of the files that can be made again.
  private void loseFiles(boolean cleanly) throws IOException {
    boolean derived = random.nextInt(3) == 0;
    boolean manifest = cleanly && random.nextInt(6) == 0;
    if (plan.oldSegmentsReappear()) {
      derived = random.nextBoolean();
      manifest = cleanly && random.nextInt(3) == 0;
    }
    for (Path file : storage.files()) {
      String name = String.valueOf(file.getFileName());
      boolean isDerived =
          name.equals("directory.bin")
              || name.equals("index.sfv")
              || name.endsWith(".idx")
              || name.endsWith(".pay");
      boolean isLost =
          isDerived && derived && random.nextInt(3) > 0
              || manifest && name.equals("collection.json");
      if (isLost && file.startsWith(folder)) {
        note("lose " + file);
        storage.take(file);
      } else if (name.endsWith(".pay") && file.startsWith(folder) && random.nextInt(6) == 0) {
        note("damage " + file);
        byte[] bytes = storage.bytes(file);
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        storage.put(file, bytes);
      }
    }
    bringBackSegments();
  }

  private List<Path> segmentFiles() {
    return storage.files().stream()
        .filter(file -> file.startsWith(folder) && file.toString().endsWith(".flac"))
        .toList();
  }

  private void keepSegments() throws IOException {
    if (plan.oldSegmentsReappear()) {
      for (Path file : segmentFiles()) {
        try {
          oldSegments.put(file, storage.bytes(file));
        } catch (NoSuchFileException compactedMeanwhile) {
          // Then it was kept before, or nobody has seen it.
        }
      }
    }
  }

  private void bringBackSegments() throws IOException {
    List<Path> there = segmentFiles();
    for (Map.Entry<Path, byte[]> old : oldSegments.entrySet()) {
      if (!there.contains(old.getKey())
          && old.getKey().startsWith(folder)
          && random.nextInt(3) == 0) {
        note("bring back " + old.getKey());
        storage.put(old.getKey(), old.getValue());
      }
    }
  }

  /// Opens the collection, as often as the power lets it.
  private void start() throws IOException {
    while (true) {
      try {
        db = openedDatabase();
        songs = db.collection("songs");
        boolean whole = !storage.isOff();
        PowerLossTest.assertNothingIsDamaged(db);
        if (whole) {
          note("opened" + (db.warnings().isEmpty() ? "" : ": " + db.warnings()));
          compare();
          sweep();
        }
        if (!storage.isOff()) {
          return;
        }
      } catch (IOException | StorageException | CollectionNotFoundException e) {
        if (!storage.isOff()) {
          throw e;
        }
      }
      note("the power went off while it was opened");
      end(random.nextBoolean());
    }
  }

  private void closeDead() {
    leave();
    try {
      db.close();
    } catch (StorageException e) {
      assertThat(storage.isOff()).as(e.getMessage()).isTrue();
    }
  }

  private void recover(boolean power) throws IOException {
    if (!storage.isOff()) {
      keepSegments();
    }
    end(power);
    start();
    if (random.nextInt(3) == 0) {
      checkEverything();
    }
  }

  private void end(boolean power) throws IOException {
    ForgetfulStorage left = power ? storage.powerLoss(random.nextLong()) : storage.kill();
    closeDead();
    storage = left;
    if (power && !syncs) {
      unsyncedLost = true;
    }
    loseFiles(false);
  }

  /// What is found must be what was there before or after the write that was under way; when writes
  /// are not synced, after a power loss, what was there at any time since they last were.
  private void compare() {
    Map<VectorId, Stored> found = scrolled(songs.scroll());
    List<PlainMap> possible = new ArrayList<>(unsyncedLost ? sinceDurable : List.of());
    possible.add(state);
    inFlight.ifPresent(possible::add);
    Instant now = clock.instant();
    PlainMap is =
        possible.reversed().stream()
            .filter(each -> each.difference(found, now).isEmpty())
            .findFirst()
            .orElseThrow(() ->
                new AssertionError(
                    "opened: "
                        + state.difference(found, now).orElseThrow()
                        + inFlight
                            .flatMap(after -> after.difference(found, now))
                            .map(difference -> "; or after the last write: " + difference)
                            .orElse("")));
    if (unsyncedLost) {
      followers.clear(); // they may have seen what is lost
    }
    unsyncedLost = false;
    PlainMap adopted = is.copy();
    found.forEach(adopted::put);
    state = adopted;
    inFlight = Optional.empty();
    sinceDurable.clear();
    sinceDurable.add(state.copy());
    checkState();
  }

  // Snapshots ----------------------------------------------------------------------------------

  private void takeSnapshot() throws IOException {
    note("snapshot");
    snapshot = Optional.empty();
    songs.snapshot(SNAPSHOT, random.nextBoolean(), Progress.NONE);
    if (storage.isOff()) {
      return;
    }
    snapshot = Optional.of(state.copy());
    snapshotAt = clock.instant();
    becameDurable();
    if (random.nextInt(3) == 0) {
      note("look into the snapshot");
      lookIntoSnapshot();
    }
  }

  /// Opens a copy of it: an open database may delete what has expired.
  private void lookIntoSnapshot() throws IOException {
    try (SoniDb copy =
        SoniDb.open(
            storage.copy(), SNAPSHOT, Optional.empty(), new SoniDbOptions(1).clock(clock))) {
      PowerLossTest.assertNothingIsDamaged(copy);
      Collection copied = copy.collection("songs");
      assertFits("snapshot", snapshot.orElseThrow(), scrolled(copied.scroll()), clock.instant());
      assertThat(copied.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  /// Goes on with the last snapshot, in a new folder.
  private void restore() throws IOException {
    if (snapshot.isEmpty()) {
      return;
    }
    note("restore the snapshot of " + snapshotAt);
    storage.powerOffAt(-1);
    endCleanly();
    followers.clear(); // what they have seen since is gone
    snapshotAt = clock.instant();
    folder = Path.of("/db" + ++moves);
    db = openedDatabase();
    db.restore(SNAPSHOT, Progress.NONE);
    songs = db.collection("songs");
    state = snapshot.get().copy();
    compare();
    sweep();
    becameDurable();
  }
}
