package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `--quantize` of `create`, `insert` and `alter`, and what `stats` tells of it.
class QuantiseCommandsTest {
  private static final int DIMENSION = 40;

  @TempDir Path folder;
  private final Random random = new Random(3);
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void useOwnFolder() {
    cli = new Cli(folder.resolve("data"));
  }

  private Path rows(int count) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines.append("{\"id\":").append(i).append(",\"vector\":[");
      for (int j = 0; j < DIMENSION; j++) {
        lines.append(j == 0 ? "" : ",").append(String.format(Locale.ROOT, "%.6f", gaussian()));
      }
      lines.append("]}\n");
    }
    return Files.writeString(folder.resolve("rows.jsonl"), lines);
  }

  private double gaussian() {
    return random.nextGaussian();
  }

  private Path doubles(int count) throws IOException {
    String head =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + count + ", " + DIMENSION + "), }";
    byte[] text = "%-117s\n".formatted(head).getBytes(StandardCharsets.US_ASCII);
    ByteBuffer npy =
        ByteBuffer.allocate(10 + text.length + count * DIMENSION * Double.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    npy.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) text.length);
    npy.put(text);
    while (npy.hasRemaining()) {
      npy.putDouble(gaussian());
    }
    return Files.write(folder.resolve("doubles.npy"), npy.array());
  }

  private JsonNode stats(String name) {
    return cli.ok("stats", name, "--json").json();
  }

  @Test
  void namesTheBitsThatThereAre() throws IOException {
    String file = rows(1).toString();
    for (String line :
        new String[] {
          "create a --dimension 40 --quantize 7",
          "create a --dimension 40 --quantize 0",
          "create a --dimension 40 --quantize five",
          "insert a " + file + " --quantize 7",
          "alter a --quantize 7"
        }) {
      Cli.Outcome outcome = cli.run(line.split(" "));
      assertThat(outcome.exitCode()).as(line).isEqualTo(2);
      assertThat(outcome.err()).as(line).contains("--quantize", "8, 6, 5 or 4");
    }
    assertThat(cli.ok("list").out()).doesNotContain("a ");
  }

  @Test
  void createsWhatItWasAskedFor() {
    Cli.Outcome outcome = cli.ok("create", "a", "--dimension", "40", "--quantize", "6", "--json");
    assertThat(outcome.json().get("quantize").asString()).isEqualTo("6");
    assertThat(cli.ok("create", "b", "--dimension", "40", "--quantize", "4").out())
        .contains("rounded to 4 bits a component");
    assertThat(cli.ok("list").out()).contains("rounded to 4 bits a component");
    assertThat(cli.ok("list", "--json").json().get("collections").get(0).get("quantize").asString())
        .isEqualTo("6");
    assertThat(cli.ok("create", "c", "--dimension", "40").out()).doesNotContain("rounded");
    assertThat(stats("a").get("quantize").asString()).isEqualTo("6");
    assertThat(stats("a").has("quantize_sample")).isFalse();
    assertThat(stats("c").get("quantize").asString()).isEqualTo("none");
  }

  @Test
  void refusesFloat64() {
    String[] line = "create a --dimension 40 --quantize 6 --element float64".split(" ");
    assertThat(cli.run(line).exitCode()).isNotZero();
    assertThat(cli.run(line).err()).contains("only float32 collections are quantised");
  }

  @Test
  void insertsAndTellsWhatRoundingDid() throws IOException {
    cli.ok("insert", "a", rows(300).toString(), "--quantize", "5");
    JsonNode stats = stats("a");
    assertThat(stats.get("quantize").asString()).isEqualTo("5");
    assertThat(stats.get("quantize_sample").asInt()).isEqualTo(300);
    assertThat(stats.get("quantize_step").asDouble()).isBetween(1 / 7.5, 1 / 5.8);
    assertThat(stats.get("quantize_max_error").asDouble()).isBetween(0.06, 0.12);
    assertThat(stats.get("quantize_rms_error").asDouble()).isBetween(0.03, 0.05);
    assertThat(stats.get("quantize_relative_error").asDouble()).isBetween(0.03, 0.05);
    assertThat(stats.get("quantize_recall_at_10").asDouble()).isBetween(0.8, 1.0);
    assertThat(cli.ok("stats", "a").out()).contains("quantize recall at 10", "quantize sample");
  }

  @Test
  void refusesAnotherQuantisationOfACollectionThatIsThere() throws IOException {
    String file = rows(2).toString();
    cli.ok("create", "a", "--dimension", "40", "--quantize", "5");
    cli.ok("insert", "a", file, "--quantize", "5");
    Cli.Outcome outcome = cli.run("insert", "a", file, "--quantize", "8");
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("--quantize (is 5)");
  }

  @Test
  void roundsDoublesOfAFile() throws IOException {
    String file = doubles(20).toString();
    cli.ok("insert", "a", file, "--quantize", "8");
    assertThat(stats("a").get("element").asString()).isEqualTo("float32");
    cli.ok("insert", "a", file); // and once it is there
    assertThat(stats("a").get("vectors").asInt()).isEqualTo(20);
    assertThat(cli.run("insert", "b", file, "--element", "float32").exitCode()).isEqualTo(1);
  }

  @Test
  void altersWhatIsInsertedFromNowOn() throws IOException {
    String file = rows(30).toString();
    cli.ok("insert", "a", file);
    String exact = cli.ok("get", "a", "3").out();
    JsonNode answer = cli.ok("alter", "a", "--quantize", "8", "--json").json();
    assertThat(answer.get("quantize").asString()).isEqualTo("8");
    assertThat(cli.ok("get", "a", "3").out()).isEqualTo(exact);
    cli.ok("insert", "a", file);
    assertThat(cli.ok("get", "a", "3").out()).isNotEqualTo(exact);
    assertThat(cli.ok("alter", "a", "--quantize", "none").out()).contains("quantize none");
    assertThat(stats("a").has("quantize_sample")).isFalse();
    cli.ok("insert", "a", file);
    assertThat(cli.ok("get", "a", "3").out()).isEqualTo(exact);
  }

  @Test
  void isHeardInAWavFile() throws IOException {
    cli.ok("insert", "a", rows(10).toString(), "--quantize", "4");
    Path wav = folder.resolve("a.wav");
    cli.ok("export", "a", wav.toString());
    cli.ok("insert", "b", wav.toString());
    assertThat(vector("b")).isEqualTo(vector("a"));
    // Rounding again what was rounded changes nothing.
    cli.ok("insert", "c", wav.toString(), "--quantize", "4");
    assertThat(vector("c")).isEqualTo(vector("a"));
    assertThat(stats("c").get("quantize_max_error").asDouble()).isCloseTo(0, within(0.0));
  }

  private JsonNode vector(String name) {
    return cli.ok("get", name, "7", "--json").json().get("points").get(0).get("vector");
  }
}
