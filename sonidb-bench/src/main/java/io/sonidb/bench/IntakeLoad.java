package io.sonidb.bench;

import io.sonidb.CollectionSpec;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.SoniDbClient;
import io.sonidb.client.WireFormat;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// Measures how fast the Java client gets vectors into a running node, in each kind of body: JSON
/// and CBOR in batches of 256, arrays of NumPy in batches of 2,048, sound in batches of 1,000 and
/// as one stream. One caller; every kind in turn, several rounds, and the median of the rounds
/// behind the first.
///
/// Arguments: URL, vectors of a round (50000), dimension (768), rounds (4). The collection is
/// called `intake-load`, and is dropped.
final class IntakeLoad {
  private static final int SMALL_BATCH = 256;
  private static final int SOUND_BATCH = 1000;
  private static final int ARRAY_BATCH = 2048;
  private static final int DIFFERENT = 4096;

  private final int vectors;
  private final List<float[]> source = new ArrayList<>();

  private IntakeLoad(int vectors, int dimension) {
    this.vectors = vectors;
    ClusteredVectors random = new ClusteredVectors(dimension, 1);
    for (int i = 0; i < DIFFERENT; i++) {
      source.add(random.next());
    }
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) {
    if (args.length < 1) {
      throw new IllegalArgumentException("usage: IntakeLoad URL [VECTORS] [DIMENSION] [ROUNDS]");
    }
    int dimension = args.length > 2 ? Integer.parseInt(args[2]) : 768;
    new IntakeLoad(args.length > 1 ? Integer.parseInt(args[1]) : 50_000, dimension)
        .run(args[0], dimension, args.length > 3 ? Integer.parseInt(args[3]) : 4);
  }

  private record Kind(String name, RemoteCollection into, Way way) {}

  @FunctionalInterface
  private interface Way {
    void send(RemoteCollection into);
  }

  private void run(String url, int dimension, int rounds) {
    ClientOptions options = ClientOptions.of(url);
    try (SoniDbClient cbor = SoniDbClient.of(options);
        SoniDbClient json = SoniDbClient.of(options.format(WireFormat.JSON))) {
      cbor.drop("intake-load");
      cbor.create("intake-load", CollectionSpec.dimension(dimension).metric(Metric.MANHATTAN));
      RemoteCollection binary = cbor.collection("intake-load");
      RemoteCollection text = json.collection("intake-load");
      List<Kind> kinds =
          List.of(
              new Kind("JSON, batches of 256", text, into -> small(into)),
              new Kind("CBOR, batches of 256", binary, into -> small(into)),
              new Kind(".npy, batches of 2,048", binary, this::arrays),
              new Kind("FLAC, batches of 1,000", binary, this::sounds),
              new Kind("FLAC, one stream", binary, this::stream));
      double[][] rates = new double[kinds.size()][rounds];
      double[][] micros = new double[kinds.size()][rounds];
      for (int round = 0; round < rounds; round++) {
        for (int kind = 0; kind < kinds.size(); kind++) {
          long cpu = cpuNanos();
          long start = System.nanoTime();
          kinds.get(kind).way().send(kinds.get(kind).into());
          rates[kind][round] = vectors / ((System.nanoTime() - start) / 1e9);
          micros[kind][round] = (cpuNanos() - cpu) / 1e3 / vectors;
        }
      }
      for (int kind = 0; kind < kinds.size(); kind++) {
        System.out.printf(
            Locale.ROOT,
            "%-24s %8.0f vectors/s, client's CPU %5.1f us a vector; rounds %s%n",
            kinds.get(kind).name(),
            median(rates[kind]),
            median(micros[kind]),
            Arrays.toString(Arrays.stream(rates[kind]).mapToLong(Math::round).toArray()));
      }
      cbor.drop("intake-load");
    }
  }

  private static double median(double[] rounds) {
    double[] sorted = Arrays.copyOfRange(rounds, Math.min(1, rounds.length - 1), rounds.length);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private Point point(int id) {
    return Point.of(VectorId.of(id), Vector.sharing(source.get(id % DIFFERENT)));
  }

  private List<Point> points(int from, int batch) {
    return IntStream.range(from, Math.min(vectors, from + batch)).mapToObj(this::point).toList();
  }

  private void small(RemoteCollection into) {
    for (int from = 0; from < vectors; from += SMALL_BATCH) {
      into.upsert(points(from, SMALL_BATCH));
    }
  }

  private void sounds(RemoteCollection into) {
    for (int from = 0; from < vectors; from += SOUND_BATCH) {
      into.upsertAsSound(points(from, SOUND_BATCH));
    }
  }

  private void arrays(RemoteCollection into) {
    for (int from = 0; from < vectors; from += ARRAY_BATCH) {
      int end = Math.min(vectors, from + ARRAY_BATCH);
      into.upsertRows(
          from,
          IntStream.range(from, end)
              .mapToObj(id -> source.get(id % DIFFERENT))
              .toArray(float[][]::new));
    }
  }

  private void stream(RemoteCollection into) {
    into.insert(IntStream.range(0, vectors).mapToObj(this::point).iterator(), false);
  }
}
