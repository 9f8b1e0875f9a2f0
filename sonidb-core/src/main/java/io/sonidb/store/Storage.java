package io.sonidb.store;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// The seam between the store and the file system: everything that the store does to files goes
/// through here, so that a test can put a file system below it that forgets, tears, fills up and
/// fails.
///
/// What a write has reached is known only after [File#sync]; what a creation, rename or deletion
/// has reached only after [#syncFolder] of the folder.
public interface Storage {
  /// Most bytes of one write.
  long STEP = 1 << 30;

  /// An open file. Positional; one thread writes, any number may read.
  interface File extends Closeable {
    /// Size in bytes.
    long size() throws IOException;

    /// Reads up to `into.remaining()` bytes and returns how many, -1 at the end of the file.
    int read(long position, ByteBuffer into) throws IOException;

    /// Writes all of `from`, or throws; then any part of it may be there.
    void write(long position, ByteBuffer from) throws IOException;

    /// Cuts the file.
    void truncate(long size) throws IOException;

    /// Makes everything written so far survive a power loss. When it throws, what was written since
    /// the last success is in an unknown state for ever: it must not be called again in the hope of
    /// a better answer.
    ///
    /// @throws java.io.SyncFailedException if it is not known what survives
    void sync() throws IOException;

    /// Maps bytes that will not change any more, read-only. The mapping outlives the file handle,
    /// until `arena` is closed.
    MemorySegment map(long position, long size, Arena arena) throws IOException;

    /// Maps the whole file so that it can be changed in memory while the file stays as it is.
    MemorySegment mapPrivately() throws IOException;

    @Override
    void close() throws IOException;
  }

  /// Opens an existing file to read it.
  File open(Path file) throws IOException;

  /// Opens an existing file to read and write it.
  File openToWrite(Path file) throws IOException;

  /// Creates a file that must not exist, to read and write it.
  File create(Path file) throws IOException;

  /// Whether a file or folder is there.
  boolean exists(Path path);

  /// Names of what lies in a folder, sorted; empty when there is no such folder.
  List<String> list(Path folder) throws IOException;

  /// Creates a folder and those above it, as needed; those that it creates survive a power loss.
  void createFolders(Path folder) throws IOException;

  /// Gives a file a second name, which must not be taken. The two share their bytes.
  ///
  /// @throws UnsupportedOperationException if the file system has no such links
  /// @throws java.nio.file.FileSystemException if the two names are on different file systems
  void link(Path file, Path name) throws IOException;

  /// Copies a file to a name that must not be taken; where the file system can, the two share their
  /// blocks until one of them changes. The copy is not synced.
  void copy(Path file, Path name) throws IOException;

  /// Whether two names are links to one file.
  boolean isSame(Path file, Path other) throws IOException;

  /// Locks a file, which is created if need be, against every other process and everybody else in
  /// this one.
  ///
  /// @return what ends the lock when it is closed; empty if somebody else has it
  Optional<Closeable> lock(Path file) throws IOException;

  /// Renames atomically, replacing a file that is there.
  void rename(Path from, Path to) throws IOException;

  /// Deletes a file, or an empty folder; nothing happens when it is not there.
  void delete(Path path) throws IOException;

  /// Makes the entries of a folder survive a power loss.
  ///
  /// @throws java.io.SyncFailedException if it is not known what survives
  void syncFolder(Path folder) throws IOException;

  /// Deletes a file, or a folder with everything in it.
  default void deleteAll(Path path) throws IOException {
    for (String child : list(path)) {
      deleteAll(path.resolve(child));
    }
    delete(path);
  }

  /// Reads a whole file, unless it has more than `limit` bytes.
  default Optional<byte[]> readUpTo(Path file, int limit) throws IOException {
    try (File in = open(file)) {
      long size = in.size();
      if (size > limit) {
        return Optional.empty();
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      int read;
      do {
        read = in.read(bytes.position(), bytes);
      } while (read > 0);
      byte[] all = new byte[bytes.position()];
      bytes.flip().get(all);
      return Optional.of(all);
    }
  }

  /// Replaces a file so that a crash leaves the old one or the new one, whole: write, sync, rename,
  /// sync of the folder.
  default void replace(Path file, ByteBuffer bytes) throws IOException {
    replace(file, MemorySegment.ofBuffer(bytes));
  }

  /// As [#replace(Path, ByteBuffer)], for bytes of any number.
  default void replace(Path file, MemorySegment bytes) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    delete(fresh);
    try (File out = create(fresh)) {
      for (long at = 0; at < bytes.byteSize(); at += STEP) {
        long size = Math.min(STEP, bytes.byteSize() - at);
        out.write(at, bytes.asSlice(at, size).asByteBuffer());
      }
      out.sync();
    } catch (IOException e) {
      // Half a file is of no use, and on a full disk it takes the space that others need.
      try {
        delete(fresh);
      } catch (IOException cannotDelete) {
        e.addSuppressed(cannotDelete);
      }
      throw e;
    }
    rename(fresh, file);
    syncFolder(Objects.requireNonNull(file.getParent()));
  }
}
