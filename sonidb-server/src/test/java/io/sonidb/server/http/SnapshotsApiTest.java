package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class SnapshotsApiTest {
  private static final String C = "/collections/songs";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"));
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
    node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2], 'payload': {'a': 1}}]}")
        .result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static JsonNode make() {
    return node.post(C + "/snapshots", "").result();
  }

  private static byte[] download(JsonNode snapshot) throws Exception {
    HttpResponse<byte[]> response =
        node.client()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            node.uri() + C + "/snapshots/" + snapshot.get("name").stringValue()))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  private static Reply upload(String collection, byte[] tar, String query) {
    return node.send(
        HttpRequest.newBuilder(
                URI.create(node.uri() + "/collections/" + collection + "/snapshots/upload" + query))
            .POST(HttpRequest.BodyPublishers.ofByteArray(tar))
            .build());
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  @Test
  void rejectsFilesThatAreNoSnapshot() throws Exception {
    byte[] tar = download(make());
    rejects(upload("new", new byte[0], ""), 400, "it ends early");
    rejects(upload("new", new byte[2048], ""), 400, "it is empty");
    rejects(upload("new", "nonsense".repeat(1000).getBytes(StandardCharsets.UTF_8), ""), 400, "");
    rejects(upload("new", tar, "?checksum=" + "00".repeat(32)), 400, "Checksum mismatch");
    byte[] shorter = java.util.Arrays.copyOf(tar, tar.length / 2);
    rejects(upload("new", shorter, ""), 400, "ends early");
    assertThat(node.get("/collections/new/exists").result().get("exists").booleanValue()).isFalse();
  }

  @Test
  void rejectsFilesOfOtherNames() throws Exception {
    for (String name :
        List.of(
            "../evil",
            "collections/../../evil",
            "/etc/evil",
            "collections/c-00000000-0000-0000-0000-000000000000/../../../../evil",
            "collections/c-00000000-0000-0000-0000-000000000000/segments/..")) {
      Path source = Files.createTempDirectory(folder, "tar");
      Files.writeString(source.resolve("x"), "evil");
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      TarWriter.of(source, "none").write(out);
      byte[] tar = renamed(out.toByteArray(), name);
      rejects(upload("new", tar, ""), 400, "a file of another name");
    }
  }

  /// The tar file with another name for its first file.
  private static byte[] renamed(byte[] tar, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    java.util.Arrays.fill(tar, 0, TarWriter.MAX_NAME, (byte) 0);
    System.arraycopy(bytes, 0, tar, 0, Math.min(bytes.length, TarWriter.MAX_NAME));
    String sum = String.format("%06o", TarWriter.checksum(tar));
    System.arraycopy(sum.getBytes(StandardCharsets.US_ASCII), 0, tar, 148, 6);
    return tar;
  }

  @Test
  void noticesEveryFlippedByteOrRestoresTheSame() throws Exception {
    byte[] tar = download(make());
    Random random = new Random(3);
    for (int i = 0; i < 15; i++) {
      byte[] damaged = tar.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      Reply reply = upload("damaged", damaged, "");
      if (reply.status() == 200) {
        // Then the byte was in the padding, or in a file that is made again.
        assertThat(node.get("/collections/damaged/points/1").result().toString())
            .isEqualTo("{\"id\":1,\"payload\":{\"a\":1},\"vector\":[1.0,2.0]}");
        node.delete("/collections/damaged").result();
      } else {
        assertThat(reply.status()).as(reply.text()).isEqualTo(400);
      }
    }
    assertThat(node.said()).doesNotContain("Exception");
  }

  @Test
  void putsASnapshotInThePlaceOfItsCollectionAndKeepsItsAliases() throws Exception {
    node.put("/collections/state", "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
    node.put("/collections/state/points", "{'points': [{'id': 1, 'vector': [1, 2]}]}").result();
    node.post(
            "/collections/aliases",
            "{'actions': [{'create_alias': {'collection_name': 'state', 'alias_name': 'nick'}}]}")
        .result();
    String name = node.post("/collections/state/snapshots", "").result().get("name").stringValue();
    node.post("/collections/state/points/delete", "{'points': [1]}").result();
    node.put(
            "/collections/state/snapshots/recover",
            "{'location': '" + node.uri() + "/collections/nick/snapshots/" + name + "'}")
        .result();
    assertThat(node.get("/collections/nick/points/1").result().get("id").intValue()).isEqualTo(1);
  }

  @Test
  void takesAFormAndABareBody() throws Exception {
    JsonNode made = make();
    byte[] tar = download(made);
    assertThat((long) tar.length).isEqualTo(made.get("size").longValue());
    upload("bare", tar, "?checksum=" + made.get("checksum").stringValue()).result();
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.write(
        """
        --b
        Content-Disposition: form-data; name="snapshot"; filename="../../x"
        Content-Type: application/octet-stream

        """
            .replace("\n", "\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    form.write(tar);
    form.write("\r\n--b--\r\n".getBytes(StandardCharsets.US_ASCII));
    node.send(
            HttpRequest.newBuilder(URI.create(node.uri() + "/collections/form/snapshots/upload"))
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofByteArray(form.toByteArray()))
                .build())
        .result();
    for (String name : List.of("bare", "form")) {
      assertThat(node.get("/collections/" + name + "/points/1").result().get("vector").toString())
          .isEqualTo("[1.0,2.0]");
    }
  }

  @Test
  void finishesAtTheNextStartWhatACrashInterrupted() throws Exception {
    Path data = folder.resolve("crashed");
    byte[] tar = download(make());
    Path received = folder.resolve("crashed-snapshots/.new-0");
    Files.createDirectories(received.resolve("files"));
    TarReader.unpack(new java.io.ByteArrayInputStream(tar), received.resolve("files"));
    Files.writeString(received.resolve("replace.json"), "{\"collection\": \"back\"}");
    try (TestNode after = TestNode.start(data, Map.of())) {
      assertThat(after.get("/collections/back/points/1").result().get("id").intValue())
          .isEqualTo(1);
      assertThat(after.said()).contains("restored collection back");
      assertThat(received).doesNotExist();
    }
  }
}
