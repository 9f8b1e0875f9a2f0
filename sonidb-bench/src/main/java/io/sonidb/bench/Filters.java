package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.SoniDb;
import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/// What filters cost: searches among 0.1, 1, 10 and 50 % of the vectors beside those among all of
/// them; how large payload indexes are and how long they take to make.
///
/// Arguments: a folder that does not exist, number of vectors (1,000,000), dimension (128). Each
/// point has a whole number of its own at random, a word of a hundred, a word of its own, a time
/// and a place; the numbers have nothing to do with the vectors.
final class Filters {
  private static final int BATCH = 1000;
  private static final int ROUNDS = 9;
  private static final double[] SHARES = {0.001, 0.01, 0.1, 0.5};

  private final int vectors;
  private final int dimension;
  private final SplittableRandom random = new SplittableRandom(1);

  private Filters(int vectors, int dimension) {
    this.vectors = vectors;
    this.dimension = dimension;
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) {
    if (args.length < 1) {
      System.err.println("usage: Filters FOLDER [VECTORS] [DIMENSION]");
      System.exit(2);
    }
    int vectors = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
    int dimension = args.length > 2 ? Integer.parseInt(args[2]) : 128;
    new Filters(vectors, dimension).run(Path.of(args[0]));
  }

  private void run(Path folder) {
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs =
          db.create("songs", CollectionSpec.dimension(dimension).durability(Durability.OS));
      insert(songs);
      songs.buildIndex();
      Query query = Query.nearest(vector(), 10);
      search("unfiltered", songs, query);
      Filter percent = below(0.01);
      search("1 %, not indexed", songs, query.filter(percent));
      for (FieldType type :
          List.of(
              FieldType.INTEGER,
              FieldType.KEYWORD,
              FieldType.UUID,
              FieldType.DATETIME,
              FieldType.GEO)) {
        index(songs, type);
      }
      for (double share : SHARES) {
        count(share, songs);
        search(share * 100 + " %", songs, query.filter(below(share)));
      }
      Filter word =
          Filter.must(new Condition.MatchValue(FieldPath.parse("keyword"), Scalar.of("w7")));
      search("1 %, a word", songs, query.filter(word));
      search("1 % of that", songs, query.filter(Filter.must(word, percent)));
    }
    long start = System.nanoTime();
    try (SoniDb db = SoniDb.open(folder)) {
      Collection songs = db.collection("songs");
      print("open, ms", (System.nanoTime() - start) / 1e6);
      start = System.nanoTime();
      songs.count(below(0.01));
      print("first filter after opening, ms", (System.nanoTime() - start) / 1e6);
    }
  }

  private float[] vector() {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      double u = random.nextDouble(Double.MIN_NORMAL, 1);
      vector[i] =
          (float) (Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.nextDouble()) * 0.1);
    }
    return vector;
  }

  private void insert(Collection songs) {
    int[] numbers = new int[vectors];
    Arrays.setAll(numbers, i -> i);
    for (int i = vectors - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = swapped;
    }
    List<Point> batch = new ArrayList<>(BATCH);
    for (int i = 0; i < vectors; i++) {
      batch.add(Point.of(VectorId.of(i), Vector.sharing(vector()), payload(numbers[i])));
      if (batch.size() == BATCH || i == vectors - 1) {
        songs.upsert(batch);
        batch.clear();
      }
    }
  }

  private Payload payload(int number) {
    return Payload.ofJson(
        String.format(
            Locale.ROOT,
            """
            {"integer": %d, "keyword": "w%d", "uuid": "%s", "datetime": "2024-%02d-%02dT%02d:00:00Z",
             "geo": {"lon": %.4f, "lat": %.4f}}
            """,
            number,
            random.nextInt(100),
            new java.util.UUID(random.nextLong(), number),
            1 + random.nextInt(12),
            1 + random.nextInt(28),
            random.nextInt(24),
            random.nextDouble(-180, 180),
            random.nextDouble(-90, 90)));
  }

  private Filter below(double share) {
    return Filter.must(
        new Condition.NumberRange(
            FieldPath.parse("integer"),
            Optional.empty(),
            Optional.empty(),
            Optional.of(share * vectors),
            Optional.empty()));
  }

  private void index(Collection songs, FieldType type) {
    long before = songs.stats().payloadIndexBytes();
    long start = System.nanoTime();
    songs.createPayloadIndex(type.toString(), type);
    double seconds = (System.nanoTime() - start) / 1e9;
    print("index of " + type + " and those before, s", seconds);
    print(
        "bytes a vector of the index of " + type,
        (songs.stats().payloadIndexBytes() - before) / (double) vectors);
  }

  private void count(double share, Collection songs) {
    Filter filter = below(share);
    double[] millis = new double[ROUNDS * 10];
    for (int i = 0; i < millis.length; i++) {
      long start = System.nanoTime();
      long count = songs.count(filter);
      millis[i] = (System.nanoTime() - start) / 1e6;
      if (count != Math.round(share * vectors)) {
        throw new IllegalStateException("counted " + count);
      }
    }
    Arrays.sort(millis);
    print(share * 100 + " %: filter alone, median ms", millis[millis.length / 2]);
  }

  private static void search(String what, Collection songs, Query query) {
    double[] millis = new double[ROUNDS];
    long read = 0;
    for (int i = 0; i < millis.length; i++) {
      long start = System.nanoTime();
      SearchResult found = songs.search(query);
      millis[i] = (System.nanoTime() - start) / 1e6;
      read = found.filtering().payloadsRead();
      if (found.hits().size() != query.k()) {
        throw new IllegalStateException("found " + found.hits().size());
      }
    }
    Arrays.sort(millis);
    print(what + ": search, median ms", millis[millis.length / 2]);
    print(what + ": payloads read", (double) read);
  }

  private static void print(String what, double value) {
    System.out.printf(Locale.ROOT, "%-50s %,.3f%n", what, value);
  }
}
