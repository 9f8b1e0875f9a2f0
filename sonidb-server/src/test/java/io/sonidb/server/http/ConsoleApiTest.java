package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.sound.Listener;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The console's files, and what only its pages ask for.
class ConsoleApiTest {
  private static final String C = "/collections/songs";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws Exception {
    node = TestNode.start(folder.resolve("data"));
    node.put(C, "{'vectors': {'size': 3, 'distance': 'Euclid'}, 'sonidb': {'durability': 'os'}}")
        .result();
    node.put(
            C + "/points",
            "{'points': [{'id': 1, 'vector': [1, 2, 3], 'payload': {'genre': 'jazz', 'bpm': 90.5}},"
                + " {'id': 2, 'vector': [3, 2, 1], 'payload': {'genre': ['rock', 'folk']}},"
                + " {'id': 'three', 'vector': [0, 0, 1], 'payload': {'genre': true}}]}")
        .result();
    node.put("/collections/none", "{'vectors': {'size': 3, 'distance': 'Dot'}}").result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static HttpResponse<byte[]> fetch(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.uri() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return node.client().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  // Files --------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing.js",
        "..%2Fweb%2Fsonidb.js",
        "%2e%2e%2fmodule-info.class",
        "Console.js",
        "console.js%00",
        "a%20b.js",
        ".js"
      })
  void hasNoOtherFiles(String file) throws Exception {
    assertThat(fetch("/console/" + file).statusCode()).isIn(400, 404);
  }

  @Test
  void servesItsFilesWithStrictRules() throws Exception {
    for (String file : new String[] {"", "console.js", "console.css", "icon.svg"}) {
      var response = fetch("/console/" + file);
      assertThat(response.statusCode()).as(file).isEqualTo(200);
      assertThat(response.headers().firstValue("content-security-policy").orElse(""))
          .startsWith("default-src 'self';")
          .contains("frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(response.headers().firstValue("x-content-type-options")).contains("nosniff");
      String tag = response.headers().firstValue("etag").orElseThrow();
      assertThat(fetch("/console/" + file, "If-None-Match", tag).statusCode()).isEqualTo(304);
    }
    assertThat(new String(fetch("/console/").body(), StandardCharsets.UTF_8))
        .doesNotContain("<script>")
        .doesNotContain("style=")
        .doesNotContain("http:")
        .doesNotContain("https:");
  }

  @Test
  void tellsAboutItsFilesWithoutSendingThem() throws Exception {
    for (String file : new String[] {"", "console.js"}) {
      var whole = fetch("/console/" + file);
      var head =
          node.client()
              .send(
                  HttpRequest.newBuilder(URI.create(node.uri() + "/console/" + file))
                      .HEAD()
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray());
      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.headers().firstValue("etag")).isEqualTo(whole.headers().firstValue("etag"));
      assertThat(head.headers().firstValueAsLong("content-length")).hasValue(whole.body().length);
      assertThat(head.body()).isEmpty();
    }
  }

  @Test
  void isReachedByLinksFromElsewhereButServesNothingElseToThem() {
    Map<String, String> frame =
        Map.of(
            "Sec-Fetch-Site",
            "cross-site",
            "Sec-Fetch-Mode",
            "navigate",
            "Sec-Fetch-Dest",
            "iframe");
    Map<String, String> script =
        Map.of(
            "Sec-Fetch-Site",
            "cross-site",
            "Sec-Fetch-Mode",
            "no-cors",
            "Sec-Fetch-Dest",
            "script");
    Map<String, String> link =
        Map.of(
            "Sec-Fetch-Site",
            "cross-site",
            "Sec-Fetch-Mode",
            "navigate",
            "Sec-Fetch-Dest",
            "document");
    assertThat(node.send("GET", "/console/", Optional.empty(), frame).status()).isEqualTo(403);
    assertThat(node.send("GET", "/console/console.js", Optional.empty(), script).status())
        .isEqualTo(403);
    assertThat(node.send("GET", C, Optional.empty(), link).status()).isEqualTo(403);
    assertThat(node.send("GET", "/console/", Optional.empty(), link).status()).isEqualTo(200);
  }

  // Where a vector lies ------------------------------------------------------------------------

  @Test
  void tellsNoPlaceOfWhatIsNotThere() {
    assertThat(node.get(C + "/points/77/place").status()).isEqualTo(404);
    assertThat(node.get("/collections/gone/points/1/place").status()).isEqualTo(404);
    assertThat(node.get(C + "/points/" + "x".repeat(600) + "/place").status()).isEqualTo(400);
  }

  @Test
  void tellsWhereAVectorLies() {
    JsonNode first = node.get(C + "/points/1/place").result();
    JsonNode second = node.get(C + "/points/2/place").result();
    JsonNode segment = node.get(C + "/segments").result().get("segments").get(0);
    assertThat(first.get("file")).isEqualTo(segment.get("file"));
    assertThat(first.get("sealed").booleanValue()).isFalse();
    assertThat(first.get("sequence").longValue()).isEqualTo(1);
    assertThat(first.get("hash").stringValue()).matches("[0-9a-f]{16}");
    assertThat(second.get("offset").longValue())
        .isEqualTo(first.get("offset").longValue() + first.get("length").longValue());
    assertThat(second.get("sample").longValue())
        .isEqualTo(first.get("sample").longValue() + first.get("samples").longValue());
    assertThat(second.get("time").doubleValue())
        .isEqualTo(second.get("sample").longValue() / 48_000.0);
  }

  // Other sonifications ------------------------------------------------------------------------

