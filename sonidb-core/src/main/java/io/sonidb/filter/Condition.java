package io.sonidb.filter;

import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Something that is true of a point or not.
///
/// A condition on a field looks at the values that the field's path leads to; of a value that is an
/// array, at its elements. It is true if any of them fulfils it, so without any value it is false,
/// unless it says otherwise.
public sealed interface Condition
    permits Filter, Condition.OfField, Condition.HasId, Condition.Nested {

  /// About the values of one field.
  sealed interface OfField extends Condition {
    /// Which field.
    FieldPath key();
  }

  /// A value is equal.
  ///
  /// @param key of the field
  /// @param value that it is equal to
  record MatchValue(FieldPath key, Scalar value) implements OfField {}

  /// A value is one of several.
  ///
  /// @param key of the field
  /// @param values all strings or all whole numbers
  record MatchAny(FieldPath key, Set<Scalar> values) implements OfField {
    public MatchAny {
      values = Set.copyOf(values);
      checkOneKind(values);
    }
  }

  /// A value is there that is none of several, and not null. A value of another type is none of
  /// them.
  ///
  /// @param key of the field
  /// @param values all strings or all whole numbers
  record MatchExcept(FieldPath key, Set<Scalar> values) implements OfField {
    public MatchExcept {
      values = Set.copyOf(values);
      checkOneKind(values);
    }
  }

  private static void checkOneKind(Set<Scalar> values) {
    long texts = values.stream().filter(Scalar.Text.class::isInstance).count();
    long wholes = values.stream().filter(Scalar.Whole.class::isInstance).count();
    if (texts != values.size() && wholes != values.size()) {
      throw new IllegalArgumentException("values must be all strings or all whole numbers");
    }
  }

  /// A string has all the words of a text, in any order and case.
  ///
  /// @param key of the field
  /// @param text whose words are looked for; one without words is fulfilled by any string
  record MatchText(FieldPath key, String text) implements OfField {}

  /// A number is in a range. A bound that is empty is none.
  ///
  /// @param key of the field
  /// @param gt it is greater
  /// @param gte it is greater or equal
  /// @param lt it is less
  /// @param lte it is less or equal
  record NumberRange(
      FieldPath key,
      Optional<Double> gt,
      Optional<Double> gte,
      Optional<Double> lt,
      Optional<Double> lte)
      implements OfField {
    public NumberRange {
      for (Optional<Double> bound : List.of(gt, gte, lt, lte)) {
        if (bound.isPresent() && bound.get().isNaN()) {
          throw new IllegalArgumentException("a range's bound must be a number, was NaN");
        }
      }
    }

    /// Whether a number is in it; NaN is in none that has a bound.
    public boolean contains(double number) {
      return (gt.isEmpty() || number > gt.get())
          && (gte.isEmpty() || number >= gte.get())
          && (lt.isEmpty() || number < lt.get())
          && (lte.isEmpty() || number <= lte.get());
    }
  }

  /// A time is in a range. A bound that is empty is none.
  ///
  /// @param key of the field
  /// @param gt it is later
  /// @param gte it is later or the same
  /// @param lt it is earlier
  /// @param lte it is earlier or the same
  record TimeRange(
      FieldPath key,
      Optional<Instant> gt,
      Optional<Instant> gte,
      Optional<Instant> lt,
      Optional<Instant> lte)
      implements OfField {
    public TimeRange {
      if (gt.isEmpty() && gte.isEmpty() && lt.isEmpty() && lte.isEmpty()) {
        throw new IllegalArgumentException("a range of times must have a bound");
      }
    }

    /// Whether a time is in it.
    public boolean contains(Instant time) {
      return (gt.isEmpty() || time.isAfter(gt.get()))
          && (gte.isEmpty() || !time.isBefore(gte.get()))
          && (lt.isEmpty() || time.isBefore(lt.get()))
          && (lte.isEmpty() || !time.isAfter(lte.get()));
    }
  }

  /// A value has so many elements: an array its own, null none, anything else one. A field that is
  /// not there has none. A bound that is empty is none.
  ///
  /// @param key of the field
  /// @param gt more
  /// @param gte so many or more
  /// @param lt fewer
  /// @param lte so many or fewer
  record ValuesCount(
      FieldPath key, Optional<Long> gt, Optional<Long> gte, Optional<Long> lt, Optional<Long> lte)
      implements OfField {
    /// Whether a number of elements is in it.
    public boolean contains(long count) {
      return (gt.isEmpty() || count > gt.get())
          && (gte.isEmpty() || count >= gte.get())
          && (lt.isEmpty() || count < lt.get())
          && (lte.isEmpty() || count <= lte.get());
    }
  }

  /// The field is not there, null or an empty array.
  ///
  /// @param key of the field
  record IsEmpty(FieldPath key) implements OfField {}

  /// The field is there and null.
  ///
  /// @param key of the field
  record IsNull(FieldPath key) implements OfField {}

  /// A place lies in a box between two parallels and two meridians, not on its edge.
  ///
  /// @param key of the field
  /// @param topLeft its north-west corner
  /// @param bottomRight its south-east corner; west of the other one if the box crosses the 180th
  ///   meridian
  record GeoBox(FieldPath key, GeoPoint topLeft, GeoPoint bottomRight) implements OfField {
    /// Whether a place is in it.
    public boolean contains(double longitude, double latitude) {
      boolean inLatitude = latitude < topLeft.latitude() && latitude > bottomRight.latitude();
      boolean east = longitude > topLeft.longitude();
      boolean west = longitude < bottomRight.longitude();
      return inLatitude
          && (topLeft.longitude() > bottomRight.longitude() ? east || west : east && west);
    }
  }

  /// A place is nearer than some distance.
  ///
  /// @param key of the field
  /// @param center from where
  /// @param metres how near
  record GeoRadius(FieldPath key, GeoPoint center, double metres) implements OfField {
    public GeoRadius {
      if (!(metres >= 0 && metres < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("radius must be 0 or more metres, was " + metres);
      }
    }

    /// Whether a place is in it.
    public boolean contains(double longitude, double latitude) {
      return center.metresTo(longitude, latitude) < metres;
    }
  }

  /// A place lies in a polygon and in none of its holes. Edges are straight in degrees; a polygon
  /// cannot cross the 180th meridian.
  ///
  /// @param key of the field
  /// @param exterior its corners; the last is the first
  /// @param interiors its holes, the same way
  record GeoPolygon(FieldPath key, List<GeoPoint> exterior, List<List<GeoPoint>> interiors)
      implements OfField {
    public GeoPolygon {
      exterior = ring(exterior);
      List<List<GeoPoint>> holes = new ArrayList<>();
      interiors.forEach(hole -> holes.add(ring(hole)));
      interiors = List.copyOf(holes);
    }

    private static List<GeoPoint> ring(List<GeoPoint> corners) {
      if (corners.size() < 4 || !corners.getFirst().equals(corners.getLast())) {
        throw new IllegalArgumentException(
            "a polygon's ring must have at least 4 points, the last equal to the first");
      }
      return List.copyOf(corners);
    }

    /// Whether a place is in it.
    public boolean contains(double longitude, double latitude) {
      if (!isInside(exterior, longitude, latitude)) {
        return false;
      }
      for (List<GeoPoint> hole : interiors) {
        if (isInside(hole, longitude, latitude)) {
          return false;
        }
      }
      return true;
    }

    // A ray to the east crosses the ring an odd number of times.
    private static boolean isInside(List<GeoPoint> ring, double longitude, double latitude) {
      boolean inside = false;
      for (int i = 1; i < ring.size(); i++) {
        GeoPoint a = ring.get(i - 1);
        GeoPoint b = ring.get(i);
        if (a.latitude() > latitude != b.latitude() > latitude) {
          double crossing =
              a.longitude()
                  + (latitude - a.latitude())
                      / (b.latitude() - a.latitude())
                      * (b.longitude() - a.longitude());
          inside ^= longitude < crossing;
        }
      }
      return inside;
    }
  }

  /// The point has one of these ids.
  ///
  /// @param ids any
  record HasId(Set<VectorId> ids) implements Condition {
    public HasId {
      ids = Set.copyOf(ids);
    }
  }

  /// One element of an array of objects fulfils a whole filter by itself.
  ///
  /// @param key of the array
  /// @param filter about the fields of an element, without `has_id`
  record Nested(FieldPath key, Filter filter) implements Condition {
    public Nested {
      if (filter.hasIds()) {
        throw new IllegalArgumentException("has_id is about points: it cannot stand in nested");
      }
    }
  }
}
