package io.sonidb.cli;

import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.client.BadRequestException;
import io.sonidb.client.NodeException;
import io.sonidb.file.VectorFileException;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The rows of a file of vectors.
final class FileSupply implements VectorSupply {

  private final InputFile input;
  private final Optional<Path> idFile;

  FileSupply(InputFile input, Optional<Path> idFile) {
    this.input = input;
    this.idFile = idFile;
  }

  @Override
  public Outcome insert(
      Target target, Optional<ElementType> element, ProgressBar progress, Interruption interruption)
      throws IOException {
    try (VectorReader reader = input.vectors(element);
        RowIds ids = RowIds.open(idFile)) {
      if (reader.dimension() == 0) {
        throw new CommandFailure(ExitCode.FAILED, input.name() + ": has no vectors");
      }
      BatchInserter inserter = target.open(reader.dimension(), reader.elementType());
      try {
        insertRows(reader, ids, inserter, progress, interruption);
      } catch (InterruptedIOException e) {
        throw new CommandFailure(
            ExitCode.FAILED, input.name() + ": interrupted" + inserter.standing(), e);
      } catch (NodeException e) {
        throw inserter.stopped(input.name(), e);
      } catch (VectorFileException | CommandFailure e) {
        throw new CommandFailure(ExitCode.FAILED, e.getMessage() + inserter.standing(), e);
      }
      return Outcome.of(inserter, remarks(reader));
    }
  }

  private static void insertRows(
      VectorReader reader,
      RowIds ids,
      BatchInserter inserter,
      ProgressBar progress,
      Interruption interruption)
      throws IOException {
    long total = reader.count().orElse(0);
    Optional<VectorRow> firstOfBatch = Optional.empty();
    for (Optional<VectorRow> next = reader.next(); next.isPresent(); next = reader.next()) {
      VectorRow row = next.get();
      if (interruption.requested()) {
        throw new CommandFailure(ExitCode.FAILED, reader.place(row) + ": interrupted");
      }
      VectorRow first = firstOfBatch.orElse(row);
      String json = row.payload().orElse("");
      VectorId id = blaming(reader, row, row, () -> ids.of(row));
      Payload payload =
          blaming(reader, row, row, () -> json.isEmpty() ? Payload.EMPTY : Payload.ofJson(json));
      Point point = Point.of(id, row.vector(), payload);
      Point expiring =
          blaming(reader, row, row, () -> row.expiresAt().map(point::expiresAt).orElse(point));
      boolean written = blaming(reader, first, row, () -> inserter.add(expiring, json.length()));
      firstOfBatch = written ? Optional.empty() : Optional.of(first);
      if (written) {
        progress.update(inserter.inserted(), total, "vectors");
      }
    }
    ids.finish();
    if (firstOfBatch.isPresent()) {
      VectorRow first = firstOfBatch.get();
      blaming(reader, first, first, inserter::flush);
    }
  }

  /// A step that may fail on account of some rows.
  @FunctionalInterface
  private interface Step<T> {
    T take() throws IOException;
  }

  /// Takes a step; if it fails for what the rows from `first` to `last` hold, names them.
  private static <T> T blaming(VectorReader reader, VectorRow first, VectorRow last, Step<T> step)
      throws IOException {
    try {
      return step.take();
    } catch (IllegalArgumentException | CommandFailure | BadRequestException e) {
      String more =
          first.equals(last)
              ? ""
              : " and the " + (last.number() - first.number()) + " rows behind it";
      throw new CommandFailure(
          ExitCode.FAILED, reader.place(first) + more + ": " + e.getMessage(), e);
    }
  }

  private static List<String> remarks(VectorReader reader) {
    String from = reader.sourceType();
    String to = reader.elementType().toString();
    return from.equals(to) || from.equals("decimal")
        ? List.of()
        : List.of(from + " values became " + to + ", each exactly");
  }
}
