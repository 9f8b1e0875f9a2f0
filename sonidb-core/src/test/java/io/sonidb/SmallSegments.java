package io.sonidb;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// Collections of small segments that are compacted by hand only.
abstract class SmallSegments {
  static final int DIMENSION = 16;
  static final CollectionSpec SPEC = CollectionSpec.dimension(DIMENSION).segmentBytes(1 << 20);
  static final SoniDbOptions BY_HAND = new SoniDbOptions(2, false, InstantSource.system());

  @TempDir Path data;
  private int writes;

  void upsert(Collection songs, int from, int to) {
    List<Point> batch = new ArrayList<>();
    for (int id = from; id < to; id++) {
      float[] vector = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] = (float) Math.sin(++writes * 0.37 + i);
      }
      batch.add(Point.of(Integer.toString(id), vector));
    }
    songs.upsert(batch);
  }

  /// Upserts, and ends the segment.
  void segment(Collection songs, int from, int to) {
    upsert(songs, from, to);
    songs.buildIndex();
  }

  static void delete(Collection songs, int from, int to) {
    songs.delete(IntStream.range(from, to).mapToObj(VectorId::of).toList());
  }

  /// Ends what does not end by itself.
  static Progress atMost(int calls) {
    int[] count = {0};
    return (done, total, unit) -> {
      if (++count[0] > calls) {
        throw new IllegalStateException("still at it after " + calls + " runs of segments");
      }
    };
  }

  Path folder() throws IOException {
    return folderIn(data);
  }

  static Path folderIn(Path data) throws IOException {
    try (Stream<Path> folders = Files.list(data.resolve("collections"))) {
      return folders.findFirst().orElseThrow();
    }
  }

  List<Path> files(String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder().resolve("segments"))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }
}
