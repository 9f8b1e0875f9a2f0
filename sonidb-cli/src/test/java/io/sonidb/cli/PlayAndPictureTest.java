package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `play` and `picture`.
@Timeout(60)
class PlayAndPictureTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data")).environment("PATH", folder.toString());
    cli.ok("insert", "a", Cli.threeDimensional(folder, 20).toString());
  }

  private void script(String name, String body) throws IOException {
    Path script = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }

  // --- play

  @Test
  void tellsWhatToDoWhenNothingCanPlay() {
    Cli.Outcome outcome = cli.run("play", "a", "7", "--player", "ffplay");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("ffplay: is not installed", "sonidb stream a 7 | ffplay -")
        .hasLineCount(1);
  }

  @Test
  void tellsWhyAPlayerFailed() throws IOException {
    script("aplay", "echo 'no card' >&2; exit 3");
    Cli.Outcome outcome = cli.run("play", "a", "7", "--player", "aplay");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("aplay: exit code 3: no card");
  }

  @Test
  void refusesWhatCannotBePlayed() {
    assertThat(cli.run("play", "a", "99", "--player", "aplay").exitCode()).isEqualTo(4);
    assertThat(cli.run("play", "a", "7", "--player", "radio").exitCode()).isEqualTo(2);
    assertThat(cli.run("play", "a", "7", "--times", "0").exitCode()).isEqualTo(2);
    assertThat(cli.run("play", "a", "7", "--acoustic", "--sonification", "pulse").exitCode())
        .isEqualTo(2);
    assertThat(cli.run("play", "a", "7", "--sonification", "song").exitCode()).isEqualTo(2);
  }

  @Test
  void givesThePlayerTonesThatCanBeHeardAgain() throws IOException {
    script("aplay", "exec /bin/cat > " + folder.resolve("played.wav"));
    var answer = cli.ok("play", "a", "7", "--acoustic", "--player", "aplay", "--json").json();
    assertThat(answer.get("player").asString()).isEqualTo("aplay");
    assertThat(answer.get("sound_seconds").asDouble()).isBetween(2.0, 6.0);
    Cli.Outcome heard = cli.ok("listen", folder.resolve("played.wav").toString());
    assertThat(heard.out()).hasLineCount(1).contains("\"id\":7,\"vector\":[7.0,1.5,-0.25]");
  }

  @Test
  void playsEverySonificationAsOftenAsAsked() throws IOException {
    script("afplay", "[ -s \"$1\" ] && echo played >> " + folder.resolve("log"));
    for (String sonification : new String[] {"amplitude", "frequency", "pulse"}) {
      cli.ok("play", "a", "7", "--player", "afplay", "--sonification", sonification);
    }
    cli.ok("play", "a", "7", "--player", "afplay", "--times", "3");
    assertThat(folder.resolve("log")).content().hasLineCount(6);
  }

  // --- picture

  @Test
  void refusesPicturesThatCannotBeDrawn() {
    String png = folder.resolve("a.png").toString();
    assertThat(cli.run("picture", "a", "99", "-o", png).exitCode()).isEqualTo(4);
    assertThat(cli.run("picture", "a", "1", "-o", folder.resolve("a.jpg").toString()).exitCode())
        .isEqualTo(2);
    assertThat(cli.run("picture", "a", "1").exitCode()).isEqualTo(2);
    String[] many = new String[25];
    many[0] = "picture";
    many[1] = "a";
    for (int i = 2; i < many.length - 2; i++) {
      many[i] = "1";
    }
    many[many.length - 2] = "-o";
    many[many.length - 1] = png;
    assertThat(cli.run(many).err()).contains("at most 20");
    assertThat(folder.resolve("a.png")).doesNotExist();
  }

  @Test
  void drawsEverySonificationOfEveryVector() throws IOException {
    String png = folder.resolve("a.png").toString();
    var one = cli.ok("picture", "a", "7", "-o", png, "--json").json();
    BufferedImage single = ImageIO.read(folder.resolve("a.png").toFile());
    assertThat(single.getWidth()).isEqualTo(one.get("width").asInt()).isGreaterThan(1000);
    assertThat(colours(single)).hasSizeGreaterThan(20);
    cli.ok("picture", "a", "7", "8", "9", "-o", png);
    BufferedImage three = ImageIO.read(folder.resolve("a.png").toFile());
    assertThat(three.getHeight()).isGreaterThan(2 * single.getHeight());
    cli.ok("picture", "a", "7", "-o", png, "--sonification", "pulse");
    assertThat(ImageIO.read(folder.resolve("a.png").toFile()).getWidth())
        .isLessThan(single.getWidth() / 2);
  }

  private static Set<Integer> colours(BufferedImage image) {
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        colours.add(image.getRGB(x, y));
      }
    }
    return colours;
  }

  @Test
  void findsTheToneInASpectrogram() {
    float[] tone = new float[48_000];
    for (int i = 0; i < tone.length; i++) {
      tone[i] = (float) Math.sin(2 * Math.PI * 6000 * i / 48_000);
    }
    Spectrogram spectrogram = Spectrogram.of(tone, 512, 10);
    assertThat(spectrogram.at(5, 0.25)).isGreaterThan(-4);
    assertThat(spectrogram.at(5, 0.75)).isEqualTo(Spectrogram.FLOOR_DECIBELS);
  }
}
