package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class FilterCommandsTest {
  private static final String LOW = "{\"must\":[{\"key\":\"n\",\"range\":{\"lt\":10}}]}";
  private static final String EVEN =
      "{\"must\":[{\"key\":\"kind\",\"match\":{\"value\":\"even\"}}]}";

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      lines.append(
          "{\"id\":%d,\"vector\":[%d,1.5,-0.25],\"payload\":{\"n\":%d,\"kind\":\"%s\"}}\n"
              .formatted(i, i, i, i % 2 == 0 ? "even" : "odd"));
    }
    Path file = Files.writeString(folder.resolve("points.jsonl"), lines);
    cli.ok("insert", "a", file.toString(), "--metric", "euclid");
  }

  private static List<Integer> ids(JsonNode hits) {
    List<Integer> ids = new ArrayList<>();
    hits.forEach(hit -> ids.add(hit.get("id").asInt()));
    return ids;
  }

  private JsonNode search(String... more) {
    List<String> words = new ArrayList<>(List.of("search", "a", "--json"));
    words.addAll(List.of(more));
    return cli.ok(words.toArray(String[]::new)).json();
  }

  @Test
  void searchesAmongWhatFulfilsAFilter() {
    JsonNode answer = search("--vector", "[20,1.5,-0.25]", "--filter", LOW, "-k", "3");
    assertThat(ids(answer.get("hits"))).containsExactly(9, 8, 7);
    assertThat(answer.get("matched").asInt()).isEqualTo(10);
    assertThat(answer.get("unindexed").get(0).asString()).isEqualTo("n");
    assertThat(answer.get("sequence").asInt()).isEqualTo(50);
  }

  @Test
  void skipsCutsAndShowsVectors() {
    JsonNode answer =
        search("--id", "20", "--offset", "2", "--score-threshold", "2", "--with-vector");
    assertThat(ids(answer.get("hits"))).containsExactly(18, 22);
    assertThat(answer.get("hits").get(0).get("vector").get(0).asInt()).isEqualTo(18);
    assertThat(search("--id", "20", "--no-payload").get("hits").get(0).get("payload")).isEmpty();
  }

  @Test
  void takesSeveralExamples() {
    JsonNode answer = search("--id", "10", "--id", "20", "--negative", "14", "-k", "2");
    assertThat(ids(answer.get("hits"))).containsExactly(16, 15);
  }

  @Test
  void groups() {
    JsonNode groups =
        search("--id", "20", "--group-by", "kind", "--group-size", "2", "-k", "5").get("groups");
    assertThat(groups).hasSize(2);
    assertThat(groups.get(0).get("value").asString()).isEqualTo("odd");
    assertThat(ids(groups.get(0).get("hits"))).containsExactly(19, 21);
    assertThat(cli.ok("search", "a", "--id", "20", "--group-by", "kind").out()).contains("even");
  }

  @Test
  void countsAndFacets() {
    assertThat(cli.ok("count", "a").out().strip()).isEqualTo("50");
    assertThat(cli.ok("count", "a", "--filter", EVEN, "--json").json().get("count").asInt())
        .isEqualTo(25);
    JsonNode hits = cli.ok("facet", "a", "kind", "--filter", LOW, "--json").json().get("hits");
    assertThat(hits.toString())
        .isEqualTo("[{\"value\":\"even\",\"count\":5},{\"value\":\"odd\",\"count\":5}]");
    // Quoted: "1" is not 1, and nothing in a payload is to move the cursor.
    assertThat(cli.ok("facet", "a", "kind", "--filter", LOW).out())
        .isEqualToIgnoringWhitespace("5 \"even\" 5 \"odd\"");
  }

  @Test
  void scrollsPageByPage() {
    JsonNode page = cli.ok("scroll", "a", "--filter", EVEN, "--limit", "20", "--json").json();
    assertThat(page.get("points")).hasSize(20);
    JsonNode last =
        cli.ok(
                "scroll",
                "a",
                "--filter",
                EVEN,
                "--limit",
                "20",
                "--json",
                "--from",
                page.get("next").asString())
            .json();
    assertThat(ids(last.get("points"))).containsExactly(40, 42, 44, 46, 48);
    assertThat(last.has("next")).isFalse();
    assertThat(
            ids(
                cli.ok(
                        "scroll",
                        "a",
                        "--order-by",
                        "n",
                        "--desc",
                        "--start-from",
                        "30",
                        "--limit",
                        "2",
                        "--json")
                    .json()
                    .get("points")))
        .containsExactly(30, 29);
  }

  @Test
  void exportsAndDeletesWhatFulfilsAFilter() throws IOException {
    Path file = folder.resolve("low.jsonl");
    cli.ok("export", "a", file.toString(), "--filter", LOW);
    assertThat(Files.readAllLines(file)).hasSize(10);
    assertThat(cli.ok("delete", "a", "--filter", LOW, "--json").json().get("deleted").asInt())
        .isEqualTo(10);
    assertThat(cli.ok("count", "a").out().strip()).isEqualTo("40");
    assertThat(cli.run("delete", "a").exitCode()).isEqualTo(2);
    assertThat(cli.run("delete", "a", "20", "--filter", LOW).exitCode()).isEqualTo(2);
  }

  @Test
  void makesShowsAndDropsPayloadIndexes() {
    cli.ok("payload-index", "a", "n", "integer");
    JsonNode made = cli.ok("payload-index", "a", "kind", "keyword", "--json").json();
    assertThat(made.get("payload_indexes").toString())
        .isEqualTo("{\"kind\":\"keyword\",\"n\":\"integer\"}");
    assertThat(search("--id", "20", "--filter", LOW).get("unindexed")).isEmpty();
    assertThat(cli.ok("stats", "a", "--json").json().get("payload_indexes").get("n").asString())
        .isEqualTo("integer");
    cli.ok("payload-index", "a", "n", "--drop");
    assertThat(cli.run("payload-index", "a", "n", "--drop").exitCode()).isEqualTo(4);
    assertThat(cli.run("payload-index", "a", "n").exitCode()).isEqualTo(2);
    assertThat(cli.run("payload-index", "a", "n", "number").err()).contains("keyword, integer");
    assertThat(
            cli.ok("payload-index", "a", "--automatic", "on", "--json")
                .json()
                .get("automatic")
                .asBoolean())
        .isTrue();
  }

  @Test
  void namesWhatIsWrongInAFilter() {
    Cli.Outcome outcome =
        cli.run(
            "search",
            "a",
            "--id",
            "1",
            "--filter",
            "{\"must\":[{\"key\":\"n\",\"range\":{\"over\":1}}]}");
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("filter.must[0].range.over").hasLineCount(1);
  }
}
