package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `index`, `verify` and what damage looks like; standard tools accept what is written.
class IntegrityCommandsTest {

  private static final int COUNT = 200;

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, COUNT).toString());
  }

  @Test
  void namesTheVectorOfADamagedByte() throws IOException {
    cli.ok("index", "a");
    int id = damageARecord();
    Cli.Outcome text = cli.run("verify", "a", "--deep");
    assertThat(text.exitCode()).isEqualTo(3);
    assertThat(text.out()).contains("damaged: ", "vector " + id, "time ", "NOT ok");

    Cli.Outcome outcome = cli.run("verify", "a", "--deep", "--json");
    assertThat(outcome.exitCode()).isEqualTo(3);
    assertThat(outcome.json().get("ok").asBoolean()).isFalse();
    assertThat(outcome.json().get("vectors").asInt()).isEqualTo(COUNT);
    var damaged =
        outcome.json().get("damaged").valueStream().filter(d -> d.get("id").isNumber()).toList();
    assertThat(damaged).hasSize(1);
    assertThat(damaged.getFirst().get("id").asInt()).isEqualTo(id);
    assertThat(damaged.getFirst().get("time").isNumber()).isTrue();
    assertThat(damaged.getFirst().get("file").asString()).contains(".flac");
    assertThat(damaged.getFirst().get("reason").asString()).isNotEmpty();
  }

  @Test
  void losesTheDamagedVectorOnly() throws IOException {
    cli.ok("index", "a");
    int id = damageARecord();
    Cli.Outcome lost = cli.run("get", "a", Integer.toString(id));
    assertThat(lost.exitCode()).isEqualTo(3);
    assertThat(lost.err()).contains("sonidb: ", "vector " + id);
    cli.ok("get", "a", Integer.toString(id - 1), Integer.toString(id + 1));

    Path file = folder.resolve("a.jsonl");
    assertThat(cli.run("export", "a", file.toString()).exitCode()).isEqualTo(3);
    assertThat(file).doesNotExist();
    assertThat(cli.run("export", "a", file.toString(), "--skip-damaged").exitCode()).isEqualTo(3);
    assertThat(Files.readAllLines(file)).hasSize(COUNT - 1);
    cli.ok("delete", "a", Integer.toString(id));
    cli.ok("export", "a", file.toString());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void findsNothingWrongWhereNothingIs(boolean sealed) {
    if (sealed) {
      cli.ok("index", "a");
    }
    var quick = cli.ok("verify", "a", "--json").json();
    assertThat(quick.get("ok").asBoolean()).isTrue();
    assertThat(quick.get("damaged").size()).isZero();
    assertThat(cli.ok("verify", "a", "--deep").out()).startsWith("ok: 200 vectors");
  }

  @Test
  void rebuildsEveryIndexFileFromTheAudioAlone() throws IOException {
    var built = cli.ok("index", "a", "--json-file", "--json").json();
    assertThat(built.get("vectors").asInt()).isEqualTo(COUNT);
    Path sfv = Path.of(built.get("sfv").asString());
    assertThat(Files.readAllLines(sfv.resolveSibling("index.json")))
        .anyMatch(line -> line.contains("\"sample\""));
    String before = cli.ok("get", "a", "0", "199").out();
    for (Path index : files(Objects.requireNonNull(sfv.getParent()), ".idx")) {
      Files.delete(index);
    }
    cli.ok("index", "a", "--full");
    assertThat(cli.ok("get", "a", "0", "199").out()).isEqualTo(before);
    cli.ok("verify", "a", "--deep");
  }

  @Test
  void writesWhatOtherProgramsAccept() throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    Path sfv = Path.of(cli.ok("index", "a", "--json").json().get("sfv").asString());
    List<Path> segments = files(Objects.requireNonNull(sfv.getParent()), ".flac");
    assertThat(segments).isNotEmpty();
    List<Path> sounds = new java.util.ArrayList<>(segments);
    for (String name : List.of("all.flac", "live.flac", "one.flac")) {
      sounds.add(folder.resolve(name));
    }
    cli.ok("stream", "a", "-o", folder.resolve("all.flac").toString());
    cli.ok("export", "a", folder.resolve("live.flac").toString());
    cli.ok("stream", "a", "7", "-o", folder.resolve("one.flac").toString());
    for (Path sound : sounds) {
      assertThat(RealFiles.tool(log, "flac", "-st", sound.toString())).as(() -> read(log)).isZero();
    }
    Path wav = folder.resolve("by-ffmpeg.wav");
    assertThat(
            RealFiles.tool(
                log,
                "ffmpeg",
                "-v",
                "error",
                "-i",
                segments.getFirst().toString(),
                "-c:a",
                "pcm_s24le",
                wav.toString()))
        .as(() -> read(log))
        .isZero();
    cli.ok("insert", "b", wav.toString());
    assertThat(cli.ok("get", "b", "0", "199").out())
        .isEqualTo(cli.ok("get", "a", "0", "199").out());
    Path own = folder.resolve("own.wav");
    cli.ok("export", "a", own.toString());
    assertThat(
            RealFiles.tool(log, "ffmpeg", "-v", "error", "-i", own.toString(), "-f", "null", "-"))
        .as(() -> read(log))
        .isZero();
    assertThat(RealFiles.tool(log, "cksfv", "-q", "-g", sfv.toString()))
        .as(() -> read(log))
        .isZero();
  }

  /// Changes a byte in the middle of the one segment, and finds out whose it is.
  private int damageARecord() throws IOException {
    Path segment = files(folder.resolve("data"), ".flac").getFirst();
    long position = (8192 + Files.size(segment)) / 2;
    try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
      file.seek(position);
      int old = file.read();
      file.seek(position);
      file.write(old ^ 0x10);
    }
    for (int id = 0; id < COUNT; id++) {
      if (cli.run("get", "a", Integer.toString(id)).exitCode() == 3) {
        return id;
      }
    }
    throw new AssertionError("no vector is damaged by a change at byte " + position);
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(f -> f.toString().endsWith(ending)).sorted().toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
