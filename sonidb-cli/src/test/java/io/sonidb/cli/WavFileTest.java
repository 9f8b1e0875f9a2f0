package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.SubframeSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WavFileTest {

  private static final int FRAMES = 3;
  private static final int BLOCK = 17;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1L << 32, 100})
  void writesWhatOtherProgramsRead(long maxRiffBytes) throws IOException, InterruptedException {
    Path wav = write(2, maxRiffBytes);
    Path raw = folder.resolve("a.raw");
    Path log = folder.resolve("log");
    assertThat(
            RealFiles.tool(
                log, "ffmpeg", "-v", "error", "-i", wav.toString(), "-f", "s24le", raw.toString()))
        .as(Files.readString(log))
        .isZero();
    byte[] samples = Files.readAllBytes(raw);
    assertThat(samples)
        .hasSize(FRAMES * BLOCK * 2 * 3)
        .startsWith(0, 0, 0x80, 0, 0, 0, 1, 0, 0x80, 1);
    byte[] file = Files.readAllBytes(wav);
    assertThat(Arrays.copyOfRange(file, 104, 104 + samples.length)).isEqualTo(samples);
    assertThat(RealFiles.tool(log, "sox", wav.toString(), "-n", "stat"))
        .as(Files.readString(log))
        .isZero();
  }

  @Test
  void becomesRf64WhenItGrowsTooLarge() throws IOException {
    assertThat(Files.readAllBytes(write(2, 1L << 32))).startsWith('R', 'I', 'F', 'F');
    byte[] large = Files.readAllBytes(write(2, 100));
    assertThat(large).startsWith('R', 'F', '6', '4', -1, -1, -1, -1, 'W', 'A', 'V', 'E');
    assertThat(Arrays.copyOfRange(large, 12, 16)).containsExactly('d', 's', '6', '4');
  }

  @Test
  void padsToAnEvenLength() throws IOException {
    assertThat(Files.size(write(3, 1L << 32))).isEven();
  }

  /// Channel 0 counts up from the lowest sample, channel 1 from 0, and so on.
  private Path write(int channels, long maxRiffBytes) throws IOException {
    AudioFormat format = new AudioFormat(48_000, channels, 24);
    int[][] pcm = new int[channels][BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      pcm[0][i] = -(1 << 23) + i;
      pcm[1][i] = i;
    }
    FrameEncoder encoder = new FrameEncoder(format, SubframeSearch.NOISE);
    byte[] frame = new byte[encoder.maxFrameSize(BLOCK)];
    int length = encoder.encode(pcm, BLOCK, 0, frame, 0);
    FrameDecoder decoder = new FrameDecoder();
    decoder.decode(frame, 0, length);
    Path file = folder.resolve("a-" + channels + "-" + maxRiffBytes + ".wav");
    try (ByteOutput out = ByteOutput.create(file)) {
      WavFile wav = WavFile.start(out, format, maxRiffBytes);
      for (int i = 0; i < FRAMES; i++) {
        wav.write(frame, 0, length, decoder);
      }
      wav.finish();
      out.finish();
    }
    return file;
  }
}
