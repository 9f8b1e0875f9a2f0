package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import java.util.HexFormat;

/// An MD5 digest as a value: 128 bits, compared by content.
///
/// @param high the first eight bytes, big-endian
/// @param low the last eight bytes, big-endian
public record Md5(long high, long low) {

  /// All zero: how STREAMINFO says that the digest is not known (RFC 9639, 8.2).
  public static final Md5 UNKNOWN = new Md5(0, 0);

  /// Reads a digest.
  ///
  /// @param bytes exactly 16
  /// @return their value
  public static Md5 of(byte[] bytes) {
    if (bytes.length != 16) {
      throw new IllegalArgumentException("an MD5 digest has 16 bytes, not " + bytes.length);
    }
    return new Md5(BigEndian.readLong(bytes, 0), BigEndian.readLong(bytes, 8));
  }

  /// {@return the digest as 16 new bytes}
  public byte[] bytes() {
    byte[] bytes = new byte[16];
    BigEndian.writeLong(bytes, 0, high);
    BigEndian.writeLong(bytes, 8, low);
    return bytes;
  }

  /// {@return whether this is a digest at all, and not the sixteen zeros of [#UNKNOWN]}
  public boolean isKnown() {
    return (high | low) != 0;
  }

  /// 32 hexadecimal digits, as `md5sum` and `metaflac --show-md5sum` print them.
  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(high) + hex.toHexDigits(low);
  }
}
