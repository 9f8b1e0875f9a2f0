package io.sonidb.flac;

/// The checksum of a frame header: polynomial x^8 + x^2 + x + 1, start 0 (RFC 9639, 9.1.8).
final class Crc8 {

  private static final byte[] TABLE = table();

  private Crc8() {}

  static int of(byte[] in, int offset, int length) {
    int crc = 0;
    for (int i = offset; i < offset + length; i++) {
      crc = TABLE[(crc ^ in[i]) & 0xff];
    }
    return crc & 0xff;
  }

  private static byte[] table() {
    byte[] table = new byte[256];
    for (int i = 0; i < 256; i++) {
      int crc = i;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc << 1 ^ ((crc & 0x80) != 0 ? 0x107 : 0);
      }
      table[i] = (byte) crc;
    }
    return table;
  }
}
