package io.sonidb.filter;

/// A place on the Earth, in degrees.
///
/// @param longitude -180 to 180, east is positive
/// @param latitude -90 to 90, north is positive
public record GeoPoint(double longitude, double latitude) {
  /// Mean radius of the Earth in metres, for distances.
  public static final double EARTH_RADIUS_METRES = 6_371_008.8;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public GeoPoint {
    if (!(longitude >= -180 && longitude <= 180)) {
      throw new IllegalArgumentException("longitude must be -180 to 180, was " + longitude);
    }
    if (!(latitude >= -90 && latitude <= 90)) {
      throw new IllegalArgumentException("latitude must be -90 to 90, was " + latitude);
    }
  }

  /// Distance along the surface in metres, by the haversine formula.
  public double metresTo(double otherLongitude, double otherLatitude) {
    double lat1 = Math.toRadians(latitude);
    double lat2 = Math.toRadians(otherLatitude);
    double halfLat = Math.sin((lat2 - lat1) / 2);
    double halfLon = Math.sin(Math.toRadians(otherLongitude - longitude) / 2);
    double a = halfLat * halfLat + Math.cos(lat1) * Math.cos(lat2) * halfLon * halfLon;
    return 2 * EARTH_RADIUS_METRES * Math.asin(Math.min(1, Math.sqrt(a)));
  }
}
