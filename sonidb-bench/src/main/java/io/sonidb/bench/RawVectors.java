package io.sonidb.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/// The baseline of every measurement: a vector as its bytes with a CRC-32 behind them, which is the
/// least that a store which finds damage can do.
final class RawVectors {
  private static final int CRC_BYTES = 4;

  private RawVectors() {}

  /// Size of a vector of `dimension` float32 components, in bytes.
  static int size(int dimension) {
    return Float.BYTES * dimension + CRC_BYTES;
  }

  /// Writes [#size] bytes.
  static void write(float[] vector, byte[] out, int offset) {
    buffer(out, offset, Float.BYTES * vector.length).asFloatBuffer().put(vector);
    writeCrc(out, offset, Float.BYTES * vector.length);
  }

  /// Reads what [#write] has written.
  ///
  /// @throws IOException if the checksum is wrong
  static void read(byte[] in, int offset, float[] into) throws IOException {
    checkCrc(in, offset, Float.BYTES * into.length);
    buffer(in, offset, Float.BYTES * into.length).asFloatBuffer().get(into);
  }

  /// Size of a vector of `dimension` float64 components, in bytes.
  static int doubleSize(int dimension) {
    return Double.BYTES * dimension + CRC_BYTES;
  }

  /// Writes [#doubleSize] bytes.
  static void write(double[] vector, byte[] out, int offset) {
    buffer(out, offset, Double.BYTES * vector.length).asDoubleBuffer().put(vector);
    writeCrc(out, offset, Double.BYTES * vector.length);
  }

  /// Reads what [#write] has written.
  ///
  /// @throws IOException if the checksum is wrong
  static void read(byte[] in, int offset, double[] into) throws IOException {
    checkCrc(in, offset, Double.BYTES * into.length);
    buffer(in, offset, Double.BYTES * into.length).asDoubleBuffer().get(into);
  }

  private static void writeCrc(byte[] out, int offset, int size) {
    buffer(out, offset + size, CRC_BYTES).putInt(crc(out, offset, size));
  }

  private static void checkCrc(byte[] in, int offset, int size) throws IOException {
    int stored = buffer(in, offset + size, CRC_BYTES).getInt();
    if (stored != crc(in, offset, size)) {
      throw new IOException("the checksum of the vector at byte " + offset + " is wrong");
    }
  }

  private static int crc(byte[] bytes, int offset, int size) {
    CRC32 crc = new CRC32();
    crc.update(bytes, offset, size);
    return (int) crc.getValue();
  }

  private static ByteBuffer buffer(byte[] bytes, int offset, int size) {
    return ByteBuffer.wrap(bytes, offset, size).slice().order(ByteOrder.LITTLE_ENDIAN);
  }
}
