package io.sonidb.cli;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "stream",
    sortOptions = false,
    description = {
      "Stream one vector or a whole collection as FLAC.",
      "To standard output or a file. A collection's records come in the order they were written,"
          + " replaced and deleted ones included."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb stream songs 42 | ffplay -",
      "  sonidb stream songs -o songs.flac",
      "  sonidb stream songs --from 5000 --follow | sonidb listen -",
      "  sonidb stream songs --follow --url http://127.0.0.1:7664 | ffplay -"
    })
final class StreamCommand extends DatabaseCommand {

  private static final int BUFFER_BYTES = 1 << 16;

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "ID",
      description = "Stream this vector only.")
  private Optional<VectorId> id = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "SEQ",
      description = "Begin with the record of this sequence number (default: the first).")
  private Optional<Long> from = Optional.empty();

  @Option(
      names = "--follow",
      description = "Wait for further records at the end, until interrupted.")
  private boolean follow;

  @Option(names = "-o", paramLabel = "FILE", description = "Write to this file.")
  private Optional<Path> file = Optional.empty();

  StreamCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (id.isPresent() && (from.isPresent() || follow)) {
      throw new CommandFailure(
          ExitCode.USAGE, "--from and --follow are for whole collections; leave out the id");
    }
    if (from.orElse(0L) < 0) {
      throw new CommandFailure(ExitCode.USAGE, "--from must be 0 or more, was " + from.get());
    }
    return reach(
        name,
        collection -> {
          try (InputStream audio =
              id.isPresent()
                  ? collection.streamVector(id.get())
                  : collection.stream(from.orElse(1L), follow)) {
            long bytes = follow ? followed(audio) : whole(audio);
            if (file.isPresent()) {
              report(bytes);
            }
            return ExitCode.OK;
          }
        });
  }

  private long whole(InputStream audio) throws IOException {
    try (ByteOutput out = ByteOutput.open(output(), file, "FLAC")) {
      long bytes = copy(audio, out.stream());
      if (interruption().requested()) {
        throw new CommandFailure(ExitCode.FAILED, "interrupted; nothing written to " + target());
      }
      out.finish();
      return bytes;
    }
  }

  /// Others read what follows while it is written, so it goes straight to its file. When the stream
  /// is closed, it still gives the rest of the record it is in: what is written ends with a whole
  /// frame.
  private long followed(InputStream audio) throws IOException {
    interruption().whenRequested(() -> closeQuietly(audio));
    OutputStream out =
        file.isPresent() ? Files.newOutputStream(file.get()) : output().bytes("FLAC");
    try {
      return copy(audio, out);
    } finally {
      out.flush();
      if (file.isPresent()) {
        out.close();
      }
    }
  }

  private long copy(InputStream audio, OutputStream out) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    try (ProgressBar progress = output().progress("stream")) {
      for (int read = audio.read(buffer); read >= 0; read = audio.read(buffer)) {
        if (!follow && interruption().requested()) {
          return bytes;
        }
        out.write(buffer, 0, read);
        if (follow) {
          out.flush();
        }
        bytes += read;
        progress.update(bytes, 0, "bytes");
      }
    }
    return bytes;
  }

  private static void closeQuietly(InputStream audio) {
    try {
      audio.close();
    } catch (IOException e) {
      // Nobody reads it any more.
    }
  }

  private String target() {
    return file.map(Path::toString).orElse("standard output");
  }

  private void report(long bytes) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("file", target());
    answer.put("bytes", bytes);
    output().json(answer);
    output().line(target() + ": " + Quantity.bytes(bytes) + " of FLAC");
  }
}
