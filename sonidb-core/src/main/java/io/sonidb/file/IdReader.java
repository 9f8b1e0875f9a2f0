package io.sonidb.file;

import io.sonidb.sound.VectorId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// Reads a text file of ids, one a line, that goes with a file of vectors that has none.
public final class IdReader implements Closeable {

  private final ByteSource source;
  private final LineReader lines;

  private IdReader(ByteSource source) throws IOException {
    this.source = source;
    this.lines = new LineReader(source);
  }

  /// Opens a file of ids in UTF-8.
  public static IdReader open(Path file) throws IOException {
    ByteSource source = ByteSource.open(file);
    try {
      return new IdReader(source);
    } catch (IOException e) {
      try (source) {
        throw e;
      }
    }
  }

  /// Reads the next line's id.
  ///
  /// @return the id, or empty at the end
  /// @throws MalformedVectorFileException if the line is no id; an empty line is none
  public Optional<VectorId> next() throws IOException {
    if (!lines.next()) {
      return Optional.empty();
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(lines.bytes(), 0, lines.length()))
              .toString();
      return Optional.of(VectorId.parse(text));
    } catch (CharacterCodingException e) {
      throw malformed("the id is no valid UTF-8");
    } catch (IllegalArgumentException e) {
      throw malformed(String.valueOf(e.getMessage()));
    }
  }

  /// Refuses the line that [#next] read last.
  public MalformedVectorFileException malformed(String reason) {
    return source.malformed("line " + lines.number(), reason);
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
