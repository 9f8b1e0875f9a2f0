package io.sonidb.file;

import io.sonidb.sound.ElementType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads a file of vectors one row at a time, in memory bounded by one row.
///
/// Dimension and types are known once it is open: text files have had their first row read. All
/// vectors of a file have the same dimension, 1 to 16,384; a file that claims more is refused
/// before anything is allocated. Not safe for use by several threads.
public abstract sealed class VectorReader implements Closeable
    permits BinaryVectorReader, JsonlReader, CsvReader {

  private final ByteSource source;
  private final VectorFormat format;

  VectorReader(ByteSource source, VectorFormat format) {
    this.source = source;
    this.format = format;
  }

  /// Opens a file; its format and element type are found in it.
  ///
  /// @throws VectorFileException if it is malformed or not supported
  public static VectorReader open(Path file) throws IOException {
    return open(file, ReadOptions.DEFAULT);
  }

  /// Opens a file.
  ///
  /// @throws VectorFileException if it is malformed or not supported
  public static VectorReader open(Path file, ReadOptions options) throws IOException {
    return start(ByteSource.open(file), options);
  }

  /// Reads a stream, standard input for instance. The reader closes the stream when it is closed.
  ///
  /// @param name what messages call it
  /// @throws VectorFileException if it is malformed, not supported, or its format cannot be told
  public static VectorReader of(InputStream in, String name, ReadOptions options)
      throws IOException {
    return start(ByteSource.of(in, name), options);
  }

  private static VectorReader start(ByteSource source, ReadOptions options) throws IOException {
    try {
      return start(source, format(source, options), options.element());
    } catch (IOException | RuntimeException e) {
      try (source) {
        throw e;
      }
    }
  }

  private static VectorFormat format(ByteSource source, ReadOptions options) throws IOException {
    Optional<VectorFormat> told = options.format().or(() -> VectorFormat.ofFileName(source.name()));
    if (told.isPresent()) {
      return told.get();
    }
    byte[] head = source.peek(VectorFormat.SNIFF_BYTES);
    if (head.length == 0) {
      throw source.malformed("", "is empty");
    }
    return VectorFormat.sniff(head)
        .orElseThrow(() ->
            source.malformed(
                "", "its format cannot be told; name one of " + VectorFormat.extensions()));
  }

  private static VectorReader start(
      ByteSource source, VectorFormat format, Optional<ElementType> element) throws IOException {
    return switch (format) {
      case NPY, FVECS, BVECS, FBIN, U8BIN, I8BIN ->
          BinaryVectorReader.start(source, format, element);
      case JSONL -> JsonlReader.start(source, element.orElse(ElementType.FLOAT32));
      case CSV -> CsvReader.start(source, element.orElse(ElementType.FLOAT32));
    };
  }

  /// The format that is being read.
  public final VectorFormat format() {
    return format;
  }

  /// Number of components of every vector; 0 only if the file has no vector at all and does not
  /// say.
  public abstract int dimension();

  /// Element type of the vectors that [#next] gives.
  public abstract ElementType elementType();

  /// The file's own name of its number type: `float32`, `float16`, `uint8`, or `decimal` for text.
  public abstract String sourceType();

  /// Number of rows, if the file says so or its size tells.
  public abstract OptionalLong count();

  /// Reads the next row.
  ///
  /// @return the row, or empty at the end
  /// @throws VectorFileException if the row is malformed; the reader is then of no further use
  public abstract Optional<VectorRow> next() throws IOException;

  /// Where a row of this file is, for messages: `songs.jsonl, line 7`.
  public final String place(VectorRow row) {
    String place =
        isText()
            ? "line " + row.position()
            : "row " + row.number() + " (byte " + row.position() + ")";
    return source.name() + ", " + place;
  }

  private boolean isText() {
    return format == VectorFormat.JSONL || format == VectorFormat.CSV;
  }

  final ByteSource source() {
    return source;
  }

  @Override
  public final void close() throws IOException {
    source.close();
  }
}
