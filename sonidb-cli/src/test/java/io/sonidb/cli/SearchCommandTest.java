package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SearchCommandTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 50).toString(), "--metric", "euclid");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--id 999|4|999",
        "--vector [1,2]|2|dimension 2",
        "--vector [1,2,x]|1|column",
        "--vector 7|1|array",
        "--vector [1,2,3] -k 0|2|k must be",
        "--file none.npy|4|none.npy",
        "--check 0|2|--check",
      })
  void refusesWhatCannotBeSearchedFor(String query, int exitCode, String message) {
    String[] words = ("search a " + query).split(" ");
    Cli.Outcome outcome = cli.run(words);
    assertThat(outcome.err()).startsWith("sonidb: ").contains(message).hasLineCount(1);
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
  }

  @Test
  void refusesFileOfSeveralVectorsUnlessToldWhich() {
    Path queries = folder.resolve("q.npy");
    cli.ok("export", "a", queries.toString());
    assertThat(cli.run("search", "a", "--file", queries.toString()).err())
        .contains("50 vectors", "--row N");
    assertThat(cli.run("search", "a", "--file", queries.toString(), "--row", "50").exitCode())
        .isEqualTo(4);
    assertThat(first(cli.ok("search", "a", "--file", queries.toString(), "--row", "7", "--json")))
        .isEqualTo(7);
  }

  @Test
  void answersWithEveryKeyOfTheContract() {
    var hit =
        cli.ok("search", "a", "--vector", "[7,1.5,-0.25]", "-k", "3", "--json")
            .json()
            .get("hits")
            .get(0);
    assertThat(hit.get("id").asInt()).isEqualTo(7);
    assertThat(hit.get("score").asDouble()).isZero();
    assertThat(hit.get("payload").get("n").asInt()).isEqualTo(7);
  }

  @Test
  void leavesOutTheVectorThatIsSearchedBy() {
    Cli.Outcome outcome = cli.ok("search", "a", "--id", "0", "-k", "3", "--exact");
    assertThat(outcome.out().lines()).hasSize(4);
    assertThat(first(cli.ok("search", "a", "--id", "0", "--json"))).isEqualTo(1);
  }

  @Test
  void readsTheQueryFromStandardInput() throws IOException {
    Path npy = folder.resolve("q.npy");
    cli.ok("get", "a", "9", "-o", npy.toString());
    cli.input(Files.readAllBytes(npy));
    assertThat(first(cli.ok("search", "a", "--file", "-", "--json"))).isEqualTo(9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cosine", "dot", "euclid", "manhattan"})
  void agreesWithAScanInDoublePrecision(String metric) throws IOException {
    String file = Cli.threeDimensional(folder, 300).toString();
    cli.ok("insert", metric, file, "--metric", metric);
    var answer = cli.ok("search", metric, "--check", "20", "--json").json();
    assertThat(answer.get("recall").asDouble()).isEqualTo(1.0);
    assertThat(answer.get("queries").asInt()).isEqualTo(20);
    assertThat(cli.ok("search", metric, "--check", "5", "-k", "3").out()).contains("recall@3");
  }

  private static int first(Cli.Outcome outcome) {
    return outcome.json().get("hits").get(0).get("id").asInt();
  }
}
