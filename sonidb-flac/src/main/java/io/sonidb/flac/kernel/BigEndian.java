package io.sonidb.flac.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Numbers in byte arrays, most significant byte first, at any offset.
///
/// Each access is one load or store and one byte swap; the array bound is checked by the handle.
public final class BigEndian {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private BigEndian() {}

  public static long readLong(byte[] in, int offset) {
    return (long) LONG.get(in, offset);
  }

  public static void writeLong(byte[] out, int offset, long value) {
    LONG.set(out, offset, value);
  }

  public static int readInt(byte[] in, int offset) {
    return (int) INT.get(in, offset);
  }

  public static void writeInt(byte[] out, int offset, int value) {
    INT.set(out, offset, value);
  }

  public static int readShort(byte[] in, int offset) {
    return (in[offset] & 0xff) << 8 | (in[offset + 1] & 0xff);
  }

  public static void writeShort(byte[] out, int offset, int value) {
    out[offset] = (byte) (value >>> 8);
    out[offset + 1] = (byte) value;
  }

  public static int readTriple(byte[] in, int offset) {
    return (in[offset] & 0xff) << 16 | readShort(in, offset + 1);
  }

  public static void writeTriple(byte[] out, int offset, int value) {
    out[offset] = (byte) (value >>> 16);
    writeShort(out, offset + 1, value);
  }
}
