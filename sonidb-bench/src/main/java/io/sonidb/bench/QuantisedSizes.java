package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.vector.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Prints what quantised collections take and lose, as a Markdown table, beside plain numbers of so
/// many bits under a scale that each vector's largest component gives.
///
/// Arguments: a seed (42) and a folder of `.npy` files (that of `SONIDB_TEST_DATA`); of these the
/// sets of 500 float32 vectors and more are taken. Before them come generated ones
/// ([ClusteredVectors]).
///
/// - `bytes`: of a real store, whole frames with record header and integer id. Of plain numbers:
///   packed, 4 bytes for the scale, and what a record without a vector takes in the same store.
/// - `recall@10`: of 500 vectors of the set, how many of the ten nearest others are found when the
///   others are what is stored; equal distances count alike. By direction; for sets that are
///   compared by distance, by that.
/// - `largest`, `rms`: change of a component, by the root mean square of all components.
final class QuantisedSizes {
  private static final int QUERIES = 500;
  private static final int NEIGHBOURS = 10;
  private static final int BATCH = 1000;
  private static final int LEAST_VECTORS = 500;
  private static final long SEQUENCE = 1 << 12;
  private static final long MILLIS = 1_800_000_000_000L;

  /// Sets whose vectors have no length of 1, and are compared by distance.
  private static final List<String> BY_DISTANCE = List.of("fmnist1k", "ngt_sift5k", "pbmc_pca_50");

  /// Vectors of one dimension.
  private record VectorSet(String name, Metric metric, List<Vector> vectors) {
    int dimension() {
      return vectors.getFirst().dimension();
    }
  }

  private QuantisedSizes() {}

