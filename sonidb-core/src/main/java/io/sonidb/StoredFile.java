package io.sonidb;

import java.nio.ByteBuffer;

/// A file of a collection as it is mapped, kept until it is closed: compaction, or a newer version,
/// takes nothing of it away meanwhile. Nobody may read the bytes afterwards.
public final class StoredFile implements AutoCloseable {
  private final ByteBuffer bytes;
  private final String tag;
  private final Runnable onClose;

  StoredFile(ByteBuffer bytes, String tag, Runnable onClose) {
    this.bytes = bytes;
    this.tag = tag;
    this.onClose = onClose;
  }

  /// All its bytes: a direct, read-only buffer of its own.
  public ByteBuffer bytes() {
    return bytes.duplicate();
  }

  /// What no other contents of a file of that name have, in hexadecimal digits.
  public String tag() {
    return tag;
  }

  /// Lets go of it; once.
  @Override
  public void close() {
    onClose.run();
  }
}
