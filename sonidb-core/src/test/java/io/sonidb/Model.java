package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/// What a collection must hold, kept in plain maps. Writers work on ids of their own, so that the
/// order in which the writes of two writers happen does not matter.
final class Model {
  /// What an id must have.
  record Value(Vector vector, String payload) {}

  /// A write of which nobody knows yet whether it happened; empty values are deletions.
  record Write(Map<VectorId, Optional<Value>> values) {}

  private final TreeMap<VectorId, Value> acknowledged = new TreeMap<>();
  private final List<Write> inFlight = new ArrayList<>();

  /// A write begins.
  synchronized void begin(Write write) {
    inFlight.add(write);
  }

  /// A write was acknowledged.
  synchronized void acknowledge(Write write) {
    inFlight.remove(write);
    apply(write, acknowledged);
  }

  /// A write was refused: it must not be there.
  synchronized void refuse(Write write) {
    inFlight.remove(write);
  }

  /// Every write that was not acknowledged was refused.
  synchronized void refuseAll() {
    inFlight.clear();
  }

  synchronized Map<VectorId, Value> acknowledged() {
    return new TreeMap<>(acknowledged);
  }

  synchronized boolean has(VectorId id) {
    return acknowledged.containsKey(id);
  }

  static void apply(Write write, Map<VectorId, Value> values) {
    write
        .values()
        .forEach((id, value) -> {
          if (value.isPresent()) {
            values.put(id, value.get());
          } else {
            values.remove(id);
          }
        });
  }

  /// Every acknowledged write must be there, of every other one all or nothing. What is found
  /// counts as acknowledged from now on.
  synchronized void assertIsIn(Collection collection) {
    for (Write write : inFlight) {
      if (happened(write, collection)) {
        apply(write, acknowledged);
      }
    }
    inFlight.clear();
    assertHolds(collection, acknowledged);
  }

  private boolean happened(Write write, Collection collection) {
    List<VectorId> done = new ArrayList<>();
    List<VectorId> missing = new ArrayList<>();
    write
        .values()
        .forEach((id, value) -> {
          Optional<Value> before = Optional.ofNullable(acknowledged.get(id));
          if (!before.equals(value)) {
            Optional<Value> now = value(collection.get(id));
            if (!now.equals(value) && !now.equals(before)) {
              fail(id + " is neither as before an unfinished write nor as after it");
            }
            (now.equals(value) ? done : missing).add(id);
          }
        });
    if (!done.isEmpty() && !missing.isEmpty()) {
      fail(
          "half of an unfinished batch is there: "
              + done.size()
              + " ids, and not "
              + missing.getFirst());
    }
    return !done.isEmpty();
  }

  static Optional<Value> value(Optional<Point> point) {
    return point.map(p -> new Value(p.vector(), p.payload().toJson()));
  }

  static void assertHolds(Collection collection, Map<VectorId, Value> values) {
    values.forEach((id, value) -> {
      Optional<Value> found = value(collection.get(id));
      if (!found.equals(Optional.of(value))) {
        fail("acknowledged vector " + id + (found.isEmpty() ? " is lost" : " is another one"));
      }
    });
    List<VectorId> ids = new ArrayList<>();
    try (PointCursor cursor = collection.scroll()) {
      cursor.forEachRemaining(point -> ids.add(point.id()));
    }
    assertThat(ids).as("ids in order").isEqualTo(List.copyOf(values.keySet()));
    assertThat(collection.count()).isEqualTo(values.size());
  }

  /// Any vector at all: every bit pattern may occur.
  static Vector vector(Random random, int dimension) {
    float[] values = new float[dimension];
    boolean wild = random.nextInt(8) == 0;
    for (int i = 0; i < dimension; i++) {
      values[i] = wild ? Float.intBitsToFloat(random.nextInt()) : (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  /// Id number `k` of a writer: a number, a UUID or a name.
  static VectorId id(int writer, int k) {
    return switch (k % 3) {
      case 0 -> VectorId.of(writer * 100_000L + k);
      case 1 -> VectorId.of(new UUID(writer, k));
      default -> VectorId.parse("writer " + writer + ", vector " + k);
    };
  }
}
