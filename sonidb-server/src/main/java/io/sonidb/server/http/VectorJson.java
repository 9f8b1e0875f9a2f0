package io.sonidb.server.http;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.util.Arrays;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Vectors as arrays of numbers, read straight from the tokens: each component is rounded once, to
/// what the collection holds. NaN and infinities are the strings `"NaN"`, `"Infinity"` and
/// `"-Infinity"`.
final class VectorJson {
  static final String ONE_DENSE_ONLY =
      "named, sparse and multi-vectors are not supported, nor is inference: a point has one dense"
          + " vector, an array of numbers";

  private final ElementType element;
  private final int expected;

  /// @param expected how many components there will be, most likely
  VectorJson(ElementType element, int expected) {
    this.element = element;
    this.expected = expected;
  }

  /// Reads the vector whose array the parser has just entered.
  Vector read(JsonParser from) {
    return element == ElementType.FLOAT32 ? readFloats(from) : readDoubles(from);
  }

  private Vector readFloats(JsonParser from) {
    float[] components = new float[expected];
    int size = 0;
    for (JsonToken token = from.nextToken();
        token != JsonToken.END_ARRAY;
        token = from.nextToken()) {
      if (size == components.length) {
        components = Arrays.copyOf(components, grown(size));
      }
      if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
        float component = from.getFloatValue();
        if (Float.isInfinite(component)) {
          throw ApiException.format("vector component " + size + " is no float32: too large");
        }
        components[size++] = component;
      } else {
        components[size++] = (float) notANumber(from, token, size);
      }
    }
    return Vector.sharing(size == components.length ? components : Arrays.copyOf(components, size));
  }

  private Vector readDoubles(JsonParser from) {
    double[] components = new double[expected];
    int size = 0;
    for (JsonToken token = from.nextToken();
        token != JsonToken.END_ARRAY;
        token = from.nextToken()) {
      if (size == components.length) {
        components = Arrays.copyOf(components, grown(size));
      }
      if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
        double component = from.getDoubleValue();
        if (Double.isInfinite(component)) {
          throw ApiException.format("vector component " + size + " is no float64: too large");
        }
        components[size++] = component;
      } else {
        components[size++] = notANumber(from, token, size);
      }
    }
    return Vector.sharing(size == components.length ? components : Arrays.copyOf(components, size));
  }

  private static int grown(int size) {
    if (size >= Vector.MAX_DIMENSION) {
      throw ApiException.wrongInput("a vector has at most " + Vector.MAX_DIMENSION + " components");
    }
    return Math.min(Vector.MAX_DIMENSION, 2 * size + 16);
  }

  private static double notANumber(JsonParser from, JsonToken token, int index) {
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
    if (token == JsonToken.START_ARRAY || token == JsonToken.START_OBJECT) {
      throw ApiException.wrongInput(ONE_DENSE_ONLY);
    }
    throw ApiException.format("vector component " + (index - 1) + " is no number");
  }

  static void write(Vector vector, JsonGenerator to) {
    to.writeStartArray();
    if (vector.elementType() == ElementType.FLOAT32) {
      for (float component : vector.floats()) {
        to.writeNumber(component);
      }
    } else {
      for (double component : vector.doubles()) {
        to.writeNumber(component);
      }
    }
    to.writeEndArray();
  }
}
