package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoAndBenchTest {

  private static final String[] KEYS = {
    "ingest_vectors_per_s",
    "get_p50_ms",
    "get_p99_ms",
    "stream_mb_per_s",
    "decode_vectors_per_s",
    "bytes_per_vector",
    "search_recall_at_10",
    "search_p50_ms"
  };

  @TempDir Path folder;

  @Test
  void refusesTooFewVectors() {
    assertThat(new Cli(folder).run("demo", "--vectors", "999").exitCode()).isEqualTo(2);
    assertThat(new Cli(folder).run("bench", "--vectors", "0").exitCode()).isEqualTo(2);
  }

  @Test
  void showsGoalsBesideWhatItMeasuredAndCanBeRepeated() {
    Cli cli = new Cli(folder);
    String text = cli.ok("demo", "--vectors", "1000").out();
    assertThat(text)
        .contains("> 1,000 vectors/s", "< 10 ms", "> 10 MB/s", "(missed)", "met up to dimension")
        .contains("needs nodes: sync --help", "Try next:");
    var answer = cli.ok("demo", "--vectors", "1000", "--json").json();
    for (String key : KEYS) {
      assertThat(answer.get(key).asDouble()).as(key).isPositive();
    }
    assertThat(answer.get("search_recall_at_10").asDouble()).isEqualTo(1.0);
    assertThat(answer.get("bytes_per_vector_256").asDouble()).isLessThan(1000);
    assertThat(cli.ok("list").out()).contains("demo-768", "demo-256");
  }

  @Test
  void suggestsCommandsThatWork() {
    Cli cli = new Cli(folder);
    String text = cli.ok("demo", "--vectors", "1000", "--data", folder.toString()).out();
    String prefix = "  ./sonidb --data " + folder + " ";
    String[] suggested =
        text.lines()
            .filter(line -> line.startsWith(prefix) && !line.contains("insert mine"))
            .map(line -> line.substring(prefix.length()))
            .toArray(String[]::new);
    assertThat(suggested).hasSizeGreaterThan(3);
    for (String command : suggested) {
      String inFolder =
          command
              .replace("42.flac", folder.resolve("42.flac").toString())
              .replace("demo.npy", folder.resolve("demo.npy").toString());
      cli.ok(inFolder.split(" "));
    }
  }

  @Test
  void measuresAndLeavesNothingBehind() {
    Cli cli = new Cli(folder);
    var answer =
        cli.ok("bench", "--vectors", "2000", "--dimension", "32", "--quiet", "--json").json();
    for (String key : KEYS) {
      assertThat(answer.get(key).asDouble()).as(key).isPositive();
    }
    assertThat(answer.get("machine").asString()).contains("core");
    assertThat(folder.resolve("bench")).doesNotExist();
  }

  @Test
  void leavesNothingBehindWhenInterrupted() {
    Cli cli = new Cli(folder);
    cli.interruption().request();
    assertThat(cli.run("bench", "--vectors", "1000", "--dimension", "8").exitCode()).isEqualTo(1);
    assertThat(folder.resolve("bench")).doesNotExist();
  }
}
