package io.sonidb;

import java.util.Random;
import java.util.stream.LongStream;

/// The seeds that a random test runs with: always the same ones, or the one that `-Dsonidb.seed=`
/// names.
final class Seeds {
  private Seeds() {}

  /// `count` seeds, or the one that was asked for.
  static LongStream seeds(int count) {
    Long asked = Long.getLong("sonidb.seed");
    return asked != null ? LongStream.of(asked) : LongStream.rangeClosed(1, count);
  }

  /// The seed that was asked for, or `usual`.
  static long seed(long usual) {
    return Long.getLong("sonidb.seed", usual);
  }

  /// One of the random numbers that belong to a seed: small seeds next to each other make unlike
  /// ones.
  static Random random(long seed) {
    return new Random(seed * 0x9E3779B97F4A7C15L ^ 0x5DEECE66DL);
  }

  /// How to run this seed again.
  static String again(long seed) {
    return "run again with -Dsonidb.seed=" + seed;
  }
}
