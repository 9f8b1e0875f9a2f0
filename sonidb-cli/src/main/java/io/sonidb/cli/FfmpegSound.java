package io.sonidb.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// Sound of any kind, decoded by ffmpeg: a WAV stream of 32-bit samples with the channels and the
/// rate that it has. Nothing is resampled, mixed or dithered, so 24-bit samples stay what they are.
///
/// Three threads of its own feed ffmpeg, take its sound and keep what it complains about, so
/// nothing that ffmpeg does or leaves undone can hold the reader up for longer than the patience:
/// that runs while ffmpeg has all that it wants to read, and gives nothing.
final class FfmpegSound extends InputStream {

  static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int CHUNK_BYTES = 1 << 16;
  private static final int CHUNKS_AHEAD = 8;
  private static final long LOOK_MILLIS = 50;
  private static final int MAX_COMPLAINT_CHARS = 2000;
  private static final byte[] END = {};

  /// A head and not one sample.
  private static final int EMPTY_WAV_BYTES = 128;

  private final Process process;
  private final Duration patience;
  private final BlockingQueue<byte[]> chunks = new ArrayBlockingQueue<>(CHUNKS_AHEAD);
  private final StringBuilder complaints = new StringBuilder();
  private final Thread complaining;
  private final Thread reading;

  /// Whether the source is what is being waited for. Written by the feeding thread only.
  private volatile boolean sourceIsSlow;

  private volatile Optional<IOException> sourceFailure = Optional.empty();

  private byte[] chunk = {0};
  private int next = 1;
  private long bytes;
  private Optional<String> remark = Optional.empty();

  private FfmpegSound(Process process, Duration patience) {
    this.process = process;
    this.patience = patience;
    complaining = start("ffmpeg-complaints", this::keepComplaints);
    reading = start("ffmpeg-sound", this::readAhead);
  }

  /// Has a file decoded.
  static FfmpegSound ofFile(Path program, Path file, Duration patience) throws IOException {
    FfmpegSound sound = new FfmpegSound(process(program, "file:" + file), patience);
    sound.process.getOutputStream().close();
    return sound;
  }

  /// Has a stream decoded as it comes.
  static FfmpegSound ofStream(Path program, InputStream in, Duration patience) throws IOException {
    FfmpegSound sound = new FfmpegSound(process(program, "pipe:0"), patience);
    sound.sourceIsSlow = true;
    start("ffmpeg-feed", () -> sound.feed(in));
    return sound;
  }

  private static Process process(Path program, String input) throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of("-hide_banner", "-loglevel", "error", "-i", input));
    command.addAll(List.of("-map", "0:a:0", "-c:a", "pcm_s32le", "-f", "wav", "pipe:1"));
    return new ProcessBuilder(command).start();
  }

  private static Thread start(String name, Runnable work) {
    return Thread.ofPlatform().daemon().name(name).start(work);
  }

  private void feed(InputStream in) {
    byte[] buffer = new byte[CHUNK_BYTES];
    try (OutputStream out = process.getOutputStream()) {
      for (int count = take(in, buffer); count >= 0; count = take(in, buffer)) {
        sourceIsSlow = false;
        out.write(buffer, 0, count);
        out.flush();
        sourceIsSlow = true;
      }
    } catch (IOException e) {
      // ffmpeg has ended, and its exit code tells why.
    } finally {
      sourceIsSlow = false;
    }
  }

  /// Reads from the source; one that breaks off has ended for ffmpeg, but not for the reader.
  private int take(InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      sourceFailure = Optional.of(e);
      return -1;
    }
  }

  private void readAhead() {
    byte[] buffer = new byte[CHUNK_BYTES];
    try {
      try (InputStream in = process.getInputStream()) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          if (count > 0) {
            chunks.put(Arrays.copyOf(buffer, count));
          }
        }
      } catch (IOException e) {
        // ffmpeg has been ended.
      }
      chunks.put(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepComplaints() {
    byte[] buffer = new byte[CHUNK_BYTES];
    try (InputStream in = process.getErrorStream()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        String text = new String(buffer, 0, count, StandardCharsets.UTF_8);
        synchronized (complaints) {
          int room = MAX_COMPLAINT_CHARS - complaints.length();
          complaints.append(text, 0, Math.clamp(room, 0, text.length()));
        }
      }
    } catch (IOException e) {
      // It has been ended, and complains no more.
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (next == chunk.length && chunk.length > 0) {
      chunk = await();
      next = 0;
      bytes += chunk.length;
      if (chunk.length == 0) {
        checkEnd();
      }
    }
    if (chunk.length == 0) {
      return -1;
    }
    int count = Math.min(length, chunk.length - next);
    System.arraycopy(chunk, next, into, offset, count);
    next += count;
    return count;
  }

  private byte[] await() throws IOException {
    long idleSince = System.nanoTime();
    try {
      while (true) {
        byte[] chunkOrNone = chunks.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (chunkOrNone != null) {
          return chunkOrNone;
        }
        if (sourceIsSlow) {
          idleSince = System.nanoTime();
        } else if (System.nanoTime() - idleSince > patience.toNanos()) {
          process.destroyForcibly();
          throw new IOException(
              "ffmpeg gave no sound for " + patience.toSeconds() + " s" + complaint());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /// Its output has ended; finds out whether that was meant.
  private void checkEnd() throws IOException {
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException("ffmpeg does not end" + complaint());
      }
      complaining.join(patience.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    if (sourceFailure.isPresent()) {
      throw new IOException(sourceFailure.get().getMessage(), sourceFailure.get());
    }
    int exitCode = process.exitValue();
    if (bytes <= EMPTY_WAV_BYTES && (exitCode != 0 || bytes == 0)) {
      throw new IOException("ffmpeg cannot decode it, exit code " + exitCode + complaint());
    }
    if (exitCode != 0 || !complaint().isEmpty()) {
      remark = Optional.of("ffmpeg ended with exit code " + exitCode + complaint());
    }
  }

  /// What ffmpeg has said, on one line.
  private String complaint() {
    String said;
    synchronized (complaints) {
      said = complaints.toString().strip().replaceAll("\\s*\\R\\s*", "; ");
    }
    String hint =
        said.contains("moov atom not found") || said.contains("partial file")
            ? " (such a file cannot be read from a pipe: save it first)"
            : "";
    return said.isEmpty() ? "" : ": " + said + hint;
  }

  /// What is to be told of a decoding that gave sound, and was not all well.
  Optional<String> remark() {
    return remark;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    reading.interrupt(); // it may wait for room
  }
}
