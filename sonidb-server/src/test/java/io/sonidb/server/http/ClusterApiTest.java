package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.SignedCall;
import io.sonidb.ftp.SignedManifest;
import io.sonidb.server.TestNode;
import io.sonidb.server.config.ConfigException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterApiTest {
  private static final String PEER =
      "'peers': [{'address': '127.0.0.1', 'first_passive_port': 7622, 'last_passive_port': 7721,"
          + " 'certificate': '"
          + "a".repeat(64)
          + "'}]";

  @TempDir static Path folder;
  private static TestNode node;
  private static ClusterSecret secret;
  private static final Random RANDOM = new Random();

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"), settings("cluster.secret"));
    secret = ClusterSecret.read(folder.resolve("cluster.secret"));
    node.put("/collections/songs", "{'vectors': {'size': 4, 'distance': 'Dot'}}").result();
    node.put("/collections/songs/points", "{'points': [{'id': 1, 'vector': [1, 2, 3, 4]}]}")
        .result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static Map<String, String> settings(String secretFile) {
    return Map.of(
        "ftp.enabled", "true",
        "ftp.port", "0",
        "cluster.secret_file", folder.resolve(secretFile).toString());
  }

  private static SignedCall call(String to, String method, String path, String body) {
    byte[] nonce = new byte[16];
    RANDOM.nextBytes(nonce);
    return new SignedCall(
        to,
        method,
        path,
        SignedCall.Digest.of(body.getBytes(StandardCharsets.UTF_8)),
        System.currentTimeMillis(),
        HexFormat.of().formatHex(nonce));
  }

  private static HttpRequest request(SignedCall call, String body, String signature) {
    return HttpRequest.newBuilder(URI.create(node.uri() + call.path()))
        .method(call.method(), HttpRequest.BodyPublishers.ofString(body))
        .header(SignedCall.NODE, call.node())
        .header(SignedCall.TIME, Long.toString(call.timeMillis()))
        .header(SignedCall.NONCE, call.nonce())
        .header(SignedCall.SIGNATURE, signature)
        .build();
  }

  private static TestNode.Reply send(SignedCall call, String body) {
    return node.send(request(call, body, call.signature(secret)));
  }

  private static String name() {
    return send(call("", "GET", "/cluster", ""), "").body().get("node").stringValue();
  }

  private static TestNode.Reply login(String json) {
    String body = json.replace('\'', '"');
    return send(call(name(), "POST", "/cluster/logins", body), body);
  }

  @Test
  void describesItselfInASignedAnswer() throws Exception {
    SignedCall call = call("", "GET", "/cluster", "");
    var answer =
        node.client().send(request(call, "", call.signature(secret)), BodyHandlers.ofByteArray());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue(SignedCall.SIGNATURE))
        .contains(call.signature(secret, 200, answer.body()));
    assertThat(new String(answer.body(), StandardCharsets.UTF_8))
        .containsPattern("\"certificate\":\"[0-9a-f]{64}\"")
        .contains("\"first_passive_port\":7622");
  }

  @Test
  void answersNobodyWhoHasNotTheSecret() throws IOException {
    ClusterSecret other = ClusterSecret.open(folder.resolve("other.secret"));
    SignedCall call = call("", "GET", "/cluster", "");
    assertThat(node.get("/cluster").status()).isEqualTo(401);
    assertThat(node.send(request(call, "", call.signature(other))).error())
        .contains("not signed with this node's cluster.secret");
    SignedCall small = call(name(), "POST", "/cluster/logins", "{}");
    assertThat(node.send(request(small, "{\"seal\":true}", small.signature(secret))).status())
        .as("another body")
        .isEqualTo(401);
    assertThat(node.delete("/cluster/logins/x").status()).isEqualTo(400);
  }

  @Test
  void answersNoCallTwiceAndNoneForAnotherNode() {
    SignedCall once = call("", "GET", "/cluster", "");
    assertThat(send(once, "").status()).isEqualTo(200);
    assertThat(send(once, "").error()).contains("made before");
    assertThat(send(call("0".repeat(32), "GET", "/cluster", ""), "").error())
        .contains("for another node");
    SignedCall old =
        new SignedCall(
            "", "GET", "/cluster", once.body(), once.timeMillis() - 300_000, "1".repeat(32));
    assertThat(send(old, "").error()).contains("set the clocks");
  }

  @Test
  void makesLoginsAndEndsThem() {
    TestNode.Reply made =
        login("{'direction': 'send', 'collection': 'songs', 'seal': true, " + PEER + "}");
    assertThat(made.body().get("manifest").stringValue())
        .contains(
            " segments/0001-00000001.flac\n",
            " collection.json\n",
            " index.sfv\n",
            " index.sha256\n",
            "\nhmac ");
    String path = "/cluster/logins/" + made.body().get("login").stringValue();
    assertThat(send(call(name(), "DELETE", path, ""), "").status()).isEqualTo(200);
    assertThat(send(call(name(), "DELETE", path, ""), "").status()).isEqualTo(404);
  }

  private static String manifest(String name, ClusterSecret secret) {
    return manifest(name, 5, secret);
  }

  private static String manifest(String name, long size, ClusterSecret secret) {
    return SignedManifest.of(
        new SyncManifest(
            UUID.fromString("0b9c1d7e-0000-4000-8000-000000000000"),
            "others",
            1,
            1,
            List.of(new SyncFile(name, size, 10, "0".repeat(64)))),
        secret);
  }

  private static String receive(String manifest) {
    return "{'direction': 'receive', "
        + PEER
        + ", 'manifest': '"
        + manifest.replace("\n", "\\n")
        + "'}";
  }

  @Test
  void takesNothingThatTheDiskHasNoRoomFor() {
    TestNode.Reply reply =
        login(receive(manifest("segments/0001-00000001.flac", 1L << 60, secret)));
    assertThat(reply.status()).isEqualTo(502);
    assertThat(reply.error()).contains("no room on the disk: 1,152,921,504,606,846,976 bytes");
  }

  @Test
  void takesNothingThatAnotherSecretSigned() throws IOException {
    ClusterSecret other = ClusterSecret.open(folder.resolve("third.secret"));
    assertThat(login(receive(manifest("index.sfv", other))).error())
        .contains("was not made with this cluster.secret");
  }

  @Test
  void saysWhatIsWrongWithACall() {
    assertThat(login(receive(manifest("index.sfv", secret))).status()).isEqualTo(200);
    assertThat(login(receive(manifest("index.sfv", secret).replace("epoch 1", "epoch 2"))).error())
        .contains("HMAC");
    assertThat(login(receive("none")).error()).contains("carries no HMAC");
    assertThat(login(receive(manifest("index.sfv", secret).substring(70))).status()).isEqualTo(400);
    assertThat(login("{'direction': 'send', 'collection': 'none', " + PEER + "}").status())
        .isEqualTo(404);
    assertThat(
            login(
                    "{'direction': 'send', 'collection': 'songs', "
                        + PEER.replace("7622", "22")
                        + "}")
                .status())
        .isEqualTo(422);
    assertThat(
            login(
                    "{'direction': 'send', 'collection': 'songs', "
                        + PEER.replace("127.0.0.1", "localhost")
                        + "}")
                .error())
        .contains("must be an IP address, was \"localhost\"");
  }

  @Test
  void doesNotStartWithASecretThatOthersCanRead() throws IOException {
    Path open = folder.resolve("open.secret");
    Files.writeString(open, "0123456789".repeat(5));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> TestNode.start(folder.resolve("other"), settings("open.secret")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("chmod 600 " + open);
  }

  @Test
  void saysThatThePortIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      Map<String, String> settings = new java.util.HashMap<>(settings("cluster.secret"));
      settings.put("ftp.port", Integer.toString(taken.getLocalPort()));
      assertThatThrownBy(() -> TestNode.start(folder.resolve("third"), settings))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("give another --ftp-port");
    }
  }
}
