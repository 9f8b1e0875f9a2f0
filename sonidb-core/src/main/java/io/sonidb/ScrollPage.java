package io.sonidb;

import io.sonidb.sound.VectorId;
import java.util.List;
import java.util.Optional;

/// A page of points.
///
/// @param points in order
/// @param keys by what each of them was ordered; empty if that was their ids
/// @param next id of the first point of the next page; empty if this is the last one, or the page
///   is in the order of a field
/// @param sequence number of the newest write that was there
public record ScrollPage(
    List<Point> points, List<OrderKey> keys, Optional<VectorId> next, long sequence) {
  public ScrollPage {
    points = List.copyOf(points);
    keys = List.copyOf(keys);
  }
}
