package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.Point;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Points that a command was given the ids of.
final class NamedPoints {

  private NamedPoints() {}

  /// All points asked for, in that order.
  ///
  /// @throws CommandFailure when one is not there
  static List<Point> of(Collection collection, List<VectorId> ids) {
    List<Optional<Point>> found = collection.get(ids);
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).isEmpty()) {
        missing.add(ids.get(i).toString());
      }
    }
    if (!missing.isEmpty()) {
      throw new CommandFailure(
          ExitCode.NOT_FOUND,
          String.join(", ", missing) + ": no such vector in \"" + collection.name() + "\"");
    }
    return found.stream().flatMap(Optional::stream).toList();
  }
}
