package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.server.Node;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a client makes of nodes that are not there, refuse it, are busy or fail, and of others that
/// are no nodes.
class TroubleTest {
  private static final String KEY = "k-3f9a-not-to-be-shown";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:7664",
        "ftp://localhost",
        "http://",
        "http://localhost/?a=b",
        "http://local host",
        "http://me:secret@localhost"
      })
  void refusesWhatIsNoAddressOfANode(String address) {
    assertThatThrownBy(() -> ClientOptions.of(address))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .doesNotContain("secret");
  }

  @Test
  void refusesOptionsOutOfRangeAndKeepsTheKeyToItself() {
    ClientOptions options = ClientOptions.of("http://localhost:7664///");
    assertThat(options.uri()).hasToString("http://localhost:7664");
    assertThatThrownBy(() -> options.attempts(0)).hasMessageContaining("were 0");
    assertThatThrownBy(() -> options.timeout(Duration.ZERO)).hasMessageContaining("PT0S");
    assertThatThrownBy(() -> options.apiKey("line\nbreak " + KEY))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .doesNotContain(KEY);
    assertThat(options.apiKey(KEY).toString()).doesNotContain(KEY);
  }

  @Test
  void saysAtOnceThatNobodyListens() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (SoniDbClient client = SoniDbClient.of("http://127.0.0.1:" + port)) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(UnreachableException.class)
          .hasMessage(
              "http://127.0.0.1:"
                  + port
                  + ": connection refused: is a node running there? start one with `sonidb serve`");
    }
  }

  @Test
  void saysThatThereIsNoSuchHost() {
    try (SoniDbClient client = SoniDbClient.of("http://nobody.invalid:7664")) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("no host named nobody.invalid");
    }
  }

  @Test
  void saysThatTlsDoesNotComeAbout() throws Exception {
    try (Node node = TestNodes.start(folder.resolve("data"));
        SoniDbClient client = SoniDbClient.of(node.uri().toString().replace("http:", "https:"))) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("TLS");
    }
  }

  @Test
  void tellsAWrongKeyWithoutShowingIt() throws Exception {
    try (Node node =
        TestNodes.start(folder.resolve("data"), Map.of("security.api_key", "the-right-one"))) {
      ClientOptions options = ClientOptions.of(node.uri());
      try (SoniDbClient wrong = SoniDbClient.of(options.apiKey(KEY));
          SoniDbClient none = SoniDbClient.of(options);
          SoniDbClient right = SoniDbClient.of(options.apiKey("the-right-one"))) {
        assertThatThrownBy(wrong::collections)
            .isInstanceOfSatisfying(
                KeyRefusedException.class, e -> assertThat(e.status()).isIn(401, 403))
            .hasMessageContaining(node.uri().toString())
            .message()
            .doesNotContain(KEY);
        assertThatThrownBy(none::collections).isInstanceOf(KeyRefusedException.class);
        assertThat(right.collections()).isEmpty();
      }
    }
  }

  @Test
  void isThereAgainWhenTheNodeIs() throws Exception {
    Node node = TestNodes.start(folder.resolve("data"));
    String port = Integer.toString(node.uri().getPort());
    try (SoniDbClient client = SoniDbClient.of(ClientOptions.of(node.uri()).attempts(20))) {
      RemoteCollection collection = client.create("a", CollectionSpec.dimension(2));
      collection.upsert(List.of(Point.of("1", new float[] {1, 2})));
      node.close();
      CountDownLatch restart = new CountDownLatch(1);
      try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
        var again =
            executor.submit(() -> {
              restart.await();
              return TestNodes.start(folder.resolve("data"), Map.of("http.port", port));
            });
        var writing =
            executor.submit(() -> {
              restart.countDown();
              collection.upsert(List.of(Point.of("2", new float[] {3, 4})));
              return collection.get(VectorId.of(1)).isPresent();
            });
        assertThat(writing.get()).isTrue();
        again.get().close();
      }
    }
  }

  /// Something that listens and answers as it is told.
  private static HttpServer answering(Answer answer) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          answer.to(exchange);
          exchange.close();
        });
    server.start();
    return server;
  }

  @FunctionalInterface
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static ClientOptions options(HttpServer server) {
    return ClientOptions.of("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html>hello</html>",
        "[]",
        "{}",
        "{\"result\":",
        "{\"result\":{\"collections\":[{\"nome\":1}]}}",
        "{\"result\":{\"collections\":7}}"
      })
  void doubtsThatItIsANode(String text) throws Exception {
    HttpServer server = answering(exchange -> send(exchange, 200, text));
    try (SoniDbClient client = SoniDbClient.of(options(server))) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(UnexpectedAnswerException.class)
          .hasMessageContaining("is that a SoniDB node?");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void asksAgainWhenTheNodeIsBusy() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer server =
        answering(exchange -> {
          int status = asked.incrementAndGet() < 3 ? 429 : 200;
          send(
              exchange,
              status,
              status == 200
                  ? "{\"result\":{\"collections\":[{\"name\":\"a\"}]}}"
                  : "{\"status\":{\"error\":\"too busy\"}}");
        });
    try (SoniDbClient client = SoniDbClient.of(options(server))) {
      assertThat(client.collections()).containsExactly("a");
      assertThat(asked).hasValue(3);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void givesUpWhenTheNodeStaysBusy() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpServer server =
        answering(exchange -> {
          asked.incrementAndGet();
          send(exchange, 503, "{\"status\":{\"error\":\"too busy\"}}");
        });
    try (SoniDbClient client = SoniDbClient.of(options(server).attempts(2))) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(BusyException.class)
          .hasMessageEndingWith("too busy (HTTP status 503)");
      assertThat(asked).hasValue(2);
      asked.set(0);
      assertThatThrownBy(() -> client.create("a", CollectionSpec.dimension(2)))
          .isInstanceOf(BusyException.class);
      assertThat(asked).as("what is not the same when done twice is sent once").hasValue(1);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void tellsTheStatusAndWordsOfAnyOtherFailure() throws Exception {
    HttpServer server = answering(exchange -> send(exchange, 502, "Bad Gateway"));
    try (SoniDbClient client = SoniDbClient.of(options(server))) {
      assertThatThrownBy(client::collections)
          .isInstanceOfSatisfying(
              RefusedException.class,
              e -> {
                assertThat(e.status()).isEqualTo(502);
                assertThat(e.reason()).isEqualTo("Bad Gateway");
              });
    } finally {
      server.stop(0);
    }
  }

  @Test
  void doesNotWaitForEver() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    HttpServer server =
        answering(exchange -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try (SoniDbClient client = SoniDbClient.of(options(server).timeout(Duration.ofMillis(300)))) {
      assertThatThrownBy(client::collections)
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("no answer in time");
    } finally {
      end.countDown();
      server.stop(0);
    }
  }
}
