package io.sonidb;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;

/// A whole FLAC file that holds one vector; its tags show id, encoding, hash and collection.
public final class VectorAudio {
  private final byte[] file;
  private final int size;
  private final String tag;

  /// @param file its own from now on
  /// @param size of the file, which may be shorter than the array
  VectorAudio(byte[] file, int size, String tag) {
    this.file = file;
    this.size = size;
    this.tag = tag;
  }

  /// The file's bytes, read-only.
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(file, 0, size).asReadOnlyBuffer();
  }

  /// The file's bytes from the first on.
  public InputStream stream() {
    return new ByteArrayInputStream(file, 0, size);
  }

  /// What no other file of that vector has: the hash and the sequence number of its record, and a
  /// checksum of the file.
  public String tag() {
    return tag;
  }
}
