package io.sonidb;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a collection must hold, as the plainest thing there is: a map. It keeps what has expired
/// until somebody says that it was swept.
final class PlainMap {
  /// A point; sequence number 0 stands for any.
  record Stored(
      Vector vector,
      Map<String, Object> payload,
      Optional<Instant> insertedAt,
      Optional<Instant> expiresAt,
      long sequence) {
    static Stored of(Point point) {
      return new Stored(
          point.vector(),
          point.payload().toMap(),
          point.insertedAt(),
          point.expiresAt(),
          point.sequence());
    }

    Stored withPayload(Map<String, Object> changed, long sequence) {
      return new Stored(vector, changed, insertedAt, expiresAt, sequence);
    }

    Stored withSequence(long sequence) {
      return new Stored(vector, payload, insertedAt, expiresAt, sequence);
    }

    boolean isThere(Instant now) {
      return expiresAt.isEmpty() || expiresAt.get().isAfter(now);
    }

    boolean fits(Stored found) {
      return equals(sequence == 0 ? found.withSequence(0) : found);
    }

    Map<String, Object> copyOfPayload() {
      return new LinkedHashMap<>(payload);
    }
  }

  private final TreeMap<VectorId, Stored> points;

  PlainMap() {
    this(new TreeMap<>());
  }

  PlainMap(Map<VectorId, Stored> points) {
    this.points = new TreeMap<>(points);
  }

  PlainMap copy() {
    return new PlainMap(points);
  }

  /// The point of an id that has not expired.
  Optional<Stored> find(VectorId id, Instant now) {
    return Optional.ofNullable(points.get(id)).filter(stored -> stored.isThere(now));
  }

  void put(VectorId id, Stored stored) {
    points.put(id, stored);
  }

  void remove(VectorId id) {
    points.remove(id);
  }

  /// Empty values are deletions.
  void apply(Map<VectorId, Optional<Stored>> changes) {
    changes.forEach((id, stored) -> {
      if (stored.isPresent()) {
        put(id, stored.get());
      } else {
        remove(id);
      }
    });
  }

  void sweep(Instant now) {
    points.values().removeIf(stored -> !stored.isThere(now));
  }

  /// Expired ones counted.
  int size() {
    return points.size();
  }

  Map<VectorId, Stored> at(Instant now) {
    TreeMap<VectorId, Stored> there = new TreeMap<>(points);
    there.values().removeIf(stored -> !stored.isThere(now));
    return there;
  }

  /// What is wrong with what was found; nothing if it fits.
  Optional<String> difference(Map<VectorId, Stored> found, Instant now) {
    Map<VectorId, Stored> expected = at(now);
    for (Map.Entry<VectorId, Stored> each : expected.entrySet()) {
      Stored there = found.get(each.getKey());
      if (there == null) {
        return Optional.of("id " + each.getKey() + " is lost: " + shown(each.getValue()));
      }
      if (!each.getValue().fits(there)) {
        return Optional.of(
            "id "
                + each.getKey()
                + " is "
                + shown(there)
                + " instead of "
                + shown(each.getValue()));
      }
    }
    for (Map.Entry<VectorId, Stored> each : found.entrySet()) {
      if (!expected.containsKey(each.getKey())) {
        return Optional.of(
            "id " + each.getKey() + " should not be there: " + shown(each.getValue()));
      }
    }
    return Optional.empty();
  }

  private static String shown(Stored stored) {
    String text = stored.payload().toString();
    return "number "
        + stored.sequence()
        + ", vector "
        + stored.vector().floatAt(0)
        + ", payload "
        + text.substring(0, Math.min(60, text.length()))
        + ", inserted "
        + stored.insertedAt().map(Instant::toString).orElse("never")
        + ", expires "
        + stored.expiresAt().map(Instant::toString).orElse("never");
  }
}
