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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExportCommandTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void useOwnFolder() {
    cli = new Cli(folder.resolve("data"));
  }

  @Test
  void refusesFormatsItDoesNotWrite() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 3).toString());
    for (String file : new String[] {"a.bvecs", "a.parquet", "a", "-"}) {
      Cli.Outcome outcome = cli.run("export", "a", file.equals("-") ? file : path(file));
      assertThat(outcome.exitCode()).as(file).isEqualTo(2);
      assertThat(outcome.err()).as(file).startsWith("sonidb: ").hasLineCount(1);
    }
    cli.ok("create", "wide", "--dimension", "2", "--element", "float64");
    assertThat(cli.run("export", "wide", path("a.fvecs")).err()).contains("use .npy");
  }

  @Test
  void refusesFolderThatIsMissing() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 3).toString());
    Cli.Outcome outcome = cli.run("export", "a", path("none/a.npy"));
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.err()).contains("none");
  }

  @Test
  void refusesSlicesThatAreNone() throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 3).toString());
    for (String slice : new String[] {"3/3", "0/0", "-1/3", "1", "a/b", "0/99999999999"}) {
      Cli.Outcome outcome = cli.run("export", "a", path("a.npy"), "--slice", slice);
      assertThat(outcome.exitCode()).as(slice).isEqualTo(2);
      assertThat(outcome.err()).as(slice).contains("'" + slice + "'", "0/4 to 3/4");
    }
    assertThat(folder.resolve("a.npy")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "npy"})
  void writesSlicesThatTogetherAreAll(String format) throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 100).toString());
    cli.ok("delete", "a", "0", "50");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String slice = i + "/3";
      cli.ok("export", "a", path("s." + format), "--slice", slice, "--ids", path("ids.txt"));
      ids.addAll(Files.readAllLines(folder.resolve("ids.txt")));
      assertThat(cli.ok("export", "a", "-", "--format", format, "--slice", slice).bytes())
          .isEqualTo(Files.readAllBytes(folder.resolve("s." + format)));
    }
    assertThat(ids).hasSize(98).doesNotHaveDuplicates().doesNotContain("0", "50");
  }

  @Test
  void writesRealArraysByteForByte() throws IOException {
    for (Path original : RealFiles.arrays()) {
      String name = String.valueOf(original.getFileName());
      cli.ok("insert", name, original.toString(), "--metric", "euclid", "--durability", "os");
      Path copy = folder.resolve(name);
      cli.ok("export", name, copy.toString());
      if (name.equals("fmnist1k_groundtruth.npy")) {
        // Integers come back as the float64 that they were widened to.
        cli.ok("insert", "again", copy.toString(), "--metric", "euclid");
        assertThat(cli.ok("get", "again", "0", "499").out())
            .isEqualTo(cli.ok("get", name, "0", "499").out());
      } else {
        assertThat(Files.mismatch(original, copy)).as(name).isEqualTo(-1);
      }
      cli.ok("drop", name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"npy", "fvecs", "fbin", "jsonl", "csv", "flac", "wav"})
  void comesBackTheSameThroughEveryFormat(String format) throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 300).toString());
    cli.ok("delete", "a", "299");
    cli.ok("export", "a", path("b." + format));
    cli.ok("insert", "b", path("b." + format));
    cli.ok("export", "a", path("1.npy"));
    cli.ok("export", "b", path("2.npy"));
    assertThat(Files.mismatch(folder.resolve("1.npy"), folder.resolve("2.npy"))).isEqualTo(-1);
    if (List.of("jsonl", "csv", "flac", "wav").contains(format)) {
      assertThat(cli.ok("get", "b", "7").out()).isEqualTo(cli.ok("get", "a", "7").out());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"npy", "jsonl", "flac", "wav"})
  void writesTheSameToStandardOutput(String format) throws IOException {
    cli.ok("insert", "a", Cli.threeDimensional(folder, 5).toString());
    byte[] streamed = cli.ok("export", "a", "-", "--format", format).bytes();
    assertThat(streamed).isNotEmpty();
    cli.input(streamed).ok("insert", "b", "-");
    assertThat(cli.ok("get", "b", "4").out())
        .startsWith(cli.ok("get", "a", "4").out().substring(0, 20));
  }

  @Test
  void writesIdsBesideFormatsWithoutRoomForThem() throws IOException {
    Path csv = Files.writeString(folder.resolve("a.csv"), "id,x\nö,1\n5,2\n");
    cli.ok("insert", "a", csv.toString());
    assertThat(cli.ok("export", "a", path("a.npy")).err()).contains("--ids FILE");
    cli.ok("export", "a", path("a.npy"), "--ids", path("ids.txt"));
    assertThat(folder.resolve("ids.txt")).hasContent("5\nö");
    cli.ok("insert", "b", path("a.npy"), "--ids", path("ids.txt"));
    assertThat(cli.ok("get", "b", "ö", "5").out()).isEqualTo(cli.ok("get", "a", "ö", "5").out());
  }

  @Test
  void warnsWhenTextLosesBitsOfNotANumbers() throws IOException {
    // A float32 NaN with payload 1, as .fvecs of dimension 1.
    byte[] fvecs = {1, 0, 0, 0, 1, 0, (byte) 0xC0, 0x7F};
    cli.input(fvecs).ok("insert", "a", "-", "--format", "fvecs", "--metric", "dot");
    assertThat(cli.ok("export", "a", path("a.jsonl")).err()).contains("1 NaN lost");
    cli.ok("export", "a", path("a.fvecs"));
    assertThat(Files.readAllBytes(folder.resolve("a.fvecs"))).isEqualTo(fvecs);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
