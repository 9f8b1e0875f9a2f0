package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.cbor.CBORMapper;

class NodeTest {
  private static final String C = "/collections/songs";

  @TempDir Path folder;

  private static void fill(TestNode node) {
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
    node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2], 'payload': {'a': 1}}]}")
        .result();
  }

  @Test
  void answersARequestThatIsUnderWayBeforeItStops() throws Exception {
    TestNode node = TestNode.start(folder.resolve("data"));
    fill(node);
    String body = "{\"points\": [{\"id\": 2, \"vector\": [3, 4]}]}";
    try (Socket socket = new Socket(node.uri().getHost(), node.uri().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("PUT "
                  + C
                  + "/points HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  + "Content-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body.substring(0, 10))
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      // It must be under way before the node is asked to stop.
      while (!node.get("/metrics").text().contains("sonidb_http_requests_in_progress 2")) {
        Thread.sleep(5);
      }
      URI uri = node.uri(); // which a node that has stopped has not
      Thread stopping = Thread.startVirtualThread(node::close);
      while (takesRequests(uri)) {
        Thread.sleep(5);
      }
      out.write(body.substring(10).getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 200").contains("acknowledged");
      stopping.join();
    }
    try (TestNode again = TestNode.start(folder.resolve("data"))) {
      assertThat(again.get(C + "/points/2").result().get("vector").toString())
          .isEqualTo("[3.0,4.0]");
    }
  }

  private static boolean takesRequests(URI node) {
    try (Socket socket = new Socket(node.getHost(), node.getPort())) {
      socket.setSoTimeout(500);
      socket
          .getOutputStream()
          .write(
              "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return answer.endsWith(" 200");
    } catch (IOException refused) {
      return false;
    }
  }

  @Test
  void leavesNobodyWaitingWhoComesWhileItStops() throws Exception {
    for (int round = 0; round < 8; round++) {
      TestNode node = TestNode.start(folder.resolve("data"));
      URI uri = node.uri();
      AtomicBoolean isClosed = new AtomicBoolean();
      List<CompletableFuture<Void>> visitors = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        visitors.add(
            CompletableFuture.runAsync(
                () -> visit(uri, isClosed),
                visitor -> Thread.ofVirtual().name("visitor").start(visitor)));
      }
      while (!takesRequests(uri)) {
        Thread.onSpinWait();
      }
      node.close();
      isClosed.set(true);
      visitors.forEach(CompletableFuture::join);
    }
  }

  /// Comes again and again. Whoever was let in is answered, or turned away.
  private static void visit(URI node, AtomicBoolean isClosed) {
    while (!isClosed.get()) {
      try (Socket socket = new Socket(node.getHost(), node.getPort())) {
        socket.setSoTimeout(20_000);
        socket
            .getOutputStream()
            .write(
                "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        socket.getInputStream().readAllBytes();
      } catch (SocketTimeoutException e) {
        throw new AssertionError("was let in by a node that stopped, and never heard of it", e);
      } catch (IOException e) {
        // It was turned away.
      }
    }
  }

  @Test
  void showsFiguresThatPrometheusReads() throws Exception {
    try (TestNode node = TestNode.start(folder.resolve("data"))) {
      fill(node);
      node.get(C + "/points/9");
      String missed =
          "sonidb_http_requests_total{method=\"GET\",route=\"/collections/{collection}/points/{id}\",status=\"404\"}"
              + " 1";
      // A request is counted when its answer is sent, which the client may see first.
      while (!node.get("/metrics").text().contains(missed)) {
        Thread.sleep(5);
      }
      String text = node.get("/metrics").text();
      assertThat(text)
          .contains("sonidb_vectors{collection=\"songs\"} 1")
          .contains("sonidb_search_index_backlog{collection=\"songs\"} 1")
          .contains("sonidb_streams 0")
          .containsPattern("sonidb_fsync_seconds_count\\{collection=\"songs\"\\} [1-9]")
          .contains("le=\"+Inf\"} 1");
      assertThat(text.lines())
          .allMatch(line ->
              line.startsWith("# ")
                  || line.matches("[a-z_]+(\\{[^}]*(\\{[^}]*\\}[^}]*)*\\})? [-+0-9.eEINa]+"));
    }
  }

  @Test
  void notesRequestsWhenThatIsWanted() throws Exception {
    Path log = folder.resolve("access.log");
    try (TestNode node =
        TestNode.start(folder.resolve("data"), Map.of("log.access", log.toString()))) {
      node.get("/collections?secret=1");
      while (!Files.readString(log).contains("/collections")) {
        Thread.sleep(5);
      }
      Files.move(log, folder.resolve("access.1"));
      node.get("/readyz");
    }
    assertThat(Files.readString(folder.resolve("access.1")))
        .contains("\"path\":\"/collections\",\"status\":200")
        .doesNotContain("secret");
  }

  @Test
  void speaksCborInPlaceOfJson() throws Exception {
    CBORMapper cbor = CBORMapper.builder().build();
    try (TestNode node = TestNode.start(folder.resolve("data"))) {
      fill(node);
      byte[] body =
          cbor.writeValueAsBytes(
              Map.of("query", new float[] {1, 2}, "with_vector", true, "limit", 1));
      HttpResponse<byte[]> response =
          node.client()
              .send(
                  HttpRequest.newBuilder(URI.create(node.uri() + C + "/points/query"))
                      .header("Content-Type", "application/cbor")
                      .header("Accept", "application/cbor")
                      .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray());
      assertThat(response.headers().firstValue("content-type")).contains("application/cbor");
      JsonNode hit = cbor.readTree(response.body()).at("/result/points/0");
      assertThat(hit.get("vector").toString()).isEqualTo("[1.0,2.0]");
    }
  }

  @Test
  void speaksHttp2WithoutTls() throws Exception {
    try (TestNode node = TestNode.start(folder.resolve("data"));
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(node.uri() + "/")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(response.body()).contains("SoniDB");
    }
  }

  @Test
  void refusesAFolderThatAnotherNodeHas() throws IOException {
    try (TestNode _ = TestNode.start(folder.resolve("data"))) {
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> TestNode.start(folder.resolve("data")))
          .isInstanceOf(io.sonidb.FolderLockedException.class);
    }
  }

  @Test
  void answersLargePagesInPieces() throws IOException {
    try (TestNode node = TestNode.start(folder.resolve("data"))) {
      node.put(C, "{'vectors': {'size': 500, 'distance': 'Dot'}}").result();
      StringBuilder points = new StringBuilder();
      String zeros = "0.125,".repeat(499) + "1";
      for (int i = 0; i < 300; i++) {
        points.append(i == 0 ? "" : ",").append("{'id': ").append(i).append(", 'vector': [");
        points.append(zeros).append("]}");
      }
      node.put(C + "/points", "{'points': [" + points + "]}").result();
      Reply page = node.post(C + "/points/scroll", "{'limit': 300, 'with_vector': true}");
      assertThat(page.result().get("points")).hasSize(300);
      assertThat(page.text().length()).isGreaterThan(900_000);
    }
  }
}
