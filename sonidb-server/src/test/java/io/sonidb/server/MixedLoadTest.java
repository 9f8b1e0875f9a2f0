package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Writes, deletes, queries, snapshots, slow and vanishing clients, all at once.
class MixedLoadTest {
  private static final String C = "/collections/songs";
  private static final int IDS = 2_000;
  private static final int DIMENSION = 32;
  private static final long SEED = Long.getLong("sonidb.seed", new Random().nextLong());
  // A node that leaks what a request needs would need far more after tens of thousands of them.
  private static final long GROWTH_BYTES = 48L << 20;

  @TempDir Path folder;

  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLong requests = new AtomicLong();

  @Test
  void answersEverybodyForAWhile() throws Exception {
    run(Duration.ofSeconds(Integer.getInteger("sonidb.load.seconds", 12)));
  }

  @Test
  @Tag("slow")
  void answersEverybodyForHalfAnHour() throws Exception {
    run(Duration.ofMinutes(30));
  }

  @FunctionalInterface
  private interface Client {
    void work(TestNode node, Random random) throws Exception;
  }

  private void run(Duration duration) throws Exception {
    try (TestNode node = TestNode.start(folder.resolve("data"), Map.of("http.idle_seconds", "2"))) {
      node.put(
              C,
              "{'vectors': {'size': "
                  + DIMENSION
                  + ", 'distance': 'Cosine'}, 'sonidb': {'durability': 'os'}}")
          .result();
      node.put(C + "/index", "{'field_name': 'n', 'field_schema': 'integer'}").result();
      List<Client> clients =
          List.of(
              this::write,
              this::write,
              this::delete,
              this::query,
              this::query,
              this::scroll,
              this::change,
              this::snapshot,
              this::vanish,
              this::readSlowly);
      long end = System.nanoTime() + duration.toNanos();
      // The first quarter fills caches, and compiles.
      long middle = System.nanoTime() + duration.toNanos() / 4;
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < clients.size(); i++) {
        Client client = clients.get(i);
        Random random = new Random(SEED + i);
        threads.add(Thread.startVirtualThread(() -> until(end, client, node, random)));
      }
      while (System.nanoTime() < middle) {
        Thread.sleep(50);
      }
      long used = usedBytes();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).as("seed " + SEED).isEmpty();
      // Before memory is looked at, which may take as long as a connection may be idle.
      assertThat(node.get(C).result().get("status").stringValue()).isEqualTo("green");
      assertThat(node.said()).doesNotContain("error").doesNotContain("Exception");
      assertThat(usedBytes() - used)
          .as("bytes of heap after " + requests + " requests")
          .isLessThan(GROWTH_BYTES);
    }
  }

  private static long usedBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private void until(long end, Client client, TestNode node, Random random) {
    while (System.nanoTime() < end && failures.isEmpty()) {
      try {
        client.work(node, random);
        requests.incrementAndGet();
      } catch (Exception | AssertionError e) {
        failures.add(String.valueOf(e));
      }
    }
  }

  private static String vector(Random random) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < DIMENSION; i++) {
      text.append(i == 0 ? "" : ",").append((float) random.nextGaussian());
    }
    return text.append(']').toString();
  }

  private static void isGood(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }

  private void write(TestNode node, Random random) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      points
          .append(i == 0 ? "" : ",")
          .append("{'id': ")
          .append(random.nextInt(IDS))
          .append(", 'vector': ")
          .append(vector(random))
          .append(", 'payload': {'n': ")
          .append(random.nextInt(100))
          .append("}}");
    }
    isGood(node.put(C + "/points", "{'points': [" + points + "]}"));
  }

  private void delete(TestNode node, Random random) {
    isGood(
        random.nextInt(4) == 0
            ? node.post(
                C + "/points/delete",
                "{'filter': {'must': [{'key': 'n', 'match': {'value': "
                    + random.nextInt(100)
                    + "}}]}}")
            : node.post(C + "/points/delete", "{'points': [" + random.nextInt(IDS) + "]}"));
  }

  private void query(TestNode node, Random random) {
    Reply reply =
        random.nextInt(3) == 0
            ? node.post(C + "/points/query", "{'query': " + random.nextInt(IDS) + "}")
            : node.post(
                C + "/points/query",
                "{'query': "
                    + vector(random)
                    + ", 'with_payload': true, 'filter': {'must': [{'key': 'n', 'range': {'lt': "
                    + random.nextInt(100)
                    + "}}]}}");
    // The point that it asks by may have been deleted.
    assertThat(reply.status()).as(reply.text()).isIn(200, 404);
  }

  private void scroll(TestNode node, Random random) {
    isGood(
        node.post(
            C + "/points/scroll",
            "{'limit': 100, 'with_vector': true, 'offset': " + random.nextInt(IDS) + "}"));
    isGood(node.post(C + "/facet", "{'key': 'n', 'limit': 5}"));
    isGood(node.get("/metrics"));
  }

  private void change(TestNode node, Random random) {
    int id = random.nextInt(IDS);
    isGood(node.post(C + "/points/payload", "{'payload': {'m': 1}, 'points': [" + id + "]}"));
    isGood(node.post(C + "/points/payload/delete", "{'keys': ['m'], 'points': [" + id + "]}"));
  }

  private void snapshot(TestNode node, Random random) throws Exception {
    String name = node.post(C + "/snapshots", "").result().get("name").stringValue();
    isGood(node.get(C + "/snapshots/" + name));
    isGood(node.delete(C + "/snapshots/" + name));
    Thread.sleep(200 + random.nextInt(200));
  }

  /// Sends half a request, or reads half an answer, and is gone.
  private void vanish(TestNode node, Random random) throws Exception {
    try (Socket socket = new Socket(node.uri().getHost(), node.uri().getPort())) {
      socket.setSoLinger(true, 0);
      String request =
          "POST "
              + C
              + "/points/scroll HTTP/1.1\r\nHost: localhost\r\nContent-Length: 35\r\n\r\n"
              + "{\"limit\": 1000, \"with_vector\": true}";
      byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(bytes, 0, 1 + random.nextInt(bytes.length));
      if (random.nextBoolean()) {
        Thread.sleep(random.nextInt(20));
      }
    }
    Thread.sleep(20);
  }

  /// Asks for much, and takes it a little at a time.
  private void readSlowly(TestNode node, Random random) throws Exception {
    try (Socket socket = new Socket(node.uri().getHost(), node.uri().getPort())) {
      socket.setReceiveBufferSize(4096);
      String request =
          "POST "
              + C
              + "/points/scroll HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + "Content-Length: 36\r\n\r\n{\"limit\": 2000, \"with_vector\": true}";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] some = new byte[2048];
      for (int i = 0; i < 50 && socket.getInputStream().read(some) >= 0; i++) {
        Thread.sleep(random.nextInt(20));
      }
    } catch (IOException closed) {
      // The node lost its patience, as it may.
    }
  }
}
