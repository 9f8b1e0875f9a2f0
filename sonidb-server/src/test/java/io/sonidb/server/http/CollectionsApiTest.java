package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollectionsApiTest {
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

  private static void create(String name) {
    assertThat(
            node.put("/collections/" + name, "{'vectors': {'size': 2, 'distance': 'Dot'}}")
                .result()
                .booleanValue())
        .isTrue();
  }

  private static void rejects(Reply reply, int status, String message) {
    assertThat(reply.error()).contains(message);
    assertThat(reply.status()).isEqualTo(status);
  }

  @Test
  void rejectsCollectionThatQdrantWouldRefuse() {
    rejects(node.get("/collections/none"), 404, "Collection `none` doesn't exist!");
    create("twice");
    rejects(
        node.put("/collections/twice", "{'vectors': {'size': 2, 'distance': 'Dot'}}"),
        409,
        "Collection `twice` already exists!");
    rejects(
        node.put("/collections/x", "{'vectors': {'size': 0, 'distance': 'Dot'}}"),
        422,
        "Validation error in JSON body: [vectors.size: value 0 invalid, must be 1 or larger]");
    rejects(
        node.put("/collections/x", "{'vectors': {'size': 2, 'distance': 'Near'}}"),
        400,
        "vectors.distance: must be one of cosine, euclid, dot, manhattan, was \"Near\"");
    rejects(node.put("/collections/x", "{}"), 400, "vectors: must be an object");
  }

  @Test
  void refusesNamedSparseAndMultiVectorsByName() {
    rejects(
        node.put("/collections/x", "{'vectors': {'image': {'size': 2, 'distance': 'Dot'}}}"),
        400,
        "named, sparse and multi-vectors are not supported");
    rejects(
        node.put(
            "/collections/x",
            "{'vectors': {'size': 2, 'distance': 'Dot'}, 'sparse_vectors': {'text': {}}}"),
        400,
        "sparse_vectors: named, sparse");
    rejects(
        node.put(
            "/collections/x",
            "{'vectors': {'size': 2, 'distance': 'Dot', 'multivector_config': {'comparator': 'max_sim'}}}"),
        400,
        "multivector_config");
    assertThat(node.get("/collections/x/exists").result().get("exists").booleanValue()).isFalse();
  }

  @Test
  void acceptsWhatHasNoEffectAndSaysSo() {
    Reply made =
        node.put(
            "/collections/warned",
            "{'vectors': {'size': 2, 'distance': 'Dot', 'on_disk': true}, 'shard_number': 3}");
    assertThat(made.result().booleanValue()).isTrue();
    assertThat(made.body().get("warnings").toString())
        .isEqualTo("[\"shard_number has no effect here\",\"vectors.on_disk has no effect here\"]");
    Reply changed =
        node.send(
            "PATCH",
            "/collections/warned",
            Optional.of("{\"optimizers_config\": {}}"),
            java.util.Map.of());
    assertThat(changed.result().booleanValue()).isTrue();
    assertThat(changed.body().get("warnings").toString()).contains("optimizers_config");
  }

  @Test
  void describesWhatItMade() {
    node.put(
            "/collections/described",
            "{'vectors': {'size': 3, 'distance': 'Manhattan'}, 'sonidb': {'element': 'float64',"
                + " 'durability': 'os'}}")
        .result();
    node.put("/collections/described/points", "{'points': [{'id': 1, 'vector': [1, 2, 3]}]}")
        .result();
    var found = node.get("/collections/described").result();
    assertThat(found.get("status").stringValue()).isEqualTo("green");
    assertThat(found.get("points_count").intValue()).isEqualTo(1);
    assertThat(found.at("/config/params/vectors").toString())
        .isEqualTo("{\"size\":3,\"distance\":\"Manhattan\"}");
    assertThat(found.at("/sonidb/element").stringValue()).isEqualTo("float64");
    assertThat(node.get("/collections").body().toString()).contains("{\"name\":\"described\"}");
  }

  @Test
  void dropsOnceAndSaysSo() {
    create("dropped");
    assertThat(node.delete("/collections/dropped").result().booleanValue()).isTrue();
    assertThat(node.delete("/collections/dropped").result().booleanValue()).isFalse();
    rejects(node.get("/collections/dropped/points/1"), 404, "dropped");
    create("dropped");
  }

  @Test
  void refusesNamesThatLeadElsewhere() {
    for (String name :
        new String[] {
          "..%2F..%2Fetc%2Fpasswd", "a%2Fb", "a%5Cb", "a%3Fb", "a%2Ab", "a%0Ab", "a%3Ab"
        }) {
      rejects(
          node.put("/collections/" + name, "{'vectors': {'size': 2, 'distance': 'Cosine'}}"),
          422,
          "cannot contain");
    }
    create("real");
    rejects(
        node.post(
            "/collections/aliases",
            "{'actions': [{'create_alias': {'collection_name': 'real', 'alias_name': '../b'}}]}"),
        422,
        "cannot contain \"/\" char");
    assertThat(folder.resolve("etc")).doesNotExist();
  }

  @Test
  void takesNamesInEveryLanguage() {
    String name = "L%C3%A4nder%20%26%20%E5%9B%BD.v2";
    create(name);
    assertThat(node.get("/collections/" + name + "/exists").result().toString())
        .isEqualTo("{\"exists\":true}");
    assertThat(node.delete("/collections/" + name).result().booleanValue()).isTrue();
  }

  @Test
  void indexesFieldsOfPayloads() {
    create("indexed");
    rejects(
        node.put("/collections/indexed/index", "{'field_name': 'city'}"),
        400,
        "Can't auto-detect field type");
    rejects(
        node.put("/collections/indexed/index", "{'field_name': 'a..b', 'field_schema': 'bool'}"),
        400,
        "a..b");
    rejects(
        node.put("/collections/indexed/index", "{'field_name': 'a', 'field_schema': 'blob'}"),
        400,
        "must be one of keyword");
    node.put(
            "/collections/indexed/index?wait=true",
            "{'field_name': 'city', 'field_schema': 'keyword'}")
        .result();
    node.put(
            "/collections/indexed/index?wait=true",
            "{'field_name': 'open', 'field_schema': {'type': 'bool', 'on_disk': true}}")
        .result();
    node.put(
            "/collections/indexed/points",
            "{'points': [{'id': 1, 'vector': [1, 2], 'payload': {'city': 'Bonn'}}]}")
        .result();
    assertThat(node.get("/collections/indexed").result().get("payload_schema").toString())
        .isEqualTo(
            "{\"city\":{\"data_type\":\"keyword\",\"points\":1},"
                + "\"open\":{\"data_type\":\"bool\",\"points\":0}}");
    node.delete("/collections/indexed/index/city").result();
    assertThat(node.get("/collections/indexed").result().get("payload_schema").has("city"))
        .isFalse();
  }

  // Aliases ----------------------------------------------------------------------------------

  private static Reply aliases(String actions) {
    return node.post("/collections/aliases", "{'actions': [" + actions + "]}");
  }

  @Test
  void rejectsAliasesThatCannotBe() {
    create("named");
    rejects(
        aliases("{'create_alias': {'collection_name': 'gone', 'alias_name': 'a'}}"), 404, "`gone`");
    rejects(
        aliases("{'create_alias': {'collection_name': 'named', 'alias_name': 'named'}}"),
        409,
        "already exists");
    rejects(
        aliases("{'rename_alias': {'old_alias_name': 'never', 'new_alias_name': 'a'}}"),
        404,
        "Alias never does not exists!");
    aliases("{'create_alias': {'collection_name': 'named', 'alias_name': 'taken'}}").result();
    rejects(
        node.put("/collections/taken", "{'vectors': {'size': 2, 'distance': 'Dot'}}"),
        400,
        "Alias with the same name already exists");
  }

  @Test
  void changesAliasesAllOrNone() {
    create("all");
    rejects(
        aliases(
            "{'create_alias': {'collection_name': 'all', 'alias_name': 'one'}},"
                + " {'rename_alias': {'old_alias_name': 'never', 'new_alias_name': 'two'}}"),
        404,
        "never");
    assertThat(node.get("/collections/all/aliases").result().get("aliases")).isEmpty();
  }

  @Test
  void servesACollectionUnderItsAlias() {
    create("real");
    aliases("{'create_alias': {'collection_name': 'real', 'alias_name': 'other'}}").result();
    node.put("/collections/other/points", "{'points': [{'id': 7, 'vector': [1, 2]}]}").result();
    assertThat(node.get("/collections/real/points/7").result().get("id").intValue()).isEqualTo(7);
    assertThat(node.get("/collections/real/aliases").result().toString())
        .isEqualTo("{\"aliases\":[{\"alias_name\":\"other\",\"collection_name\":\"real\"}]}");
    aliases("{'delete_alias': {'alias_name': 'other'}}").result();
    rejects(node.get("/collections/other/points/7"), 404, "`other`");
  }

  @Test
  void keepsAliasesOverARestart() throws IOException {
    Path data = folder.resolve("restarted");
    try (TestNode first = TestNode.start(data)) {
      first.put("/collections/a", "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
      first.put("/collections/b", "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
      first
          .post(
              "/collections/aliases",
              "{'actions': [{'create_alias': {'collection_name': 'a', 'alias_name': 'x'}},"
                  + " {'create_alias': {'collection_name': 'b', 'alias_name': 'y'}}]}")
          .result();
      first.delete("/collections/b").result();
    }
    try (TestNode second = TestNode.start(data)) {
      assertThat(second.get("/aliases").result().toString())
          .isEqualTo("{\"aliases\":[{\"alias_name\":\"x\",\"collection_name\":\"a\"}]}");
    }
  }
}
