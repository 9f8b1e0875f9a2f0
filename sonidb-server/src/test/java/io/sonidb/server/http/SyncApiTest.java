package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class SyncApiTest {
  @TempDir Path folder;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws IOException {
    a = node("a", "cluster.secret");
    b = node("b", "cluster.secret");
    a.put("/collections/songs", "{'vectors': {'size': 4, 'distance': 'Dot'}}").result();
    a.put(
            "/collections/songs/points",
            "{'points': [{'id': 1, 'vector': [1, 2, 3, 4], 'payload': {'name': 'one'}},"
                + " {'id': 2, 'vector': [4, 3, 2, 1]}]}")
        .result();
  }

  @AfterEach
  void stop() {
    a.close();
    b.close();
  }

  private TestNode node(String name, String secret) throws IOException {
    return TestNode.start(
        folder.resolve(name),
        Map.of(
            "ftp.enabled", "true",
            "ftp.port", "0",
            "cluster.secret_file", folder.resolve(secret).toString()));
  }

  private static TestNode.Reply sync(TestNode from, TestNode to) {
    String target = to.uri().toString().replace("http://", "sonidb://");
    return from.post("/collections/songs/sync", "{'target': '" + target + "', 'seal': true}");
  }

  private static long count(TestNode node) {
    return node.post("/collections/songs/points/count", "{}").result().path("count").asLong(-1);
  }

  @Test
  void bringsACollectionToAnotherNodeWhereItIsSearchable() throws IOException {
    JsonNode report = sync(a, b).result();
    assertThat(report.path("received").path("created").asBoolean(false)).isTrue();
    assertThat(report.path("files").asInt(0)).isEqualTo(3);
    assertThat(report.path("controller_bytes").asLong(0)).isBetween(1L, 1_000_000L);
    assertThat(count(b)).isEqualTo(2);
    assertThat(
            b.post("/collections/songs/points/query", "{'query': [1, 2, 3, 4], 'limit': 1}")
                .result()
                .path("points")
                .path(0)
                .path("id")
                .asInt(0))
        .isEqualTo(1);
    assertThat(b.get("/collections/songs/points/1").result().path("payload").path("name"))
        .hasToString("\"one\"");
    try (Stream<Path> left = Files.walk(folder.resolve("b/sync"))) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
    try (Stream<Path> left = Files.walk(folder.resolve("a/sync"))) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void movesNothingTheSecondTimeAndOnlyWhatIsNewAfterwards() {
    sync(a, b).result();
    JsonNode second = sync(a, b).result();
    assertThat(second.path("files").asInt(-1)).isZero();
    assertThat(second.path("received").path("changed").asBoolean(true)).isFalse();
    a.put("/collections/songs/points", "{'points': [{'id': 3, 'vector': [1, 1, 1, 1]}]}").result();
    a.post("/collections/songs/points/delete", "{'points': [1]}").result();
    JsonNode third = sync(a, b).result();
    assertThat(third.path("files").asInt(0)).isEqualTo(3);
    assertThat(count(b)).isEqualTo(2);
    assertThat(b.get("/collections/songs/points/1").status()).isEqualTo(404);
  }

  @Test
  void isReadOnlyUntilItIsPromotedAndThenCountsMore() {
    sync(a, b).result();
    String point = "{'points': [{'id': 9, 'vector': [1, 1, 1, 1]}]}";
    TestNode.Reply refused = b.put("/collections/songs/points", point);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.error()).contains("read-only replica").contains("promote");
    assertThat(b.post("/collections/songs/promote", "{}").result().path("epoch").asInt(0))
        .isEqualTo(2);
    b.put("/collections/songs/points", point).result();
    a.put("/collections/songs/points", "{'points': [{'id': 7, 'vector': [1, 1, 1, 1]}]}").result();
    TestNode.Reply old = sync(a, b);
    assertThat(old.status()).isEqualTo(409);
    assertThat(old.error()).contains("read-only from now on").contains("sync the other way");
    assertThat(a.put("/collections/songs/points", point).status()).isEqualTo(409);
    JsonNode back = sync(b, a).result().path("received");
    assertThat(back.path("diverging").size()).isEqualTo(1);
    assertThat(Path.of(back.path("aside").asString(""))).isNotEmptyDirectory();
    assertThat(count(a)).isEqualTo(3);
    assertThat(a.get("/collections/songs/points/7").status()).isEqualTo(404);
    assertThat(a.post("/collections/songs/promote", "{}").result().path("epoch").asInt(0))
        .isEqualTo(3);
  }

  @Test
  void refusesAnUnrelatedCollectionOfTheSameName() {
    b.put("/collections/songs", "{'vectors': {'size': 4, 'distance': 'Dot'}}").result();
    TestNode.Reply refused = sync(a, b);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.error()).contains("only the name in common");
    assertThat(count(b)).isZero();
  }

  @Test
  void fetchesDamagedSegmentsFromAPeer() throws IOException {
    sync(a, b).result();
    Path segment;
    try (Stream<Path> files = Files.walk(folder.resolve("b/collections"))) {
      segment = files.filter(file -> file.toString().endsWith(".flac")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    byte[] damaged = bytes.clone();
    damaged[bytes.length - 5] ^= 1;
    Files.write(segment, damaged);
    assertThat(b.post("/collections/songs/verify", "{}").result().path("ok").asBoolean(true))
        .isFalse();
    JsonNode report =
        b.post("/collections/songs/verify", "{'deep': true, 'repair_from': '" + a.uri() + "'}")
            .result();
    assertThat(report.path("ok").asBoolean(false)).isTrue();
    assertThat(report.path("repaired").size()).isEqualTo(1);
    assertThat(Files.readAllBytes(segment)).isEqualTo(bytes);
    assertThat(count(b)).isEqualTo(2);
  }

  @Test
  void getsNowhereWithoutTheSameSecret() throws IOException {
    try (TestNode other = node("c", "another.secret")) {
      TestNode.Reply refused = sync(a, other);
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.error()).contains("cluster.secret");
      assertThat(other.get("/collections/songs").status()).isEqualTo(404);
    }
  }

  @Test
  void saysWhatIsWrongWithTheTarget() {
    for (String wrong : new String[] {"irc://b", "sonidb://user:pass@b", "sonidb://b/x", "b", ""}) {
      TestNode.Reply refused = a.post("/collections/songs/sync", "{'target': '" + wrong + "'}");
      assertThat(refused.status()).as(wrong).isEqualTo(400);
      assertThat(refused.error()).doesNotContain("pass");
    }
    TestNode.Reply unnamed =
        a.post("/collections/songs/sync", "{'target': 'ftps://user:pass@b/x'}");
    assertThat(unnamed.status()).as("no administrator has named it").isEqualTo(403);
    assertThat(unnamed.error()).doesNotContain("pass");
    TestNode.Reply gone = a.post("/collections/songs/sync", "{'target': 'sonidb://127.0.0.1:1'}");
    assertThat(gone.status()).isEqualTo(502);
    assertThat(gone.error()).contains("cannot be reached");
  }

  @Test
  void bringsACollectionToManyNodesAndReportsTheOneThatIsGone() throws IOException {
    try (TestNode c = node("c", "cluster.secret")) {
      String gone = "sonidb://127.0.0.1:1";
      JsonNode targets =
          a.post(
                  "/collections/songs/sync",
                  "{'target': '%s', 'to': ['%s', '%s'], 'seal': true}"
                      .formatted(address(b), gone, address(c)))
              .result()
              .path("targets");
      assertThat(targets.size()).isEqualTo(3);
      assertThat(targets.get(1).path("error").asString("")).contains("cannot be reached");
      assertThat(targets.get(1).has("report")).isFalse();
      for (int i : new int[] {0, 2}) {
        JsonNode each = targets.get(i);
        assertThat(each.has("error")).as(each.toString()).isFalse();
        assertThat(each.path("report").path("controller_bytes").asLong(0))
            .isBetween(1L, 1_000_000L);
        assertThat(
                each.path("bytes_from_source").asLong(0) + each.path("bytes_from_others").asLong(0))
            .isEqualTo(each.path("report").path("bytes").asLong(-1));
      }
      assertThat(count(b)).isEqualTo(2);
      assertThat(count(c)).isEqualTo(2);
    }
    assertThat(
            a.post(
                    "/collections/songs/sync",
                    "{'target': '%s', 'to': ['%s']}".formatted(address(b), address(b)))
                .status())
        .isEqualTo(422);
  }

  private static String address(TestNode node) {
    return node.uri().toString().replace("http://", "sonidb://");
  }
}
