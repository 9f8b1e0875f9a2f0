package io.sonidb.cli;

import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.sound.ElementType;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A file of vectors or of sound, or standard input, whose kind is known.
final class InputFile implements Closeable {

  private static final List<String> AUDIO_FORMATS =
      List.of("flac", "wav", "ogg", "oga", "opus", "mp3", "m4a", "aac", "caf", "aiff");
  private static final int BUFFER_BYTES = 1 << 16;

  private final String name;
  private final Optional<Path> path;
  private final InputStream stream;
  private final boolean audio;
  private final Optional<VectorFormat> format;

  private InputFile(
      String name,
      Optional<Path> path,
      InputStream stream,
      boolean audio,
      Optional<VectorFormat> format) {
    this.name = name;
    this.path = path;
    this.stream = stream;
    this.audio = audio;
    this.format = format;
  }

  /// Opens a file and finds out what it is: by the format told, by its name, by its first bytes.
  ///
  /// @param name a path, or `-` for `standardInput`
  static InputFile open(String name, Optional<String> toldFormat, InputStream standardInput)
      throws IOException {
    boolean standard = name.equals("-");
    Optional<Path> path = standard ? Optional.empty() : Optional.of(Path.of(name));
    if (path.isPresent() && Files.isDirectory(path.get())) {
      throw new CommandFailure(ExitCode.FAILED, name + ": is a folder");
    }
    InputStream raw = standard ? standardInput : Files.newInputStream(path.get());
    BufferedInputStream stream = new BufferedInputStream(raw, BUFFER_BYTES);
    Optional<String> told = toldFormat.map(text -> text.toLowerCase(Locale.ROOT));
    boolean audio =
        told.isPresent()
            ? AUDIO_FORMATS.contains(told.get())
            : AUDIO_FORMATS.stream().anyMatch(f -> name.toLowerCase(Locale.ROOT).endsWith("." + f))
                || (VectorFormat.ofFileName(name).isEmpty() && startsLikeAudio(stream));
    Optional<VectorFormat> format = audio ? Optional.empty() : told.map(InputFile::parse);
    return new InputFile(standard ? "standard input" : name, path, stream, audio, format);
  }

  private static VectorFormat parse(String format) {
    try {
      return VectorFormat.parse(format);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, e.getMessage() + "; .flac and .wav for sound", e);
    }
  }

  private static boolean startsLikeAudio(BufferedInputStream stream) throws IOException {
    stream.mark(SoundKind.HEAD_BYTES);
    byte[] head = stream.readNBytes(SoundKind.HEAD_BYTES);
    stream.reset();
    return SoundKind.isContainer(head);
  }

  String name() {
    return name;
  }

  /// Whether records are to be heard in it.
  boolean isAudio() {
    return audio;
  }

  /// Opens it as sound.
  SoundInput sound(Terminal terminal) {
    return SoundInput.of(name, terminal, path, stream);
  }

  /// Opens it as a file of vectors.
  ///
  /// @param element the element type wanted, or empty for the file's own
  VectorReader vectors(Optional<ElementType> element) throws IOException {
    ReadOptions options = new ReadOptions(format, element);
    // A pipe gives its bytes once, and the first have been looked at.
    return path.isPresent() && Files.isRegularFile(path.get())
        ? VectorReader.open(path.get(), options)
        : VectorReader.of(stream, name, options);
  }

  @Override
  public void close() throws IOException {
    if (path.isPresent()) {
      stream.close();
    }
  }
}
