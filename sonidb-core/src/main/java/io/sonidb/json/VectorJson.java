package io.sonidb.json;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.UTF8JsonGenerator;

/// Vectors as arrays of numbers, in JSON or CBOR. Each component is rounded once, to what the
/// collection holds, and is written as the shortest decimal that comes back with the same bits. NaN
/// and infinities are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
public final class VectorJson {
  private final ElementType element;
  private final int expected;

  /// @param element what vectors are made of
  /// @param expected how many components there will be, most likely
  public VectorJson(ElementType element, int expected) {
    this.element = element;
    this.expected = expected;
  }

  // Reading ----------------------------------------------------------------------------------

  /// Reads the vector whose array the parser has just entered. A [FedJsonParser] is not asked for a
  /// token per number.
  ///
  /// @throws MalformedVectorException if it holds anything but numbers, or too many or too large
  public Vector read(JsonParser from) {
    return element == ElementType.FLOAT32 ? floats(from) : doubles(from);
  }

  private Vector floats(JsonParser from) {
    FloatRow row = new FloatRow(expected);
    if (from instanceof FedJsonParser fed) {
      fed.readPlain(row);
    }
    for (JsonToken token = from.nextToken();
        token != JsonToken.END_ARRAY;
        token = from.nextToken()) {
      if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
        row.addFinite(from.getFloatValue());
      } else {
        row.add((float) special(from, token, row.size()));
      }
    }
    return row.vector();
  }

  private Vector doubles(JsonParser from) {
    double[] components = new double[expected];
    int size = 0;
    for (JsonToken token = from.nextToken();
        token != JsonToken.END_ARRAY;
        token = from.nextToken()) {
      if (size == components.length) {
        components = Arrays.copyOf(components, FloatRow.grown(size));
      }
      double component;
      if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
        component = from.getDoubleValue();
        if (Double.isInfinite(component)) {
          throw tooLarge(size, "float64");
        }
      } else {
        component = special(from, token, size);
      }
      components[size++] = component;
    }
    return Vector.sharing(size == components.length ? components : Arrays.copyOf(components, size));
  }

  static MalformedVectorException tooLarge(int index, String element) {
    return new MalformedVectorException(
        "vector component " + index + " is no " + element + ": too large", false);
  }

  private static double special(JsonParser from, JsonToken token, int index) {
    if (token == JsonToken.VALUE_STRING) {
      switch (from.getString()) {
        case "NaN" -> {
          return Double.NaN;
        }
        case "Infinity" -> {
          return Double.POSITIVE_INFINITY;
        }
        case "-Infinity" -> {
          return Double.NEGATIVE_INFINITY;
        }
        default -> {
          // said below
        }
      }
    }
    boolean isNested = token == JsonToken.START_ARRAY || token == JsonToken.START_OBJECT;
    throw new MalformedVectorException("vector component " + index + " is no number", isNested);
  }

  // Writing ----------------------------------------------------------------------------------

  /// Writes a vector as a value.
  public static void write(Vector vector, JsonGenerator to) {
    if (vector.elementType() == ElementType.FLOAT32
        && to instanceof UTF8JsonGenerator
        && to.streamWriteOutputTarget() instanceof OutputStream bytes) {
      to.writeRawValue(""); // the comma or colon before it
      to.flush();
      write(vector.floats(), bytes);
      return;
    }
    to.writeStartArray();
    if (vector.elementType() == ElementType.FLOAT32) {
      for (float component : vector.floats()) {
        if (Float.isFinite(component)) {
          to.writeNumber(component);
        } else {
          to.writeString(Float.toString(component));
        }
      }
    } else {
      for (double component : vector.doubles()) {
        if (Double.isFinite(component)) {
          to.writeNumber(component);
        } else {
          to.writeString(Double.toString(component));
        }
      }
    }
    to.writeEndArray();
  }

  private static void write(float[] components, OutputStream to) {
    byte[] text = new byte[components.length * 16 + FloatText.ROOM];
    int size = 1;
    text[0] = '[';
    for (float component : components) {
      size = FloatText.write(component, text, size);
      text[size++] = ',';
    }
    size -= components.length == 0 ? 0 : 1; // the last comma
    text[size++] = ']';
    try {
      to.write(text, 0, size);
    } catch (IOException e) {
      throw JacksonIOException.construct(e);
    }
  }
}
