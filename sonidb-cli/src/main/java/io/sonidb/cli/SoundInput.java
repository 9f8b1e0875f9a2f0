package io.sonidb.cli;

import io.sonidb.sound.Ear;
import io.sonidb.sound.ListenReport;
import io.sonidb.sound.Listener;
import io.sonidb.sound.RecordSink;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Sound from a file, standard input or an http address. WAV, FLAC and FLAC in Ogg are read here,
/// everything else is decoded by ffmpeg, where that is installed.
final class SoundInput implements Closeable {
  /// Bytes of an answer in which a node says what is wrong.
  private static final int MAX_REASON = 1 << 16;

  private static final int BUFFER_BYTES = 1 << 16;
  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(15);

  /// How long a server may send nothing.
  static final Duration PATIENCE = Duration.ofMinutes(1);

  private final String name;
  private final Terminal terminal;
  private final Optional<Path> path;
  private final InputStream stream;
  private final boolean closing;
  private Optional<FfmpegSound> ffmpeg = Optional.empty();

  private SoundInput(
      String name, Terminal terminal, Optional<Path> path, InputStream stream, boolean closing) {
    this.name = name;
    this.terminal = terminal;
    this.path = path;
    this.stream = new BufferedInputStream(stream, BUFFER_BYTES);
    this.closing = closing;
  }

  /// Opens a source.
  ///
  /// @param source a path, an http or https address, or `-` for standard input
  /// @param patience how long a server may send nothing
  /// @param key for the server, if it is a node that asks for one
  static SoundInput open(
      String source,
      Terminal terminal,
      Interruption interruption,
      Duration patience,
      Optional<String> key)
      throws IOException {
    if (source.equals("-")) {
      return new SoundInput("standard input", terminal, Optional.empty(), terminal.in(), false);
    }
    if (source.startsWith("http://") || source.startsWith("https://")) {
      InputStream body =
          new InterruptibleInput(
              download(source, patience, key), interruption, Optional.of(patience));
      return new SoundInput(source, terminal, Optional.empty(), body, true);
    }
    Path file = Path.of(source);
    if (Files.isDirectory(file)) {
      throw new CommandFailure(ExitCode.FAILED, source + ": is a folder");
    }
    // A pipe gives its bytes once, so it cannot be handed to another program by its name.
    Optional<Path> regular = Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    return new SoundInput(source, terminal, regular, Files.newInputStream(file), true);
  }

  /// A source that is open already, and is closed by whoever opened it.
  ///
  /// @param path where the bytes can be had again
  static SoundInput of(String name, Terminal terminal, Optional<Path> path, InputStream stream) {
    return new SoundInput(name, terminal, path.filter(Files::isRegularFile), stream, false);
  }

  private static InputStream download(String address, Duration patience, Optional<String> key)
      throws IOException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT_PATIENCE)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    try {
      HttpRequest.Builder asking = HttpRequest.newBuilder(URI.create(address)).timeout(patience);
      key.ifPresent(known -> asking.header("api-key", known));
      HttpRequest request = asking.build();
      HttpResponse<InputStream> answer =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (answer.statusCode() != 200) {
        try (InputStream body = answer.body()) {
          throw new IOException(
              "the server answered " + answer.statusCode() + reason(body.readNBytes(MAX_REASON)));
        }
      }
      return new Body(answer.body());
    } catch (ConnectException e) {
      // Java gives no reason.
      throw new IOException("the server cannot be reached", e);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, address + ": is no address", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// What a node says beside the status; nothing if it is something else that answered.
  private static String reason(byte[] body) {
    try {
      String said = JsonMapper.shared().readTree(body).at("/status/error").asString("");
      return said.isEmpty() ? "" : ": " + said;
    } catch (JacksonException e) {
      return "";
    }
  }

  /// What a server sends; Java's reasons why there is no more, such as "closed", need explanation.
  private static final class Body extends FilterInputStream {
    Body(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      try {
        return super.read(into, offset, length);
      } catch (IOException e) {
        throw new IOException("the connection broke: " + e.getMessage(), e);
      }
    }
  }

  /// The bytes as they are.
  InputStream stream() {
    return stream;
  }

  /// Hears all of it.
  ///
  /// @param sink takes each record
  /// @param maker makes the ear that hears tones
  ListenReport listen(RecordSink sink, Ear.Maker maker) throws IOException {
    byte[] head = head();
    Optional<String> other = SoundKind.forOthers(head);
    if (other.isPresent()) {
      return listenThrough(ffmpeg(other.get()), sink, maker);
    }
    boolean guess = path.isPresent() && SoundKind.isUnknown(head);
    Optional<Path> program = OtherProgram.find(terminal, "ffmpeg");
    try {
      return Listener.listen(stream, sink, maker);
    } catch (IOException e) {
      if (!guess || program.isEmpty()) {
        throw e;
      }
      // Nothing was heard, and the bytes can be had again.
      try {
        return listenThrough(
            FfmpegSound.ofFile(program.get(), path.get(), FfmpegSound.PATIENCE), sink, maker);
      } catch (IOException again) {
        throw new IOException(e.getMessage() + "; " + again.getMessage(), again);
      }
    }
  }

  private byte[] head() throws IOException {
    stream.mark(SoundKind.HEAD_BYTES);
    byte[] head = new byte[SoundKind.HEAD_BYTES];
    int count = stream.readNBytes(head, 0, head.length);
    stream.reset();
    return Arrays.copyOf(head, count);
  }

  private FfmpegSound ffmpeg(String kind) throws IOException {
    Path program =
        OtherProgram.find(terminal, "ffmpeg")
            .orElseThrow(() ->
                new IOException(
                    "sound of the kind "
                        + kind
                        + " is decoded by ffmpeg, which is not on the PATH; install it, or convert"
                        + " the sound to WAV or FLAC"));
    return path.isPresent()
        ? FfmpegSound.ofFile(program, path.get(), FfmpegSound.PATIENCE)
        : FfmpegSound.ofStream(program, stream, FfmpegSound.PATIENCE);
  }

  private ListenReport listenThrough(FfmpegSound sound, RecordSink sink, Ear.Maker maker)
      throws IOException {
    ffmpeg = Optional.of(sound);
    return Listener.listen(sound, sink, maker);
  }

  /// What it is, for messages.
  String name() {
    return name;
  }

  /// What is to be told of how it was read.
  Optional<String> remark() {
    return ffmpeg.flatMap(FfmpegSound::remark);
  }

  @Override
  public void close() throws IOException {
    ffmpeg.ifPresent(FfmpegSound::close);
    if (closing) {
      stream.close();
    }
  }
}
