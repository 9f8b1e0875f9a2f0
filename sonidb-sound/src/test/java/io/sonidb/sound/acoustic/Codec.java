package io.sonidb.sound.acoustic;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// What sound may go through, with ffmpeg's encoders.
enum Codec {
  OPUS_16K("opus", "libopus", "16k"),
  OPUS_64K("opus", "libopus", "64k"),
  MP3_64K("mp3", "libmp3lame", "64k"),
  MP3_128K("mp3", "libmp3lame", "128k"),
  AAC_64K("m4a", "aac", "64k"),
  RESAMPLED_44100("wav", "pcm_s16le", "") {
    @Override
    float[] through(Path folder, float[] pcm) throws IOException, InterruptedException {
      return convert(folder, convert(folder, pcm, 48_000, 44_100), 44_100, 48_000);
    }
  },
  AT_44100("wav", "pcm_s16le", "") {
    @Override
    int rateHz() {
      return 44_100;
    }

    @Override
    float[] through(Path folder, float[] pcm) throws IOException, InterruptedException {
      return convert(folder, pcm, 48_000, 44_100);
    }
  };

  private final String extension;
  private final String encoder;
  private final String bitRate;

  Codec(String extension, String encoder, String bitRate) {
    this.extension = extension;
    this.encoder = encoder;
    this.bitRate = bitRate;
  }

  /// The rate of what comes out.
  int rateHz() {
    return 48_000;
  }

  /// Encodes and decodes one channel at 48 kHz, written in 16 bits.
  float[] through(Path folder, float[] pcm) throws IOException, InterruptedException {
    Path raw = folder.resolve("in.raw");
    Path coded = folder.resolve("coded." + extension);
    write(raw, pcm);
    run(
        folder,
        arguments(
            "-f", "s16le", "-ar", "48000", "-i", raw, "-c:a", encoder, "-b:a", bitRate, coded));
    Path back = folder.resolve("out.raw");
    run(folder, arguments("-i", coded, "-f", "f32le", back));
    return read(back);
  }

  private static float[] convert(Path folder, float[] pcm, int fromHz, int toHz)
      throws IOException, InterruptedException {
    Path raw = folder.resolve("in.raw");
    Path back = folder.resolve("out.raw");
    write(raw, pcm);
    run(
        folder,
        arguments("-f", "s16le", "-ar", fromHz, "-i", raw, "-ar", toHz, "-f", "f32le", back));
    return read(back);
  }

  private static List<String> arguments(Object... arguments) {
    return Stream.of(arguments).map(String::valueOf).toList();
  }

  private static void write(Path file, float[] pcm) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(2 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float sample : pcm) {
      out.putShort((short) Math.clamp(Math.round(sample * 32768), -32768, 32767));
    }
    Files.write(file, out.array());
  }

  private static float[] read(Path file) throws IOException {
    FloatBuffer in =
        ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] pcm = new float[in.remaining()];
    in.get(pcm);
    return pcm;
  }

  private static void run(Path folder, List<String> arguments)
      throws IOException, InterruptedException {
    assumeTrue(isInstalled(), "ffmpeg is not installed");
    List<String> command = new ArrayList<>(List.of("ffmpeg", "-y", "-v", "error"));
    command.addAll(arguments);
    Path log = folder.resolve("ffmpeg.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    process.getOutputStream().close();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("ffmpeg did not end");
    }
    String said = Files.readString(log);
    assumeTrue(!said.contains("Unknown encoder"), said);
    if (process.exitValue() != 0) {
      throw new AssertionError(said);
    }
  }

  private static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "ffmpeg")));
  }
}
