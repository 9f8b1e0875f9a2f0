package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PointsApiTest {
  private static final String C = "/collections/songs";

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

  @BeforeEach
  void fill() {
    node.delete(C);
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Euclid'}, 'sonidb': {'durability': 'os'}}")
        .result();
    upsert(
        "{'id': 1, 'vector': [0, 1], 'payload': {'genre': 'jazz', 'year': 1959, 'by': {'name': 'Miles'}}}",
        "{'id': 2, 'vector': [0, 2], 'payload': {'genre': 'jazz', 'year': 1965}}",
        "{'id': 3, 'vector': [0, 3], 'payload': {'genre': 'rock', 'year': 1971, 'tags': ['a', 'b']}}");
  }

  private static void upsert(String... points) {
    JsonNode done =
        node.put(C + "/points?wait=true", "{'points': [" + String.join(",", points) + "]}")
            .result();
    assertThat(done.get("status").stringValue()).isEqualTo("completed");
  }

  private static JsonNode payload(Object id) {
    return node.get(C + "/points/" + id).result().get("payload");
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  // Reading ------------------------------------------------------------------------------------

  @Test
  void rejectsPointThatIsNotThere() {
    rejects(node.get(C + "/points/99"), 404, "Not found: Point with id 99 does not exists!");
    rejects(node.get("/collections/none/points/1"), 404, "Collection `none` doesn't exist!");
  }

  @Test
  void givesAPointBackExactly() {
    assertThat(node.get(C + "/points/1").result().toString())
        .isEqualTo(
            "{\"id\":1,\"payload\":{\"genre\":\"jazz\",\"year\":1959,\"by\":{\"name\":\"Miles\"}},"
                + "\"vector\":[0.0,1.0]}");
  }

  @Test
  void givesEveryFloatBackWithItsBits() {
    Random random = new Random(7);
    List<String> points = new ArrayList<>();
    List<float[]> sent = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      float[] vector = {anyFloat(random), i == 0 ? -0.0f : anyFloat(random)};
      sent.add(vector);
      points.add("{'id': " + (1000 + i) + ", 'vector': [" + vector[0] + "," + vector[1] + "]}");
    }
    upsert(points.toArray(String[]::new));
    for (int i = 0; i < sent.size(); i++) {
      JsonNode back = node.get(C + "/points/" + (1000 + i)).result().get("vector");
      for (int k = 0; k < 2; k++) {
        assertThat(Float.parseFloat(back.get(k).asString())).isEqualTo(sent.get(i)[k]);
      }
    }
  }

  private static float anyFloat(Random random) {
    float value = Float.intBitsToFloat(random.nextInt());
    return Float.isFinite(value) ? value : 1;
  }

  @Test
  void carriesNanAndInfinitiesAsStrings() {
    upsert("{'id': 5, 'vector': ['NaN', '-Infinity']}");
    assertThat(node.get(C + "/points/5").result().get("vector").toString())
        .isEqualTo("[\"NaN\",\"-Infinity\"]");
  }

  @Test
  void knowsNumbersUuidsAndNames() {
    String uuid = "550e8400-e29b-41d4-a716-446655440000";
    upsert(
        "{'id': 18446744073709551615, 'vector': [1, 1]}",
        "{'id': '" + uuid + "', 'vector': [1, 2]}",
        "{'id': 'a name/é', 'vector': [1, 3]}");
    assertThat(node.get(C + "/points/18446744073709551615").result().get("id").toString())
        .isEqualTo("18446744073709551615");
    assertThat(node.get(C + "/points/" + uuid.replace("-", "")).result().get("id").stringValue())
        .isEqualTo(uuid);
    assertThat(node.get(C + "/points/a%20name%2F%C3%A9").result().get("id").stringValue())
        .isEqualTo("a name/é");
    for (String wrong : List.of("-1", "1.5", "18446744073709551616", "true", "[1]")) {
      rejects(
          node.put(C + "/points", "{'points': [{'id': " + wrong + ", 'vector': [1, 1]}]}"),
          400,
          "points[0].id");
    }
  }

  @Test
  void retrievesSomeInTheirOrderWithPartsOfThem() {
    JsonNode found =
        node.post(
                C + "/points", "{'ids': [3, 99, 1], 'with_payload': ['year'], 'with_vector': true}")
            .result();
    assertThat(found.toString())
        .isEqualTo(
            "[{\"id\":3,\"payload\":{\"year\":1971},\"vector\":[0.0,3.0]},"
                + "{\"id\":1,\"payload\":{\"year\":1959},\"vector\":[0.0,1.0]}]");
    assertThat(node.post(C + "/points", "{'ids': [1], 'with_payload': false}").result().toString())
        .isEqualTo("[{\"id\":1}]");
    assertThat(
            node.post(
                    C + "/points", "{'ids': [1], 'with_payload': {'exclude': ['by.name', 'year']}}")
                .result()
                .toString())
        .isEqualTo("[{\"id\":1,\"payload\":{\"genre\":\"jazz\",\"by\":{}}}]");
  }

  @Test
  void scrollsPageByPage() {
    JsonNode first =
        node.post(C + "/points/scroll", "{'limit': 2, 'with_payload': false}").result();
    assertThat(first.toString())
        .isEqualTo("{\"points\":[{\"id\":1},{\"id\":2}],\"next_page_offset\":3}");
    JsonNode last =
        node.post(C + "/points/scroll", "{'limit': 2, 'offset': 3, 'with_payload': false}")
            .result();
    assertThat(last.toString()).isEqualTo("{\"points\":[{\"id\":3}],\"next_page_offset\":null}");
  }

  @Test
  void scrollsInTheOrderOfAField() {
    JsonNode page =
        node.post(
                C + "/points/scroll",
                "{'order_by': {'key': 'year', 'direction': 'desc', 'start_from': 1965},"
                    + " 'with_payload': false}")
            .result();
    assertThat(page.get("points").toString())
        .isEqualTo("[{\"id\":2,\"order_value\":1965},{\"id\":1,\"order_value\":1959}]");
    rejects(
        node.post(C + "/points/scroll", "{'order_by': {'key': 'year', 'direction': 'up'}}"),
        400,
        "order_by.direction: must be one of asc, desc");
  }

  @Test
  void tellsWhenAPointWasWrittenToThoseWhoAsk() {
    JsonNode point = node.get(C + "/points/1?with_version=true").result();
    assertThat(point.get("version").longValue()).isBetween(1L, 1000L);
    assertThat(Instant.parse(point.get("inserted_at").stringValue()))
        .isBetween(Instant.now().minusSeconds(600), Instant.now().plusSeconds(1));
    assertThat(node.get(C + "/points/1").result().has("version")).isFalse();
    rejects(node.get(C + "/points/1?with_version=yes"), 400, "with_version must be true or false");
  }

  @Test
  void countsWhatFulfilsAFilter() {
    assertThat(node.post(C + "/points/count", "{}").result().toString()).isEqualTo("{\"count\":3}");
    assertThat(
            node.post(
                    C + "/points/count",
                    "{'filter': {'must': [{'key': 'genre', 'match': {'value': 'jazz'}}]}, 'exact': true}")
                .result()
                .toString())
        .isEqualTo("{\"count\":2}");
    rejects(
        node.post(C + "/points/count", "{'filter': {'must': [{'key': 'genre', 'mach': 1}]}}"),
        400,
        "filter.must[0].mach");
  }

  // Writing ------------------------------------------------------------------------------------

  @Test
  void rejectsVectorThatDoesNotFit() {
    rejects(
        node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2, 3]}]}"),
        400,
        "Wrong input: Vector dimension error: expected dim: 2, got 3");
    rejects(node.put(C + "/points", "{'points': [{'id': 1, 'vector': []}]}"), 400, "Wrong input");
    rejects(
        node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1e39, 0]}]}"),
        400,
        "vector component 0 is no float32");
    rejects(
        node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 'one']}]}"),
        400,
        "vector component 1 is no number");
    rejects(node.put(C + "/points", "{'points': [{'id': 1}]}"), 400, "every point has one here");
  }

  @Test
  void refusesNamedSparseAndMultiVectors() {
    for (String vector :
        List.of(
            "{'image': [1, 2]}",
            "[[1, 2], [3, 4]]",
            "{'indices': [1], 'values': [2]}",
            "{'text': 'a', 'model': 'b'}")) {
      rejects(
          node.put(C + "/points", "{'points': [{'id': 1, 'vector': " + vector + "}]}"),
          400,
          "named, sparse and multi-vectors are not supported");
    }
  }

  @Test
  void takesTheOneVectorByItsEmptyName() {
    node.put(C + "/points", "{'points': [{'id': 21, 'vector': {'': [1, 2]}}]}").result();
    assertThat(node.get(C + "/points/21").result().get("vector").toString()).isEqualTo("[1.0,2.0]");
    assertThat(
            node.post(
                    C + "/points/search",
                    "{'vector': {'name': '', 'vector': [1, 2]}, 'filter': {'must': [{'has_id': [21]},"
                        + " {'has_vector': ''}]}, 'limit': 9}")
                .result())
        .hasSize(1);
    rejects(
        node.post(C + "/points/count", "{'filter': {'must': [{'has_vector': 'image'}]}}"),
        400,
        "the one vector that every point has");
  }

  @Test
  void writesNothingOfABatchThatIsWrong() {
    rejects(
        node.put(
            C + "/points", "{'points': [{'id': 8, 'vector': [1, 2]}, {'id': 9, 'vector': [1]}]}"),
        400,
        "expected dim: 2, got 1");
    rejects(node.get(C + "/points/8"), 404, "8");
  }

  @Test
  void takesColumns() {
    node.put(
            C + "/points",
            "{'batch': {'ids': [11, 12], 'vectors': {'': [[1, 2], [3, 4]]}, 'payloads': [{'a': 1}, null]}}")
        .result();
    assertThat(payload(11).toString()).isEqualTo("{\"a\":1}");
    assertThat(payload(12).toString()).isEqualTo("{}");
    rejects(
        node.put(C + "/points", "{'batch': {'ids': [11, 12], 'vectors': [[1, 2]]}}"),
        422,
        "number of ids (2), vectors (1)");
  }

  @Test
  void tellsWhoDoesNotWaitSo() {
    assertThat(
            node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2]}]}")
                .result()
                .get("status")
                .stringValue())
        .isEqualTo("acknowledged");
    rejects(
        node.put(C + "/points?wait=maybe", "{'points': []}"), 400, "wait must be true or false");
    rejects(node.put(C + "/points?ordering=best", "{'points': []}"), 400, "weak, medium or strong");
  }

  @Test
  void deletesByIdsAndByFilter() {
    node.post(C + "/points/delete", "{'points': [1, 99]}").result();
    rejects(node.get(C + "/points/1"), 404, "1");
    node.post(
            C + "/points/delete",
            "{'filter': {'must': {'key': 'genre', 'match': {'value': 'jazz'}}}}")
        .result();
    assertThat(node.post(C + "/points/count", "{}").result().get("count").intValue()).isEqualTo(1);
    rejects(node.post(C + "/points/delete", "{}"), 422, "give one of them");
  }

  @Test
  void setsOverwritesDeletesAndClearsPayloads() {
    node.post(C + "/points/payload", "{'payload': {'year': 2000, 'new': true}, 'points': [2]}")
        .result();
    assertThat(payload(2).toString()).isEqualTo("{\"genre\":\"jazz\",\"year\":2000,\"new\":true}");
    node.put(C + "/points/payload", "{'payload': {'only': 1}, 'points': [2]}").result();
    assertThat(payload(2).toString()).isEqualTo("{\"only\":1}");
    node.post(C + "/points/payload/delete", "{'keys': ['by.name', 'year'], 'points': [1]}")
        .result();
    assertThat(payload(1).toString()).isEqualTo("{\"genre\":\"jazz\",\"by\":{}}");
    node.post(
            C + "/points/payload/clear",
            "{'filter': {'must': [{'key': 'genre', 'match': {'value': 'rock'}}]}}")
        .result();
    assertThat(payload(3).toString()).isEqualTo("{}");
  }

  @Test
  void setsPayloadBelowAKey() {
    node.post(C + "/points/payload", "{'payload': {'born': 1926}, 'key': 'by', 'points': [1, 2]}")
        .result();
    assertThat(payload(1).get("by").toString()).isEqualTo("{\"name\":\"Miles\",\"born\":1926}");
    assertThat(payload(2).get("by").toString()).isEqualTo("{\"born\":1926}");
    rejects(
        node.post(C + "/points/payload", "{'payload': {}, 'key': 'a[', 'points': [1]}"), 400, "a[");
  }

  @Test
  void replacesVectorsAndKeepsPayloads() {
    node.put(C + "/points/vectors", "{'points': [{'id': 1, 'vector': [7, 8]}]}").result();
    JsonNode point = node.get(C + "/points/1").result();
    assertThat(point.get("vector").toString()).isEqualTo("[7.0,8.0]");
    assertThat(point.get("payload").get("year").intValue()).isEqualTo(1959);
    rejects(
        node.put(
            C + "/points/vectors",
            "{'points': [{'id': 1, 'vector': [0, 0]}, {'id': 99, 'vector': [7, 8]}]}"),
        404,
        "99");
    assertThat(node.get(C + "/points/1").result().get("vector").toString()).isEqualTo("[7.0,8.0]");
    rejects(
        node.post(C + "/points/vectors/delete", "{'points': [1], 'vector': ['']}"),
        400,
        "every point has one");
  }

  @Test
  void doesSeveralOperationsInOrder() {
    JsonNode done =
        node.post(
                C + "/points/batch?wait=true",
                "{'operations': [{'upsert': {'points': [{'id': 20, 'vector': [1, 2]}]}},"
                    + " {'set_payload': {'payload': {'a': 1}, 'points': [20]}},"
                    + " {'overwrite_payload': {'payload': {'b': 2}, 'points': [20]}},"
                    + " {'update_vectors': {'points': [{'id': 20, 'vector': [3, 4]}]}},"
                    + " {'delete_payload': {'keys': ['year'], 'points': [1]}},"
                    + " {'clear_payload': {'points': [2]}}, {'delete': {'points': [3]}}]}")
            .result();
    assertThat(done).hasSize(7);
    assertThat(node.get(C + "/points/20").result().toString())
        .isEqualTo("{\"id\":20,\"payload\":{\"b\":2},\"vector\":[3.0,4.0]}");
    assertThat(payload(2).toString()).isEqualTo("{}");
    rejects(node.get(C + "/points/3"), 404, "3");
  }

  @Test
  void doesNoOperationIfOneIsMalformed() {
    rejects(
        node.post(
            C + "/points/batch",
            "{'operations': [{'delete': {'points': [1]}}, {'explode': {'points': [2]}}]}"),
        400,
        "explode is no operation");
    assertThat(payload(1).get("genre").stringValue()).isEqualTo("jazz");
  }
}