  @Test
  void refusesSonificationsThatThereAreNot() {
    for (String name : new String[] {"", "song", "Amplitude%20", "x".repeat(3000)}) {
      assertThat(node.get(C + "/points/1/audio?sonification=" + name).status())
          .as(name)
          .isEqualTo(400);
    }
  }

  @Test
  void soundsAVectorInEachWayExactly() throws Exception {
    List<Integer> sizes = new ArrayList<>();
    for (String name : new String[] {"amplitude", "frequency", "pulse"}) {
      byte[] flac = fetch(C + "/points/1/audio?sonification=" + name).body();
      List<SoundRecord> heard = new ArrayList<>();
      Listener.listen(new ByteArrayInputStream(flac), (record, _) -> heard.add(record));
      assertThat(heard).hasSize(1);
      assertThat(heard.getFirst().vector()).isEqualTo(Vector.of(new float[] {1, 2, 3}));
      assertThat(new String(flac, StandardCharsets.ISO_8859_1)).contains("SONIFICATION=" + name);
      sizes.add(flac.length);
    }
    assertThat(sizes).doesNotHaveDuplicates();
    assertThat(fetch(C + "/points/1/audio").body())
        .isEqualTo(fetch(C + "/points/1/audio?sonification=amplitude").body());
  }

  // The projection -----------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=0",
        "limit=50001",
        "limit=-1",
        "limit=many",
        "limit=99999999999",
        "field=",
        "field=a..b",
        "filter=%7B",
        "filter=%7B%22must%22:1%7D"
      })
  void refusesAProjectionOfNonsense(String query) {
    assertThat(node.get(C + "/projection?" + query).status()).isEqualTo(400);
  }

  @Test
  void projectsNothingAndSomething() {
    assertThat(node.get("/collections/none/projection").result().get("ids").isEmpty()).isTrue();
    JsonNode map = node.get(C + "/projection?field=genre").result();
    assertThat(map.get("ids").size()).isEqualTo(3);
    assertThat(map.get("x").size()).isEqualTo(3);
    assertThat(map.get("y").size()).isEqualTo(3);
    assertThat(map.get("total").longValue()).isEqualTo(3);
    assertThat(map.get("explained").get(0).doubleValue())
        .isGreaterThanOrEqualTo(map.get("explained").get(1).doubleValue());
    assertThat(map.get("values").toString()).isEqualTo("[\"jazz\",\"rock\",true]");
    assertThat(node.get(C + "/projection?field=bpm").result().get("values").toString())
        .isEqualTo("[90.5,null,null]");
    assertThat(node.get(C + "/projection?limit=2").result().get("ids").size()).isEqualTo(2);
  }

  @Test
  void tellsHowFarAProjectionIs() {
    TestNode.Reply reply =
        node.send(
            "GET", C + "/projection", Optional.empty(), Map.of("accept", "application/x-ndjson"));
    String last = reply.text().lines().toList().getLast();
    assertThat(JsonMapper.shared().readTree(last).at("/result/ids").size()).isEqualTo(3);
  }

  // What happens -------------------------------------------------------------------------------

  @Test
  void tellsWhatHappensInTheCollections() throws Exception {
    var response =
        node.client()
            .send(
                HttpRequest.newBuilder(URI.create(node.uri() + "/activity")).build(),
                HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      long before = queries(lines);
      node.post(C + "/points/query", "{'query': [1, 2, 3]}").result();
      node.post(C + "/points/query/batch", "{'searches': [{'query': 1}, {'query': 2}]}").result();
      long after = queries(lines);
      while (after < before + 3) { // an event may have been on its way
        after = queries(lines);
      }
      assertThat(after).isEqualTo(before + 3);
    }
    assertThat(node.get(C).result().at("/sonidb/queries").longValue()).isPositive();
  }

  private static long queries(BufferedReader lines) throws Exception {
    while (true) {
      String line = lines.readLine();
      assertThat(line).isNotNull();
      if (line.startsWith("data: ")) {
        for (JsonNode each :
            JsonMapper.shared().readTree(line.substring(6)).get("collections").values()) {
          if (each.get("name").stringValue().equals("songs")) {
            assertThat(each.get("points").longValue()).isEqualTo(3);
            return each.get("queries").longValue();
          }
        }
      }
    }
  }

  // Files with their states --------------------------------------------------------------------

  @Test
  void tellsOfEachFileHowItIsSearchedAndWhetherItIsSound() {
    node.put("/collections/checked", "{'vectors': {'size': 1, 'distance': 'Dot'}}").result();
    node.put("/collections/checked/points", "{'points': [{'id': 1, 'vector': [1]}]}").result();
    JsonNode before = node.get("/collections/checked/segments").result();
    assertThat(before.has("verified")).isFalse();
    assertThat(before.at("/segments/0/search").stringValue()).isEqualTo("scan");
    assertThat(before.at("/segments/0").has("damaged")).isFalse();
    node.post("/collections/checked/verify", "{'deep': true}").result();
    JsonNode after = node.get("/collections/checked/segments").result();
    assertThat(after.at("/verified/ok").booleanValue()).isTrue();
    assertThat(after.at("/verified/deep").booleanValue()).isTrue();
    assertThat(after.at("/segments/0/damaged").longValue()).isZero();
    node.delete("/collections/checked").result();
    node.put("/collections/checked", "{'vectors': {'size': 1, 'distance': 'Dot'}}").result();
    assertThat(node.get("/collections/checked/segments").result().has("verified")).isFalse();
  }
}
