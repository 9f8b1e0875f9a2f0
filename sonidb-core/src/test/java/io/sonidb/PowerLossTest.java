package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.Sonification;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random writes, and the power fails in the middle of any operation of the file system; then
/// again, often while the last failure is being recovered from.
class PowerLossTest {
  private static final int DIMENSION = 700;
  private static final Path FOLDER = Path.of("/db");
  private static final SoniDbOptions OPTIONS = new SoniDbOptions(2);

  static LongStream fewSeeds() {
    return Seeds.seeds(8);
  }

  static LongStream manySeeds() {
    return Seeds.seeds(500);
  }

  @ParameterizedTest
  @MethodSource("fewSeeds")
  void keepsEveryAcknowledgedWrite(long seed) throws Exception {
    new Campaign(seed).run();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manySeeds")
  void keepsEveryAcknowledgedWriteOf500Seeds(long seed) throws Exception {
    new Campaign(seed).run();
  }

  static LongStream fewOsSeeds() {
    return Seeds.seeds(4);
  }

  static LongStream manyOsSeeds() {
    return Seeds.seeds(200);
  }

  @ParameterizedTest
  @MethodSource("fewOsSeeds")
  void losesOnlyTheNewestWritesWhenTheyAreNotSynced(long seed) throws Exception {
    new OsCampaign(seed).run();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manyOsSeeds")
  void losesOnlyTheNewestWritesOf200SeedsWhenTheyAreNotSynced(long seed) throws Exception {
    new OsCampaign(seed).run();
  }

  /// Of each sonification for a third of all seeds.
  private static CollectionSpec spec(long seed) {
    return CollectionSpec.dimension(DIMENSION)
        .metric(Metric.EUCLID)
        .sonification(List.of(Sonification.values()).get((int) (seed % 3)))
        .segmentBytes(1 << 20);
  }

  private static SoniDb open(ForgetfulStorage storage) throws IOException {
    storage.createFolders(FOLDER);
    return SoniDb.open(storage, FOLDER, Optional.empty(), OPTIONS);
  }

  private static void assertPowerIsOff(ForgetfulStorage last, Exception e) {
    if (!last.isOff()) {
      throw new AssertionError("failed while the power was on", e);
    }
  }

  private static void closeDead(SoniDb db) {
    try {
      db.close();
    } catch (StorageException expected) {
      assertThat(expected).hasMessageContaining("power");
    }
  }

  /// One seed: a few rounds of writing, each ended by a power loss, a kill, or a clean close.
  private static final class Campaign {
    private static final int ROUNDS = 5;

    private final long seed;
    private final Random random;
    private final Model model = new Model();
    private final boolean created;
    private ForgetfulStorage storage;
    private int round;

    Campaign(long seed) {
      this.seed = seed;
      this.random = Seeds.random(seed);
      this.storage = new ForgetfulStorage(random.nextLong());
      this.created = random.nextInt(4) > 0;
    }

    void run() throws Exception {
      try {
        if (created) {
          try (SoniDb db = open(storage)) {
            db.create("songs", spec(seed));
          }
          storage = storage.powerLoss(random.nextLong());
        }
        for (round = 0; round < ROUNDS; round++) {
          round();
        }
        finish();
      } catch (Throwable e) {
        throw new AssertionError("round " + round + ": " + Seeds.again(seed), e);
      }
    }

    private void round() throws Exception {
      long powerOffAt =
          storage.operations() + 1 + random.nextInt(random.nextInt(4) == 0 ? 12 : 160);
      storage.powerOffAt(powerOffAt);
      SoniDb db;
      Collection songs;
      try {
        db = open(storage);
        songs =
            db.find("songs").isPresent() ? db.collection("songs") : db.create("songs", spec(seed));
      } catch (IOException | StorageException e) {
        assertPowerIsOff(storage, e);
        storage = end(storage);
        return;
      }
      boolean wasOff = storage.isOff();
      assertNothingIsDamaged(db);
      if (!wasOff) {
        model.assertIsIn(songs);
      }
      if (random.nextInt(6) > 0) {
        write(songs);
      }
      ForgetfulStorage last = storage;
      if (random.nextInt(8) == 0) {
        close(db, last);
        storage = end(last);
      } else {
        storage = end(last);
        close(db, last);
      }
    }

    /// Ends the process, or the power: after the former, what was written is read again, and what
    /// was not synced can still be lost later.
    private ForgetfulStorage end(ForgetfulStorage last) {
      return random.nextInt(3) == 0 ? last.kill() : last.powerLoss(random.nextLong());
    }

    private static void close(SoniDb db, ForgetfulStorage last) {
      try {
        db.close();
      } catch (StorageException e) {
        assertPowerIsOff(last, e);
      }
    }

    private void write(Collection songs) throws InterruptedException {
      int writers = random.nextInt(3) == 0 ? 4 : 1;
      List<Thread> threads = new ArrayList<>();
      List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
      int steps = (10 + random.nextInt(30)) / writers;
      for (int writer = 0; writer < writers; writer++) {
        Writer each = new Writer(songs, model, writer, random.nextLong());
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    for (int step = 0; step < steps; step++) {
                      each.step();
                    }
                  } catch (StorageException e) {
                    if (!storage.isOff()) {
                      failures.add(e);
                    }
                  } catch (Throwable e) {
                    failures.add(e);
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
    }

    private void finish() throws Exception {
      storage.powerOffAt(-1);
      try (SoniDb db = open(storage)) {
        assertNothingIsDamaged(db);
        if (db.find("songs").isPresent()) {
          Collection songs = db.collection("songs");
          model.assertIsIn(songs);
          LogNumbers.assertHaveNoGaps(songs);
          assertIsWhole(songs);
          new Writer(songs, model, 0, seed).step();
          model.assertIsIn(songs);
          songs.buildIndex();
          model.assertIsIn(songs);
          assertIsWhole(songs);
        }
      }
      assertThat(storage.openFiles()).isEmpty();
      assertThat(storage.violations()).isEmpty();
    }
  }

  /// One seed with durability=os: what is left after a power loss is what was there after some
  /// write, and the epoch rises.
  private static final class OsCampaign {
    private static final int ROUNDS = 4;

    private final long seed;
    private final Random random;
    private final List<Model.Write> sinceDurable = new ArrayList<>();
    private Map<VectorId, Model.Value> durable = new TreeMap<>();
    private ForgetfulStorage storage;
    private int round;

    OsCampaign(long seed) {
      this.seed = seed;
      this.random = Seeds.random(seed);
      this.storage = new ForgetfulStorage(random.nextLong());
    }

    void run() throws Exception {
      try {
        try (SoniDb db = open(storage)) {
          db.create("songs", spec(seed).durability(Durability.OS));
        }
        for (round = 0; round < ROUNDS; round++) {
          round();
        }
        storage.powerOffAt(-1);
        try (SoniDb db = open(storage)) {
          Collection songs = openedAgain(db);
          LogNumbers.assertHaveNoGaps(songs);
          assertIsWhole(songs);
          songs.buildIndex();
          assertIsWhole(songs);
        }
        assertThat(storage.openFiles()).isEmpty();
        assertThat(storage.violations()).isEmpty();
      } catch (Throwable e) {
        throw new AssertionError("round " + round + ": " + Seeds.again(seed), e);
      }
    }

    private void round() throws Exception {
      if (random.nextInt(5) == 0) {
        storage.powerOffAt(storage.operations() + 1 + random.nextInt(12));
      }
      SoniDb db;
      try {
        db = open(storage);
      } catch (IOException e) {
        assertPowerIsOff(storage, e);
        storage = storage.powerLoss(random.nextLong());
        return;
      }
      if (storage.isOff()) {
        storage = storage.powerLoss(random.nextLong());
        closeDead(db);
        return;
      }
      Collection songs = openedAgain(db);
      storage.powerOffAt(storage.operations() + 1 + random.nextInt(120));
      Model model = new Model();
      durable.forEach(
          (id, value) -> model.acknowledge(new Model.Write(Map.of(id, Optional.of(value)))));
      Writer writer =
          new Writer(songs, model, 0, random.nextLong()) {
            @Override
            void begins(Model.Write write) {
              sinceDurable.add(write);
            }
          };
      try {
        for (int step = random.nextInt(40); step > 0; step--) {
          writer.step();
        }
        if (random.nextInt(3) == 0) {
          db.close();
          durable = stateAfter(sinceDurable.size());
          sinceDurable.clear();
        }
      } catch (StorageException e) {
        if (!storage.isOff()) {
          throw e;
        }
      }
      storage = storage.powerLoss(random.nextLong());
      closeDead(db);
    }

    private Map<VectorId, Model.Value> stateAfter(int writes) {
      Map<VectorId, Model.Value> state = new TreeMap<>(durable);
      sinceDurable.subList(0, writes).forEach(write -> Model.apply(write, state));
      return state;
    }

    private Collection openedAgain(SoniDb db) {
      assertNothingIsDamaged(db);
      Collection songs = db.collection("songs");
      Map<VectorId, Model.Value> found = new TreeMap<>();
      try (PointCursor cursor = songs.scroll()) {
        cursor.forEachRemaining(
            point -> found.put(point.id(), Model.value(Optional.of(point)).orElseThrow()));
      }
      int writes = sinceDurable.size();
      while (writes > 0 && !stateAfter(writes).equals(found)) {
        writes--;
      }
      assertThat(found.equals(stateAfter(writes)))
          .as("what is left is what was there after one of the last %s writes", sinceDurable.size())
          .isTrue();
      durable = found;
      sinceDurable.clear();
      return songs;
    }
  }

  @Test
  void raisesTheEpochWhenUnsyncedWritesMayHaveBeenLost() throws Exception {
    ForgetfulStorage storage = new ForgetfulStorage(1);
    SoniDb db = open(storage);
    Collection songs = db.create("songs", spec(0).durability(Durability.OS));
    songs.upsert("1", new float[DIMENSION]);
    assertThat(songs.engine().log().manifest().epoch()).isEqualTo(1);
    storage = storage.powerLoss(7);
    closeDead(db);
    try (SoniDb again = open(storage)) {
      assertThat(again.warnings()).anyMatch(warning -> warning.contains("epoch 2 begins"));
      assertThat(again.collection("songs").engine().log().manifest().epoch()).isEqualTo(2);
    }
    try (SoniDb again = open(storage)) {
      assertThat(again.warnings()).isEmpty();
      again.collection("songs").upsert("2", new float[DIMENSION]);
      assertThat(again.collection("songs").engine().log().segments().getLast().file())
          .startsWith("0002-");
    }
  }

  static void assertIsWhole(Collection songs) {
    assertThat(songs.verifyIntegrity(false, Progress.NONE).damaged()).isEmpty();
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
  }

  static void assertNothingIsDamaged(SoniDb db) {
    assertThat(db.warnings())
        .noneMatch(warning -> warning.contains("damage in ") || warning.contains("ignored"));
  }

  /// Writes at random, and tells the model.
  static class Writer {
    private static final int IDS = 400;

    private final Collection songs;
    private final Model model;
    private final int writer;
    private final Random random;
    final AtomicInteger steps = new AtomicInteger();

    Writer(Collection songs, Model model, int writer, long seed) {
      this.songs = songs;
      this.model = model;
      this.writer = writer;
      this.random = new Random(seed);
    }

    void step() {
      steps.incrementAndGet();
      int choice = random.nextInt(100);
      if (choice < 2) {
        songs.buildIndex();
      } else if (choice < 3) {
        songs.buildIndex(IndexOptions.FULL, Progress.NONE);
      } else if (choice < 18) {
        delete();
      } else {
        upsert(choice < 55 ? 1 : 2 + random.nextInt(choice < 90 ? 30 : 150));
      }
    }

    /// A write begins.
    void begins(Model.Write write) {
      model.begin(write);
    }

    private VectorId id() {
      return Model.id(writer, random.nextInt(IDS));
    }

    private void upsert(int count) {
      Map<VectorId, Point> points = new LinkedHashMap<>();
      while (points.size() < count) {
        VectorId id = id();
        points.put(id, Point.of(id, Model.vector(random, DIMENSION), payload()));
      }
      Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
      points.values().forEach(point -> values.put(point.id(), Model.value(Optional.of(point))));
      Model.Write write = new Model.Write(values);
      begins(write);
      songs.upsert(List.copyOf(points.values()));
      model.acknowledge(write);
    }

    private Payload payload() {
      return switch (random.nextInt(6)) {
        case 0 -> Payload.ofJson("{\"n\":" + random.nextInt() + "}");
        case 1 -> Payload.ofJson("{\"text\":\"" + "la".repeat(random.nextInt(3000)) + "\"}");
        default -> Payload.EMPTY;
      };
    }

    private void delete() {
      List<VectorId> ids = new ArrayList<>();
      Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
      for (int i = 1 + random.nextInt(12); i > 0; i--) {
        VectorId id = id();
        ids.add(id);
        values.put(id, Optional.empty());
      }
      long there = values.keySet().stream().filter(model::has).count();
      Model.Write write = new Model.Write(values);
      begins(write);
      assertThat(songs.delete(ids)).isEqualTo(there);
      model.acknowledge(write);
    }
  }
}
