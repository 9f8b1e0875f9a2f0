package io.sonidb.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.SourceDataLine;

/// Something that makes sound audible: one channel of 16 bits at 48 kHz.
///
/// @param name what it is called
/// @param way how it plays
record SoundPlayer(String name, SoundPlayer.Way way) {

  static final int SAMPLE_RATE_HZ = 48_000;

  /// How much longer than the sound a player may take before it counts as stuck.
  private static final int PATIENCE_SECONDS = 20;

  private static final int HEAD_BYTES = 44;
  private static final int MAX_COMPLAINT_CHARS = 300;

  /// Plays samples and returns when they have been heard.
  @FunctionalInterface
  interface Way {
    void play(short[] pcm) throws IOException;
  }

  /// All players to try, or the one that is wanted.
  static List<SoundPlayer> all(Terminal terminal, Optional<String> wanted) {
    List<SoundPlayer> players = new ArrayList<>();
    players.add(new SoundPlayer("java", SoundPlayer::playOnDevice));
    players.add(
        program(terminal, "ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "pipe:0"));
    players.add(program(terminal, "aplay", "-q", "-"));
    players.add(program(terminal, "afplay", "FILE"));
    if (wanted.isEmpty()) {
      return players;
    }
    players.removeIf(player -> !player.name().equals(wanted.get()));
    if (players.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "player must be java, ffplay, aplay or afplay, was \"" + wanted.get() + "\"");
    }
    return players;
  }

  /// @param arguments `FILE` stands for a file; without it, standard input is played
  private static SoundPlayer program(Terminal terminal, String name, String... arguments) {
    return new SoundPlayer(
        name,
        pcm -> {
          Path program =
              OtherProgram.find(terminal, name)
                  .orElseThrow(() -> new IOException("is not installed"));
          playWith(program, List.of(arguments), pcm);
        });
  }

  /// Plays samples and returns when they have been heard.
  void play(short[] pcm) throws IOException {
    way.play(pcm);
  }

  private static void playOnDevice(short[] pcm) throws IOException {
    AudioFormat format = new AudioFormat(SAMPLE_RATE_HZ, 16, 1, true, false);
    byte[] bytes = bytes(pcm);
    try (SourceDataLine line = AudioSystem.getSourceDataLine(format)) {
      line.open(format);
      line.start();
      line.write(bytes, 0, bytes.length);
      line.drain();
    } catch (LineUnavailableException | IllegalArgumentException | LinkageError e) {
      throw new IOException("there is no sound device", e);
    }
  }

  private static byte[] bytes(short[] pcm) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asShortBuffer().put(pcm);
    return bytes.array();
  }

  private static byte[] wav(short[] pcm) {
    int dataBytes = 2 * pcm.length;
    ByteBuffer wav = ByteBuffer.allocate(HEAD_BYTES + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEAD_BYTES - 8 + dataBytes);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 1).putShort((short) 1);
    wav.putInt(SAMPLE_RATE_HZ).putInt(2 * SAMPLE_RATE_HZ).putShort((short) 2).putShort((short) 16);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(dataBytes);
    wav.asShortBuffer().put(pcm);
    return wav.array();
  }

  private static void playWith(Path program, List<String> arguments, short[] pcm)
      throws IOException {
    Path sound = Files.createTempFile("sonidb-", ".wav");
    Path log = Files.createTempFile("sonidb-", ".log");
    try {
      boolean fromFile = arguments.contains("FILE");
      List<String> command = new ArrayList<>(List.of(program.toString()));
      arguments.forEach(
          argument -> command.add(argument.equals("FILE") ? sound.toString() : argument));
      Files.write(sound, wav(pcm));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.redirectOutput(log.toFile());
      if (!fromFile) {
        builder.redirectInput(sound.toFile());
      }
      await(builder.start(), pcm.length / SAMPLE_RATE_HZ + PATIENCE_SECONDS, log);
    } finally {
      Files.deleteIfExists(sound);
      Files.deleteIfExists(log);
    }
  }

  private static void await(Process process, int seconds, Path log) throws IOException {
    try (OutputStream _ = process.getOutputStream()) {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        throw new IOException("did not end in " + seconds + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      String said = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).strip();
      String first = said.lines().findFirst().orElse("");
      throw new IOException(
          "exit code "
              + process.exitValue()
              + (first.isEmpty() ? "" : ": ")
              + first.substring(0, Math.min(first.length(), MAX_COMPLAINT_CHARS)));
    }
  }
}
