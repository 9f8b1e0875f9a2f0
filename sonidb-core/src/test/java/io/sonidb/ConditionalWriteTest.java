package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConditionalWriteTest {
  private static final int WRITERS = 8;
  private static final VectorId ID = VectorId.parse("counter");
  private static final Vector VECTOR = Vector.of(1f, 2f, 3f);

  @TempDir Path folder;

  private SoniDb open() {
    return SoniDb.open(folder, new SoniDbOptions(2));
  }

  private static Collection create(SoniDb db) {
    return db.create("songs", CollectionSpec.dimension(3).durability(Durability.OS));
  }

  private static Payload count(int value) {
    return Payload.ofMap(Map.of("count", value));
  }

  private static int count(Point point) {
    return (int) Objects.requireNonNull(point.payload().toMap().get("count"));
  }

  private interface Task {
    void run(int writer) throws Exception;
  }

  private static void atOnce(Task task) throws Exception {
    CyclicBarrier start = new CyclicBarrier(WRITERS);
    try (ExecutorService executor = Executors.newFixedThreadPool(WRITERS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        running.add(
            executor.submit(() -> {
              start.await();
              task.run(writer);
              return null;
            }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
  }

  @Test
  void refusesWhatIsNotAsExpectedAndWritesNothing() {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      Point point = Point.of(ID, VECTOR);
      assertThatThrownBy(() -> songs.upsertIf(point, 7))
          .isInstanceOfSatisfying(
              ConflictException.class,
              conflict -> {
                assertThat(conflict.id()).isEqualTo(ID);
                assertThat(conflict.expected()).isEqualTo(7);
                assertThat(conflict.actual()).isZero();
              })
          .hasMessage(
              "vector counter was expected with sequence number 7, and is not there: read it again");
      assertThatThrownBy(() -> songs.deleteIf(ID, 1)).isInstanceOf(ConflictException.class);
      assertThatThrownBy(() -> songs.overwritePayloadIf(ID, count(1), 1))
          .isInstanceOf(ConflictException.class);
      assertThatThrownBy(() -> songs.deleteIf(ID, 0)).isInstanceOf(IllegalArgumentException.class);
      assertThat(songs.lastSequence()).isZero();
      assertThat(songs.upsertIf(point, 0)).isEqualTo(1);
      assertThatThrownBy(() -> songs.upsertIf(point, 0))
          .isInstanceOf(ConflictException.class)
          .hasMessage("vector counter was to be new, and is there with sequence number 1");
      assertThat(songs.overwritePayloadIf(ID, count(1), 1)).isEqualTo(2);
      assertThatThrownBy(() -> songs.deleteIf(ID, 1)).isInstanceOf(ConflictException.class);
      assertThat(songs.deleteIf(ID, 2)).isEqualTo(3);
      assertThat(songs.lastSequence()).isEqualTo(3);
      assertThat(songs.count()).isZero();
      assertThat(songs.upsertIf(point, 0)).isEqualTo(4);
    }
  }

  @Test
  void losesNoUpdateOfEightWritersWhoCompareAndSetAPayload() throws Exception {
    int each = 25;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      songs.upsert(ID, VECTOR, count(0));
      atOnce(writer -> {
        for (int done = 0; done < each; ) {
          Point seen = songs.get(ID).orElseThrow();
          try {
            songs.overwritePayloadIf(ID, count(count(seen) + 1), seen.sequence());
            done++;
          } catch (ConflictException expected) {
            assertThat(expected.actual()).isGreaterThan(seen.sequence());
          }
        }
      });
      assertThat(count(songs.get(ID).orElseThrow())).isEqualTo(WRITERS * each);
      LogNumbers.assertHaveNoGaps(songs);
    }
    try (SoniDb db = open()) {
      assertThat(count(db.collection("songs").get(ID).orElseThrow())).isEqualTo(WRITERS * each);
    }
  }

  @Test
  void losesNoUpdateOfEightWritersWhoCompareAndSetAVector() throws Exception {
    int each = 25;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      atOnce(writer -> {
        for (int done = 0; done < each; ) {
          var seen = songs.get(ID);
          float next = seen.map(point -> point.vector().floatAt(0)).orElse(0f) + 1;
          try {
            songs.upsertIf(
                Point.of(ID, Vector.of(next, 1f, 1f)), seen.map(Point::sequence).orElse(0L));
            done++;
          } catch (ConflictException again) {
            assertThat(again.expected()).isEqualTo(seen.map(Point::sequence).orElse(0L));
          }
        }
      });
      assertThat(songs.get(ID).orElseThrow().vector().floatAt(0)).isEqualTo(WRITERS * each);
    }
  }

  @Test
  void keepsTheKeysOfAllWhoSetPayloadsAtTheSameTime() throws Exception {
    int each = 20;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      VectorId other = VectorId.of(1);
      songs.upsert(List.of(Point.of(ID, VECTOR), Point.of(other, VECTOR)));
      atOnce(writer -> {
        for (int i = 0; i < each; i++) {
          Payload key = Payload.ofMap(Map.of("key " + writer + " " + i, i));
          assertThat(songs.setPayload(List.of(ID, other), key)).isEqualTo(2);
        }
      });
      assertThat(songs.get(ID).orElseThrow().payload().toMap()).hasSize(WRITERS * each);
      assertThat(songs.get(other).orElseThrow().payload())
          .isEqualTo(songs.get(ID).orElseThrow().payload());
    }
  }

  @Test
  void tellsExactlyOneOfThoseWhoDeleteAVectorThatItWasThere() throws Exception {
    int rounds = 30;
    try (SoniDb db = open()) {
      Collection songs = create(db);
      for (int round = 0; round < rounds; round++) {
        songs.upsert(ID, VECTOR, Payload.EMPTY);
        var deleted = new AtomicInteger();
        atOnce(writer -> deleted.addAndGet(songs.delete("counter") ? 1 : 0));
        assertThat(deleted).hasValue(1);
      }
      long tombstones = 0;
      var table = songs.engine().log().segments().getFirst().table();
      for (int ordinal = 0; ordinal < table.count(); ordinal++) {
        tombstones += table.kind(ordinal) == RecordKind.DELETE ? 1 : 0;
      }
      assertThat(tombstones).isEqualTo(rounds);
    }
  }

  @Test
  void endsAChangeOfManyPayloadsWhileOthersWriteWithoutAPause() throws Exception {
    try (SoniDb db = open()) {
      Collection songs = create(db);
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        points.add(Point.of(VectorId.of(i), VECTOR));
      }
      songs.upsert(points);
      List<VectorId> ids = points.stream().map(Point::id).toList();
      AtomicBoolean over = new AtomicBoolean();
      atOnce(writer -> {
        if (writer == 0) {
          assertThat(songs.overwritePayload(ids, count(1))).isEqualTo(2000);
          over.set(true);
        }
        for (int i = writer; !over.get(); i += WRITERS) {
          songs.upsert(points.subList(i % 2000, i % 2000 + 1));
        }
      });
      assertThat(songs.count()).isEqualTo(2000);
    }
  }
}
