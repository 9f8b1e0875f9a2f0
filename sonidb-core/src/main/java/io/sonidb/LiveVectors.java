package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.search.VectorSource;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/// The newest vector of each id, decoded from the frames in the order of the files.
///
/// A key is the location of the record. A record that is replaced while the scan runs still counts
/// when its replacement is newer than the scan, so a vector that is being updated does not vanish.
final class LiveVectors implements VectorSource {
  private static final int PIECE = 4096;
  private static final int WINDOW = 1 << 18;

  private final Engine engine;
  private final Consumer<Damage> onDamage;
  private final long asOf;

  /// @param onDamage hears of each vector that is not as it was written; when it returns, the scan
  ///   goes on
  LiveVectors(Engine engine, Consumer<Damage> onDamage) {
    this.engine = engine;
    this.onDamage = onDamage;
    this.asOf = engine.log().lastSequence();
  }

  VectorId id(long key) {
    return engine
        .log()
        .segment(Directory.segment(key))
        .table()
        .id(Directory.ordinal(key))
        .orElseThrow();
  }

  @Override
  public int compareIds(long key, long otherKey) {
    return id(key).compareTo(id(otherKey));
  }

  @Override
  public List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    for (Segment segment : engine.log().segments()) {
      int count = segment.table().count();
      for (int from = 0; from < count; from += PIECE) {
        int start = from;
        int end = Math.min(count, from + PIECE);
        pieces.add(scorer -> scan(segment, start, end, scorer));
      }
    }
    return pieces;
  }

  private boolean counts(Segment segment, RecordTable table, int ordinal) {
    if (table.kind(ordinal) != RecordKind.UPSERT || table.sequence(ordinal) > asOf) {
      return false;
    }
    if (segment.liveness().isLive(ordinal)) {
      return true;
    }
    long newest = engine.directory().find(table.id(ordinal).orElseThrow());
    return newest != Directory.NONE
        && engine
                .log()
                .segment(Directory.segment(newest))
                .table()
                .sequence(Directory.ordinal(newest))
            > asOf;
  }

  private void scan(Segment segment, int from, int to, Scorer scorer) {
    RecordTable table = segment.table();
    boolean narrow = engine.log().header().format().element() == ElementType.FLOAT32;
    int dimension = engine.log().header().dimension();
    float[] floats = new float[narrow ? dimension : 0];
    double[] doubles = new double[narrow ? 0 : dimension];
    RecordDecoder decoder = new RecordDecoder(engine.log().header().format());
    byte[] window = new byte[WINDOW];
    long windowStart = 0;
    int windowSize = 0;
    for (int ordinal = from; ordinal < to; ordinal++) {
      if (!counts(segment, table, ordinal)) {
        continue;
      }
      long offset = table.offset(ordinal);
      int length =
          Math.clamp(table.length(ordinal), 0, io.sonidb.store.SegmentLog.MAX_RECORD_BYTES);
      if (offset < windowStart || offset + length > windowStart + windowSize) {
        int last = ordinal;
        while (last + 1 < to
            && table.offset(last + 1) + table.length(last + 1) - offset <= WINDOW) {
          last++;
        }
        windowStart = offset;
        windowSize =
            Math.clamp(
                table.offset(last) + table.length(last) - offset, length, Math.max(WINDOW, length));
        if (windowSize > window.length) {
          window = new byte[windowSize];
        }
        segment.copy(offset, windowSize, window, 0);
      }
      int at = (int) (offset - windowStart);
      try {
        decoder.read(window, at, at + length);
        engine.checkDimension(decoder);
      } catch (IOException e) {
        onDamage.accept(engine.damage(segment, ordinal, String.valueOf(e.getMessage())));
        continue;
      }
      long key = Directory.location(segment.number(), ordinal);
      if (narrow) {
        decoder.copyVector(floats);
        scorer.accept(key, floats);
      } else {
        decoder.copyVector(doubles);
        scorer.accept(key, doubles);
      }
    }
  }

  /// Hands every vector to `sink`, several at a time, and returns how many there were.
  long forEach(Collection.VectorSink sink, Executor cores) {
    List<CompletableFuture<Long>> parts = new ArrayList<>();
    for (Piece piece : pieces()) {
      parts.add(CompletableFuture.supplyAsync(() -> forEach(piece, sink), cores));
    }
    long count = 0;
    for (CompletableFuture<Long> part : parts) {
      try {
        count += part.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof SoniDbException known ? known : e;
      }
    }
    return count;
  }

  private long forEach(Piece piece, Collection.VectorSink sink) {
    final class Counter implements Scorer {
      private long count;

      @Override
      public void accept(long key, float[] vector) {
        count++;
        sink.accept(id(key), Vector.sharing(vector));
      }

      @Override
      public void accept(long key, double[] vector) {
        count++;
        sink.accept(id(key), Vector.sharing(vector));
      }
    }
    Counter counter = new Counter();
    piece.scan(counter);
    return counter.count;
  }
}
