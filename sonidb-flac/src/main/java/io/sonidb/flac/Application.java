package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import java.util.Arrays;

/// APPLICATION: data of one program, marked with its identifier (RFC 9639, 8.4).
public final class Application implements MetadataBlock {

  static final int TYPE = 2;
  static final int ID_BYTES = 4;

  private final int id;
  private final byte[] data;

  /// A block to be written.
  ///
  /// @param id four bytes as a big-endian number, such as 0x536E4442 for "SnDB"; IANA registers
  ///   them
  /// @param data up to 2^24 - 5 bytes; copied
  public Application(int id, byte[] data) {
    if (data.length > MAX_BODY_BYTES - ID_BYTES) {
      throw new IllegalArgumentException(
          "application data must be at most "
              + (MAX_BODY_BYTES - ID_BYTES)
              + " bytes, was "
              + data.length);
    }
    this.id = id;
    this.data = data.clone();
  }

  /// {@return the identifier, four bytes as a big-endian number}
  public int id() {
    return id;
  }

  /// {@return a copy of the data}
  public byte[] data() {
    return data.clone();
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int bodyBytes() {
    return ID_BYTES + data.length;
  }

  void write(byte[] out, int offset) {
    BigEndian.writeInt(out, offset, id);
    System.arraycopy(data, 0, out, offset + ID_BYTES, data.length);
  }

  /// @throws IllegalArgumentException if the block is broken
  static Application read(byte[] in, int offset, int length) {
    if (length < ID_BYTES) {
      throw new IllegalArgumentException(length + " bytes are too few for an identifier");
    }
    return new Application(
        BigEndian.readInt(in, offset), Arrays.copyOfRange(in, offset + ID_BYTES, offset + length));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Application that && id == that.id && Arrays.equals(data, that.data);
  }

  @Override
  public int hashCode() {
    return 31 * id + Arrays.hashCode(data);
  }

  @Override
  public String toString() {
    return "APPLICATION 0x%08x, %d bytes".formatted(id, data.length);
  }
}
