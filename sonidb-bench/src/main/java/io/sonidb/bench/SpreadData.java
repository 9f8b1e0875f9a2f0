package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Metric;
import io.sonidb.SoniDb;
import java.nio.file.Path;

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
    UnitVectors vectors = new UnitVectors(DIMENSION);
    try (SoniDb database = SoniDb.open(Path.of(arguments[0]))) {
      Collection songs =
          database.create(
              "songs",
              CollectionSpec.dimension(DIMENSION).metric(Metric.DOT).segmentBytes(segment));
      for (long id = 0; songs.stats().diskBytes() < bytes; id += BATCH) {
        songs.upsert(vectors.points(id, BATCH));
      }
      System.out.println(
          songs.count() + " vectors, " + songs.stats().diskBytes() / MEGABYTE + " MB");
    }
  }
}
