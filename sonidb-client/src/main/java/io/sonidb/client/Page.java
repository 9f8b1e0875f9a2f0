package io.sonidb.client;

import io.sonidb.Point;
import io.sonidb.sound.VectorId;
import java.util.List;
import java.util.Optional;

/// A page of points.
///
/// @param points in order
/// @param next id of the first point of the next page; empty if this is the last one, or the page
///   is in the order of a field
public record Page(List<Point> points, Optional<VectorId> next) {
  /// Copies the points.
  public Page {
    points = List.copyOf(points);
  }
}
