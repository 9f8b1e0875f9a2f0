package io.sonidb.bench;

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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Measures a running node from outside, over loopback: upserts of 256 vectors as JSON, single gets
/// over 16 connections, queries for the ten nearest over 8, and their recall.
///
/// Arguments: URL, vectors (50000), dimension (768), seconds of each measurement (5), ef of queries
/// (0, the default). The collection is called `http-load`, and stays.
final class HttpLoad {
  private static final int BATCH = 256;
  private static final int BODIES = 40;
  private static final int WRITERS = 4;
  private static final int GETTERS = 16;
  private static final int SEARCHERS = 8;
  private static final int RECALL_QUERIES = 200;
  private static final int QUERIES = 500;
  private static final String PATH = "/collections/http-load";
  private static final byte[] NOTHING = {};
  private static final long FIRST_ID = 1_000_000_000L; // ten digits, to be overwritten in place
  private static final Pattern ID = Pattern.compile("\"id\":([0-9]+)");

  private final URI node;
  private final int vectors;
  private final int dimension;
  private final int seconds;
  private final int ef;
  private final List<byte[]> queries = new ArrayList<>();
  private final List<byte[]> exactQueries = new ArrayList<>();

  private HttpLoad(URI node, int vectors, int dimension, int seconds, int ef) {
    this.node = node;
    this.vectors = vectors;
    this.dimension = dimension;
    this.seconds = seconds;
    this.ef = ef;
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException {
    if (args.length < 1) {
      throw new IllegalArgumentException(
          "usage: HttpLoad URL [VECTORS] [DIMENSION] [SECONDS] [EF]");
    }
    new HttpLoad(
            URI.create(args[0]),
            args.length > 1 ? Integer.parseInt(args[1]) : 50_000,
            args.length > 2 ? Integer.parseInt(args[2]) : 768,
            args.length > 3 ? Integer.parseInt(args[3]) : 5,
            args.length > 4 ? Integer.parseInt(args[4]) : 0)
        .run();
  }

  private void run() throws IOException {
    List<Batch> batches = batches();
    try (HttpConnection connection = new HttpConnection(node)) {
      connection.send("DELETE", PATH, NOTHING);
      connection.send(
          "PUT", PATH, ascii("{\"vectors\":{\"size\":" + dimension + ",\"distance\":\"Cosine\"}}"));
    }
    upsert(batches);
    measure("get, " + GETTERS + " connections", GETTERS, this::get);
    measure("query k 10, " + SEARCHERS + " connections", SEARCHERS, this::query);
    System.out.printf(Locale.ROOT, "recall@10 %.4f%n", recall());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  // Bodies -------------------------------------------------------------------------------------

  /// A body of which the ids are replaced, so that making it costs the client nothing.
  private record Batch(String text, List<Integer> idPlaces) {
    byte[] withIds(long first) {
      byte[] body = ascii(text);
      for (int i = 0; i < idPlaces.size(); i++) {
        byte[] id = ascii(String.valueOf(first + i));
        System.arraycopy(id, 0, body, idPlaces.get(i), id.length);
      }
      return body;
    }
  }

  private List<Batch> batches() {
    ClusteredVectors source = new ClusteredVectors(dimension, 1);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < BODIES; i++) {
      StringBuilder text = new StringBuilder("{\"points\":[");
      List<Integer> places = new ArrayList<>();
      for (int k = 0; k < BATCH; k++) {
        text.append(k == 0 ? "" : ",").append("{\"id\":");
        places.add(text.length());
        text.append(FIRST_ID)
            .append(",\"vector\":")
            .append(Arrays.toString(source.next()).replace(" ", ""))
            .append('}');
      }
      batches.add(new Batch(text.append("]}").toString(), places));
    }
    for (int i = 0; i < QUERIES; i++) {
      String vector = Arrays.toString(source.next()).replace(" ", "");
      queries.add(
          ascii("{\"limit\":10,\"params\":{\"hnsw_ef\":" + ef + "},\"query\":" + vector + "}"));
      exactQueries.add(
          ascii("{\"limit\":10,\"params\":{\"exact\":true},\"query\":" + vector + "}"));
    }
    return batches;
  }

  // Measurements -------------------------------------------------------------------------------

  private void upsert(List<Batch> batches) {
    AtomicInteger next = new AtomicInteger();
    int count = (vectors + BATCH - 1) / BATCH;
    long start = System.nanoTime();
    atOnce(
        WRITERS,
        (connection, _) -> {
          for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            byte[] body = batches.get(i % BODIES).withIds(FIRST_ID + (long) i * BATCH);
            connection.send("PUT", PATH + "/points?wait=true", body);
          }
        });
    double took = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "upsert, batches of %d, %d connections: %.0f vectors/s, %.0f MB/s of JSON%n",
        BATCH,
        WRITERS,
        (double) count * BATCH / took,
        (double) count * batches.getFirst().text().length() / took / 1e6);
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
    connection.send("GET", PATH + "/points/" + (FIRST_ID + random.nextInt(vectors)), NOTHING);
  }

  private void query(HttpConnection connection, SplittableRandom random) throws IOException {
    connection.send("POST", PATH + "/points/query", queries.get(random.nextInt(QUERIES)));
  }

  private void measure(String what, int connections, Request request) {
    run(connections, request, Math.min(4, seconds)); // warm
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

  private double recall() throws IOException {
    int found = 0;
    int wanted = 0;
    try (HttpConnection connection = new HttpConnection(node)) {
      for (int i = 0; i < RECALL_QUERIES; i++) {
        Set<String> exact =
            ids(connection.send("POST", PATH + "/points/query", exactQueries.get(i)));
        Set<String> near = ids(connection.send("POST", PATH + "/points/query", queries.get(i)));
        wanted += exact.size();
        near.retainAll(exact);
        found += near.size();
      }
    }
    return (double) found / wanted;
  }

  private static Set<String> ids(byte[] answer) {
    return new TreeSet<>(
        ID.matcher(new String(answer, StandardCharsets.UTF_8))
            .results()
            .map((MatchResult match) -> match.group(1))
            .toList());
  }
}
