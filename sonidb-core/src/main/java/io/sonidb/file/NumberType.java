package io.sonidb.file;

import io.sonidb.sound.ElementType;
import java.nio.ByteBuffer;
import java.util.Locale;

/// Number types of binary files and how they become float32 or float64: exactly, or not at all.
enum NumberType {
  FLOAT16(2, ElementType.FLOAT32),
  FLOAT32(4, ElementType.FLOAT32),
  FLOAT64(8, ElementType.FLOAT64),
  INT8(1, ElementType.FLOAT32),
  UINT8(1, ElementType.FLOAT32),
  INT16(2, ElementType.FLOAT32),
  UINT16(2, ElementType.FLOAT32),
  INT32(4, ElementType.FLOAT64),
  UINT32(4, ElementType.FLOAT64),
  INT64(8, ElementType.FLOAT64),
  UINT64(8, ElementType.FLOAT64);

  /// What the widening methods return when every value came through exactly.
  static final int ALL = -1;

  private static final int FLOAT32_PRECISION = 24;
  private static final int FLOAT64PRECISION = 53;

  private final int bytes;
  private final ElementType natural;

  NumberType(int bytes, ElementType natural) {
    this.bytes = bytes;
    this.natural = natural;
  }

  /// Size of one number in bytes.
  int bytes() {
    return bytes;
  }

  /// The narrowest element type that holds every number of this type; int64 and uint64 have none
  /// and say float64, which holds those up to 2^53.
  ElementType natural() {
    return natural;
  }

  /// The name as NumPy writes it: `float32`, `uint8`.
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Converts a row to float32.
  ///
  /// @param row the numbers, from the buffer's position on, in the buffer's byte order
  /// @return [#ALL], or the index of the first number that no float32 equals
  int widen(ByteBuffer row, float[] into) {
    switch (this) {
      case FLOAT32 -> row.asFloatBuffer().get(into);
      case FLOAT16 -> {
        for (int i = 0; i < into.length; i++) {
          into[i] = ofFloat16(row.getShort());
        }
      }
      case FLOAT64 -> {
        for (int i = 0; i < into.length; i++) {
          long bits = row.getLong();
          into[i] = ofFloat64(bits);
          if (Double.doubleToRawLongBits(ofFloat32(Float.floatToRawIntBits(into[i]))) != bits) {
            return i;
          }
        }
      }
      default -> {
        for (int i = 0; i < into.length; i++) {
          long value = integer(row);
          if (!fits(value, FLOAT32_PRECISION)) {
            return i;
          }
          into[i] = (float) asDouble(value);
        }
      }
    }
    return ALL;
  }

  /// Converts a row to float64.
  ///
  /// @param row the numbers, from the buffer's position on, in the buffer's byte order
  /// @return [#ALL], or the index of the first number that no float64 equals
  int widen(ByteBuffer row, double[] into) {
    switch (this) {
      case FLOAT64 -> row.asDoubleBuffer().get(into);
      case FLOAT32 -> {
        for (int i = 0; i < into.length; i++) {
          into[i] = ofFloat32(row.getInt());
        }
      }
      case FLOAT16 -> {
        for (int i = 0; i < into.length; i++) {
          into[i] = ofFloat32(Float.floatToRawIntBits(ofFloat16(row.getShort())));
        }
      }
      default -> {
        for (int i = 0; i < into.length; i++) {
          long value = integer(row);
          if (!fits(value, FLOAT64PRECISION)) {
            return i;
          }
          into[i] = asDouble(value);
        }
      }
    }
    return ALL;
  }

  /// The decimal print of one number, for messages.
  String print(ByteBuffer row, int index) {
    ByteBuffer at = row.duplicate().order(row.order());
    at.position(index * bytes);
    return switch (this) {
      case FLOAT16 -> Float.toString(ofFloat16(at.getShort()));
      case FLOAT32 -> Float.toString(at.getFloat());
      case FLOAT64 -> Double.toString(at.getDouble());
      case UINT64 -> Long.toUnsignedString(at.getLong());
      default -> Long.toString(integer(at));
    };
  }

  /// The next integer; one of 64 unsigned bits comes back as the same 64 bits.
  private long integer(ByteBuffer row) {
    return switch (this) {
      case INT8 -> row.get();
      case UINT8 -> row.get() & 0xFFL;
      case INT16 -> row.getShort();
      case UINT16 -> row.getShort() & 0xFFFFL;
      case INT32 -> row.getInt();
      case UINT32 -> row.getInt() & 0xFFFF_FFFFL;
      case INT64, UINT64 -> row.getLong();
      case FLOAT16, FLOAT32, FLOAT64 -> throw new AssertionError(this);
    };
  }

  /// Whether the integer's significant bits are few enough to be a float's significand.
  private boolean fits(long value, int precision) {
    long magnitude = this == UINT64 || value >= 0 ? value : -value;
    return magnitude == 0
        || Long.SIZE - Long.numberOfLeadingZeros(magnitude) - Long.numberOfTrailingZeros(magnitude)
            <= precision;
  }

  /// The value of an integer that fits: no rounding takes place.
  private double asDouble(long value) {
    return this == UINT64 && value < 0 ? (double) (value >>> 1) * 2 : (double) value;
  }

  // The hardware's conversions set the quiet bit of a signalling NaN, so NaNs are moved bit by bit.

  private static float ofFloat16(short bits) {
    if ((bits & 0x7C00) == 0x7C00) {
      return Float.intBitsToFloat((bits & 0x8000) << 16 | 0x7F80_0000 | (bits & 0x03FF) << 13);
    }
    return Float.float16ToFloat(bits);
  }

  private static double ofFloat32(int bits) {
    if ((bits & 0x7F80_0000) == 0x7F80_0000) {
      long sign = (long) (bits & 0x8000_0000) << 32;
      return Double.longBitsToDouble(
          sign | 0x7FF0_0000_0000_0000L | (long) (bits & 0x007F_FFFF) << 29);
    }
    return Float.intBitsToFloat(bits);
  }

  /// The nearest float32; of a NaN, the bits that a float32 has room for.
  private static float ofFloat64(long bits) {
    double value = Double.longBitsToDouble(bits);
    if (Double.isNaN(value)) {
      return Float.intBitsToFloat(
          (int) (bits >>> 32) & 0x8000_0000 | 0x7F80_0000 | (int) (bits >>> 29) & 0x007F_FFFF);
    }
    return (float) value;
  }
}
