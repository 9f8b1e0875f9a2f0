package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class QueryApiTest {
  private static final String P = "/collections/towns/points";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"));
    node.put("/collections/towns", "{'vectors': {'size': 2, 'distance': 'Euclid'}}").result();
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      points
          .append(i == 0 ? "" : ",")
          .append(
              "{'id': " + i + ", 'vector': [" + i + ", 0], 'payload': {'n': " + i + ", 'kind': '")
          .append(i % 3 == 0 ? "a" : "b")
          .append("'}}");
    }
    node.put(P, "{'points': [" + points + "]}").result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static List<Integer> ids(JsonNode points) {
    return points.valueStream().map(point -> point.get("id").intValue()).toList();
  }

  private static List<Integer> query(String json) {
    return ids(node.post(P + "/query", json).result().get("points"));
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  @Test
  void rejectsWhatItCannotAnswer() {
    rejects(node.post(P + "/query", "{'query': 99}"), 404, "99");
    rejects(node.post(P + "/query", "{'query': [1]}"), 400, "expected dim: 2, got 1");
    rejects(
        node.post(P + "/query", "{'query': [1, 2], 'limit': 0}"), 422, "limit: value 0 invalid");
    rejects(node.post(P + "/query", "{'query': [1, 2], 'limit': 10001}"), 422, "from 1 to 10000");
    rejects(node.post(P + "/query", "{'query': [1, 2], 'limit': '5'}"), 400, "limit: must be");
    rejects(node.post(P + "/query", "{'query': [1, 2], 'lmit': 5}"), 400, "lmit is not known here");
    rejects(node.post(P + "/query", "{'query': [1, 2], 'using': 'image'}"), 400, "image");
    rejects(
        node.post(P + "/query", "{'query': [1, 2], 'prefetch': [{'query': [1, 2]}]}"),
        400,
        "several stages");
    rejects(node.post(P + "/query", "{'query': {'fusion': 'rrf'}}"), 400, "query.fusion");
    rejects(
        node.post(P + "/query", "{'query': {'indices': [1], 'values': [1]}}"),
        400,
        "named, sparse");
    rejects(node.post(P + "/query", "{'query': [[1, 2], [3, 4]]}"), 400, "named, sparse");
    rejects(
        node.post(P + "/query", "{'query': {'recommend': {'negative': [1]}}}"),
        400,
        "At least one positive");
  }

  @Test
  void findsTheNearestByVectorAndById() {
    JsonNode found = node.post(P + "/query", "{'query': [4.25, 0], 'limit': 2}").result();
    assertThat(found.get("points").get(0).propertyNames())
        .containsExactly("id", "version", "score");
    assertThat(ids(found.get("points"))).containsExactly(4, 5);
    assertThat(found.get("points").get(0).get("score").floatValue()).isEqualTo(0.25f);
    assertThat(query("{'query': 4, 'limit': 2}")).containsExactly(3, 5);
    assertThat(query("{'query': {'nearest': [9, 0]}, 'limit': 1}")).containsExactly(9);
    assertThat(query("{'query': {'nearest': 0}, 'limit': 1}")).containsExactly(1);
  }

  @Test
  void heedsFilterOffsetThresholdAndParams() {
    assertThat(
            query(
                "{'query': [0, 0], 'limit': 2, 'offset': 1, 'filter': {'must': [{'key': 'kind',"
                    + " 'match': {'value': 'a'}}]}, 'params': {'exact': true, 'hnsw_ef': 128}}"))
        .containsExactly(3, 6);
    assertThat(query("{'query': [0, 0], 'score_threshold': 2.5}")).containsExactly(0, 1, 2);
  }

  @Test
  void addsPayloadAndVectorWhenAsked() {
    JsonNode found =
        node.post(
                P + "/query",
                "{'query': [4, 0], 'limit': 1, 'with_payload': {'include': ['n']}, 'with_vector': true}")
            .result()
            .get("points")
            .get(0);
    assertThat(found.get("payload").toString()).isEqualTo("{\"n\":4}");
    assertThat(found.get("vector").toString()).isEqualTo("[4.0,0.0]");
  }

  @Test
  void recommendsByIdsAndVectors() {
    assertThat(
            query(
                "{'query': {'recommend': {'positive': [4, [6, 0]], 'negative': [10]}}, 'limit': 1}"))
        .containsExactly(0);
    assertThat(
            query(
                "{'query': {'recommend': {'positive': [4, 6], 'strategy': 'best_score'}}, 'limit': 2}"))
        .containsExactlyInAnyOrder(3, 5);
    assertThat(ids(node.post(P + "/recommend", "{'positive': [4], 'limit': 1}").result()))
        .containsExactly(3);
  }

  @Test
  void ordersByAFieldAndByIds() {
    assertThat(
            query(
                "{'query': {'order_by': {'key': 'n', 'direction': 'desc'}}, 'limit': 2, 'offset': 1}"))
        .containsExactly(18, 17);
    assertThat(
            node.post(P + "/query", "{'query': {'order_by': 'n'}, 'limit': 2, 'offset': 1}")
                .result()
                .at("/points/0/order_value")
                .intValue())
        .isEqualTo(1);
    assertThat(query("{'limit': 3}")).containsExactly(0, 1, 2);
  }

  @Test
  void samplesAtRandom() {
    List<Integer> sample = query("{'query': {'sample': 'random'}, 'limit': 5}");
    assertThat(sample).hasSize(5).doesNotHaveDuplicates();
  }

  @Test
  void answersABatchInItsOrder() {
    JsonNode found =
        node.post(
                P + "/query/batch",
                "{'searches': [{'query': [4, 0], 'limit': 1}, {'query': {'order_by': 'n'}, 'limit': 1},"
                    + " {'query': [9, 0], 'limit': 1}]}")
            .result();
    assertThat(found.valueStream().map(each -> ids(each.get("points"))))
        .containsExactly(List.of(4), List.of(0), List.of(9));
    assertThat(node.post(P + "/query/batch", "{'searches': []}").result()).isEmpty();
  }

  @Test
  void groupsByAField() {
    JsonNode found =
        node.post(
                P + "/query/groups",
                "{'query': [0, 0], 'group_by': 'kind', 'group_size': 2, 'limit': 5}")
            .result();
    assertThat(found.get("groups").valueStream().map(group -> group.get("id").stringValue()))
        .containsExactly("a", "b");
    assertThat(ids(found.get("groups").get(1).get("hits"))).containsExactly(1, 2);
    rejects(node.post(P + "/query/groups", "{'query': [0, 0]}"), 400, "group_by: must be a string");
  }

  @Test
  void knowsTheOlderForms() {
    assertThat(ids(node.post(P + "/search", "{'vector': [4, 0], 'limit': 1}").result()))
        .containsExactly(4);
    JsonNode batch =
        node.post(P + "/search/batch", "{'searches': [{'vector': [7, 0], 'limit': 1}]}").result();
    assertThat(ids(batch.get(0))).containsExactly(7);
    rejects(
        node.post(P + "/search", "{'vector': {'name': 'image', 'vector': [1, 2]}, 'limit': 1}"),
        400,
        "named, sparse");
  }

  @Test
  void countsTheValuesOfAField() {
    assertThat(node.post("/collections/towns/facet", "{'key': 'kind'}").result().toString())
        .isEqualTo("{\"hits\":[{\"value\":\"b\",\"count\":13},{\"value\":\"a\",\"count\":7}]}");
  }
}
