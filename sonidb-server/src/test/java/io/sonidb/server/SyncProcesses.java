package io.sonidb.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Nodes with one secret, and those who have them sync, as processes of their own that can be
/// killed.
final class SyncProcesses implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path folder;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<Process> running = new ArrayList<>();

  /// @param folder for all that there is of them
  SyncProcesses(Path folder) {
    this.folder = folder;
  }

  /// Where a process runs.
  ///
  /// @param prefix what its command begins with
  /// @param host address that a node listens on
  /// @param fromHere address at which this process reaches it
  /// @param fromOthers address at which the other node reaches it
  record Place(List<String> prefix, String host, String fromHere, String fromOthers) {
    /// Beside this process.
    static final Place HERE = new Place(List.of(), "127.0.0.1", "127.0.0.1", "127.0.0.1");
  }

  /// A node.
  record Running(String name, Place place, Process process, int port) {
    /// Its address, as this process uses it.
    String uri() {
      return "http://" + place.fromHere() + ":" + port;
    }

    /// Its address, as the other node uses it.
    String target() {
      return "http://" + place.fromOthers() + ":" + port;
    }

    void kill() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }
  }

  /// An answer.
  record Reply(int status, JsonNode body, String text) {
    JsonNode result() {
      if (status != 200) {
        throw new AssertionError("was answered with " + status + ": " + text);
      }
      return body.path("result");
    }
  }

  Path secret() {
    return folder.resolve("cluster.secret");
  }

  /// The data folder of a node.
  Path data(String name) {
    return folder.resolve(name);
  }

  // Processes --------------------------------------------------------------------------------

  private Process start(Place place, String errors, Class<?> main, String... args)
      throws IOException {
    List<String> command =
        Stream.of(
                place.prefix(),
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules=jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Xmx512m",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    main.getName()),
                List.of(args))
            .flatMap(List::stream)
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectError(
                ProcessBuilder.Redirect.appendTo(folder.resolve(errors + ".err").toFile()))
            .start();
    running.add(process);
    return process;
  }

  Running node(String name, Place place) throws IOException {
    return node(name, place, freePort());
  }

  /// Below those that connections get by themselves: it must be free again when the node has died.
  private static int freePort() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket free = new ServerSocket(port)) {
        return free.getLocalPort();
      } catch (BindException taken) {
        // Another one.
      }
    }
  }

  private Running node(String name, Place place, int port) throws IOException {
    Process process =
        start(
            place,
            name,
            KilledNode.class,
            data(name).toString(),
            secret().toString(),
            Integer.toString(port),
            place.host());
    BufferedReader out = process.inputReader();
    if (out.readLine() == null) {
      throw new AssertionError(
          "node " + name + " has not started: " + Files.readString(folder.resolve(name + ".err")));
    }
    return new Running(name, place, process, port);
  }

  /// Kills a node, and starts it again.
  Running again(Running was) throws IOException, InterruptedException {
    was.kill();
    return started(was);
  }

  /// Starts a node that was killed.
  Running started(Running was) throws IOException {
    return node(was.name(), was.place(), was.port());
  }

  /// Somebody who has one node sync to another, beside the first one; it says what came of it.
  Process controller(Running source, Running target) throws IOException {
    return start(
        source.place(),
        "controller",
        KilledController.class,
        secret().toString(),
        source.target(),
        target.target(),
        "songs");
  }

  @Override
  public void close() {
    for (Process each : running) {
      each.destroyForcibly().onExit().join();
    }
    http.close();
  }

  // Calls ------------------------------------------------------------------------------------

  /// @param body none if it is empty
  Reply send(Running node, String method, String path, String body) throws IOException {
    HttpResponse<String> response =
        send(
            request(node, method, path, body).timeout(PATIENCE).build(),
            HttpResponse.BodyHandlers.ofString());
    String text = response.body();
    return new Reply(
        response.statusCode(),
        text.startsWith("{") ? JSON.readTree(text) : JSON.getNodeFactory().missingNode(),
        text);
  }

  /// A call whose answer is lines, for as long as it goes on.
  Stream<String> lines(Running node, String path, String body) throws IOException {
    return send(
            request(node, "POST", path, body).header("accept", "application/x-ndjson").build(),
            HttpResponse.BodyHandlers.ofLines())
        .body();
  }

  private static HttpRequest.Builder request(
      Running node, String method, String path, String body) {
    return HttpRequest.newBuilder(URI.create(node.uri() + path))
        .method(method, HttpRequest.BodyPublishers.ofString(body))
        .header("content-type", "application/json");
  }

  private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws IOException {
    try {
      return http.send(request, handler);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// How many points a node has of the collection, if it has that.
  Optional<Long> count(Running node) throws IOException {
    Reply reply = send(node, "POST", "/collections/songs/points/count", "{\"exact\":true}");
    return reply.status() == 404
        ? Optional.empty()
        : Optional.of(reply.result().path("count").asLong(-1));
  }
}
