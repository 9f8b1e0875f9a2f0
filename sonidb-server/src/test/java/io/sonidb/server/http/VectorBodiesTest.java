package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import io.sonidb.sound.Listener;
import io.sonidb.sound.SoundRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Arrays and files in and out of a node: first what is wrong with them.
class VectorBodiesTest {
  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static String collection(String name, int dimension, String own) {
    String path = "/collections/" + name;
    node.put(
            path,
            "{'vectors': {'size': " + dimension + ", 'distance': 'Dot'}, 'sonidb': {" + own + "}}")
        .result();
    return path;
  }

  private static byte[] npy(String descr, String shape, byte[] numbers) {
    return npy(descr, "False", shape, numbers);
  }

  private static byte[] npy(String descr, String fortran, String shape, byte[] numbers) {
    String text =
        "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }";
    byte[] head =
        (text + " ".repeat(117 - text.length()) + "\n").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer all = ByteBuffer.allocate(128 + numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    all.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) 118);
    return all.put(head).put(numbers).array();
  }

  private static byte[] floats(float... values) {
    ByteBuffer all = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      all.putInt(Float.floatToRawIntBits(value));
    }
    return all.array();
  }

  private static Reply put(String path, byte[] body) {
    return send("PUT", path, "application/x-npy", body);
  }

  private static Reply send(String method, String path, String type, byte[] body) {
    return node.send(
        HttpRequest.newBuilder(URI.create(node.uri() + path))
            .header("content-type", type)
            .method(method, BodyPublishers.ofByteArray(body))
            .build());
  }

  private static HttpResponse<byte[]> fetch(String method, String path, String json, String type)
      throws Exception {
    return node.client()
        .send(
            HttpRequest.newBuilder(URI.create(node.uri() + path))
                .header("accept", type)
                .header("content-type", "application/json")
                .method(method, BodyPublishers.ofString(json.replace('\'', '"')))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  private static long count(String collection) {
    return node.post(collection + "/points/count", "{}").result().get("count").longValue();
  }

  @Test
  void rejectsForgedAndMalformedArrays() {
    String c = collection("forged", 2, "");
    String to = c + "/points?first_id=0";
    byte[] one = floats(1, 2);
    rejects(put(to, "nonsense".getBytes(StandardCharsets.UTF_8)), 400, "the body");
    rejects(put(to, new byte[0]), 400, "the body");
    rejects(put(to, npy("<f4", "4611686018427387904, 2", one)), 400, "the body");
    rejects(put(to, npy("<f4", "9000000000, 2", one)), 400, "truncated: row 1 has 0 of 8 bytes");
    rejects(put(to, npy("<f4", "1, 3", floats(1, 2, 3))), 400, "expected dim: 2, got 3");
    rejects(put(to, npy("<f4", "1, 99999999", one)), 400, "the body");
    rejects(put(to, npy("<c8", "1, 2", floats(1, 2, 3, 4))), 400, "c8");
    rejects(put(to, npy("<f4", "True", "2, 2", floats(1, 2, 3, 4))), 400, "ortran");
    rejects(put(to, npy("<f4", "1, 2", floats(1, 2, 3))), 400, "bytes follow");
    rejects(put(to, npy("<i4", "1, 2", new byte[] {1, 0, 0, 1, 0, 0, 0, 1})), 400, "row 0");
    assertThat(count(c)).isZero();
  }

  @Test
  void rejectsRowsWithoutIdsAndParametersThatAreNone() {
    String c = collection("ids", 2, "");
    byte[] two = npy("<f4", "2, 2", floats(1, 2, 3, 4));
    rejects(put(c + "/points", two), 400, "say ?first_id=0");
    rejects(put(c + "/points?first_id=one", two), 422, "first_id: value one invalid");
    rejects(put(c + "/points?first_id=18446744073709551615", two), 400, "do not fit");
    rejects(put(c + "/points?first_id=0&expires_at=soon", two), 422, "expires_at: value soon");
    rejects(send("POST", c + "/import?format=xls", "text/csv", two), 400, "format must be one of");
    assertThat(count(c)).isZero();
  }

  @Test
  void keepsNothingOfAnArrayWithAVectorThatIsRefused() {
    String c = "/collections/all-or-nothing";
    node.put(c, "{'vectors': {'size': 2, 'distance': 'Cosine'}}").result();
    byte[] zero = npy("<f4", "3, 2", floats(1, 2, 0, 0, 3, 4));
    rejects(put(c + "/points?first_id=0", zero), 400, "row 1 (byte");
    assertThat(count(c)).isZero();
  }

  @Test
  void givesBackTheBitsOfAnArray() throws Exception {
    String c = collection("bits", 2, "");
    float signalling = Float.intBitsToFloat(0x7FA0_0001);
    byte[] numbers = floats(signalling, -0.0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY);
    byte[] array = npy("<f4", "2, 2", numbers);
    assertThat(put(c + "/points?first_id=7", array).result().get("inserted").intValue())
        .isEqualTo(2);
    HttpResponse<byte[]> back =
        fetch("POST", c + "/points", "{'ids': [7, 8]}", "application/x-npy");
    assertThat(back.headers().firstValue("content-type")).contains("application/x-npy");
    assertThat(java.util.Arrays.copyOfRange(back.body(), 128, back.body().length))
        .isEqualTo(numbers);
    // The same through sound, and a page of it.
    for (String path : List.of("/points", "/points/scroll")) {
      String asked = path.equals("/points") ? "{'ids': [7, 8]}" : "{'limit': 1, 'offset': 8}";
      HttpResponse<byte[]> sound = fetch("POST", c + path, asked, "audio/flac");
      List<SoundRecord> heard = new ArrayList<>();
      Listener.listen(new ByteArrayInputStream(sound.body()), (record, _) -> heard.add(record));
      assertThat(Float.floatToRawIntBits(heard.getLast().vector().floatAt(1)))
          .isEqualTo(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
    }
    assertThat(
            fetch("POST", c + "/points/scroll", "{'limit': 1}", "audio/flac")
                .headers()
                .firstValue("sonidb-next-page-offset"))
        .contains("8");
    HttpResponse<byte[]> page =
        fetch("POST", c + "/points/scroll", "{'limit': 1}", "application/x-npy");
    assertThat(page.headers().firstValue("sonidb-next-page-offset")).contains("8");
    assertThat(java.util.Arrays.copyOfRange(page.body(), 128, page.body().length))
        .isEqualTo(java.util.Arrays.copyOf(numbers, 8));
    byte[] single = fetch("GET", c + "/points/7", "", "application/x-npy").body();
    assertThat(single).hasSize(128 + 8);
    assertThat(fetch("POST", c + "/points", "{'ids': [7, 9]}", "application/x-npy").statusCode())
        .isEqualTo(404);
  }

  @Test
  void searchesForTheRowsOfAnArray() {
    String c = collection("searched", 2, "");
    put(c + "/points?first_id=1", npy("<f4", "3, 2", floats(1, 0, 0, 1, 1, 1))).result();
    byte[] two = npy("<f4", "2, 2", floats(0, 1, 1, 0));
    byte[] one = npy("<f4", "2,", floats(0, 1));
    String query = c + "/points/query";
    assertThat(send("POST", query, "application/x-npy", two).status()).isEqualTo(400);
    assertThat(send("POST", query + "?request=[]", "application/x-npy", one).status())
        .isEqualTo(400);
    assertThat(
            send("POST", query + "?request=%7B%22query%22:1%7D", "application/x-npy", one).status())
        .isEqualTo(400);
    assertThat(send("POST", query, "application/x-npy", npy("<f4", "3,", floats(0, 1, 2))).status())
        .isEqualTo(400);
    String limit = "?request=%7B%22limit%22:1%7D";
    assertThat(
            send("POST", query + limit, "application/x-npy", one)
                .result()
                .at("/points/0/id")
                .intValue())
        .isEqualTo(2);
    Reply both = send("POST", query + "/batch" + limit, "application/x-npy", two);
    assertThat(both.result().at("/0/points/0/id").intValue()).isEqualTo(2);
    assertThat(both.result().at("/1/points/0/id").intValue()).isEqualTo(1);
  }

  @Test
  void widensOtherNumbersExactly() throws Exception {
    String c = collection("widened", 2, "");
    put(c + "/points?first_id=1", npy("<f2", "1, 2", new byte[] {0, 0x3C, 0, (byte) 0xC0}))
        .result();
    put(c + "/points?first_id=2", npy("|u1", "1, 2", new byte[] {(byte) 255, 3})).result();
    put(c + "/points?first_id=3", npy("|i1", "1, 2", new byte[] {-7, 7})).result();
    put(c + "/points?first_id=4", npy("<f4", "2,", floats(5, 6))).result(); // one vector
    byte[] back = fetch("POST", c + "/points", "{'ids': [1,2,3,4]}", "application/x-npy").body();
    try (InputStream in = new ByteArrayInputStream(back);
        VectorReader rows =
            VectorReader.of(in, "answer", ReadOptions.DEFAULT.format(VectorFormat.NPY))) {
      List<String> read = new ArrayList<>();
      for (Optional<VectorRow> row = rows.next(); row.isPresent(); row = rows.next()) {
        read.add(row.get().vector().floatAt(0) + " " + row.get().vector().floatAt(1));
      }
      assertThat(read).containsExactly("1.0 -2.0", "255.0 3.0", "-7.0 7.0", "5.0 6.0");
    }
  }

  @Test
  void importsFilesOfOtherFormatsWithTheirIds() {
    String c = collection("imported", 2, "");
    String lines =
        """
        {"id": "a", "vector": [1, 2], "payload": {"n": 1}}
        {"id": 5, "vector": [3, 4]}
        """;
    byte[] body = lines.getBytes(StandardCharsets.UTF_8);
    assertThat(
            send("POST", c + "/import", "application/x-ndjson", body)
                .result()
                .get("inserted")
                .intValue())
        .isEqualTo(2);
    assertThat(node.get(c + "/points/a").result().get("payload").get("n").intValue()).isEqualTo(1);
    byte[] csv = "1,2\n3,x\n".getBytes(StandardCharsets.UTF_8);
    rejects(send("POST", c + "/import?first_id=10", "text/csv", csv), 400, "line 2");
    assertThat(count(c)).isEqualTo(2);
  }

  @Test
  void takesArraysLargerThanABodyMayBe() throws IOException {
    String c = collection("large", 1024, "");
    int rows = 12_000; // 48 MB, where 32 MiB is the most for JSON
    ByteArrayOutputStream array = new ByteArrayOutputStream();
    array.write(npy("<f4", rows + ", 1024", new byte[0]));
    byte[] row = floats(new float[1024]);
    InputStream body =
        new java.io.SequenceInputStream(
            new ByteArrayInputStream(array.toByteArray()),
            new InputStream() {
              private long left = (long) rows * row.length;

              @Override
              public int read() {
                return left-- > 0 ? 0 : -1;
              }

              @Override
              public int read(byte[] to, int offset, int length) {
                int count = (int) Math.min(length, left);
                java.util.Arrays.fill(to, offset, offset + count, (byte) 0);
                left -= count;
                return count == 0 ? -1 : count;
              }
            });
    Reply reply =
        node.send(
            HttpRequest.newBuilder(URI.create(node.uri() + c + "/points?first_id=0"))
                .header("content-type", "application/x-npy")
                .PUT(BodyPublishers.ofInputStream(() -> body))
                .build());
    assertThat(reply.result().get("inserted").intValue()).isEqualTo(rows);
    assertThat(count(c)).isEqualTo(rows);
  }
}
