package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// Writes `.npy .fvecs .fbin`: little-endian, values bit for bit.
final class BinaryVectorWriter extends VectorWriter {

  private final VectorFormat format;
  private final int dimension;
  private final ElementType element;
  private final OptionalLong count;
  private final ByteBuffer row;
  private final int valuesOffset;

  private BinaryVectorWriter(
      RowOutput out, VectorFormat format, int dimension, ElementType element, OptionalLong count) {
    super(out, dimension, element);
    this.format = format;
    this.dimension = dimension;
    this.element = element;
    this.count = count;
    this.valuesOffset = format == VectorFormat.FVECS ? Integer.BYTES : 0;
    int valueBytes = element == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    this.row =
        ByteBuffer.allocate(valuesOffset + dimension * valueBytes).order(ByteOrder.LITTLE_ENDIAN);
    if (valuesOffset > 0) {
      row.putInt(0, dimension);
    }
  }

  static BinaryVectorWriter start(
      RowOutput out, VectorFormat format, int dimension, ElementType element, OptionalLong count)
      throws IOException {
    BinaryVectorWriter writer = new BinaryVectorWriter(out, format, dimension, element, count);
    byte[] head = writer.head(count.orElse(0));
    out.write(head, head.length);
    return writer;
  }

  private byte[] head(long rows) {
    return switch (format) {
      case NPY -> NpyFormat.head(element, rows, dimension);
      case FBIN ->
          ByteBuffer.allocate(2 * Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt((int) rows)
              .putInt(dimension)
              .array();
      default -> new byte[0];
    };
  }

  @Override
  void writeRow(VectorId id, Vector vector, Optional<String> payload, Optional<Instant> expiresAt)
      throws IOException {
    row.position(valuesOffset);
    if (element == ElementType.FLOAT32) {
      row.asFloatBuffer().put(vector.floats());
    } else {
      row.asDoubleBuffer().put(vector.doubles());
    }
    out().write(row.array(), row.capacity());
  }

  @Override
  void completeHead() throws IOException {
    if (format == VectorFormat.FBIN && rows() > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException(rows() + " rows are too many for .fbin; use .npy");
    }
    if (format == VectorFormat.FVECS || (count.isPresent() && count.getAsLong() == rows())) {
      return;
    }
    if (!out().isFile()) {
      throw new IllegalStateException(
          count.orElse(0) + " rows were announced, " + rows() + " were written");
    }
    out().overwriteHead(head(rows()));
  }

  @Override
  public long simplifiedNaNs() {
    return 0;
  }
}
