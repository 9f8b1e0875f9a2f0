package io.sonidb.store;

import io.sonidb.store.Manifest.IndexFile;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32;

/// A copy of a file that a manifest names: it is compared with what the manifest says, and it
/// survives a power loss.
final class CheckedCopy {
  private static final int STEP = 1 << 20;
  private static final int CRC_BYTES = 4;

  private CheckedCopy() {}

  /// What a manifest says of a file.
  ///
  /// @param name in the folder `segments`
  /// @param size in bytes
  /// @param crc32 of the whole file; of an `.idx` file of all but its last four bytes, which are
  ///   the same number
  /// @param endsWithCrc32 whether it is an `.idx` file
  record Named(String name, long size, int crc32, boolean endsWithCrc32) {
    static Named segment(SegmentEntry entry) {
      return new Named(
          entry.file(), entry.committedBytes(), entry.sealed().orElseThrow().crc32(), false);
    }

    static Named index(IndexFile index) {
      return new Named(index.file(), index.size(), index.crc32(), true);
    }

    String place() {
      return SegmentFormat.FOLDER + "/" + name;
    }
  }

  /// Copies a file to a name that must not be taken. When it fails, nothing is left there.
  ///
  /// @throws CorruptSegmentException if it is not what the manifest says
  static void make(Storage storage, Named named, Path from, Path to) throws IOException {
    try {
      storage.copy(from, to);
      try (Storage.File copy = storage.openToWrite(to)) {
        check(named, copy);
        copy.sync();
      }
    } catch (IOException | RuntimeException e) {
      try {
        storage.delete(to); // on a full disk it takes the space that others need
      } catch (IOException cannotDelete) {
        e.addSuppressed(cannotDelete);
      }
      throw e;
    }
  }

  /// Whether a file is there and has the size that the manifest says.
  static boolean hasSize(Storage storage, Named named, Path file) throws IOException {
    if (!storage.exists(file)) {
      return false;
    }
    try (Storage.File open = storage.open(file)) {
      return open.size() == named.size();
    }
  }

  private static void check(Named named, Storage.File copy) throws IOException {
    if (copy.size() != named.size()) {
      throw damaged(named, "has " + copy.size() + " bytes instead of " + named.size());
    }
    long summed = named.endsWithCrc32() ? named.size() - CRC_BYTES : named.size();
    CRC32 crc = new CRC32();
    ByteBuffer step = ByteBuffer.allocate(STEP);
    for (long at = 0; at < summed; ) {
      step.clear().limit((int) Math.min(STEP, summed - at));
      at += read(named, copy, at, step);
      crc.update(step.flip());
    }
    compare(named, (int) crc.getValue());
    if (named.endsWithCrc32()) {
      ByteBuffer last = ByteBuffer.allocate(CRC_BYTES);
      for (long at = summed; last.hasRemaining(); ) {
        at += read(named, copy, at, last);
      }
      compare(named, last.getInt(0));
    }
  }

  private static int read(Named named, Storage.File copy, long at, ByteBuffer into)
      throws IOException {
    int read = copy.read(at, into);
    if (read <= 0) {
      throw damaged(named, "ends at byte " + at);
    }
    return read;
  }

  private static void compare(Named named, int found) throws CorruptSegmentException {
    if (found != named.crc32()) {
      throw damaged(
          named,
          "is damaged: its CRC-32 is "
              + Manifest.hex(found)
              + " instead of "
              + Manifest.hex(named.crc32()));
    }
  }

  static CorruptSegmentException damaged(Named named, String what) {
    return new CorruptSegmentException(named.place() + " " + what);
  }
}
