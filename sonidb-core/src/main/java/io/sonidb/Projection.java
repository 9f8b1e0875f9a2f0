package io.sonidb;

import io.sonidb.sound.VectorId;
import java.util.List;

/// Points in a plane.
///
/// @param points where each is
/// @param explainedX the share of all variance that lies along x, 0 to 1
/// @param explainedY the share along y, not more
/// @param total how many points there were to choose from
/// @param leftOut of those that were chosen: their vectors are damaged, not finite, or longer than
///   1e30
public record Projection(
    List<Place> points, double explainedX, double explainedY, long total, long leftOut) {
  /// Copies in.
  public Projection {
    points = List.copyOf(points);
  }

  /// Where a point is.
  ///
  /// @param x along the direction in which the vectors differ most, 0 for their mean
  /// @param y along the next one, at right angles
  /// @param about what of its payload was wanted; empty if nothing was
  public record Place(VectorId id, float x, float y, String about) {}

  /// Picks something out of a payload.
  @FunctionalInterface
  public interface About {
    /// @return a few characters, since they are kept for every point
    String of(Payload payload);
  }
}
