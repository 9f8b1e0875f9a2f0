package io.sonidb;

import io.sonidb.sound.Sonification;
import io.sonidb.sound.VectorId;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// The process that [KillTest] kills: writes for ever, and says on its standard output which writes
/// were acknowledged.
final class KillTestWriter {
  static final String COLLECTION = "songs";
  private static final int DIMENSION = 300;
  private static final int IDS = 900;

  private KillTestWriter() {}

  /// The writes of one thread in one life of the process; the same ones for the same numbers.
  static final class Writes {
    private final int writer;
    private final Random random;

    Writes(long seed, int life, int writer) {
      this.writer = writer;
      this.random = Seeds.random(seed * 1000 + life * 10L + writer);
    }

    Model.Write next() {
      Map<VectorId, Optional<Model.Value>> values = new TreeMap<>();
      boolean deletes = random.nextInt(6) == 0;
      int count = random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(60);
      while (values.size() < count) {
        VectorId id = Model.id(writer, random.nextInt(IDS));
        values.put(
            id,
            deletes
                ? Optional.empty()
                : Optional.of(new Model.Value(Model.vector(random, DIMENSION), "{}")));
      }
      return new Model.Write(values);
    }
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    long seed = Long.parseLong(arguments[1]);
    int life = Integer.parseInt(arguments[2]);
    int writers = Integer.parseInt(arguments[3]);
    SoniDb db = SoniDb.open(folder);
    Collection songs =
        db.find(COLLECTION)
            .orElseGet(() ->
                db.create(
                    COLLECTION,
                    CollectionSpec.dimension(DIMENSION)
                        .metric(Metric.EUCLID)
                        .sonification(List.of(Sonification.values()).get((int) (seed % 3)))
                        // What the system has survives the process, synced or not.
                        .durability(seed % 3 == 0 ? Durability.OS : Durability.FSYNC)
                        .segmentBytes(1 << 20)));
    try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
      say(out, "open");
      List<Thread> threads = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        int number = writer;
        Writes writes = new Writes(seed, life, writer);
        threads.add(Thread.ofPlatform().start(() -> write(songs, writes, number, out)));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void write(Collection songs, Writes writes, int writer, OutputStream out) {
    try {
      for (long done = 1; ; done++) {
        Map<VectorId, Optional<Model.Value>> values = writes.next().values();
        List<Point> points = new ArrayList<>();
        List<VectorId> deleted = new ArrayList<>();
        values.forEach((id, value) -> {
          if (value.isPresent()) {
            points.add(Point.of(id, value.get().vector()));
          } else {
            deleted.add(id);
          }
        });
        if (points.isEmpty()) {
          songs.delete(deleted);
        } else {
          songs.upsert(points);
        }
        say(out, writer + " " + done);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void say(OutputStream out, String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8)); // one call, so lines stay whole
  }
}
