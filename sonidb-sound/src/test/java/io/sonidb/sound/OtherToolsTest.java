package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Md5;
import io.sonidb.flac.Padding;
import io.sonidb.flac.StreamInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Records that went through somebody else's decoder, where one is installed.
class OtherToolsTest {
  @TempDir private Path folder;

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      Assumptions.abort(command.getFirst() + " is not installed");
      return;
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  /// A whole FLAC file, with or without the number of samples in its head: `flac` needs it to
  /// encode again.
  private static byte[] flac(SoundFormat format, List<SoundRecord> records, boolean open) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    int[] starts = Records.starts(format, records);
    StreamInfo info =
        new StreamInfo(
            16, 4608, 0, 0, format.audio(), open ? 0 : starts[records.size()], Md5.UNKNOWN);
    file.writeBytes(FlacHead.write(List.of(info, new Padding(4096))));
    file.writeBytes(Records.encode(format, records));
    return file.toByteArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FLOAT32 | ffmpeg -v error -i IN -c:a pcm_s24le OUT.wav",
        "FLOAT64 | ffmpeg -v error -i IN -c:a pcm_s24le OUT.wav",
        "FLOAT32 | ffmpeg -v error -i IN -c:a pcm_s32le -rf64 always OUT.wav",
        "FLOAT64 | ffmpeg -v error -i IN -c:a pcm_f32le OUT.wav",
        "FLOAT32 | ffmpeg -v error -i IN -c:a flac -compression_level 8 OUT.flac",
        "FLOAT32 | flac -s -d IN -o OUT.wav",
        "FLOAT64 | flac -s -d IN -o OUT.wav",
        "FLOAT32 | flac -s -8 IN -o OUT.flac",
        "FLOAT32 | sox -V1 IN OUT.wav",
        "FLOAT64 | sox -V1 IN -b 32 OUT.wav"
      })
  void areRestoredFromTheirOutput(ElementType element, String command) {
    assertAreRestored(SoundFormat.of(element), 150, command);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FLOAT32 | FREQUENCY | ffmpeg -v error -i IN -c:a pcm_s24le OUT.wav",
        "FLOAT64 | FREQUENCY | flac -s -d IN -o OUT.wav",
        "FLOAT32 | FREQUENCY | sox -V1 IN OUT.wav",
        "FLOAT32 | FREQUENCY | flac -s -8 IN -o OUT.flac",
        "FLOAT32 | PULSE | flac -s -d IN -o OUT.wav",
        "FLOAT64 | PULSE | ffmpeg -v error -i IN -c:a pcm_s24le OUT.wav",
        "FLOAT32 | PULSE | ffmpeg -v error -i IN -c:a flac -compression_level 8 OUT.flac",
        "FLOAT64 | PULSE | sox -V1 IN -b 32 OUT.wav"
      })
  void areRestoredInEverySonification(
      ElementType element, Sonification sonification, String command) {
    assertAreRestored(new SoundFormat(element, sonification), 40, command);
  }

  private void assertAreRestored(SoundFormat format, int count, String command) {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            records.add(Records.any(random, format.element()));
          }
          Path in =
              Files.write(
                  folder.resolve("in.flac"), flac(format, records, !command.contains("-8")));
          List<String> words =
              List.of(
                  command
                      .replace("IN", in.toString())
                      .replace("OUT", folder.resolve("out").toString())
                      .split(" "));
          run(words);
          byte[] out = Files.readAllBytes(Path.of(words.getLast()));
          List<SoundRecord> heard = new ArrayList<>();
          ListenReport report =
              Listener.listen(new ByteArrayInputStream(out), (record, _) -> heard.add(record));
          assertThat(heard).isEqualTo(records);
          assertThat(report.heard().rejected()).isZero();
        });
  }
}
