package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.sound.VectorId;
import java.util.List;
import java.util.Optional;

/// What `--if-sequence` asks for: that nobody has changed a vector since it was read.
final class Condition {

  private Condition() {}

  /// @throws CommandFailure if there is no such number, or more than one id that it could be about
  static void check(long expected, List<VectorId> ids) {
    if (expected < 1) {
      throw new CommandFailure(ExitCode.USAGE, "--if-sequence must be 1 or more, was " + expected);
    }
    if (ids.size() > 1) {
      throw new CommandFailure(
          ExitCode.USAGE, "--if-sequence is about one vector, there are " + ids.size() + " ids");
    }
  }

  /// The vector is another than expected.
  static CommandFailure failed(VectorId id, long expected, Optional<Point> there) {
    return new CommandFailure(
        ExitCode.FAILED,
        "vector %s was expected with sequence number %d, and %s: read it again"
            .formatted(
                id,
                expected,
                there.map(point -> "has " + point.sequence()).orElse("is not there")));
  }
}
