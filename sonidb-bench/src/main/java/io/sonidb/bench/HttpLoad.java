package io.sonidb.bench;

import io.sonidb.json.VectorJson;
import io.sonidb.sound.Vector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Measures a running node from outside, over loopback: upserts of 256 vectors as JSON, and when
/// the node says that it has indexed them, single gets over 16 connections and queries for the ten
/// nearest over 8, with their recall.
///
/// Arguments: URL, vectors (50000), dimension (768), seconds of each measurement (5), ef of queries
/// (0, the default; several, separated by commas). The collection is called `http-load`, and stays.
/// Vectors are printed while they are sent, as clients must; all else that a client might do with
/// answers, it does not. Any server with these four routes of Qdrant's can be measured.
final class HttpLoad {
  private static final int BATCH = 256;
  private static final int WRITERS = 4;
  private static final int GETTERS = 16;
  private static final int SEARCHERS = 8;
  private static final int RECALL_QUERIES = 200;
  private static final int QUERIES = 500;
  private static final int K = 10;
  private static final String PATH = "/collections/http-load";
  private static final byte[] NOTHING = {};
  private static final int WARM_SECONDS = 6;
  private static final int MOST_WAIT_SECONDS = 1800;
  private static final Pattern ID = Pattern.compile("\"id\":([0-9]+)");
  private static final JsonFactory JSON = new JsonFactory();

  private final URI node;
  private final int vectors;
  private final int dimension;
  private final int seconds;
  private final List<Integer> efs;
  private final List<Vector> stored = new ArrayList<>();
  private final List<Vector> asked = new ArrayList<>();

