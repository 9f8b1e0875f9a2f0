package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.client.NodeException;
import io.sonidb.client.UnreachableException;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Inserts points in batches, each of which is all or nothing.
final class BatchInserter {

  private static final int MAX_POINTS = 1000;

  private final Points collection;
  private final long maxBytes;
  private final long countBefore;
  private final Supplier<Optional<Instant>> defaultExpiry;
  private final List<Point> batch = new ArrayList<>(MAX_POINTS);
  private long batchBytes;
  private long inserted;

  /// @param defaultExpiry when a point expires that does not say so itself
  BatchInserter(Points collection, Supplier<Optional<Instant>> defaultExpiry) {
    this.collection = collection;
    this.maxBytes = collection.maxBatchBytes();
    this.defaultExpiry = defaultExpiry;
    this.countBefore = collection.count();
  }

  /// Adds a point; when the batch is full, it is written.
  ///
  /// @return whether a batch was written
  boolean add(Point point, int payloadBytes) {
    Optional<Instant> expiresAt = point.expiresAt().or(defaultExpiry);
    batch.add(expiresAt.map(point::expiresAt).orElse(point));
    Vector vector = point.vector();
    int elementBytes = vector.elementType() == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    batchBytes += (long) vector.dimension() * elementBytes + payloadBytes;
    if (batch.size() == MAX_POINTS || batchBytes >= maxBytes) {
      flush();
      return true;
    }
    return false;
  }

  /// Writes what has been added and not been written.
  ///
  /// @return whether there was anything
  boolean flush() {
    if (batch.isEmpty()) {
      return false;
    }
    collection.upsert(List.copyOf(batch));
    inserted += batch.size();
    batch.clear();
    batchBytes = 0;
    return true;
  }

  Points collection() {
    return collection;
  }

  /// How many points are written, durable as the collection promises.
  long inserted() {
    return inserted;
  }

  /// What is inserted, as the end of a message about why the rest is not.
  String standing() {
    return "; " + Quantity.count(inserted, "vector") + " before it inserted";
  }

  /// The same when a node did not answer: of the batch that was on its way nobody knows.
  CommandFailure stopped(String place, NodeException why) {
    String unknown =
        why instanceof UnreachableException && !batch.isEmpty()
            ? ", the next " + Quantity.count(batch.size()) + " all or none"
            : "";
    return new CommandFailure(
        Failures.exitCode(why), place + ": " + why.getMessage() + standing() + unknown, why);
  }

  /// How many of them took the place of others, as far as nobody else writes.
  long replaced() {
    return inserted - (collection.count() - countBefore);
  }
}
