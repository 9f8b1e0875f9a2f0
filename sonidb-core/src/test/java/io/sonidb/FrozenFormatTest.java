package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads `conformance/segments/v1`, a data folder that was written once, by [FrozenFormatMaker],
/// and is never written again: every version must read it bit for bit.
class FrozenFormatTest {
  private static final Path FROZEN = Path.of("..", "conformance", "segments", "v1");

  @TempDir Path folder;

  /// A line for each point of a database: collection, id, bits of the components, payload.
  static List<String> lines(SoniDb database) {
    List<String> lines = new ArrayList<>();
    for (String name : database.collections()) {
      Collection collection = database.collection(name);
      TreeMap<VectorId, Point> points = new TreeMap<>();
      try (PointCursor cursor = collection.scroll()) {
        while (cursor.hasNext()) {
          Point point = cursor.next();
          points.put(point.id(), point);
        }
      }
      points
          .values()
          .forEach(point ->
              lines.add(
                  "%s\t%s\t%s\t%s"
                      .formatted(
                          name, point.id(), bits(point.vector()), point.payload().toJson())));
    }
    return lines;
  }

  private static String bits(Vector vector) {
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < vector.dimension(); i++) {
      hex.append(
          vector.elementType() == ElementType.FLOAT32
              ? "%08x".formatted(Float.floatToRawIntBits(vector.floatAt(i)))
              : "%016x".formatted(Double.doubleToRawLongBits(vector.doubleAt(i))));
    }
    return hex.toString();
  }

  @BeforeEach
  void copy() throws IOException {
    Path data = FROZEN.resolve("data");
    try (Stream<Path> all = Files.walk(data)) {
      for (Path each : all.toList()) {
        Path to = folder.resolve(data.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(to);
        } else {
          Files.copy(each, to, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private static List<String> expected() throws IOException {
    return Files.readAllLines(FROZEN.resolve("expected.tsv"));
  }

  private void check() throws IOException {
    try (SoniDb database = SoniDb.open(folder)) {
      assertThat(lines(database)).isEqualTo(expected());
      for (String name : database.collections()) {
        assertThat(database.collection(name).verifyIntegrity(true, Progress.NONE).damaged())
            .as(name)
            .isEmpty();
      }
    }
  }

  @Test
  void readsEveryBitOfVersionOne() throws IOException {
    check();
  }

  @Test
  void readsVersionOneFromItsAudioAlone() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        if (!each.toString().endsWith(".flac")) {
          Files.delete(each);
        }
      }
    }
    check();
  }

  @Test
  void goesOnWritingWhereVersionOneEnded() throws IOException {
    try (SoniDb database = SoniDb.open(folder)) {
      Collection songs = database.collection("amplitude");
      long last = songs.lastSequence();
      float[] vector = new float[songs.spec().dimension()];
      vector[0] = 1;
      assertThat(songs.upsert("new", vector)).isEqualTo(last + 1);
      songs.compact(false, Progress.NONE);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
      songs.delete("new");
    }
    check();
  }
}
