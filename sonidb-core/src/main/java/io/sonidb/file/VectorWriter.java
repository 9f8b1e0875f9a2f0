package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/// Writes a file of vectors one row at a time.
///
/// A file appears under its name, whole, when [#finish] returns; until then it lies beside it as
/// `NAME.part`, and [#close] without `finish` deletes that. Not safe for use by several threads.
public abstract sealed class VectorWriter implements Closeable
    permits BinaryVectorWriter, TextVectorWriter {

  /// The formats that can be written.
  public static final Set<VectorFormat> FORMATS =
      Set.copyOf(
          EnumSet.of(
              VectorFormat.NPY,
              VectorFormat.FVECS,
              VectorFormat.FBIN,
              VectorFormat.JSONL,
              VectorFormat.CSV));

  private final RowOutput out;
  private final int dimension;
  private final ElementType element;
  private long rows;
  private boolean finished;

  VectorWriter(RowOutput out, int dimension, ElementType element) {
    this.out = out;
    this.dimension = dimension;
    this.element = element;
  }

  /// Starts a file, to take the place of any file of that name when it is finished.
  ///
  /// @throws IllegalArgumentException if the format cannot be written, or not from this element
  ///   type
  public static VectorWriter create(
      Path file, VectorFormat format, int dimension, ElementType element) throws IOException {
    check(format, dimension, element);
    return start(RowOutput.create(file), format, dimension, element, OptionalLong.empty());
  }

  /// Writes to a stream, standard output for instance, which stays open.
  ///
  /// @param count how many rows will be written: `.npy` and `.fbin` say so at their start
  /// @throws IllegalArgumentException if the format cannot be written, or not from this element
  ///   type
  public static VectorWriter of(
      OutputStream out, VectorFormat format, int dimension, ElementType element, long count)
      throws IOException {
    check(format, dimension, element);
    return start(RowOutput.of(out), format, dimension, element, OptionalLong.of(count));
  }

  private static void check(VectorFormat format, int dimension, ElementType element) {
    if (!FORMATS.contains(format)) {
      String written =
          FORMATS.stream().sorted().map(f -> "." + f.extension()).collect(Collectors.joining(" "));
      throw new IllegalArgumentException(
          "." + format.extension() + " is read only; use one of " + written);
    }
    if (dimension < 1 || dimension > Vector.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension must be 1 to " + Vector.MAX_DIMENSION + ", was " + dimension);
    }
    boolean narrow = format == VectorFormat.FVECS || format == VectorFormat.FBIN;
    if (narrow && element == ElementType.FLOAT64) {
      throw new IllegalArgumentException(
          "." + format.extension() + " holds float32 only, the vectors are float64; use .npy");
    }
  }

  private static VectorWriter start(
      RowOutput out, VectorFormat format, int dimension, ElementType element, OptionalLong count)
      throws IOException {
    return switch (format) {
      case JSONL, CSV -> TextVectorWriter.start(out, format, dimension, element);
      default -> BinaryVectorWriter.start(out, format, dimension, element, count);
    };
  }

  /// Writes one row. Formats other than `.jsonl` and `.csv` have no room for id and payload.
  ///
  /// @param payload a JSON object, or empty for none
  /// @throws IllegalArgumentException if the vector is of another dimension or element type
  public final void write(VectorId id, Vector vector, Optional<String> payload) throws IOException {
    write(id, vector, payload, Optional.empty());
  }

  /// Writes one row. Only `.jsonl` has room for the time at which it expires.
  ///
  /// @param payload a JSON object, or empty for none
  /// @param expiresAt from when on it is not to be there any more, or empty for never
  /// @throws IllegalArgumentException if the vector is of another dimension or element type
  public final void write(
      VectorId id, Vector vector, Optional<String> payload, Optional<Instant> expiresAt)
      throws IOException {
    if (vector.dimension() != dimension || vector.elementType() != element) {
      throw new IllegalArgumentException(
          "vector %s must be %s of dimension %d, is %s of dimension %d"
              .formatted(id, element, dimension, vector.elementType(), vector.dimension()));
    }
    writeRow(id, vector, payload, expiresAt);
    rows++;
  }

  /// Number of rows written.
  public final long rows() {
    return rows;
  }

  /// How many NaNs were written as plain `NaN`, without the payload bits they had; 0 in binary
  /// formats.
  public abstract long simplifiedNaNs();

  abstract void writeRow(
      VectorId id, Vector vector, Optional<String> payload, Optional<Instant> expiresAt)
      throws IOException;

  /// Corrects or checks the head, now that the count is known.
  abstract void completeHead() throws IOException;

  /// Completes the file and gives it its name. No row may follow.
  public final void finish() throws IOException {
    completeHead();
    out.commit();
    finished = true;
  }

  final RowOutput out() {
    return out;
  }

  /// Closes the writer; a file that was not finished is deleted.
  @Override
  public final void close() throws IOException {
    if (!finished) {
      out.discard();
    }
  }
}