  /// Prints the table.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException {
    long seed = args.length > 0 ? Long.parseLong(args[0]) : 42;
    System.out.println("seed of the generated vectors: " + seed);
    System.out.println();
    System.out.println("| set | vectors | stored as | bytes | recall@10 | largest | rms |");
    System.out.println("|---|--:|---|--:|--:|--:|--:|");
    print(generated(768, 10_000, seed));
    print(generated(1536, 5_000, seed));
    String folder = args.length > 1 ? args[1] : System.getenv("SONIDB_TEST_DATA");
    if (folder != null) {
      for (VectorSet set : read(Path.of(folder))) {
        print(set);
      }
    }
  }

  private static VectorSet generated(int dimension, int count, long seed) {
    ClusteredVectors generator = new ClusteredVectors(dimension, seed);
    List<Vector> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vectors.add(Vector.sharing(generator.next()));
    }
    return new VectorSet("generated_" + dimension, Metric.COSINE, vectors);
  }

  private static List<VectorSet> read(Path folder) throws IOException {
    List<Path> files;
    try (var list = Files.list(folder)) {
      files = list.filter(file -> file.toString().endsWith(".npy")).sorted().toList();
    }
    List<VectorSet> sets = new ArrayList<>();
    for (Path file : files) {
      List<Vector> vectors = new ArrayList<>();
      try (VectorReader reader = VectorReader.open(file)) {
        boolean wanted = reader.sourceType().equals("float32");
        Optional<VectorRow> row = wanted ? reader.next() : Optional.empty();
        for (; row.isPresent(); row = reader.next()) {
          vectors.add(row.get().vector());
        }
      }
      String name = String.valueOf(file.getFileName()).replace(".npy", "");
      if (vectors.size() >= LEAST_VECTORS && !name.endsWith("_query")) {
        sets.add(new VectorSet(name, metric(name), vectors));
      }
    }
    return sets;
  }

  private static Metric metric(String name) {
    return BY_DISTANCE.contains(name) ? Metric.EUCLID : Metric.COSINE;
  }

  private static void print(VectorSet set) throws IOException {
    float[][] exact = floats(set, UnaryOperator.identity());
    System.out.println(row(set, "exact", stored(set, Quantisation.NONE), exact, exact));
    for (Quantisation quantize : Quantisation.values()) {
      if (quantize.isRounding()) {
        float[][] rounded = floats(set, quantize::round);
        String as = "`--quantize " + quantize + "`";
        System.out.println(row(set, as, stored(set, quantize), exact, rounded));
        float[][] plain = floats(set, vector -> plain(vector, quantize.bits()));
        double bytes = bareRecord() + 4 + Math.ceilDiv(set.dimension() * quantize.bits(), 8);
        System.out.println(row(set, "int" + quantize, bytes, exact, plain));
      }
    }
  }

  private static float[][] floats(VectorSet set, UnaryOperator<Vector> change) {
    return set.vectors().stream()
        .map(vector -> change.apply(vector).floats())
        .toArray(float[][]::new);
  }

  private static String row(
      VectorSet set, String as, double bytes, float[][] exact, float[][] stored) {
    double largest = 0;
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < exact.length; i++) {
      for (int j = 0; j < exact[i].length; j++) {
        double error = Math.abs((double) exact[i][j] - stored[i][j]);
        largest = Math.max(largest, error);
        errors += error * error;
        squares += (double) exact[i][j] * exact[i][j];
      }
    }
    double components = (double) exact.length * set.dimension();
    return String.format(
        Locale.ROOT,
        "| %s | %,d | %s | %,.0f | %.3f | %.4f | %.4f |",
        set.name(),
        exact.length,
        as,
        bytes,
        recall(comparable(set, exact), comparable(set, stored)),
        largest / Math.sqrt(squares / components),
        Math.sqrt(errors / squares));
  }

  // What is stored ---------------------------------------------------------------------------

  /// Bytes a vector in a collection of its own.
  private static double stored(VectorSet set, Quantisation quantize) throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create();
        SoniDb db = SoniDb.open(folder.path())) {
      Collection collection =
          db.create(
              set.name(),
              CollectionSpec.dimension(set.dimension())
                  .metric(Metric.EUCLID)
                  .quantize(quantize)
                  .durability(Durability.OS));
      List<Point> batch = new ArrayList<>();
      for (int i = 0; i < set.vectors().size(); i++) {
        batch.add(Point.of(VectorId.of(i), set.vectors().get(i)));
        if (batch.size() == BATCH || i == set.vectors().size() - 1) {
          collection.upsert(batch);
          batch.clear();
        }
      }
      return collection.stats().bytesPerVector();
    }
  }

  /// Bytes of a record that has everything but a vector.
  private static int bareRecord() {
    SoundRecord record =
        SoundRecord.delete(SEQUENCE, VectorId.of(SEQUENCE)).withInsertedAtMillis(MILLIS);
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    return encoder.encode(record, new byte[encoder.maxSize(record)], 0);
  }

  /// Numbers of so many bits, the largest component as the largest of them.
  private static Vector plain(Vector vector, int bits) {
    float[] exact = vector.floats();
    float largest = 0;
    for (float component : exact) {
      largest = Math.max(largest, Math.abs(component));
    }
    double scale = largest == 0 ? 1 : (double) largest / ((1 << bits - 1) - 1);
    float[] rounded = new float[exact.length];
    for (int i = 0; i < exact.length; i++) {
      rounded[i] = (float) (Math.rint(exact[i] / scale) * scale);
    }
    return Vector.sharing(rounded);
  }

  // Recall -----------------------------------------------------------------------------------

  /// For directions, vectors of length 1: these are as near as their directions are alike.
  private static float[][] comparable(VectorSet set, float[][] vectors) {
    if (set.metric() != Metric.COSINE) {
      return vectors;
    }
    float[][] unit = new float[vectors.length][];
    for (int i = 0; i < vectors.length; i++) {
      unit[i] = vectors[i].clone();
      float length = (float) Math.sqrt(Kernels.BEST.dot(unit[i], unit[i]));
      for (int j = 0; j < unit[i].length; j++) {
        unit[i][j] /= length == 0 ? 1 : length;
      }
    }
    return unit;
  }

  private static double recall(float[][] exact, float[][] stored) {
    int queries = Math.min(QUERIES, exact.length);
    long found = 0;
    for (int q = 0; q < queries; q++) {
      int query = (int) ((long) q * exact.length / queries);
      float[] truth = distances(exact[query], exact, query);
      float[] seen = distances(exact[query], stored, query);
      float near = nearest(truth);
      float shown = nearest(seen);
      int sure = 0;
      int hits = 0;
      int tied = 0;
      for (int i = 0; i < truth.length; i++) {
        int isNear = truth[i] <= near ? 1 : 0;
        sure += seen[i] < shown ? 1 : 0;
        hits += seen[i] < shown ? isNear : 0;
        tied += seen[i] == shown ? isNear : 0;
      }
      found += hits + Math.min(tied, NEIGHBOURS - sure);
    }
    return (double) found / queries / NEIGHBOURS;
  }

  private static float[] distances(float[] query, float[][] vectors, int self) {
    float[] distances = new float[vectors.length];
    for (int i = 0; i < vectors.length; i++) {
      distances[i] = Kernels.BEST.squaredDistance(query, vectors[i]);
    }
    distances[self] = Float.POSITIVE_INFINITY;
    return distances;
  }

  /// The distance of the tenth nearest.
  private static float nearest(float[] distances) {
    float[] sorted = distances.clone();
    Arrays.sort(sorted);
    return sorted[NEIGHBOURS - 1];
  }
}
