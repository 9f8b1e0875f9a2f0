package io.sonidb.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes small models by hand: the few messages of ONNX's protocol buffers (onnx.proto3) that they
/// need.
final class OnnxFile {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int STRING = 8;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /// A shape whose 0 stands for any size.
  static OnnxFile value(String name, int type, int... shape) {
    OnnxFile dimensions = new OnnxFile();
    for (int size : shape) {
      OnnxFile dimension = new OnnxFile();
      dimensions.message(1, size == 0 ? dimension.text(2, "n") : dimension.number(1, size));
    }
    OnnxFile tensor = new OnnxFile().number(1, type).message(2, dimensions);
    return new OnnxFile().text(1, name).message(2, new OnnxFile().message(1, tensor));
  }

  static OnnxFile floats(String name, float[] values, int... shape) {
    OnnxFile tensor = new OnnxFile();
    for (int size : shape) {
      tensor.number(1, size);
    }
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    return tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array());
  }

  static OnnxFile node(String operator, String output, String... inputs) {
    OnnxFile node = new OnnxFile();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(4, operator);
  }

  /// Softmax of a product with a matrix, `float[dimension * width]`, and the number of the largest.
  static byte[] classifier(float[] matrix, int batch, int dimension, int width) {
    OnnxFile graph =
        new OnnxFile()
            .message(1, node("MatMul", "product", "vectors", "matrix"))
            .message(1, node("Softmax", "chances", "product"))
            .message(1, node("ArgMax", "best", "product").message(5, axis(1)))
            .text(2, "classifier")
            .message(5, floats("matrix", matrix, dimension, width))
            .message(11, value("vectors", FLOAT, batch, dimension))
            .message(12, value("chances", FLOAT, batch, width))
            .message(12, value("best", INT64, batch, 1));
    return model(graph);
  }

  private static OnnxFile axis(int axis) {
    return new OnnxFile().text(1, "axis").number(3, axis).number(20, 2);
  }

  static byte[] model(OnnxFile graph) {
    OnnxFile opset = new OnnxFile().text(1, "").number(2, 13);
    return new OnnxFile().number(1, 8).message(7, graph).message(8, opset).out.toByteArray();
  }

  OnnxFile number(int field, long value) {
    varint(field << 3);
    varint(value);
    return this;
  }

  OnnxFile text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  OnnxFile message(int field, OnnxFile message) {
    return bytes(field, message.out.toByteArray());
  }

  OnnxFile bytes(int field, byte[] bytes) {
    varint((field << 3) | 2);
    varint(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
