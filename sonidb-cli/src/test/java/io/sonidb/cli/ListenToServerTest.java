package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `listen http://...`, with a server that is good or not. Timeouts are there to end a test that
/// hangs.
@Timeout(60)
class ListenToServerTest {

  private static final int CHUNKED = 0;

  @TempDir Path folder;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server =
      HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  private Cli cli = new Cli(Path.of(""));
  private byte[] flac = {};

  ListenToServerTest() throws IOException {}

  @BeforeEach
  void start() throws IOException {
    cli = new Cli(folder.resolve("data")).environment("PATH", System.getenv("PATH"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 200).toString());
    flac = cli.ok("stream", "a").bytes();
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private String address(String path) {
    return "http://localhost:" + server.getAddress().getPort() + path;
  }

  /// The address at which something is served.
  private String serve(HttpHandler handler) {
    server.createContext("/sound", handler);
    return address("/sound");
  }

  /// Sends half of what was announced and goes.
  private static void cut(HttpExchange exchange, byte[] bytes) throws IOException {
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
    exchange.getResponseBody().flush();
    exchange.close();
  }

  private void assertFails(Cli.Outcome outcome, String address, String... reasons) {
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("sonidb: " + address + ": ").contains(reasons);
    assertThat(outcome.err()).hasLineCount(1);
  }

  @Test
  void tellsThatThereIsNoServer() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    String address = "http://localhost:" + port + "/";
    assertFails(cli.run("listen", address), address, "cannot be reached");
    assertThat(cli.run("listen", "http://").exitCode()).isEqualTo(2);
    assertThat(cli.run("listen", "http://a b").exitCode()).isEqualTo(2);
  }

  @Test
  void tellsWhatTheServerAnsweredInstead() {
    assertFails(cli.run("listen", address("/none")), address("/none"), "the server answered 404");
  }

  @Test
  void tellsWhatANodeSaysIsWrong() {
    String address =
        serve(exchange -> {
          byte[] said =
              "{\"status\": {\"error\": \"Not found: no songs\"}, \"time\": 0.1}"
                  .getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(404, said.length);
          exchange.getResponseBody().write(said);
          exchange.close();
        });
    assertFails(cli.run("listen", address), address, "answered 404: Not found: no songs");
  }

  @Test
  void refusesWhatIsNoSound() {
    String address =
        serve(exchange -> {
          byte[] page = "<html>hello</html>".getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    assertFails(cli.run("listen", address), address, "neither a WAV file nor FLAC");
  }

  @Test
  void hearsWhatCameBeforeTheConnectionBroke() {
    String address = serve(exchange -> cut(exchange, flac));
    Cli.Outcome outcome = cli.run("listen", address);
    assertFails(outcome, address, "connection broke");
    assertThat(outcome.out().lines().count()).isBetween(50L, 150L);
    Path file = folder.resolve("heard.npy");
    assertFails(cli.run("listen", address, "-o", file.toString()), address, "nothing was written");
    assertThat(file).doesNotExist();
  }

  @Test
  void tellsThatTheConnectionBrokeWhenOthersDecode() throws IOException {
    Path script = Files.writeString(folder.resolve("ffmpeg"), "#!/bin/sh\nexec cat\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    byte[] mp3 = new byte[100_000];
    System.arraycopy(new byte[] {'I', 'D', '3'}, 0, mp3, 0, 3);
    String address = serve(exchange -> cut(exchange, mp3));
    String path = folder + ":" + System.getenv("PATH");
    assertFails(cli.environment("PATH", path).run("listen", address), address, "connection broke");
  }

  @Test
  void givesUpOnAServerThatSaysNothing() {
    String address =
        serve(exchange -> {
          await();
          exchange.close();
        });
    assertFails(cli.run("listen", address, "--patience", "1s"), address, "timed out");
  }

  @Test
  void givesUpOnAServerThatStopsInTheMiddle() {
    String address =
        serve(exchange -> {
          exchange.sendResponseHeaders(200, CHUNKED);
          exchange.getResponseBody().write(flac, 0, flac.length / 2);
          exchange.getResponseBody().flush();
          await();
          exchange.close();
        });
    Cli.Outcome outcome = cli.run("listen", address, "--patience", "1s");
    assertFails(outcome, address, "nothing came for 1.0 s");
    assertThat(outcome.out().lines().count()).isBetween(50L, 150L);
  }

  @Test
  void hearsWhatComesBehindManyMegabytesOfNothing() {
    String address =
        serve(exchange -> {
          exchange.sendResponseHeaders(200, CHUNKED);
          OutputStream body = exchange.getResponseBody();
          byte[] nothing = new byte[1 << 20];
          for (int i = 0; i < 50; i++) {
            body.write(nothing);
          }
          body.write(flac);
          exchange.close();
        });
    assertThat(cli.ok("listen", address).out().lines().filter(line -> line.contains("upsert")))
        .hasSize(200);
  }

  @Test
  void hearsWhatIsServed() throws IOException {
    String address =
        serve(exchange -> {
          exchange.sendResponseHeaders(200, flac.length);
          exchange.getResponseBody().write(flac);
          exchange.close();
        });
    Cli.Outcome heard = cli.ok("listen", address);
    assertThat(heard.out()).isEqualTo(cli.input(flac).ok("listen", "-").out());
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().set("Location", address);
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    assertThat(cli.ok("listen", address("/moved")).out()).isEqualTo(heard.out());
  }

  private void await() {
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
