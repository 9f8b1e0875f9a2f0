package io.sonidb;

import java.util.ArrayList;
import java.util.List;

/// Inserts the points of a view into another collection, in the order of the source's files.
final class Importing {
  private static final int BATCH_POINTS = 1024;
  private static final long BATCH_BYTES = 8 << 20;

  private final Collection target;
  private final CollectionView source;
  private final List<Point> batch = new ArrayList<>();
  private final List<Damage> damaged = new ArrayList<>();
  private long batchBytes;
  private long vectors;

  Importing(Collection target, CollectionView source) {
    this.target = target;
    this.source = source;
  }

  ImportReport run(Progress progress) {
    long start = System.nanoTime();
    checkFits();
    long total = source.count();
    try (PointCursor points = source.slice(0, 1)) {
      while (hasNext(points)) {
        add(points.next());
        if (batch.size() >= BATCH_POINTS || batchBytes >= BATCH_BYTES) {
          write();
          progress.update(vectors + damaged.size(), total, "vectors");
        }
      }
    }
    write();
    progress.update(vectors + damaged.size(), total, "vectors");
    return new ImportReport(
        target.name(), vectors, (System.nanoTime() - start) / 1e9, List.copyOf(damaged));
  }

  private void checkFits() {
    if (source.collection() == target) {
      throw new IllegalArgumentException(
          "collection " + target.name() + " cannot be imported into itself");
    }
    int has = source.collection().spec().dimension();
    if (has != target.spec().dimension()) {
      throw new IllegalArgumentException(
          "collection "
              + source.collection().name()
              + " has dimension "
              + has
              + ", collection "
              + target.name()
              + " "
              + target.spec().dimension());
    }
  }

  /// Goes over what is damaged: it is lost there, and must not keep the rest.
  private boolean hasNext(PointCursor points) {
    while (true) {
      try {
        return points.hasNext();
      } catch (DamagedRecordException e) {
        damaged.add(e.damage());
      }
    }
  }

  private void add(Point point) {
    batch.add(point);
    batchBytes +=
        (long) point.vector().dimension() * Double.BYTES + point.payload().sharedCbor().length;
  }

  private void write() {
    if (!batch.isEmpty()) {
      target.take(batch);
      vectors += batch.size();
      batch.clear();
      batchBytes = 0;
    }
  }
}
