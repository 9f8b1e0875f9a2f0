package io.sonidb;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What came of taking in a state of a collection from elsewhere.
///
/// @param name of the collection here
/// @param created whether it was not there before
/// @param changed whether anything has changed
/// @param vectors in it now
/// @param sequence number of the newest write in it
/// @param epoch of its history
/// @param diverging files of what was here that are not in the new state; they were moved aside
/// @param aside a data folder that holds the collection as it was, if anything diverged
/// @param seconds that it took
public record ReceiveReport(
    String name,
    boolean created,
    boolean changed,
    long vectors,
    long sequence,
    int epoch,
    List<String> diverging,
    Optional<Path> aside,
    double seconds) {
  /// Copies the list.
  public ReceiveReport {
    diverging = List.copyOf(diverging);
  }
}
