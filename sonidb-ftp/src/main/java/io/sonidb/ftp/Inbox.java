package io.sonidb.ftp;

import io.sonidb.SyncFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A folder for files that come in from another node. What is under way, or was broken off, lies
/// there as `NAME~`; a file has its name only when all of it is there, is what was announced, and
/// survives a power loss.
final class Inbox {
  private static final String PART = "~"; // in no name of a file that is listed

  private final Path folder;
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  Inbox(Path folder) {
    this.folder = folder;
  }

  /// Bytes of a file that are there, whole or not.
  long size(SyncFile file) throws IOException {
    Path part = part(file);
    Path whole = folder.resolve(file.name());
    return Files.exists(part) ? Files.size(part) : Files.exists(whole) ? Files.size(whole) : 0;
  }

  /// Whether anything of a file is there.
  boolean has(SyncFile file) {
    return Files.exists(part(file)) || Files.exists(folder.resolve(file.name()));
  }

  /// Whether a file was taken in to its end.
  boolean isWhole(SyncFile file) {
    return !Files.exists(part(file)) && Files.exists(folder.resolve(file.name()));
  }

  /// Where the bytes of a file are that are there.
  Path path(SyncFile file) {
    return Files.exists(part(file)) ? part(file) : folder.resolve(file.name());
  }

  /// Bytes of a file that are in a folder, of those that have not come to the end.
  static long begun(Path folder, SyncFile file) throws IOException {
    Path part = folder.resolve(file.name() + PART);
    return Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS) ? Files.size(part) : 0;
  }

  private Path part(SyncFile file) {
    return folder.resolve(file.name() + PART);
  }

  /// Begins to take a file in, or goes on.
  ///
  /// @param offset bytes that are there and are kept
  /// @throws RefusedException if somebody else sends the same file, or fewer bytes are there
  /// @throws IOException if the disk refuses
  Upload begin(SyncFile file, long offset) throws IOException, RefusedException {
    if (!busy.add(file.name())) {
      throw new RefusedException(450, file.name() + " is being sent by somebody else");
    }
    try {
      return new Upload(file, offset);
    } catch (IOException | RuntimeException | RefusedException e) {
      busy.remove(file.name());
      throw e;
    }
  }

  /// A file that comes in. What has arrived stays when it is closed before its end.
  final class Upload implements AutoCloseable {
    private final SyncFile file;
    private final FileChannel channel;
    private final FileSums sums;
    private long size;

    private Upload(SyncFile file, long offset) throws IOException, RefusedException {
      this.file = file;
      Path part = part(file);
      long there = Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS) ? Files.size(part) : 0;
      if (offset > there) {
        throw new RefusedException(
            554, "of " + file.name() + " there are " + there + " bytes, not " + offset);
      }
      Files.createDirectories(part.getParent());
      if (Files.isSymbolicLink(part) || Files.isSymbolicLink(part.getParent())) {
        throw new RefusedException(550, file.name() + " would be written through a symbolic link");
      }
      this.channel =
          FileChannel.open(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS);
      try {
        channel.truncate(offset);
        this.size = offset;
        this.sums = FileSums.follow(channel, offset);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    }

    /// Takes the next bytes in.
    ///
    /// @throws RefusedException if they are more than were announced
    void accept(ByteBuffer bytes) throws RefusedException {
      if (bytes.remaining() > file.size() - size) {
        discard();
        throw new RefusedException(
            552, file.name() + " has more bytes than " + file.size() + ", which were announced");
      }
      try {
        while (bytes.hasRemaining()) {
          size += channel.write(bytes, size);
        }
      } catch (IOException e) {
        throw refusedByDisk(e);
      }
      sums.reached(size);
    }

    /// The sender has no more bytes.
    ///
    /// @throws RefusedException if they are not those that were announced
    void end() throws RefusedException {
      if (size < file.size()) {
        throw new RefusedException(
            426, "of " + file.name() + " " + size + " of " + file.size() + " bytes have arrived");
      }
      FileSums.Sums found = found();
      if (found.crc32() != file.crc32()) {
        discard();
        throw new RefusedException(
            550,
            "the CRC-32 of what arrived as %s is %08X, not %08X: it was thrown away"
                .formatted(file.name(), found.crc32(), file.crc32()));
      }
      if (!found.sha256().equals(file.sha256())) {
        discard();
        throw new RefusedException(
            550, "what arrived as " + file.name() + " has another SHA-256: it was thrown away");
      }
      try {
        channel.force(true);
        Files.move(
            part(file),
            folder.resolve(file.name()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw refusedByDisk(e);
      }
    }

    private FileSums.Sums found() throws RefusedException {
      try {
        return sums.sums();
      } catch (IOException e) {
        throw refusedByDisk(e);
      }
    }

    private void discard() throws RefusedException {
      try {
        Files.deleteIfExists(part(file));
      } catch (IOException e) {
        throw refusedByDisk(e);
      }
    }

    private RefusedException refusedByDisk(IOException e) {
      return new RefusedException(452, file.name() + " cannot be written: " + e.getMessage());
    }

    @Override
    public void close() throws IOException {
      sums.close();
      try {
        channel.close();
      } finally {
        busy.remove(file.name());
      }
    }
  }
}
