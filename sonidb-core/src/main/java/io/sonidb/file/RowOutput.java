package io.sonidb.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Where rows go: a stream, or a file that gets its name when it is complete.
final class RowOutput {

  private static final int BUFFER_BYTES = 1 << 16;

  /// A file under way.
  private record Draft(FileChannel channel, Path part, Path target) {}

  private final OutputStream stream;
  private final Optional<Draft> draft;

  private RowOutput(OutputStream stream, Optional<Draft> draft) {
    this.stream = stream;
    this.draft = draft;
  }

  static RowOutput of(OutputStream out) {
    return new RowOutput(new BufferedOutputStream(out, BUFFER_BYTES), Optional.empty());
  }

  static RowOutput create(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UnsupportedVectorFileException(
          file.toString(), "", "is no file that could be replaced; write to a stream instead");
    }
    // Through a symbolic link, the file it leads to is replaced, not the link.
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path part = target.resolveSibling(target.getFileName() + ".part");
    FileChannel channel =
        FileChannel.open(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    OutputStream stream = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
    return new RowOutput(stream, Optional.of(new Draft(channel, part, target)));
  }

  void write(byte[] bytes, int length) throws IOException {
    stream.write(bytes, 0, length);
  }

  /// Whether [#overwriteHead] can be used.
  boolean isFile() {
    return draft.isPresent();
  }

  /// Writes these bytes over the first ones of the file.
  void overwriteHead(byte[] head) throws IOException {
    stream.flush();
    ByteBuffer bytes = ByteBuffer.wrap(head);
    FileChannel channel = draft.orElseThrow().channel();
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
  }

  void commit() throws IOException {
    stream.flush();
    if (draft.isPresent()) {
      Draft file = draft.get();
      file.channel().force(true);
      file.channel().close();
      Files.move(
          file.part(),
          file.target(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  void discard() throws IOException {
    if (draft.isPresent()) {
      draft.get().channel().close();
      Files.deleteIfExists(draft.get().part());
    }
  }
}
