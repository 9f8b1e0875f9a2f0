package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// Comma-separated values: a vector a record, one component a field.
///
/// A first line of names is a header. Its column `id` holds ids and its column `payload` JSON
/// objects; all others are components, in their order. A file without a header has components only.
final class CsvReader extends VectorReader {

  private static final int NONE = -1;

  private final CsvRecords records;
  private final ElementType element;
  private final VectorBuilder builder;
  private int idColumn = NONE;
  private int payloadColumn = NONE;
  private int fields;
  private boolean firstIsAhead;
  private boolean empty;
  private long rows;

  private CsvReader(ByteSource source, ElementType element) throws IOException {
    super(source, VectorFormat.CSV);
    this.records = new CsvRecords(source);
    this.element = element;
    this.builder = new VectorBuilder(element);
  }

  static CsvReader start(ByteSource source, ElementType element) throws IOException {
    CsvReader reader = new CsvReader(source, element);
    reader.readHeader();
    return reader;
  }

  private void readHeader() throws IOException {
    empty = !records.next();
    if (empty) {
      return;
    }
    fields = records.count();
    firstIsAhead = !isHeader();
    if (dimension() < 1) {
      throw records.malformed(0, "the header names no column for components");
    }
    if (dimension() > Vector.MAX_DIMENSION) {
      throw records.malformed(0, dimension() + " components are more than " + Vector.MAX_DIMENSION);
    }
  }

  private boolean isHeader() throws IOException {
    int numbers = 0;
    boolean counting = true;
    for (int i = 0; i < fields; i++) {
      String field = records.field(i).strip();
      if (field.equals("id")) {
        checkFirst(idColumn, i, field);
        idColumn = i;
      } else if (field.equals("payload")) {
        checkFirst(payloadColumn, i, field);
        payloadColumn = i;
      } else if (isNumber(field)) {
        numbers++;
      }
      counting &= field.equals(Integer.toString(i));
    }
    boolean named = idColumn != NONE || payloadColumn != NONE;
    if (!named && numbers > 0 && numbers < fields) {
      throw records.malformed(
          0,
          "some of the first line's fields are numbers and some are not; name the columns in a header line, \"id\" that of the ids");
    }
    if (!named && counting && fields > 2) {
      // What pandas writes for columns without names. Taking it for a vector or dropping it are
      // both wrong
      // half of the time.
      throw records.malformed(
          0, "0,1,2,... may be a vector or a header; remove the line or give the columns names");
    }
    return named || numbers == 0;
  }

  private void checkFirst(int before, int index, String name) throws IOException {
    if (before != NONE) {
      throw records.malformed(index, "a second column \"" + name + "\"");
    }
  }

  private static boolean isNumber(String field) {
    try {
      DecimalText.float64(field);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public int dimension() {
    return fields - (idColumn == NONE ? 0 : 1) - (payloadColumn == NONE ? 0 : 1);
  }

  @Override
  public ElementType elementType() {
    return element;
  }

  @Override
  public String sourceType() {
    return "decimal";
  }

  @Override
  public OptionalLong count() {
    return empty ? OptionalLong.of(0) : OptionalLong.empty();
  }

  @Override
  public Optional<VectorRow> next() throws IOException {
    if (!firstIsAhead && (empty || !records.next())) {
      empty = true;
      return Optional.empty();
    }
    firstIsAhead = false;
    if (records.count() != fields) {
      throw records.malformed(
          records.count() - 1,
          "the record has " + records.count() + " fields, the first line " + fields);
    }
    builder.clear();
    Optional<VectorId> id = Optional.empty();
    Optional<String> payload = Optional.empty();
    for (int i = 0; i < fields; i++) {
      if (i == idColumn) {
        id = Optional.of(id(i));
      } else if (i == payloadColumn) {
        payload = Optional.of(records.field(i)).filter(text -> !text.isBlank());
      } else {
        addComponent(i);
      }
    }
    return Optional.of(
        new VectorRow(rows++, records.line(), id, builder.vector(), payload, Optional.empty()));
  }

  private VectorId id(int index) throws IOException {
    try {
      return VectorId.parse(records.field(index));
    } catch (IllegalArgumentException e) {
      throw records.malformed(index, String.valueOf(e.getMessage()));
    }
  }

  private void addComponent(int index) throws IOException {
    try {
      builder.add(records.field(index).strip());
    } catch (IllegalArgumentException e) {
      throw records.malformed(index, String.valueOf(e.getMessage()));
    }
  }
}
