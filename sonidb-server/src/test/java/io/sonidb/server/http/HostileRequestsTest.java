package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever is sent, the answer is a 4xx in the envelope, and the node goes on.
class HostileRequestsTest {
  private static final String C = "/collections/songs";
  private static final long SEED = Long.getLong("sonidb.seed", new Random().nextLong());

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node =
        TestNode.start(
            folder.resolve("data"),
            Map.of(
                "limits.max_body_mb",
                "1",
                "limits.request_seconds",
                "2",
                "http.idle_seconds",
                "5",
                "limits.max_header_bytes",
                "4096"));
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}, 'sonidb': {'durability': 'os'}}")
        .result();
    node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2], 'payload': {'a': 1}}]}")
        .result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void nodeIsHealthy() {
    assertThat(node.get("/readyz").status()).isEqualTo(200);
    assertThat(node.get(C + "/points/1").result().get("vector").toString()).isEqualTo("[1.0,2.0]");
    assertThat(node.said()).doesNotContain("error").doesNotContain("Exception");
  }

  private static void isRefused(Reply reply, String what) {
    assertThat(reply.status()).as(what + " -> " + reply.text()).isBetween(400, 499);
    assertThat(reply.error()).as(what).isNotEmpty();
    assertThat(reply.text()).doesNotContain("Exception").doesNotContain("\tat ");
  }

  private static final List<String> BODIES =
      List.of(
          "/points/query",
          "/points/query/batch",
          "/points/query/groups",
          "/points/scroll",
          "/points/count",
          "/points/delete",
          "/points/payload",
          "/points/payload/delete",
          "/points/payload/clear",
          "/points/batch",
          "/points/search",
          "/points/recommend",
          "/points",
          "/facet");

  @Test
  void refusesWhatIsNoJson() {
    List<String> bodies =
        List.of(
            "{",
            "[",
            "}",
            "nul",
            "{\"a\"",
            "{'a': 1}",
            "{\"a\": 1",
            "{} {}",
            "{\"filter\": {\"must\": [}}",
            "\u0000",
            "\ufeff",
            "{\"limit\": 01}",
            "{\"limit\": +1}",
            "{\"limit\": NaN}",
            "\"text\"",
            "12",
            "[]",
            "true",
            "{\"a\": \"\ud800\"}");
    for (String path : BODIES) {
      for (String body : bodies) {
        isRefused(node.send("POST", C + path, Optional.of(body), Map.of()), path + " with " + body);
      }
    }
  }

  @Test
  void refusesValuesOfWrongTypes() {
    List<String> values =
        List.of(
            "true", "-1", "1e999", "\"x\"", "[[[]]]", "{\"a\": {}}", "1" + "0".repeat(400), "\"\"");
    Map<String, List<String>> fields =
        Map.of(
            "/points/query", List.of("limit", "offset", "filter", "params", "with_payload"),
            "/points/scroll", List.of("limit", "filter", "order_by", "with_vector"),
            "/points", List.of("ids"),
            "/points/delete", List.of("points", "filter"),
            "/points/payload", List.of("payload", "points"),
            "/points/batch", List.of("operations"),
            "/facet", List.of("limit", "filter"));
    int refused = 0;
    for (Map.Entry<String, List<String>> each : fields.entrySet()) {
      for (String field : each.getValue()) {
        for (String value : values) {
          Reply reply =
              node.send(
                  "POST",
                  C + each.getKey(),
                  Optional.of("{\"" + field + "\": " + value + "}"),
                  Map.of());
          boolean isFine = reply.status() == 200;
          if (!isFine) {
            isRefused(reply, each.getKey() + " with " + field + ": " + value);
            refused++;
          }
        }
      }
    }
    assertThat(refused).isGreaterThan(100);
  }

  @Test
  void refusesDeepNesting() {
    for (String open : List.of("[", "{\"a\":", "{\"must\":[", "{\"filter\":{\"must\":[")) {
      String deep = open.repeat(20_000);
      for (String path : BODIES) {
        isRefused(node.send("POST", C + path, Optional.of(deep), Map.of()), path + " with " + open);
      }
    }
    String filter = "{\"must\":[".repeat(25) + "]}".repeat(25);
    isRefused(
        node.send(
            "POST", C + "/points/count", Optional.of("{\"filter\":" + filter + "}"), Map.of()),
        "a filter of many filters");
  }

  @Test
  void refusesLargeBodies() throws IOException {
    // Whoever sends all of it first reads the answer afterwards, and not that the connection is
    // lost.
    String large = "{\"points\": [" + "1,".repeat(2 << 20) + "1]}";
    assertThat(
            answerOrCut(
                HttpRequest.newBuilder(URI.create(node.uri() + C + "/points/delete"))
                    .POST(HttpRequest.BodyPublishers.ofString(large))
                    .build()))
        .isEqualTo("413");
    // Without a length, so that it has to be read.
    HttpRequest chunked =
        HttpRequest.newBuilder(URI.create(node.uri() + C + "/points/delete"))
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new java.io.ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))
            .build();
    assertThat(answerOrCut(chunked)).isEqualTo("413");
    assertThat(
            raw(
                "POST "
                    + C
                    + "/points/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + "104857600\r\nConnection: close\r\n\r\n{"))
        .startsWith("HTTP/1.1 413");
  }

  /// The node need not read to the end; a client that goes on sending then sees the connection
  /// close.
  private static String answerOrCut(HttpRequest request) {
    try {
      return String.valueOf(node.send(request).status());
    } catch (AssertionError cut) {
      return "cut";
    }
  }

  @Test
  void refusesTraversalInEveryName() {
    for (String name :
        List.of(
            "..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e%2f%2e%2e",
            "..%5c..%5cwindows",
            "%00",
            "a%00b",
            "%c0%ae%c0%ae",
            "%ff",
            "~root",
            "a%0d%0aX:%20y")) {
      isRefused(node.get("/collections/" + name), name);
      isRefused(node.get("/collections/" + name + "/points/1"), name);
      isRefused(node.get(C + "/points/" + name), name);
      isRefused(node.get(C + "/snapshots/" + name), name);
      isRefused(node.delete(C + "/snapshots/" + name), name);
      isRefused(
          node.put(
              C + "/snapshots/recover",
              "{'location': 'http://x/collections/songs/snapshots/" + name + "'}"),
          name);
    }
    for (String location :
        List.of("file:///etc/passwd", "http://169.254.169.254/latest", "../x", "", "\\\\x")) {
      isRefused(
          node.put(
              C + "/snapshots/recover", "{'location': '" + location.replace("\\", "\\\\") + "'}"),
          location);
    }
  }

  @Test
  void survivesRandomBytesInPlaceOfARequest() {
    Random random = new Random(SEED);
    String good =
        "{\"query\": [1, 2], \"limit\": 3, \"filter\": {\"must\": [{\"key\": \"a\", \"match\": {\"value\": 1}}]}}";
    for (int i = 0; i < 400; i++) {
      byte[] body = good.getBytes(StandardCharsets.UTF_8);
      for (int k = 0; k <= random.nextInt(4); k++) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      String text = new String(body, StandardCharsets.ISO_8859_1);
      Reply reply = node.send("POST", C + "/points/query", Optional.of(text), Map.of());
      if (reply.status() != 200) {
        isRefused(reply, "seed " + SEED + ", body " + text);
      }
    }
  }

  // Sockets ------------------------------------------------------------------------------------

  private static Socket connect() throws IOException {
    Socket socket = new Socket(node.uri().getHost(), node.uri().getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static String raw(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return rest(socket);
    }
  }

  private static String rest(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder text = new StringBuilder();
    try {
      for (int c = in.read(); c >= 0; c = in.read()) {
        text.append((char) c);
      }
    } catch (SocketException reset) {
      text.append("(reset)");
    }
    return text.toString();
  }

  @Test
  void refusesHeadsThatAreMalformedOrTooLarge() throws IOException {
    assertThat(raw("NONSENSE\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET http://[::1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(8000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431");
    assertThat(raw("GET /" + "a".repeat(8000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .startsWith("HTTP/1.1 4");
    assertThat(
            raw(
                "POST "
                    + C
                    + "/points/count HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}"))
        .startsWith("HTTP/1.1 400");
    assertThat(
            raw(
                "POST "
                    + C
                    + "/points/count HTTP/1.1\r\nHost: localhost\r\n"
                    + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void closesConnectionsThatSendTooSlowly() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        slow.add(connect());
      }
      String body =
          "POST "
              + C
              + "/points/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{";
      for (int i = 0; i < slow.size(); i++) {
        OutputStream out = slow.get(i).getOutputStream();
        out.write((i % 2 == 0 ? "GET / HTTP/1.1\r\n" : body).getBytes(StandardCharsets.US_ASCII));
      }
      int closed = 0;
      // A byte now and then: no connection is ever idle.
      for (int round = 0; round < 40 && closed < slow.size(); round++) {
        Thread.sleep(250);
        closed = 0;
        for (int i = 0; i < slow.size(); i++) {
          try {
            slow.get(i).getOutputStream().write(i % 2 == 0 ? 'X' : ' ');
          } catch (SocketException cut) {
            closed++;
          }
        }
      }
      assertThat(closed).isEqualTo(slow.size());
    } finally {
      for (Socket each : slow) {
        each.close();
      }
    }
  }

  @Test
  void survivesClientsThatVanish() throws IOException {
    for (int i = 0; i < 50; i++) {
      try (Socket socket = connect()) {
        socket.setSoLinger(true, 0);
        socket
            .getOutputStream()
            .write(
                ("POST "
                        + C
                        + "/points/scroll HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                        + (i % 2 == 0 ? 2 : 500)
                        + "\r\n\r\n{}")
                    .getBytes(StandardCharsets.US_ASCII));
      }
    }
  }
}
