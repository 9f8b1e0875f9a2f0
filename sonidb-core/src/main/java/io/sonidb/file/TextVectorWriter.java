package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.core.io.JsonStringEncoder;

/// Writes `.jsonl` and `.csv`, readable by [JsonlReader] and [CsvReader] with the same bits.
final class TextVectorWriter extends VectorWriter {

  private static final int PLAIN_FLOAT32_NAN = Float.floatToIntBits(Float.NaN);
  private static final long PLAIN_FLOAT64_NAN = Double.doubleToLongBits(Double.NaN);

  private final boolean isJson;
  private final StringBuilder line = new StringBuilder();
  private long simplifiedNaNs;

  private TextVectorWriter(RowOutput out, VectorFormat format, int dimension, ElementType element) {
    super(out, dimension, element);
    this.isJson = format == VectorFormat.JSONL;
  }

  static TextVectorWriter start(
      RowOutput out, VectorFormat format, int dimension, ElementType element) throws IOException {
    TextVectorWriter writer = new TextVectorWriter(out, format, dimension, element);
    if (format == VectorFormat.CSV) {
      writer.line.append("id");
      for (int i = 0; i < dimension; i++) {
        writer.line.append(",v").append(i);
      }
      writer.line.append(",payload");
      writer.writeLine();
    }
    return writer;
  }

  @Override
  void writeRow(VectorId id, Vector vector, Optional<String> payload, Optional<Instant> expiresAt)
      throws IOException {
    // A line feed between the tokens of a JSON text is white space; within them it is always
    // escaped.
    Optional<String> onOneLine = payload.map(text -> text.replace('\n', ' ').replace('\r', ' '));
    if (isJson) {
      line.append("{\"id\":").append(id instanceof VectorId.Number ? id.toString() : quoted(id));
      line.append(",\"vector\":[");
      appendComponents(vector);
      line.append(']');
      onOneLine.ifPresent(text -> line.append(",\"payload\":").append(text));
      expiresAt.ifPresent(time -> line.append(",\"expires_at\":\"").append(time).append('"'));
      line.append('}');
    } else {
      line.append(field(id.toString())).append(',');
      appendComponents(vector);
      line.append(',').append(field(onOneLine.orElse("")));
    }
    writeLine();
  }

  private void appendComponents(Vector vector) {
    boolean isFloat32 = vector.elementType() == ElementType.FLOAT32;
    for (int i = 0; i < vector.dimension(); i++) {
      if (i > 0) {
        line.append(',');
      }
      if (isFloat32) {
        append(vector.floats()[i]);
      } else {
        append(vector.doubles()[i]);
      }
    }
  }

  private void append(float value) {
    if (Float.isFinite(value)) {
      line.append(value);
    } else {
      appendSpecial(
          Float.toString(value),
          Float.isNaN(value) && Float.floatToRawIntBits(value) != PLAIN_FLOAT32_NAN);
    }
  }

  private void append(double value) {
    if (Double.isFinite(value)) {
      line.append(value);
    } else {
      appendSpecial(
          Double.toString(value),
          Double.isNaN(value) && Double.doubleToRawLongBits(value) != PLAIN_FLOAT64_NAN);
    }
  }

  private void appendSpecial(String name, boolean simplified) {
    simplifiedNaNs += simplified ? 1 : 0;
    String quote = isJson ? "\"" : "";
    line.append(quote).append(name).append(quote);
  }

  private static String quoted(VectorId id) {
    return "\""
        + new String(JsonStringEncoder.getInstance().quoteAsCharArray(id.toString()))
        + "\"";
  }

  private static String field(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }

  private void writeLine() throws IOException {
    byte[] bytes = line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    out().write(bytes, bytes.length);
    line.setLength(0);
  }

  @Override
  void completeHead() {}

  @Override
  public long simplifiedNaNs() {
    return simplifiedNaNs;
  }
}
