package io.sonidb.server;

import io.sonidb.server.config.NodeConfig;
import io.sonidb.server.hls.LiveClock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A node on a free port, and somebody who talks to it.
public final class TestNode implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Node node;

  private TestNode(NodeConfig config, LiveClock clock) throws IOException {
    this.node = Node.start(config, new PrintStream(err, true, StandardCharsets.UTF_8), clock);
  }

  /// An answer.
  ///
  /// @param body as JSON; a missing node when it is none
  public record Reply(int status, JsonNode body, String text) {
    /// The value in the envelope.
    public JsonNode result() {
      if (status != 200) {
        throw new AssertionError("was answered with " + status + ": " + text);
      }
      return body.get("result");
    }

    /// The message of an error.
    public String error() {
      return body.path("status").path("error").asString("");
    }
  }

  public static TestNode start(Path data) throws IOException {
    return start(data, Map.of());
  }

  /// @param settings beside a free port
  public static TestNode start(Path data, Map<String, String> settings) throws IOException {
    return start(data, settings, LiveClock.SYSTEM);
  }

  /// @param clock by which live sound is cut
  public static TestNode start(Path data, Map<String, String> settings, LiveClock clock)
      throws IOException {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("http.port", "0");
    all.putIfAbsent("ftp.enabled", "false");
    return new TestNode(NodeConfig.load(data, Optional.empty(), Map.of(), all), clock);
  }

  public URI uri() {
    return node.uri();
  }

  /// What it said to people.
  public String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  public Reply get(String path) {
    return send("GET", path, Optional.empty(), Map.of());
  }

  public Reply delete(String path) {
    return send("DELETE", path, Optional.empty(), Map.of());
  }

  /// @param json single quotes stand for double ones
  public Reply post(String path, String json) {
    return send("POST", path, Optional.of(json.replace('\'', '"')), Map.of());
  }

  /// @param json single quotes stand for double ones
  public Reply put(String path, String json) {
    return send("PUT", path, Optional.of(json.replace('\'', '"')), Map.of());
  }

  public Reply send(
      String method, String path, Optional<String> body, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(node.uri() + path))
            .method(
                method,
                body.map(HttpRequest.BodyPublishers::ofString)
                    .orElse(HttpRequest.BodyPublishers.noBody()));
    headers.forEach(request::header);
    return send(request.build());
  }

  public Reply send(HttpRequest request) {
    try {
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      String text = response.body();
      JsonNode body =
          text.startsWith("{") ? JSON.readTree(text) : JSON.getNodeFactory().missingNode();
      return new Reply(response.statusCode(), body, text);
    } catch (IOException e) {
      throw new AssertionError("no answer to " + request + ": " + e, e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  public HttpClient client() {
    return client;
  }

  @Override
  public void close() {
    node.close();
    client.close();
  }
}
