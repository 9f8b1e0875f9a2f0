package io.sonidb.cli;

import io.sonidb.file.IdReader;
import io.sonidb.file.VectorRow;
import io.sonidb.sound.VectorId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The ids of a file's rows: from the file itself, from a file of ids beside it, or 0, 1, 2 and so
/// on.
final class RowIds implements Closeable {

  private final Optional<IdReader> beside;
  private Optional<Boolean> rowsHaveIds = Optional.empty();

  private RowIds(Optional<IdReader> beside) {
    this.beside = beside;
  }

  static RowIds open(Optional<Path> file) throws IOException {
    return new RowIds(file.isPresent() ? Optional.of(IdReader.open(file.get())) : Optional.empty());
  }

  /// The id of the next row.
  ///
  /// @throws CommandFailure if some rows have an id and some do not: numbers could fall on other
  ///   rows' ids
  VectorId of(VectorRow row) throws IOException {
    if (beside.isPresent()) {
      if (row.id().isPresent()) {
        throw new CommandFailure(ExitCode.USAGE, "the file has ids of its own; leave out --ids");
      }
      return beside
          .get()
          .next()
          .orElseThrow(() -> beside.get().malformed("no id for row " + row.number()));
    }
    boolean has = row.id().isPresent();
    if (rowsHaveIds.isPresent() && rowsHaveIds.get() != has) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "the row has "
              + (has ? "an id, those before it have none" : "no id, those before it have"));
    }
    rowsHaveIds = Optional.of(has);
    return row.id().orElseGet(() -> VectorId.of(row.number()));
  }

  /// Checks that no id is left over.
  void finish() throws IOException {
    if (beside.isPresent() && beside.get().next().isPresent()) {
      throw beside.get().malformed("an id more than there are vectors");
    }
  }

  @Override
  public void close() throws IOException {
    if (beside.isPresent()) {
      beside.get().close();
    }
  }
}
