package io.sonidb.filter;

/// A value that a payload's value can be equal to.
public sealed interface Scalar {
  /// A string.
  ///
  /// @param value compared exactly
  record Text(String value) implements Scalar {}

  /// A whole number: 3 is not 3.0.
  ///
  /// @param value of 64 bits
  record Whole(long value) implements Scalar {}

  /// True or false.
  ///
  /// @param value one of them
  record Truth(boolean value) implements Scalar {}

  /// A string.
  static Scalar of(String value) {
    return new Text(value);
  }

  /// A whole number.
  static Scalar of(long value) {
    return new Whole(value);
  }

  /// True or false.
  static Scalar of(boolean value) {
    return new Truth(value);
  }
}
