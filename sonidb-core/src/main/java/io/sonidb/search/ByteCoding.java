package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.FLOAT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.apache.lucene.util.VectorUtil;

/// A byte for each component, as a multiple of the largest one's 127th part, which follows as a
/// float32; for the Euclidean distance, the vector's square as well.
final class ByteCoding extends Coding {
  static final int KIND = 8;

  private static final int STEPS = 127;

  private final byte[] buffer;

  ByteCoding(Score score, int dimension) {
    super(score, dimension);
    this.buffer = new byte[dimension];
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  int codeBytes() {
    return dimension + (score == Score.EUCLID ? 8 : 4);
  }

  @Override
  int probeBytes() {
    return 0;
  }

  @Override
  boolean encode(
      float[] prepared, MemorySegment codes, long at, MemorySegment probes, long probeAt) {
    float step = quantise(prepared, buffer);
    MemorySegment.copy(buffer, 0, codes, ValueLayout.JAVA_BYTE, at, dimension);
    codes.set(FLOAT, at + dimension, step);
    if (score == Score.EUCLID) {
      codes.set(FLOAT, at + dimension + 4, (float) square(prepared));
    }
    return true;
  }

  private static float quantise(float[] vector, byte[] code) {
    float largest = 0;
    for (float component : vector) {
      largest = Math.max(largest, Math.abs(component));
    }
    float step = largest / STEPS;
    float scale = step > 0 ? 1 / step : 0;
    if (Float.isInfinite(scale)) {
      scale = 0; // so small that it is as good as zero
      step = 0;
    }
    for (int i = 0; i < code.length; i++) {
      code[i] = (byte) Math.round(vector[i] * scale);
    }
    return step;
  }

  @Override
  CodeScorer scorer(MemorySegment codes, MemorySegment probes) {
    return new ByteScorer(codes);
  }

  private final class ByteScorer extends CodeScorer {
    private final byte[] wanted;
    private final byte[] other = new byte[dimension];
    private float step;
    private float square;

    ByteScorer(MemorySegment codes) {
      super(codes, codeBytes());
      this.wanted = new byte[dimension];
    }

    private ByteScorer(MemorySegment codes, ByteScorer aimed) {
      super(codes, codeBytes());
      this.wanted = aimed.wanted;
      this.step = aimed.step;
      this.square = aimed.square;
    }

    @Override
    CodeScorer over(MemorySegment others) {
      return new ByteScorer(others, this);
    }

    @Override
    void aim(float[] prepared) {
      step = quantise(prepared, wanted);
      square = (float) Coding.square(prepared);
    }

    @Override
    void aimAt(int node) {
      long at = (long) node * codeBytes;
      MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, at, wanted, 0, dimension);
      step = codes.get(FLOAT, at + dimension);
      square = score == Score.EUCLID ? codes.get(FLOAT, at + dimension + 4) : 0;
    }

    @Override
    float score(int node) {
      long at = (long) node * codeBytes;
      MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, at, other, 0, dimension);
      float product =
          VectorUtil.dotProduct(wanted, other) * step * codes.get(FLOAT, at + dimension);
      return score == Score.EUCLID
          ? ofSquaredDistance(square + codes.get(FLOAT, at + dimension + 4) - 2 * product)
          : ofProduct(product);
    }
  }
}
