package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.search.Crew;
import io.sonidb.search.VectorSource;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/// The vectors of a view, decoded from the frames in the order of the files.
///
/// A key is the index of a segment in the view, and the ordinal of a record in it.
final class LiveVectors implements VectorSource {
  private static final int PIECE = 4096;
  private static final int SMALL_PIECE = 1024;
  private static final int WINDOW = 1 << 18;
  private static final int MOST_IN_WINDOW = 512;
  private static final int MOST_SKIPPED = 4;

  /// Records that are read together: as many as there may be lanes.
  private static final int TOGETHER = 16;

  private final CollectionView view;
  private final Engine engine;
  private final Optional<List<RoaringBitmap>> chosen;
  private final Consumer<Damage> onDamage;

  /// All vectors.
  ///
  /// @param onDamage hears of each vector that is not as it was written; when it returns, the scan
  ///   goes on
  LiveVectors(CollectionView view, Consumer<Damage> onDamage) {
    this(view, Optional.empty(), onDamage);
  }

  /// @param chosen the vectors, all of them live, by segment; empty for all
  LiveVectors(
      CollectionView view, Optional<List<RoaringBitmap>> chosen, Consumer<Damage> onDamage) {
    this.view = view;
    this.engine = view.engine();
    this.chosen = chosen;
    this.onDamage = onDamage;
  }

  static int segmentOf(long key) {
    return (int) (key >>> 32);
  }

  static int ordinalOf(long key) {
    return (int) key;
  }

  VectorId id(long key) {
    RecordTable table = view.log().segments().get(segmentOf(key)).table();
    return table.id(ordinalOf(key)).orElseThrow();
  }

  @Override
  public int compareIds(long key, long otherKey) {
    return id(key).compareTo(id(otherKey));
  }

  @Override
  public List<Piece> pieces() {
    LogView log = view.log();
    List<Piece> pieces = new ArrayList<>();
    for (int index = 0; index < log.segments().size(); index++) {
      int of = index;
      if (chosen.isPresent()) {
        int[] ordinals = chosen.get().get(index).toArray();
        for (int from = 0; from < ordinals.length; from += SMALL_PIECE) {
          int[] some =
              Arrays.copyOfRange(ordinals, from, Math.min(ordinals.length, from + SMALL_PIECE));
          pieces.add(scorer -> scan(of, some, some.length, scorer));
        }
        continue;
      }
      int count = log.count(index);
      for (int from = 0; from < count; from += PIECE) {
        int start = from;
        int end = Math.min(count, from + PIECE);
        pieces.add(scorer -> scanLive(of, start, end, scorer));
      }
    }
    return pieces;
  }

  private void scanLive(int index, int from, int to, Scorer scorer) {
    Segment segment = view.log().segments().get(index);
    int[] live = new int[to - from];
    int count = 0;
    for (int ordinal = from; ordinal < to; ordinal++) {
      if (view.hasVector(segment, ordinal)) {
        live[count++] = ordinal;
      }
    }
    scan(index, live, count, scorer);
  }

  /// Decodes vectors and has each scored. Their records are read together, wherever they lie.
  ///
  /// @param index of the segment in the view
  /// @param ordinals ascending
  void scan(int index, int[] ordinals, int count, Scorer scorer) {
    Segment segment = view.log().segments().get(index);
    Reading reading = new Reading(segment, index, scorer);
    int next = 0;
    while (next < count) {
      int first = next;
      next = reading.load(ordinals, first, count);
      for (int from = first; from < next; from += TOGETHER) {
        reading.score(ordinals, first, from, Math.min(next, from + TOGETHER));
      }
    }
  }

  /// Reads records of one segment, as many at a time as fit into a window.
  private final class Reading {
    private final Segment segment;
    private final RecordTable table;
    private final long keys;
    private final Scorer scorer;
    private final RecordDecoder decoder = new RecordDecoder(engine.log().header().format());
    private final boolean isNarrow = decoder.format().element() == ElementType.FLOAT32;
    private final float[] floats;
    private final double[] doubles;
    private byte[] window = new byte[WINDOW + Long.BYTES];
    private int filled;

