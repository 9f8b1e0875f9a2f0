package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `export --acoustic`, and `listen` to sound of all kinds.
class AcousticCommandsTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data")).environment("PATH", System.getenv("PATH"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 20).toString());
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void tool(String... command) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    assertThat(RealFiles.tool(log, command)).as(Files.readString(log)).isZero();
  }

  @Test
  void refusesToneExportsThatMakeNoSense() {
    assertThat(cli.run("export", "a", path("a.wav"), "--acoustic").err()).contains("--id");
    assertThat(cli.run("export", "a", path("a.wav"), "--id", "1").exitCode()).isEqualTo(2);
    assertThat(cli.run("export", "a", path("a.npy"), "--acoustic", "--id", "1").exitCode())
        .isEqualTo(2);
    assertThat(
            cli.run("export", "a", path("a.wav"), "--acoustic", "--id", "1", "--slice", "0/2")
                .exitCode())
        .isEqualTo(2);
    assertThat(cli.run("export", "a", path("a.wav"), "--acoustic", "--id", "99").exitCode())
        .isEqualTo(4);
    assertThat(folder.resolve("a.wav")).doesNotExist();
  }

  @Test
  void refusesVectorsThatAreTooLargeForTones() throws IOException {
    String text = "x".repeat(70_000);
    Path file =
        Files.writeString(
            folder.resolve("large.jsonl"),
            "{\"id\":1,\"vector\":[1,2],\"payload\":{\"text\":\"" + text + "\"}}\n");
    cli.ok("insert", "large", file.toString());
    Cli.Outcome outcome = cli.run("export", "large", path("a.wav"), "--acoustic", "--id", "1");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("at most 65535 bytes").hasLineCount(1);
    assertThat(folder.resolve("a.wav")).doesNotExist();
  }

  @Test
  void namesFfmpegWhenItIsMissing() throws IOException {
    Files.writeString(folder.resolve("a.mp3"), "ID3 and whatever follows");
    Cli.Outcome outcome = cli.environment("PATH", "").run("listen", path("a.mp3"));
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("MP3", "ffmpeg", "not on the PATH").hasLineCount(1);
  }

  @Test
  void tellsWhatFfmpegComplainsAbout() throws IOException {
    Path broken = Files.writeString(folder.resolve("a.mp3"), "ID3 and whatever follows");
    assertThat(cli.run("listen", broken.toString()).exitCode()).isEqualTo(1);
    Files.writeString(folder.resolve("a.txt"), "no sound at all, whoever looks at it");
    Cli.Outcome outcome = cli.run("listen", path("a.txt"));
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("sonidb: ").hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"wav", "flac"})
  void hearsTonesThatWereExported(String format) throws IOException {
    var exported =
        cli.ok("export", "a", path("t." + format), "--acoustic", "--id", "7", "--id", "8", "--json")
            .json();
    assertThat(exported.get("exported").asInt()).isEqualTo(2);
    assertThat(exported.get("sound_seconds").asDouble()).isBetween(4.0, 10.0);
    Cli.Outcome heard = cli.ok("listen", path("t." + format));
    assertThat(heard.out()).hasLineCount(2).contains("\"id\":7,\"vector\":[7.0,1.5,-0.25]");
    assertThat(heard.out()).contains("\"payload\":{\"n\":8}");
    cli.ok("insert", "b", path("t." + format));
    assertThat(cli.ok("get", "b", "7", "8").out()).isEqualTo(cli.ok("get", "a", "7", "8").out());
    byte[] piped =
        cli.ok("export", "a", "-", "--format", format, "--acoustic", "--id", "7").bytes();
    assertThat(cli.input(piped).ok("listen", "-").out()).hasLineCount(1);
  }

  @Test
  void hearsTonesInRawPcmFromTheMiddleOfASample() throws IOException {
    cli.ok("export", "a", path("t.wav"), "--acoustic", "--id", "7");
    byte[] wav = Files.readAllBytes(folder.resolve("t.wav"));
    Files.write(folder.resolve("t.raw"), Arrays.copyOfRange(wav, 1001, wav.length));
    String[] raw = {"listen", path("t.raw"), "--raw-channels", "1", "--raw-format", "s16le"};
    assertThat(cli.ok(raw).out()).hasLineCount(1).contains("\"id\":7");
  }

  @ParameterizedTest
  @CsvSource({
    "opus, libopus, 16k",
    "mp3, libmp3lame, 64k",
    "m4a, aac, 64k",
    "ogg, flac, 0",
    "webm, libopus, 64k"
  })
  void hearsTonesInWhatFfmpegMadeOfThem(String extension, String encoder, String bitRate)
      throws IOException, InterruptedException {
    cli.ok("export", "a", path("t.wav"), "--acoustic", "--id", "7");
    String coded = path("t." + extension);
    tool(
        "ffmpeg",
        "-y",
        "-v",
        "error",
        "-i",
        path("t.wav"),
        "-c:a",
        encoder,
        "-b:a",
        bitRate,
        coded);
    assertThat(cli.ok("listen", coded).out()).hasLineCount(1).contains("\"id\":7,\"vector\":[7.0");
    if (!extension.equals("m4a")) {
      byte[] bytes = Files.readAllBytes(folder.resolve("t." + extension));
      assertThat(cli.input(bytes).ok("listen", "-").out()).hasLineCount(1);
    }
  }

  /// Lossless containers keep the records themselves; float64 has three channels.
  @ParameterizedTest
  @CsvSource({
    "float32, a.m4a, alac",
    "float64, a.mka, flac",
    "float32, a.ogg, flac",
    "float64, a.ogg, flac",
    "float32, a.wv, wavpack",
    "float32, a.aiff, pcm_s24be",
    "float64, a.caf, pcm_s24le"
  })
  void hearsRecordsInOtherContainers(String element, String file, String encoder)
      throws IOException, InterruptedException {
    cli.ok("create", "c", "--dimension", "3", "--element", element);
    cli.ok("insert", "c", folder.resolve("three.jsonl").toString());
    cli.ok("export", "c", path("c.flac"));
    tool("ffmpeg", "-y", "-v", "error", "-i", path("c.flac"), "-c:a", encoder, path(file));
    Cli.Outcome heard = cli.ok("listen", path(file));
    assertThat(heard.out()).hasLineCount(20);
    assertThat(heard.err()).contains(" 0 records rejected");
    cli.ok("insert", "d", path(file));
    assertThat(cli.ok("get", "d", "0", "19").out()).isEqualTo(cli.ok("get", "c", "0", "19").out());
  }

  @Test
  void tellsThatAPipeCannotGiveSomeFiles() throws IOException, InterruptedException {
    cli.ok("export", "a", path("a.flac"));
    tool("ffmpeg", "-y", "-v", "error", "-i", path("a.flac"), "-c:a", "alac", path("a.m4a"));
    byte[] bytes = Files.readAllBytes(folder.resolve("a.m4a"));
    Cli.Outcome outcome = cli.input(bytes).run("listen", "-");
    // A small file fits what ffmpeg keeps; if it does not, there must be a hint.
    assertThat(outcome.exitCode() == 0 || outcome.err().contains("save it first"))
        .as(outcome.err())
        .isTrue();
  }
}
