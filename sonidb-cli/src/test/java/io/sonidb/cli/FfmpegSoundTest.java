package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// With scripts in the place of ffmpeg. Timeouts are there to end a test that hangs.
@Timeout(60)
class FfmpegSoundTest {

  private static final Duration SHORT = Duration.ofMillis(400);
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path folder;

  private Path script(String body) throws IOException {
    Path script = Files.writeString(folder.resolve("ffmpeg"), "#!/bin/sh\n" + body + "\n");
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void givesUpOnAProgramThatHangs() throws IOException {
    Path program = script("echo 'thinking hard' >&2\nexec sleep 1000");
    try (FfmpegSound sound = FfmpegSound.ofFile(program, folder.resolve("x"), SHORT)) {
      assertThatThrownBy(sound::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("gave no sound")
          .hasMessageContaining("thinking hard");
    }
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }
        };
    try (FfmpegSound sound = FfmpegSound.ofStream(program, endless, SHORT)) {
      assertThatThrownBy(sound::read).hasMessageContaining("gave no sound");
    }
  }

  @Test
  void tellsWhyAProgramFailed() throws IOException {
    Path program = script("echo 'no such codec' >&2\necho 'sorry' >&2\nexit 7");
    try (FfmpegSound sound = FfmpegSound.ofFile(program, folder.resolve("x"), LONG)) {
      assertThatThrownBy(sound::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("exit code 7: no such codec; sorry");
    }
  }

  @Test
  void bearsAProgramThatComplainsWithoutEnd() throws IOException {
    Path program =
        script("yes 'a complaint' | head -c 10000000 >&2\nhead -c 1000 /dev/zero\nexit 1");
    try (FfmpegSound sound = FfmpegSound.ofFile(program, folder.resolve("x"), LONG)) {
      assertThat(sound.readAllBytes()).hasSize(1000);
      assertThat(sound.remark().orElse("")).contains("exit code 1").hasSizeLessThan(3000);
    }
  }

  @Test
  void waitsForASourceThatIsSlow() throws IOException {
    Path program = script("exec cat");
    InputStream slow =
        new InputStream() {
          private int count;

          @Override
          public int read() {
            return -1;
          }

          @Override
          public int read(byte[] into, int offset, int length) {
            if (count++ == 2) {
              return -1;
            }
            try {
              Thread.sleep(3 * SHORT.toMillis());
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            into[offset] = 5;
            return 1;
          }
        };
    try (FfmpegSound sound = FfmpegSound.ofStream(program, slow, SHORT)) {
      assertThat(sound.readAllBytes()).containsExactly(5, 5);
      assertThat(sound.remark()).isEmpty();
    }
  }

  @Test
  void doesNotWaitForAProgramThatStopsReading() throws IOException {
    Path program = script("head -c 5000 /dev/zero\nexit 0");
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }
        };
    try (FfmpegSound sound = FfmpegSound.ofStream(program, endless, LONG)) {
      assertThat(sound.readAllBytes()).hasSize(5000);
    }
  }
}