    /// Where in the window the records begin.
    private final int[] places = new int[MOST_IN_WINDOW];

    private final int[] offsets = new int[TOGETHER];
    private final int[] limits = new int[TOGETHER];

    Reading(Segment segment, int index, Scorer scorer) {
      this.segment = segment;
      this.table = segment.table();
      this.keys = (long) index << 32;
      this.scorer = scorer;
      int dimension = engine.log().header().dimension();
      floats = new float[isNarrow ? dimension : 0];
      doubles = new double[isNarrow ? 0 : dimension];
    }

    /// Fills the window with records from `ordinals[first]` on; returns the first that is not in.
    int load(int[] ordinals, int first, int count) {
      filled = 0;
      int next = first;
      while (next < Math.min(count, first + MOST_IN_WINDOW)) {
        int last = lastOfRun(ordinals, next, Math.min(count, first + MOST_IN_WINDOW));
        long start = table.offset(ordinals[next]);
        int size = (int) (end(ordinals[last]) - start);
        if (filled > 0 && filled + size > WINDOW) {
          break;
        }
        // Codes are read in words, which may reach behind the last one.
        if (filled + size + Long.BYTES > window.length) {
          window = new byte[size + Long.BYTES];
        }
        segment.copy(start, size, window, filled);
        for (; next <= last; next++) {
          places[next - first] = filled + (int) (table.offset(ordinals[next]) - start);
        }
        filled += size;
      }
      return next;
    }

    /// The last record that is copied at one go with one: over gaps it reads on as long as they are
    /// small, because fewer steps are more than fewer bytes.
    private int lastOfRun(int[] ordinals, int first, int count) {
      long start = table.offset(ordinals[first]);
      long end = end(ordinals[first]);
      int last = first;
      while (last + 1 < count
          && ordinals[last + 1] - ordinals[last] <= MOST_SKIPPED
          && table.offset(ordinals[last + 1]) >= end
          && end(ordinals[last + 1]) - start <= WINDOW - filled) {
        last++;
        end = end(ordinals[last]);
      }
      return last;
    }

    private long end(int ordinal) {
      int length = Math.clamp(table.length(ordinal), 0, SegmentLog.MAX_RECORD_BYTES);
      return table.offset(ordinal) + length;
    }

    /// Decodes a few of the records in the window.
    ///
    /// @param first the one at the beginning of the window
    void score(int[] ordinals, int first, int from, int to) {
      for (int i = from; i < to; i++) {
        offsets[i - from] = places[i - first];
        limits[i - from] = filled;
      }
      decoder.prepare(window, offsets, limits, to - from);
      for (int i = from; i < to; i++) {
        try {
          decoder.readPrepared(i - from);
          engine.check(decoder, segment, ordinals[i]);
        } catch (IOException e) {
          onDamage.accept(engine.damage(segment, ordinals[i], String.valueOf(e.getMessage())));
          continue;
        }
        if (isNarrow) {
          decoder.copyVector(floats);
          scorer.accept(keys | ordinals[i], floats);
        } else {
          decoder.copyVector(doubles);
          scorer.accept(keys | ordinals[i], doubles);
        }
      }
    }
  }

  /// Hands every vector to `sink`, several at a time, and returns how often it did.
  long forEach(Collection.VectorSink sink, Executor cores, int coreCount) {
    LongAdder count = new LongAdder();
    Scorer scorer =
        new Scorer() {
          @Override
          public void accept(long key, float[] vector) {
            count.increment();
            sink.accept(id(key), Vector.sharing(vector));
          }

          @Override
          public void accept(long key, double[] vector) {
            count.increment();
            sink.accept(id(key), Vector.sharing(vector));
          }
        };
    Crew.run(pieces(), () -> piece -> piece.scan(scorer), cores, coreCount);
    return count.sum();
  }
}
