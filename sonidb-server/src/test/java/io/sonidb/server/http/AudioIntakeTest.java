package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.CollectionSpec;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Md5;
import io.sonidb.flac.StreamInfo;
import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Sound taken in by a node: first what is wrong with it, then what comes in.
class AudioIntakeTest {
  private static final int DIMENSION = 40;
  private static final CollectionSpec SPEC = CollectionSpec.dimension(DIMENSION);

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"), Map.of("http.idle_seconds", "2"));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static String collection(String name) {
    String path = "/collections/" + name;
    node.put(path, "{'vectors': {'size': " + DIMENSION + ", 'distance': 'Dot'}}").result();
    return path;
  }

  private static Vector vector(long id) {
    float[] components = new float[DIMENSION];
    for (int i = 0; i < components.length; i++) {
      components[i] = (float) Math.sin((double) (id * 31 + i));
    }
    return Vector.sharing(components);
  }

  private static Point point(long id) {
    return Point.of(VectorId.of(id), vector(id), Payload.ofMap(Map.of("n", id)));
  }

  private static byte[] sound(long... ids) throws IOException {
    return sound(SPEC, LongStream.of(ids).mapToObj(AudioIntakeTest::point).toList());
  }

  private static byte[] sound(CollectionSpec spec, List<Point> points) throws IOException {
    try (InputStream in = new PointSound(spec, points.iterator())) {
      return in.readAllBytes();
    }
  }

  private static byte[] sound(SoundRecord... records) throws IOException {
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(
        FlacHead.write(
            List.of(new StreamInfo(16, 4608, 0, 0, SoundFormat.FLOAT32.audio(), 0, Md5.UNKNOWN))));
    long sample = 0;
    for (SoundRecord record : records) {
      byte[] frames = new byte[encoder.maxSize(record)];
      encoder.encode(record, frames, 0);
      int from = 0;
      for (int part = 0; part < encoder.parts(); part++) {
        byte[] placed = new byte[encoder.partLength(part) + Frames.MAX_RENUMBER_GROWTH];
        int size = Frames.renumber(frames, from, encoder.partLength(part), sample, placed, 0);
        out.write(placed, 0, size);
        from += encoder.partLength(part);
        sample += encoder.partSamples(part);
      }
    }
    return out.toByteArray();
  }

  private static Reply send(String method, String path, String type, byte[] body) {
    return node.send(
        HttpRequest.newBuilder(URI.create(node.uri() + path))
            .header("content-type", type)
            .method(method, BodyPublishers.ofByteArray(body))
            .build());
  }

  private static Reply post(String collection, byte[] body) {
    return send("POST", collection + "/audio", "audio/flac", body);
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  private static long count(String collection) {
    return node.post(collection + "/points/count", "{}").result().get("count").longValue();
  }

  @Test
  void rejectsWhatIsNoSound() throws IOException {
    String c = collection("no-sound");
    rejects(send("POST", c + "/audio", "text/plain", sound(1)), 415, "text/plain");
    rejects(send("POST", c + "/audio", "application/json", sound(1)), 415, "application/json");
    rejects(post(c, new byte[0]), 415, "is empty");
    rejects(post(c, "<html>".getBytes(StandardCharsets.UTF_8)), 415, "begins with 3c68746d");
    rejects(post(c, Arrays.copyOf(sound(1), 8)), 415, "FLAC frames");
    rejects(post(c, Arrays.copyOf(sound(1), 60)), 415, "FLAC frames");
    rejects(post("/collections/nowhere", sound(1)), 404, "nowhere");
    assertThat(count(c)).isZero();
  }

  @Test
  void rejectsVectorsOfAnotherDimensionAndKeepsThoseBefore() throws IOException {
    String c = collection("dimension");
    Point wrong = Point.of(VectorId.of(8), Vector.of(1, 2, 3));
    rejects(
        post(c, sound(SPEC, List.of(point(7), wrong, point(9)))),
        400,
        "expected dim: 40, got 3 in record 1 (id 8, sample");
    assertThat(count(c)).isEqualTo(1);
    // All or nothing, where points are put.
    rejects(
        send("PUT", c + "/points", "audio/flac", sound(SPEC, List.of(point(1), wrong))),
        400,
        "0 vectors before it are in");
    assertThat(count(c)).isEqualTo(1);
  }

  @Test
  void tellsFromWhereARecordIsDamagedAndTakesTheOthers() throws IOException {
    String c = collection("damaged");
    long[] ids = LongStream.range(0, 50).toArray();
    byte[] sound = sound(ids);
    int before = sound(Arrays.copyOf(ids, 20)).length;
    sound[before + 60] ^= 0x10;
    JsonNode result = post(c, sound).result();
    assertThat(result.get("inserted").intValue()).isEqualTo(49);
    assertThat(result.get("damaged_count").intValue()).isEqualTo(1);
    JsonNode place = result.get("damaged").get(0);
    assertThat(place.get("position").get("record").intValue()).isEqualTo(20);
    assertThat(place.get("position").get("byte").intValue()).isEqualTo(before);
    assertThat(place.get("after").intValue()).isEqualTo(19);
    assertThat(place.get("reason").stringValue()).contains("CRC");
    assertThat(node.get(c + "/points/20").status()).isEqualTo(404);
    assertThat(count(c)).isEqualTo(49);
    // Where points are put, one damage is too many.
    rejects(send("PUT", c + "/points", "audio/flac", sound), 400, "damaged behind record 20");
  }

  @Test
  void noticesAFrameThatIsMissing() throws IOException {
    String c = collection("missing");
    byte[] three = sound(1, 2, 3);
    int one = sound(1).length;
    int two = sound(1, 2).length;
    byte[] cut = new byte[three.length - (two - one)];
    System.arraycopy(three, 0, cut, 0, one);
    System.arraycopy(three, two, cut, one, three.length - two);
    JsonNode result = post(c, cut).result();
    assertThat(result.get("inserted").intValue()).isEqualTo(2);
    assertThat(result.get("damaged").get(0).get("reason").stringValue()).contains("are missing");
  }

  @Test
  void tellsThatTheEndIsCutOff() throws IOException {
    String c = collection("cut");
    byte[] sound = sound(1, 2, 3);
    JsonNode result = post(c, Arrays.copyOf(sound, sound.length - 9)).result();
    assertThat(result.get("inserted").intValue()).isEqualTo(2);
    assertThat(result.get("damaged").get(0).get("reason").stringValue()).contains("cut off");
    assertThat(result.get("damaged").get(0).get("after").intValue()).isEqualTo(2);
  }

  @Test
  void tellsWhichVectorTheCollectionCannotHoldAndTakesTheOthers() throws IOException {
    String c = "/collections/cosine";
    node.put(c, "{'vectors': {'size': 40, 'distance': 'Cosine'}}").result();
    Point zero = Point.of(VectorId.of(2), Vector.sharing(new float[DIMENSION]));
    byte[] sound = sound(SPEC, List.of(point(1), zero, point(3)));
    JsonNode result = post(c, sound).result();
    assertThat(result.get("inserted").intValue()).isEqualTo(2);
    JsonNode place = result.get("damaged").get(0);
    assertThat(place.get("id").intValue()).isEqualTo(2);
    assertThat(place.get("position").get("record").intValue()).isEqualTo(1);
    assertThat(place.get("reason").stringValue()).contains("all zeros");
    rejects(send("PUT", c + "/points", "audio/flac", sound), 400, "0 vectors before it are in");
  }

  @Test
  void takesDeletesAndPayloadChangesInTheirOrder() throws IOException {
    String c = collection("history");
    JsonNode result =
        post(
                c,
                sound(
                    PointSound.record(point(1)),
                    PointSound.record(point(2)),
                    SoundRecord.changePayload(
                        3, VectorId.of(1), Payload.ofMap(Map.of("n", "new")).cbor()),
                    SoundRecord.delete(4, VectorId.of(2)),
                    SoundRecord.delete(5, VectorId.of(99)),
                    SoundRecord.skip(6, 3),
                    PointSound.record(point(3))))
            .result();
    assertThat(result.get("inserted").intValue()).isEqualTo(3);
    assertThat(result.get("deleted").intValue()).isEqualTo(1);
    assertThat(result.get("payloads_changed").intValue()).isEqualTo(1);
    assertThat(result.get("not_there").intValue()).isEqualTo(1);
    assertThat(result.get("records").intValue()).isEqualTo(7);
    assertThat(result.get("damaged_count").intValue()).isZero();
    assertThat(count(c)).isEqualTo(2);
    assertThat(node.get(c + "/points/1").result().get("payload").get("n").stringValue())
        .isEqualTo("new");
  }

  @Test
  void keepsEveryBitAndEveryTime() throws Exception {
    String c = collection("bits");
    float[] odd = new float[DIMENSION];
    odd[0] = Float.intBitsToFloat(0x7F80_0001);
    odd[1] = Float.intBitsToFloat(0xFFC1_2345);
    odd[2] = -0.0f;
    odd[3] = Float.MIN_VALUE;
    odd[4] = Float.NEGATIVE_INFINITY;
    Point point =
        new Point(
            VectorId.parse("naïve/..%2f"),
            Vector.of(odd),
            Payload.ofJson("{\"a\": [1, null]}"),
            0,
            java.util.Optional.of(Instant.parse("2024-02-29T12:00:00.123Z")),
            java.util.Optional.of(Instant.parse("2999-01-01T00:00:00Z")));
    send("POST", c + "/audio?keep_times=true", "audio/flac", sound(SPEC, List.of(point))).result();
    byte[] back =
        node.client()
            .send(
                HttpRequest.newBuilder(URI.create(node.uri() + c + "/points/na%C3%AFve%2F..%252f"))
                    .header("accept", "audio/flac")
                    .build(),
                java.net.http.HttpResponse.BodyHandlers.ofByteArray())
            .body();
    List<SoundRecord> heard = new ArrayList<>();
    io.sonidb.sound.Listener.listen(
        new java.io.ByteArrayInputStream(back), (record, _) -> heard.add(record));
    assertThat(heard).hasSize(1);
    SoundRecord record = heard.getFirst();
    assertThat(record.id()).isEqualTo(point.id());
    assertThat(record.vector()).isEqualTo(point.vector());
    assertThat(Payload.ofCbor(record.payload())).isEqualTo(point.payload());
    assertThat(record.insertedAtMillis().getAsLong())
        .isEqualTo(point.insertedAt().get().toEpochMilli());
    assertThat(record.expiresAtMillis().getAsLong())
        .isEqualTo(point.expiresAt().get().toEpochMilli());
  }

  @Test
  void takesFloat64() throws Exception {
    String c = "/collections/wide";
    node.put(c, "{'vectors': {'size': 2, 'distance': 'Dot'}, 'sonidb': {'element': 'float64'}}")
        .result();
    CollectionSpec wide = CollectionSpec.dimension(2).element(ElementType.FLOAT64);
    Point point = Point.of("1", new double[] {Math.PI, -0.0});
    assertThat(post(c, sound(wide, List.of(point))).result().get("inserted").intValue())
        .isEqualTo(1);
    assertThat(node.get(c + "/points/1").result().get("vector").get(0).doubleValue())
        .isEqualTo(Math.PI);
    // What is no float32 has no place in a float32 collection.
    String narrow = "/collections/narrow";
    node.put(narrow, "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
    JsonNode result = post(narrow, sound(wide, List.of(point))).result();
    assertThat(result.get("inserted").intValue()).isZero();
    assertThat(result.get("damaged").get(0).get("reason").stringValue())
        .contains("no float32: round it");
  }

  @Test
  void takesWhatHadComeWhenTheClientVanishes() throws Exception {
    String c = collection("vanishing");
    byte[] sound = sound(1, 2, 3);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.uri().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST "
                  + c
                  + "/audio HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/flac\r\n"
                  + "Content-Length: 100000\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.write(sound);
      out.flush();
      // A live stream: what has come is there while the request goes on.
      await(() -> count(c) >= 2);
    }
    await(() -> count(c) == 3);
  }

  private static void await(java.util.function.BooleanSupplier isSo) throws InterruptedException {
    for (int tries = 0; !isSo.getAsBoolean(); tries++) {
      assertThat(tries).isLessThan(1000);
      Thread.sleep(10);
    }
  }
}
