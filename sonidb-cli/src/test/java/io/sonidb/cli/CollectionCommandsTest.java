package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.cli.Terminal.Stream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `create`, `drop`, `list`, `stats`, `get`, `delete`.
class CollectionCommandsTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void useOwnFolder() {
    cli = new Cli(folder.resolve("data"));
  }

  @Test
  void refusesSecondCollectionOfTheSameName() {
    cli.ok("create", "a", "--dimension", "3");
    Cli.Outcome outcome = cli.run("create", "a", "--dimension", "3");
    assertThat(outcome.exitCode()).isEqualTo(5);
    assertThat(outcome.err()).contains("a").hasLineCount(1);
  }

  @Test
  void refusesDimensionOutOfRange() {
    for (String dimension : new String[] {"0", "-1", "16385"}) {
      Cli.Outcome outcome = cli.run("create", "a", "--dimension", dimension);
      assertThat(outcome.exitCode()).isEqualTo(2);
      assertThat(outcome.err()).contains(dimension, "16");
    }
  }

  @Test
  void answersNotFoundForUnknownCollections() {
    cli.ok("create", "there", "--dimension", "3");
    for (String line :
        new String[] {
          "drop a",
          "stats a",
          "get a 1",
          "delete a 1",
          "search a --id 1",
          "stream a",
          "index a",
          "verify a",
          "export a a.npy",
          "alter a --metric dot",
          "payload a 1 --clear",
          "changes a",
          "compact a",
          "snapshot a backup"
        }) {
      Cli.Outcome outcome = cli.run(line.split(" "));
      assertThat(outcome.exitCode()).as(line).isEqualTo(4);
      assertThat(outcome.err()).as(line).contains("a").hasLineCount(1);
    }
  }

  @Test
  void createsWhatWasAskedFor() {
    Cli.Outcome outcome =
        cli.ok(
            "create",
            "a b",
            "--dimension",
            "3",
            "--metric",
            "EUCLID",
            "--element",
            "float64",
            "--durability",
            "os",
            "--json");
    assertThat(outcome.out())
        .isEqualTo(
            "{\"name\":\"a b\",\"dimension\":3,\"element\":\"float64\",\"metric\":\"euclid\","
                + "\"sonification\":\"amplitude\",\"quantize\":\"none\",\"durability\":\"os\",\"time_to_live\":0,"
                + "\"retention\":604800}\n");
    assertThat(cli.ok("list", "--json").json().get("collections").get(0).get("name").asString())
        .isEqualTo("a b");
    assertThat(cli.ok("list").out()).contains("a b", "0 vectors", "float64", "euclid");
  }

  @Test
  void asksOnATerminalBeforeItDrops() {
    cli.ok("create", "a", "--dimension", "3");
    cli.onTerminal(Stream.IN);
    assertThat(cli.input(bytes("n\n")).run("drop", "a").exitCode()).isEqualTo(1);
    assertThat(cli.input(bytes("")).run("drop", "a").exitCode()).isEqualTo(1);
    assertThat(cli.ok("list").out()).contains("a");
    assertThat(cli.input(bytes("yes\n")).ok("drop", "a").err()).contains("drop \"a\"");
    assertThat(cli.ok("list").out()).isEmpty();
  }

  @Test
  void dropsWithoutAskingWhenToldSo() {
    cli.ok("create", "a", "--dimension", "3");
    cli.onTerminal(Stream.IN);
    assertThat(cli.ok("drop", "a", "--yes", "--json").json().get("dropped").asString())
        .isEqualTo("a");
  }

  @Test
  void showsEveryFigureOfTheContract() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 10).toString());
    var stats = cli.ok("stats", "a", "--json").json();
    for (String key :
        new String[] {
          "vectors",
          "segments",
          "disk_bytes",
          "bytes_per_vector",
          "header_bytes",
          "index_bytes",
          "dimension",
          "element",
          "sonification",
          "metric",
          "live_bytes",
          "space_amplification",
          "horizon",
          "complete_from",
          "time_to_live",
          "retention",
          "kernels",
          "codec_kernels"
        }) {
      assertThat(stats.has(key)).as(key).isTrue();
    }
    assertThat(stats.get("vectors").asInt()).isEqualTo(10);
    assertThat(cli.ok("stats", "a").out()).contains("bytes per vector", "float32");
  }

  @Test
  void getsPointsAsOneObjectOrALineEach() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 10).toString());
    assertThat(cli.ok("get", "a", "3", "5", "--json").out())
        .matches(
            Pattern.quote(
                    "{\"points\":[{\"id\":3,\"vector\":[3.0,1.5,-0.25],\"payload\":{\"n\":3},")
                + "\"inserted_at\":\"20[^\"]+Z\",\"sequence\":4},"
                + Pattern.quote("{\"id\":5,\"vector\":[5.0,1.5,-0.25],\"payload\":{\"n\":5},")
                + "\"inserted_at\":\"20[^\"]+Z\",\"sequence\":6}]}\n");
    Path copy = folder.resolve("copy.jsonl");
    cli.ok("get", "a", "3", "5", "-o", copy.toString());
    assertThat(copy).hasContent(cli.ok("get", "a", "3", "5").out().strip());
    cli.ok("insert", "b", copy.toString());
    assertThat(cli.ok("get", "b", "5").out()).isEqualTo(cli.ok("get", "a", "5").out());
  }

  @Test
  void namesVectorsThatAreMissing() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 10).toString());
    Cli.Outcome outcome = cli.run("get", "a", "3", "99", "track-7");
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("99, track-7: no such vector");
    assertThat(outcome.out()).startsWith("{\"id\":3,").hasLineCount(1);
    Path file = folder.resolve("x.npy");
    assertThat(cli.run("get", "a", "3", "99", "-o", file.toString()).exitCode()).isEqualTo(4);
    assertThat(file).doesNotExist();
  }

  @Test
  void rejectsIdThatIsTooLong() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 1).toString());
    Cli.Outcome outcome = cli.run("get", "a", "x".repeat(513));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("512").hasLineCount(1);
  }

  @Test
  void deletesAndTellsWhatWasNotThere() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 10).toString());
    Cli.Outcome outcome = cli.run("delete", "a", "3", "99", "--json");
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.json().get("deleted").asInt()).isEqualTo(1);
    assertThat(outcome.json().get("missing").get(0).asInt()).isEqualTo(99);
    assertThat(cli.run("get", "a", "3").exitCode()).isEqualTo(4);
    assertThat(cli.ok("delete", "a", "4", "5").out()).isEqualTo("deleted 2 vectors\n");
    assertThat(cli.ok("stats", "a", "--json").json().get("vectors").asInt()).isEqualTo(7);
  }

  @Test
  void refusesToAlterNothingAndWhatCannotBe() {
    cli.ok("create", "a", "--dimension", "3");
    for (String options :
        new String[] {
          "",
          "--metric hamming",
          "--ttl 99999999d",
          "--retention x",
          "--segment-bytes 5",
          "--dimension 4"
        }) {
      Cli.Outcome outcome = cli.run(("alter a " + options).strip().split(" "));
      assertThat(outcome.exitCode()).as(options).isEqualTo(2);
      assertThat(outcome.err()).as(options).startsWith("sonidb: ").hasLineCount(1);
    }
    assertThat(cli.ok("list").out()).contains("cosine");
  }

  @Test
  void altersWhatIsAskedForAndNothingElse() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 10).toString());
    String hits = cli.ok("search", "a", "--vector", "[9,1.5,-0.25]", "-k", "1").out();
    var answer = cli.ok("alter", "a", "--metric", "dot", "--ttl", "12h", "--json").json();
    assertThat(answer.get("metric").asString()).isEqualTo("dot");
    assertThat(answer.get("time_to_live").asLong()).isEqualTo(43_200);
    assertThat(answer.get("retention").asLong()).isEqualTo(604_800);
    assertThat(answer.get("segments_rewritten").asLong()).isEqualTo(1);
    assertThat(cli.ok("search", "a", "--vector", "[9,1.5,-0.25]", "-k", "1").out())
        .isNotEqualTo(hits);
    assertThat(cli.ok("alter", "a", "--ttl", "0", "--durability", "os").out())
        .contains("\"a\" is now: dot", "time to live never", "durability os");
    assertThat(cli.ok("stats", "a", "--json").json().get("outdated_segments").asLong()).isZero();
    cli.ok("verify", "a", "--deep");
  }

  @Test
  void givesBackTheSpaceOfDeletedVectors() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 500).toString());
    cli.ok("insert", "a", Cli.threeDimensional(folder, 500).toString());
    assertThat(cli.ok("compact", "a").out()).startsWith("compacted ");
    cli.ok("delete", "a", "7");
    var answer = cli.ok("compact", "a", "--purge", "--json").json();
    assertThat(answer.get("segments_before").asLong()).isPositive();
    assertThat(answer.get("segments_after").asLong()).isEqualTo(1);
    assertThat(answer.get("bytes_after").asLong()).isLessThan(answer.get("bytes_before").asLong());
    assertThat(answer.get("seconds").asDouble()).isNotNegative();
    var stats = cli.ok("stats", "a", "--json").json();
    assertThat(stats.get("vectors").asInt()).isEqualTo(499);
    assertThat(stats.get("space_amplification").asDouble()).isBetween(1.0, 1.01);
    assertThat(cli.ok("compact", "--help").out())
        .contains("Erase for good", "read everything again");
    cli.ok("verify", "a", "--deep");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
