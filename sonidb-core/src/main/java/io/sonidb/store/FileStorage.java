package io.sonidb.store;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.SyncFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The file system of the machine.
///
/// A thread that is interrupted closes the channel that it uses, for everyone. So shared channels
/// are used only by the store's own threads, which nobody interrupts; callers read mappings.
public final class FileStorage implements Storage {
  /// The file system of the machine.
  public static final FileStorage INSTANCE = new FileStorage();

  private static final Set<Path> LOCKED = ConcurrentHashMap.newKeySet();

  private FileStorage() {}

  @Override
  public File open(Path file) throws IOException {
    checkKind(file);
    return opened(file, StandardOpenOption.READ);
  }

  @Override
  public File openToWrite(Path file) throws IOException {
    checkKind(file);
    return opened(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  @Override
  public File create(Path file) throws IOException {
    return opened(
        file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
  }

  // Opening a named pipe would wait for whoever writes to it.
  private static void checkKind(Path file) throws IOException {
    if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
      throw new IOException(file + " is not a regular file");
    }
  }

  @SuppressWarnings("StreamResourceLeak") // handed to the caller, who closes it
  private static File opened(Path file, OpenOption... options) throws IOException {
    return new ChannelFile(FileChannel.open(file, options));
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path);
  }

  @Override
  public List<String> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Override
  public void createFolders(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent == null || Files.isDirectory(folder)) {
      return;
    }
    createFolders(parent);
    Files.createDirectories(folder);
    syncFolder(parent);
  }

  @Override
  public void link(Path file, Path name) throws IOException {
    Files.createLink(name, file);
  }

  @Override
  public void copy(Path file, Path name) throws IOException {
    // transferTo asks the kernel for a copy of the range, which on file systems with shared blocks
    // copies none.
    try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ);
        FileChannel to =
            FileChannel.open(name, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      long size = from.size();
      for (long at = 0; at < size; ) {
        long moved = from.transferTo(at, size - at, to);
        if (moved == 0) {
          throw new EOFException(file + " became shorter while it was copied");
        }
        at += moved;
      }
    }
  }

  @Override
  public boolean isSame(Path file, Path other) throws IOException {
    return Files.isSameFile(file, other);
  }

  // On POSIX systems closing any channel of a file gives up all locks that the process has on it.
  // So
  // a file that is locked here is not even opened again.
  @Override
  public Optional<Closeable> lock(Path file) throws IOException {
    Path key = lockKey(file);
    if (!LOCKED.add(key)) {
      return Optional.empty();
    }
    Optional<Closeable> lock = Optional.empty();
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() != null) {
        lock = Optional.of(() -> unlock(channel, key));
      } else {
        channel.close();
      }
      return lock;
    } finally {
      if (lock.isEmpty()) {
        LOCKED.remove(key);
      }
    }
  }

  private static void unlock(FileChannel channel, Path key) throws IOException {
    try {
      channel.close();
    } finally {
      LOCKED.remove(key);
    }
  }

  /// Whether this process has a file locked.
  public static boolean isLockedHere(Path file) throws IOException {
    return LOCKED.contains(lockKey(file));
  }

  private static Path lockKey(Path file) throws IOException {
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
    return folder.toRealPath().resolve(Objects.requireNonNull(file.getFileName()));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(Path path) throws IOException {
    Files.deleteIfExists(path);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      force(channel, true);
    }
  }

  private static void force(FileChannel channel, boolean metadata) throws IOException {
    try {
      channel.force(metadata);
    } catch (ClosedChannelException e) {
      throw e; // nothing was asked of the disk
    } catch (IOException e) {
      SyncFailedException failed = new SyncFailedException(e.getMessage());
      failed.initCause(e);
      throw failed;
    }
  }

  private record ChannelFile(FileChannel channel) implements File {
    /// The JDK copies what it writes from the heap, into memory that it keeps for each thread: so
    /// much stays in the processor's cache.
    private static final int STEP_BYTES = 1 << 18;

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
      return channel.read(into, position);
    }

    @Override
    public void write(long position, ByteBuffer from) throws IOException {
      int end = from.limit();
      while (from.position() < end) {
        from.limit(Math.min(end, from.position() + STEP_BYTES));
        position += channel.write(from, position);
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      force(channel, false);
    }

    @Override
    public MemorySegment map(long position, long size, Arena arena) throws IOException {
      return size == 0 ? MemorySegment.NULL : channel.map(MapMode.READ_ONLY, position, size, arena);
    }

    @Override
    public MemorySegment mapPrivately() throws IOException {
      long size = channel.size();
      return size == 0 ? MemorySegment.NULL : channel.map(MapMode.PRIVATE, 0, size, Arena.ofAuto());
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
