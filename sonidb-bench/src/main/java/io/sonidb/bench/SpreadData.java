package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;

/// Fills a data folder with a collection of some size, for measuring how it gets to other nodes
/// (docs/benchmarks.md, *Syncing*).
public final class SpreadData {
  private static final int DIMENSION = 1536;
  private static final int BATCH = 1000;
  private static final long MEGABYTE = 1_000_000;

  private SpreadData() {}

  /// @param arguments folder, megabytes of audio, mebibytes of a segment
  public static void main(String[] arguments) {
    long bytes = Long.parseLong(arguments[1]) * MEGABYTE;
    long segment = Long.parseLong(arguments[2]) << 20;
    Random random = new Random(1);
    try (SoniDb database = SoniDb.open(Path.of(arguments[0]))) {
      Collection songs =
          database.create(
              "songs",
              CollectionSpec.dimension(DIMENSION).metric(Metric.DOT).segmentBytes(segment));
      for (long id = 0; songs.stats().diskBytes() < bytes; id += BATCH) {
        long first = id;
        songs.upsert(
            IntStream.range(0, BATCH)
                .mapToObj(i -> {
                  float[] vector = new float[DIMENSION];
                  for (int j = 0; j < DIMENSION; j++) {
                    vector[j] = (float) random.nextGaussian();
                  }
                  return Point.of(Long.toString(first + i), vector);
                })
                .toList());
      }
      System.out.println(
          songs.count() + " vectors, " + songs.stats().diskBytes() / MEGABYTE + " MB");
    }
  }
}
