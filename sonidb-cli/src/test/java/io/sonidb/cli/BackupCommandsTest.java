package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.SoniDb;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// `snapshot`, `restore` and `import`.
class BackupCommandsTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));
  private Cli other = new Cli(Path.of(""));
  private String backup = "";

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    other = new Cli(folder.resolve("other"));
    backup = folder.resolve("backup").toString();
    cli.ok("insert", "a", Cli.threeDimensional(folder, 100).toString());
    cli.ok("create", "b", "--dimension", "2");
  }

  @Test
  void refusesFoldersThatAreNone() throws IOException {
    String none = folder.resolve("none").toString();
    String empty = Files.createDirectory(folder.resolve("empty")).toString();
    for (String command : new String[] {"restore", "import"}) {
      Cli.Outcome missing = cli.run(command, none);
      assertThat(missing.exitCode()).as(command).isEqualTo(4);
      assertThat(missing.err()).as(command).contains("none: no such folder").hasLineCount(1);
      Cli.Outcome nothing = cli.run(command, empty);
      assertThat(nothing.exitCode()).as(command).isIn(1, 4);
      assertThat(nothing.err()).as(command).contains("empty", "no data folder").hasLineCount(1);
      assertThat(cli.run(command, empty, "a").exitCode()).as(command).isEqualTo(1);
      assertThat(cli.run(command, empty, "--as", "x").exitCode()).as(command).isEqualTo(2);
    }
    assertThat(folder.resolve("none")).doesNotExist();
    assertThat(folder.resolve("empty")).isEmptyDirectory();
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    assertThat(cli.run("snapshot", "a", file.toString()).exitCode()).isEqualTo(1);
    assertThat(cli.run("snapshot", "a", folder.resolve("data").toString()).exitCode()).isIn(1, 6);
  }

  @Test
  void refusesToRestoreOverWhatIsThere() {
    cli.ok("snapshot", "a", backup);
    assertThat(cli.run("restore", backup).exitCode()).isEqualTo(5);
    assertThat(cli.run("restore", backup, "none").exitCode()).isEqualTo(4);
    assertThat(cli.run("restore", backup, "a", "--as", "b").exitCode()).isEqualTo(5);
    assertThat(cli.run("restore", backup, "a", "--as", "").exitCode()).isEqualTo(2);
  }

  @Test
  void refusesFoldersThatAreInUse() {
    cli.ok("snapshot", "a", backup);
    try (SoniDb _ = SoniDb.open(Path.of(backup))) {
      assertThat(cli.run("snapshot", "a", backup).exitCode()).isEqualTo(6);
      assertThat(other.run("restore", backup).exitCode()).isEqualTo(6);
      assertThat(other.run("import", backup, "a").exitCode()).isEqualTo(6);
    }
  }

  @Test
  void restoresNothingOfASnapshotThatIsDamaged() throws IOException {
    cli.ok("snapshot", "a", backup, "--copy");
    damage(Path.of(backup));
    Cli.Outcome outcome = other.run("restore", backup);
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("nothing was restored");
    assertThat(other.ok("list").out()).isEmpty();
    Cli.Outcome imported = other.run("import", backup, "--json");
    assertThat(imported.exitCode()).isEqualTo(3);
    JsonNode report = imported.json().get("imported").get(0);
    assertThat(report.get("vectors").asInt()).isEqualTo(99);
    assertThat(report.get("damaged").get(0).get("reason").asString()).isNotEmpty();
    assertThat(imported.err()).contains("left out: ");
    cli.ok("verify", "a", "--deep");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bringsBackWhatWasThere(boolean copy) {
    String[] snapshot =
        copy
            ? new String[] {"snapshot", "a", backup, "--copy", "--json"}
            : new String[] {"snapshot", "a", backup, "--json"};
    JsonNode first = cli.ok(snapshot).json();
    assertThat(first.get("vectors").asInt()).isEqualTo(100);
    assertThat(first.get("new_bytes").asLong()).isPositive();
    assertThat(first.get("linked").asBoolean() && copy).isFalse();
    assertThat(cli.ok(snapshot).json().get("new_bytes").asLong()).isZero();
    cli.ok("snapshot", "b", backup);

    String point = cli.ok("get", "a", "7", "--json").out();
    cli.ok("delete", "a", "7");
    cli.ok("drop", "a", "--yes");
    assertThat(cli.ok("restore", backup, "a").out()).startsWith("restored \"a\": 100 vectors");
    assertThat(cli.ok("get", "a", "7", "--json").out()).isEqualTo(point);

    JsonNode restored = other.ok("restore", backup, "--json").json().get("restored");
    assertThat(restored).extracting(r -> r.get("collection").asString()).containsExactly("a", "b");
    assertThat(other.ok("get", "a", "7", "--json").out()).isEqualTo(point);
    assertThat(new Cli(Path.of(backup)).ok("verify", "a", "--deep").out()).startsWith("ok: 100");
    Cli third = new Cli(folder.resolve("third"));
    third.ok("restore", backup, "a", "--as", "c");
    assertThat(third.ok("list").out()).startsWith("c  100 vectors").hasLineCount(1);
  }

  @Test
  void refusesToImportWhatDoesNotFit() {
    String data = folder.resolve("data").toString();
    other.ok("create", "a", "--dimension", "4");
    Cli.Outcome outcome = other.run("import", data, "a");
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("dimension 3").hasLineCount(1);
    assertThat(other.run("import", data, "none").exitCode()).isEqualTo(4);
    assertThat(cli.run("import", data).err()).contains("--as NEW");
    assertThat(cli.run("import", data, "a").exitCode()).isEqualTo(2);
  }

  @Test
  void importsAllOrOneUnderAnotherName() {
    String data = folder.resolve("data").toString();
    String row = cli.ok("get", "a", "7").out();
    JsonNode imported = other.ok("import", data, "--json").json().get("imported");
    assertThat(imported).extracting(r -> r.get("vectors").asInt()).containsExactly(100, 0);
    other.ok("delete", "a", "7");
    assertThat(other.ok("import", data, "a").out()).startsWith("imported 100 vectors into \"a\"");
    assertThat(other.ok("get", "a", "7").out()).isEqualTo(row);
    other.ok("import", data, "a", "--as", "c");
    assertThat(other.ok("get", "c", "7").out()).isEqualTo(row);
    cli.ok("create", "wide", "--dimension", "3", "--element", "float64");
    cli.ok("import", data, "a", "--as", "wide");
    assertThat(cli.ok("get", "wide", "7").out()).isEqualTo(row);
  }

  /// Changes a byte in the middle of the one segment.
  private static void damage(Path data) throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      Path segment = all.filter(f -> f.toString().endsWith(".flac")).findFirst().orElseThrow();
      long position = (8192 + Files.size(segment)) / 2;
      try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
        file.seek(position);
        int old = file.read();
        file.seek(position);
        file.write(old ^ 0x10);
      }
    }
  }
}
