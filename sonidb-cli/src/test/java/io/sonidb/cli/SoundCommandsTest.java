package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `stream` and `listen`.
class SoundCommandsTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 100).toString());
  }

  @Test
  void refusesWhatCannotBeStreamed() {
    assertThat(cli.run("stream", "a", "999").exitCode()).isEqualTo(4);
    assertThat(cli.run("stream", "a", "1", "--follow").exitCode()).isEqualTo(2);
    assertThat(cli.run("stream", "a", "--json").exitCode()).isEqualTo(2);
    assertThat(cli.run("stream", "a", "--from", "-1").exitCode()).isEqualTo(2);
  }

  @Test
  void refusesToListenToWhatIsNoSound() throws IOException {
    Path text = Files.writeString(folder.resolve("a.wav"), "RIFFnonsense, not a wave at all");
    Cli.Outcome outcome = cli.run("listen", text.toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).startsWith("sonidb: ").contains("a.wav").hasLineCount(1);
    assertThat(cli.run("listen", folder.resolve("none.flac").toString()).exitCode()).isEqualTo(4);
    assertThat(cli.run("listen", text.toString(), "-o", "x.tiff").exitCode()).isEqualTo(2);
  }

  @Test
  void streamsAllToStandardOutputOrAFile() throws IOException {
    byte[] flac = cli.ok("stream", "a").bytes();
    assertThat(flac).startsWith('f', 'L', 'a', 'C');
    Path file = folder.resolve("a.flac");
    assertThat(cli.ok("stream", "a", "-o", file.toString(), "--json").json().get("bytes").asInt())
        .isEqualTo(flac.length);
    assertThat(Files.readAllBytes(file)).isEqualTo(flac);
    assertThat(cli.ok("stream", "a", "--from", "50").bytes().length).isLessThan(flac.length);
  }

  @Test
  void hearsEveryRecordOfAStream() throws IOException {
    byte[] flac = cli.ok("stream", "a").bytes();
    Cli.Outcome heard = cli.input(flac).ok("listen", "-");
    assertThat(heard.out().lines().filter(line -> line.contains("\"upsert\""))).hasSize(100);
    assertThat(heard.out()).contains("\"id\":7,\"vector\":[7.0,1.5,-0.25],\"payload\":{\"n\":7}}");
    assertThat(heard.err()).contains("0 samples skipped");
    var object = cli.input(flac).ok("listen", "-", "--json").json();
    assertThat(object.get("heard").size()).isEqualTo(object.get("records").asInt());
  }

  @ParameterizedTest
  @ValueSource(strings = {"frequency", "pulse"})
  void hearsACollectionInEverySonification(String sonification) throws IOException {
    cli.ok("create", "b", "--dimension", "3", "--sonification", sonification);
    cli.ok("insert", "b", Cli.threeDimensional(folder, 100).toString());
    assertThat(cli.ok("stats", "b", "--json").json().get("sonification").asString())
        .isEqualTo(sonification);
    byte[] flac = cli.ok("stream", "b").bytes();
    assertThat(flac.length).isNotEqualTo(cli.ok("stream", "a").bytes().length);
    String heard = cli.input(flac).ok("listen", "-").out();
    assertThat(heard.lines().filter(line -> line.contains("\"upsert\""))).hasSize(100);
    assertThat(heard).contains("\"id\":7,\"vector\":[7.0,1.5,-0.25],\"payload\":{\"n\":7}}");
    cli.ok("alter", "b", "--sonification", "amplitude");
    assertThat(cli.ok("get", "b", "7").out()).contains("-0.25");
    cli.ok("verify", "b", "--deep");
  }

  @Test
  void hearsFromTheMiddleAndTellsWhatItSkipped() {
    byte[] flac = cli.ok("stream", "a").bytes();
    byte[] tail = Arrays.copyOfRange(flac, flac.length / 2, flac.length);
    Cli.Outcome heard = cli.input(tail).ok("listen", "-");
    assertThat(heard.out().lines().count()).isBetween(30L, 70L);
    assertThat(heard.err()).contains("skipped");
  }

  @Test
  void writesWhatItHears() throws IOException {
    Path npy = folder.resolve("heard.npy");
    cli.input(cli.ok("stream", "a").bytes()).ok("listen", "-", "-o", npy.toString());
    Path exported = folder.resolve("exported.npy");
    cli.ok("export", "a", exported.toString());
    assertThat(Files.mismatch(npy, exported)).isEqualTo(-1);
  }

  @Test
  void appliesDeletesThatItHears() {
    cli.ok("delete", "a", "5");
    Cli.Outcome inserted = cli.input(cli.ok("stream", "a").bytes()).ok("insert", "b", "-");
    assertThat(inserted.err()).contains("1 vector deleted again");
    assertThat(cli.run("get", "b", "5").exitCode()).isEqualTo(4);
    assertThat(cli.ok("get", "b", "6").out()).isEqualTo(cli.ok("get", "a", "6").out());
  }

  @Test
  void hearsPayloadsThatAreNoObjects() {
    SoundRecord strange =
        SoundRecord.upsert(1, VectorId.of(7), Vector.of(1f, 2f), new byte[] {1, 2, 3});
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    byte[] frames = new byte[encoder.maxSize(strange)];
    byte[] sound = Arrays.copyOf(frames, encoder.encode(strange, frames, 0));
    assertThat(cli.input(sound).ok("listen", "-").out()).contains("\"payload_base64\":\"AQID\"");
    String file = folder.resolve("x.jsonl").toString();
    assertThat(cli.input(sound).ok("listen", "-", "-o", file).err())
        .contains("payload of 7 left out");
  }

  @Test
  void refusesRatesThatAreNone() {
    assertThat(cli.run("listen", "-", "--raw-channels", "2", "--rate", "0").exitCode())
        .isEqualTo(2);
  }

  @Test
  void failsWhenNoVectorIsHeard() throws IOException {
    byte[] silence = new byte[6 * 48000];
    Path raw = Files.write(folder.resolve("silence.raw"), silence);
    Cli.Outcome outcome =
        cli.run(
            "listen",
            raw.toString(),
            "--raw-channels",
            "2",
            "-o",
            folder.resolve("x.npy").toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("no vectors heard");
    assertThat(folder.resolve("x.npy")).doesNotExist();
    assertThat(cli.run("listen", raw.toString(), "--raw-channels", "9").exitCode()).isEqualTo(2);
  }

  @Test
  void getsOneVectorAsFlac() throws IOException {
    byte[] one = cli.ok("get", "a", "7", "--format", "flac").bytes();
    assertThat(cli.ok("stream", "a", "7").bytes()).isEqualTo(one);
    assertThat(cli.run("get", "a", "7", "8", "--format", "flac").exitCode()).isEqualTo(2);
    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    twice.write(one);
    assertThat(cli.input(twice.toByteArray()).ok("listen", "-").out()).hasLineCount(1);
  }
}
