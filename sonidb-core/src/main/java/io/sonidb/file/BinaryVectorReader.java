package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalLong;

/// Rows of fixed size behind a head: `.npy .fvecs .bvecs .fbin .u8bin .i8bin`.
///
/// A file's size is compared with what its head claims before the first row is given, so that a
/// truncated file is refused whole. A stream is refused at the row where it ends.
final class BinaryVectorReader extends VectorReader {

  /// Where rows are: the number type and order, and whether each row repeats the dimension.
  private record Layout(
      NumberType type, ByteOrder order, int dimension, OptionalLong rows, boolean prefixed) {

    int rowBytes() {
      return (prefixed ? Integer.BYTES : 0) + dimension * type.bytes();
    }
  }

  private final Layout layout;
  private final ElementType element;
  private final OptionalLong count;
  private final ByteBuffer row;
  private long number;

  private BinaryVectorReader(
      ByteSource source,
      VectorFormat format,
      Layout layout,
      ElementType element,
      OptionalLong count) {
    super(source, format);
    this.layout = layout;
    this.element = element;
    this.count = count;
    this.row = ByteBuffer.allocate(layout.rowBytes()).order(layout.order());
  }

  static BinaryVectorReader start(
      ByteSource source, VectorFormat format, Optional<ElementType> element) throws IOException {
    Layout layout =
        switch (format) {
          case NPY -> npy(source);
          case FVECS -> vecs(source, NumberType.FLOAT32);
          case BVECS -> vecs(source, NumberType.UINT8);
          case FBIN -> bin(source, NumberType.FLOAT32);
          case U8BIN -> bin(source, NumberType.UINT8);
          case I8BIN -> bin(source, NumberType.INT8);
          case JSONL, CSV -> throw new AssertionError(format);
        };
    OptionalLong count = checkedCount(source, layout);
    ElementType wanted = element.orElse(layout.type().natural());
    return new BinaryVectorReader(source, format, layout, wanted, count);
  }

  private static Layout npy(ByteSource source) throws IOException {
    NpyFormat head = NpyFormat.read(source);
    return new Layout(
        head.type(), head.order(), head.columns(), OptionalLong.of(head.rows()), false);
  }

  private static Layout vecs(ByteSource source, NumberType type) throws IOException {
    byte[] first = source.peek(Integer.BYTES);
    if (first.length < Integer.BYTES) {
      throw source.malformedAt(first.length, "truncated: ends within the first row's dimension");
    }
    int dimension = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getInt();
    checkDimension(source, 0, Integer.toUnsignedLong(dimension));
    return new Layout(type, ByteOrder.LITTLE_ENDIAN, dimension, OptionalLong.empty(), true);
  }

  private static Layout bin(ByteSource source, NumberType type) throws IOException {
    byte[] head = new byte[2 * Integer.BYTES];
    int read = source.read(head, 0, head.length);
    if (read < head.length) {
      throw source.malformedAt(read, "truncated: ends within the count and the dimension");
    }
    ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    long rows = Integer.toUnsignedLong(fields.getInt());
    long dimension = Integer.toUnsignedLong(fields.getInt());
    checkDimension(source, Integer.BYTES, dimension);
    return new Layout(type, ByteOrder.LITTLE_ENDIAN, (int) dimension, OptionalLong.of(rows), false);
  }

  private static void checkDimension(ByteSource source, long offset, long dimension)
      throws IOException {
    if (dimension < 1 || dimension > Vector.MAX_DIMENSION) {
      throw source.malformedAt(
          offset, "dimension must be 1 to " + Vector.MAX_DIMENSION + ", is " + dimension);
    }
  }

  /// The number of rows, compared with the file's size where that is known.
  private static OptionalLong checkedCount(ByteSource source, Layout layout) throws IOException {
    if (source.size().isEmpty()) {
      return layout.rows();
    }
    long size = source.size().getAsLong();
    long there = size - source.position();
    if (layout.rows().isEmpty()) {
      if (there % layout.rowBytes() != 0) {
        throw source.malformedAt(
            size - there % layout.rowBytes(),
            "truncated: %,d bytes are no whole number of rows of %,d bytes (dimension %d)"
                .formatted(there, layout.rowBytes(), layout.dimension()));
      }
      return OptionalLong.of(there / layout.rowBytes());
    }
    long rows = layout.rows().getAsLong();
    // rows * rowBytes does not overflow: checked for .npy, and 32 + 17 bits for the others.
    long claimed = rows * layout.rowBytes();
    if (there != claimed) {
      throw source.malformedAt(
          size,
          "%s: the head claims %d rows of %d %s, %d bytes, but %d bytes follow it"
              .formatted(
                  there < claimed ? "truncated" : "too long",
                  rows,
                  layout.dimension(),
                  layout.type().label(),
                  claimed,
                  there));
    }
    return layout.rows();
  }

  @Override
  public int dimension() {
    return layout.dimension();
  }

  @Override
  public ElementType elementType() {
    return element;
  }

  @Override
  public String sourceType() {
    return layout.type().label();
  }

  @Override
  public OptionalLong count() {
    return count;
  }

  @Override
  public Optional<VectorRow> next() throws IOException {
    long start = source().position();
    if (count.isPresent() && number == count.getAsLong()) {
      if (source().read() >= 0) {
        throw source().malformedAt(start, "bytes follow the last of " + number + " rows");
      }
      return Optional.empty();
    }
    int read = source().read(row.array(), 0, row.capacity());
    if (read == 0 && count.isEmpty()) {
      return Optional.empty();
    }
    if (read < row.capacity()) {
      throw source()
          .malformedAt(
              start + read,
              "truncated: row %d has %d of %d bytes".formatted(number, read, row.capacity()));
    }
    row.rewind();
    if (layout.prefixed() && row.getInt() != layout.dimension()) {
      throw source()
          .malformedAt(
              start,
              "row %d has dimension %d, the rows before it %d"
                  .formatted(number, row.getInt(0), layout.dimension()));
    }
    Vector vector = vector(start);
    return Optional.of(
        new VectorRow(
            number++, start, Optional.empty(), vector, Optional.empty(), Optional.empty()));
  }

  private Vector vector(long start) throws IOException {
    ByteBuffer numbers = row.slice().order(layout.order());
    if (element == ElementType.FLOAT32) {
      float[] values = new float[layout.dimension()];
      checkExact(layout.type().widen(numbers, values), numbers, start);
      return Vector.sharing(values);
    }
    double[] values = new double[layout.dimension()];
    checkExact(layout.type().widen(numbers, values), numbers, start);
    return Vector.sharing(values);
  }

  private void checkExact(int failed, ByteBuffer numbers, long start) throws IOException {
    if (failed == NumberType.ALL) {
      return;
    }
    String wanted = element == ElementType.FLOAT32 ? "float32" : "float64";
    long offset =
        start + row.capacity() - numbers.capacity() + (long) failed * layout.type().bytes();
    String fix =
        element == ElementType.FLOAT32
            ? "use a float64 collection, or round the file to float32 first"
            : "round the file to float64 first";
    throw source()
        .unsupported(
            "byte " + offset,
            "row %d, component %d: %s value %s is no exact %s; %s"
                .formatted(
                    number,
                    failed,
                    layout.type().label(),
                    layout.type().print(numbers, failed),
                    wanted,
                    fix));
  }
}
