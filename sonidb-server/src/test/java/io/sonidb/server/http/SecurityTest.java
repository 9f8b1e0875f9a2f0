package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import io.sonidb.server.config.KeySpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecurityTest {
  private static final String ALL = "key-for-everything";
  private static final String READ = "key-for-looking";
  private static final String SONGS = "key-for-songs-only";
  private static final String MAKE = "{\"vectors\": {\"size\": 2, \"distance\": \"Dot\"}}";
  private static final String POINT = "{\"points\": [{\"id\": 1, \"vector\": [1, 2]}]}";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node =
        TestNode.start(
            folder.resolve("data"),
            Map.of(
                "security.api_key",
                ALL,
                "security.read_only_api_key",
                "sha256:" + HexFormat.of().formatHex(KeySpec.digest(READ)),
                "security.keys",
                SONGS + " write songs",
                "http.allowed_origins",
                "https://app.example.com"));
    with(ALL, "PUT", "/collections/songs", MAKE).result();
    with(ALL, "PUT", "/collections/other", MAKE).result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static Reply with(String key, String method, String path, String body) {
    return node.send(
        method,
        path,
        body.isEmpty() ? Optional.empty() : Optional.of(body),
        Map.of("api-key", key));
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  @Test
  void rejectsMissingAndWrongKeys() {
    rejects(node.get("/collections"), 401, "Must provide an API key");
    rejects(with("nonsense", "GET", "/collections", ""), 401, "Invalid API key");
    rejects(with(ALL.substring(1), "GET", "/metrics", ""), 401, "Invalid API key");
    rejects(node.get("/metrics"), 401, "Must provide");
  }

  @Test
  void answersHealthWithoutKey() {
    for (String path :
        new String[] {
          "/", "/healthz", "/livez", "/readyz", "/openapi.json", "/sonidb.js", "/console/"
        }) {
      assertThat(node.get(path).status()).as(path).isEqualTo(200);
    }
  }

  @Test
  void takesTheKeyAsBearerToken() {
    assertThat(
            node.send(
                    "GET",
                    "/collections",
                    Optional.empty(),
                    Map.of("Authorization", "Bearer " + READ))
                .status())
        .isEqualTo(200);
  }

  @Test
  void letsAReadOnlyKeyLookAndNothingElse() {
    assertThat(with(READ, "POST", "/collections/songs/points/count", "{}").status()).isEqualTo(200);
    rejects(with(READ, "PUT", "/collections/songs/points", POINT), 403, "may not write");
    rejects(with(READ, "DELETE", "/collections/songs", ""), 403, "may not manage collections");
    rejects(with(READ, "POST", "/collections/songs/snapshots", ""), 403, "may not manage");
  }

  @Test
  void keepsAKeyOfOneCollectionToIt() {
    assertThat(with(SONGS, "PUT", "/collections/songs/points", POINT).status()).isEqualTo(200);
    rejects(with(SONGS, "PUT", "/collections/other/points", POINT), 403, "not for this collection");
    rejects(with(SONGS, "GET", "/collections/secret", ""), 403, "not for this collection");
    assertThat(with(SONGS, "GET", "/collections", "").result().toString())
        .isEqualTo("{\"collections\":[{\"name\":\"songs\"}]}");
    rejects(with(SONGS, "DELETE", "/collections/songs", ""), 403, "may not manage");
    assertThat(with(SONGS, "GET", "/metrics", "").text()).doesNotContain("other");
  }

  @Test
  void judgesAnAliasByItsCollection() {
    with(
            ALL,
            "POST",
            "/collections/aliases",
            "{\"actions\":[{\"create_alias\":{\"collection_name\":\"other\",\"alias_name\":\"nick\"}}]}")
        .result();
    rejects(with(SONGS, "GET", "/collections/nick", ""), 403, "not for this collection");
    assertThat(with(SONGS, "GET", "/aliases", "").result().toString())
        .isEqualTo("{\"aliases\":[]}");
  }

  @Test
  void notesAdministrationAndRefusedKeysButNoKey() throws IOException {
    with(ALL, "PUT", "/collections/noted", MAKE).result();
    with("guess-12345", "GET", "/collections/guessed", "");
    String audit = Files.readString(folder.resolve("data/audit.log"));
    assertThat(audit)
        .contains("\"method\":\"PUT\",\"path\":\"/collections/noted\",\"who\":\"key ")
        .contains("\"path\":\"/collections/guessed\",\"who\":\"nobody\",\"status\":401")
        .doesNotContain(ALL)
        .doesNotContain("guess-12345");
  }

  // Web pages ----------------------------------------------------------------------------------

  /// Sends bytes as they are, and gives the whole answer.
  private static String raw(URI uri, String request) throws IOException {
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String asked(URI uri, String line, String... headers) throws IOException {
    return raw(
        uri,
        line + " HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\nConnection: close\r\n\r\n");
  }

  @Test
  void refusesForeignPages() throws IOException {
    try (TestNode open =
        TestNode.start(
            folder.resolve("open"), Map.of("http.allowed_origins", "https://app.example.com"))) {
      String host = "Host: 127.0.0.1:" + open.uri().getPort();
      assertThat(asked(open.uri(), "GET /collections", host)).startsWith("HTTP/1.1 200");
      assertThat(asked(open.uri(), "GET /collections", "Host: localhost:1"))
          .startsWith("HTTP/1.1 200");
      assertThat(asked(open.uri(), "GET /collections", "Host: rebound.example.com"))
          .startsWith("HTTP/1.1 403")
          .contains("allowed_hosts");
      assertThat(asked(open.uri(), "DELETE /collections/a", host, "Origin: https://evil.example"))
          .startsWith("HTTP/1.1 403")
          .contains("allowed_origins");
      assertThat(asked(open.uri(), "DELETE /collections/a", host, "Origin: null"))
          .startsWith("HTTP/1.1 403");
      assertThat(asked(open.uri(), "GET /collections", host, "Sec-Fetch-Site: cross-site"))
          .startsWith("HTTP/1.1 403");
      assertThat(
              asked(
                  open.uri(),
                  "GET /collections",
                  host,
                  "Origin: http://127.0.0.1:" + open.uri().getPort()))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void welcomesPagesThatAreAllowed() throws IOException {
    String answer =
        asked(
            node.uri(),
            "OPTIONS /collections/a/points",
            "Host: x",
            "Origin: https://app.example.com",
            "Access-Control-Request-Method: PUT");
    assertThat(answer)
        .startsWith("HTTP/1.1 204")
        .contains("Access-Control-Allow-Origin: https://app.example.com")
        .contains("api-key");
  }
}