  private HttpLoad(URI node, int vectors, int dimension, int seconds, List<Integer> efs) {
    this.node = node;
    this.vectors = vectors;
    this.dimension = dimension;
    this.seconds = seconds;
    this.efs = List.copyOf(efs);
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException {
    if (args.length < 1) {
      throw new IllegalArgumentException(
          "usage: HttpLoad URL [VECTORS] [DIMENSION] [SECONDS] [EF,EF...]");
    }
    new HttpLoad(
            URI.create(args[0]),
            args.length > 1 ? Integer.parseInt(args[1]) : 50_000,
            args.length > 2 ? Integer.parseInt(args[2]) : 768,
            args.length > 3 ? Integer.parseInt(args[3]) : 5,
            Stream.of(args.length > 4 ? args[4] : "0")
                .flatMap(efs -> Stream.of(efs.split(",")))
                .map(Integer::valueOf)
                .toList())
        .run();
  }

  private void run() throws IOException {
    ClusteredVectors source = new ClusteredVectors(dimension, 1);
    for (int i = 0; i < vectors + QUERIES; i++) {
      (i < vectors ? stored : asked).add(Vector.sharing(source.next()));
    }
    try (HttpConnection connection = new HttpConnection(node)) {
      connection.send("DELETE", PATH, NOTHING);
      connection.send(
          "PUT", PATH, ascii("{\"vectors\":{\"size\":" + dimension + ",\"distance\":\"Cosine\"}}"));
      upsert();
      awaitIndex(connection);
    }
    measure("get, " + GETTERS + " connections", GETTERS, this::get);
    List<Set<String>> exact =
        asked.subList(0, RECALL_QUERIES).stream()
            .map(each -> found(query(each, "\"exact\":true")))
            .toList();
    for (int ef : efs) {
      String params = "\"hnsw_ef\":" + ef;
      List<byte[]> bodies = asked.stream().map(each -> query(each, params)).toList();
      measure(
          "query k 10, hnsw_ef " + ef + ", " + SEARCHERS + " connections",
          SEARCHERS,
          (connection, random) ->
              connection.send("POST", PATH + "/points/query", bodies.get(random.nextInt(QUERIES))));
      System.out.printf(Locale.ROOT, "recall@10 %.4f%n", recall(exact, bodies));
    }
  }

  /// Waits until the node says that nothing is left to do for the index.
  private void awaitIndex(HttpConnection connection) throws IOException {
    long start = System.nanoTime();
    while (!new String(connection.send("GET", PATH, NOTHING), StandardCharsets.UTF_8)
        .contains("\"status\":\"green\"")) {
      if (System.nanoTime() - start > MOST_WAIT_SECONDS * 1_000_000_000L) {
        throw new IOException("the index is not complete after half an hour");
      }
      LockSupport.parkNanos(200_000_000);
    }
    System.out.printf(Locale.ROOT, "indexed %.1f s later%n", (System.nanoTime() - start) / 1e9);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  // Bodies -------------------------------------------------------------------------------------

  private byte[] batch(int first) {
    return body(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("points");
      for (int i = first; i < Math.min(vectors, first + BATCH); i++) {
        to.writeStartObject();
        to.writeNumberProperty("id", i);
        to.writeName("vector");
        VectorJson.write(stored.get(i), to);
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    });
  }

  private static byte[] query(Vector vector, String params) {
    return body(to -> {
      to.writeStartObject();
      to.writeNumberProperty("limit", K);
      to.writeName("params");
      to.writeRawValue("{" + params + "}");
      to.writeName("query");
      VectorJson.write(vector, to);
      to.writeEndObject();
    });
  }

  private static byte[] body(Consumer<JsonGenerator> writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (JsonGenerator to = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      writer.accept(to);
    }
    return bytes.toByteArray();
  }

  // Measurements -------------------------------------------------------------------------------

  private void upsert() {
    AtomicInteger next = new AtomicInteger();
    AtomicLong bytes = new AtomicLong();
    long start = System.nanoTime();
    atOnce(
        WRITERS,
        (connection, _) -> {
          for (int i = next.getAndAdd(BATCH); i < vectors; i = next.getAndAdd(BATCH)) {
            byte[] body = batch(i);
            bytes.addAndGet(body.length);
            connection.send("PUT", PATH + "/points?wait=true", body);
          }
        });
    double took = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "upsert, batches of %d, %d connections: %.0f vectors/s, %.0f MB/s of JSON%n",
        BATCH,
        WRITERS,
        vectors / took,
        bytes.get() / took / 1e6);
  }

  @FunctionalInterface
  private interface Request {
    void send(HttpConnection connection, SplittableRandom random) throws IOException;
  }

  @FunctionalInterface
  private interface Work {
    void run(HttpConnection connection, int worker) throws IOException;
  }

  private void get(HttpConnection connection, SplittableRandom random) throws IOException {
    connection.send("GET", PATH + "/points/" + random.nextInt(vectors), NOTHING);
  }

  private void measure(String what, int connections, Request request) {
    run(connections, request, WARM_SECONDS); // warm
    List<long[]> times = run(connections, request, seconds);
    long[] all = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    System.out.printf(
        Locale.ROOT,
        "%s: %.0f/s, median %.2f ms, 99 of 100 within %.2f ms%n",
        what,
        (double) all.length / seconds,
        all[all.length / 2] / 1e6,
        all[(int) (all.length * 0.99)] / 1e6);
  }

  private List<long[]> run(int connections, Request request, int duration) {
    List<long[]> times = new ArrayList<>();
    long end = System.nanoTime() + duration * 1_000_000_000L;
    atOnce(
        connections,
        (connection, worker) -> {
          SplittableRandom random = new SplittableRandom(worker);
          long[] took = new long[1 << 10];
          int count = 0;
          for (long now = System.nanoTime(); now < end; ) {
            request.send(connection, random);
            long after = System.nanoTime();
            if (count == took.length) {
              took = Arrays.copyOf(took, 2 * count);
            }
            took[count++] = after - now;
            now = after;
          }
          synchronized (times) {
            times.add(Arrays.copyOf(took, count));
          }
        });
    return times;
  }

  private void atOnce(int count, Work work) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int worker = i;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try (HttpConnection connection = new HttpConnection(node)) {
                  work.run(connection, worker);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private Set<String> found(byte[] query) {
    try (HttpConnection connection = new HttpConnection(node)) {
      return ids(connection.send("POST", PATH + "/points/query", query));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private double recall(List<Set<String>> exact, List<byte[]> bodies) {
    int found = 0;
    for (int i = 0; i < exact.size(); i++) {
      Set<String> near = found(bodies.get(i));
      near.retainAll(exact.get(i));
      found += near.size();
    }
    return (double) found / exact.stream().mapToInt(Set::size).sum();
  }

  private static Set<String> ids(byte[] answer) {
    return new TreeSet<>(
        ID.matcher(new String(answer, StandardCharsets.UTF_8))
            .results()
            .map((MatchResult match) -> match.group(1))
            .toList());
  }
}
