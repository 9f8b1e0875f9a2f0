package io.sonidb.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.sonidb.cli.model.Model;
import io.sonidb.cli.model.ModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A model with one input `[batch, dimension]` of float32 or float64. Rows go through memory off
/// the heap that is used again. A model whose batch is fixed gets its rows in pieces of that size,
/// the last one filled up with zeros.
final class OnnxModel implements Model {
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String input;
  private final boolean isDouble;
  private final int fixedBatch; // 0 for any
  private final int dimension;
  private ByteBuffer memory = ByteBuffer.allocateDirect(0);

  private OnnxModel(
      OrtEnvironment environment,
      OrtSession session,
      String input,
      boolean isDouble,
      int fixedBatch,
      int dimension) {
    this.environment = environment;
    this.session = session;
    this.input = input;
    this.isDouble = isDouble;
    this.fixedBatch = fixedBatch;
    this.dimension = dimension;
  }

  static OnnxModel of(OrtEnvironment environment, OrtSession session)
      throws OrtException, ModelException {
    Collection<NodeInfo> inputs = session.getInputInfo().values();
    Collection<NodeInfo> outputs = session.getOutputInfo().values();
    String told = "inputs " + described(inputs) + ", outputs " + described(outputs);
    NodeInfo node = inputs.isEmpty() ? null : inputs.iterator().next();
    if (inputs.size() != 1
        || node == null
        || !(node.getInfo() instanceof TensorInfo tensor)
        || tensor.getShape().length != 2
        || (tensor.type != OnnxJavaType.FLOAT && tensor.type != OnnxJavaType.DOUBLE)) {
      throw new ModelException(
          "a model needs one input [batch, dimension] of float or double; this one has " + told);
    }
    for (NodeInfo output : outputs) {
      if (!(output.getInfo() instanceof TensorInfo info) || !isNumeric(info.type)) {
        throw new ModelException(
            "outputs must be tensors of float, double, int32 or int64; this one has " + told);
      }
    }
    long[] shape = tensor.getShape();
    return new OnnxModel(
        environment,
        session,
        node.getName(),
        tensor.type == OnnxJavaType.DOUBLE,
        (int) Math.max(0, shape[0]),
        (int) Math.max(0, shape[1]));
  }

  private static boolean isNumeric(OnnxJavaType type) {
    return type == OnnxJavaType.FLOAT
        || type == OnnxJavaType.DOUBLE
        || type == OnnxJavaType.INT32
        || type == OnnxJavaType.INT64;
  }

  private static String described(Collection<NodeInfo> nodes) {
    return nodes.stream()
        .map(node ->
            node.getInfo() instanceof TensorInfo tensor
                ? node.getName() + ": " + tensor.type + shape(tensor)
                : node.getName() + ": no tensor")
        .collect(Collectors.joining(", "));
  }

  private static String shape(TensorInfo tensor) {
    return Arrays.stream(tensor.getShape())
        .mapToObj(size -> size < 0 ? "?" : String.valueOf(size))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public List<Output> run(float[] rows, int count) throws ModelException {
    int width = rows.length / count;
    int step = fixedBatch == 0 ? count : fixedBatch;
    List<Output> all = new ArrayList<>();
    for (int from = 0; from < count; from += step) {
      List<Output> some = some(rows, from * width, Math.min(step, count - from), step, width);
      all = from == 0 ? some : joined(all, some, from);
    }
    return all;
  }

  /// The outputs of `before` rows, and those of the rows after them.
  private static List<Output> joined(List<Output> first, List<Output> second, int before) {
    List<Output> all = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      Output one = first.get(i);
      Values head = one.values();
      Values tail = second.get(i).values();
      int border = before * one.width();
      all.add(
          new Output(
              one.name(),
              one.width(),
              one.isSingle(),
              index -> index < border ? head.at(index) : tail.at(index - border)));
    }
    return all;
  }

  private List<Output> some(float[] rows, int from, int count, int batch, int width)
      throws ModelException {
    int bytes = batch * width * (isDouble ? Double.BYTES : Float.BYTES);
    if (memory.capacity() < bytes) {
      memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
    memory.clear().limit(bytes);
    long[] shape = {batch, width};
    try (OnnxTensor tensor =
            isDouble
                ? OnnxTensor.createTensor(environment, doubles(rows, from, count * width), shape)
                : OnnxTensor.createTensor(environment, floats(rows, from, count * width), shape);
        OrtSession.Result result = session.run(Map.of(input, tensor))) {
      List<Output> outputs = new ArrayList<>();
      for (Map.Entry<String, OnnxValue> each : result) {
        outputs.add(output(each.getKey(), (OnnxTensor) each.getValue(), batch));
      }
      return outputs;
    } catch (OrtException e) {
      throw new ModelException("the model fails: " + e.getMessage());
    }
  }

  private FloatBuffer floats(float[] rows, int from, int count) {
    FloatBuffer buffer = memory.asFloatBuffer();
    buffer.put(rows, from, count);
    while (buffer.hasRemaining()) {
      buffer.put(0);
    }
    return buffer.rewind();
  }

  private DoubleBuffer doubles(float[] rows, int from, int count) {
    DoubleBuffer buffer = memory.asDoubleBuffer();
    for (int i = 0; i < count; i++) {
      buffer.put(rows[from + i]);
    }
    while (buffer.hasRemaining()) {
      buffer.put(0);
    }
    return buffer.rewind();
  }

  private static Output output(String name, OnnxTensor tensor, int batch) throws ModelException {
    TensorInfo info = tensor.getInfo();
    long[] shape = info.getShape();
    if (shape.length == 0 || shape[0] != batch) {
      throw new ModelException(
          "output " + name + shape(info) + " has no row for each of " + batch + " vectors");
    }
    int width = (int) (info.getNumElements() / batch);
    boolean isSingle = info.type == OnnxJavaType.FLOAT;
    return switch (info.type) {
      case FLOAT -> {
        FloatBuffer values = tensor.getFloatBuffer();
        yield new Output(name, width, isSingle, values::get);
      }
      case DOUBLE -> {
        DoubleBuffer values = tensor.getDoubleBuffer();
        yield new Output(name, width, isSingle, values::get);
      }
      case INT32 -> {
        IntBuffer values = tensor.getIntBuffer();
        yield new Output(name, width, isSingle, values::get);
      }
      case INT64 -> {
        LongBuffer values = tensor.getLongBuffer();
        yield new Output(name, width, isSingle, values::get);
      }
      default -> throw new ModelException("output " + name + " is of type " + info.type);
    };
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
