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
  private static final int MOST_SKIPPED = 4;

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

  /// @param ordinals ascending
  private void scan(int index, int[] ordinals, int count, Scorer scorer) {
    Segment segment = view.log().segments().get(index);
    RecordTable table = segment.table();
    boolean narrow = engine.log().header().format().element() == ElementType.FLOAT32;
    int dimension = engine.log().header().dimension();
    float[] floats = new float[narrow ? dimension : 0];
    double[] doubles = new double[narrow ? 0 : dimension];
    RecordDecoder decoder = new RecordDecoder(engine.log().header().format());
    byte[] window = new byte[WINDOW];
    long windowStart = 0;
    int windowSize = 0;
    for (int i = 0; i < count; i++) {
      int ordinal = ordinals[i];
      long offset = table.offset(ordinal);
      int length = Math.clamp(table.length(ordinal), 0, SegmentLog.MAX_RECORD_BYTES);
      if (offset < windowStart || offset + length > windowStart + windowSize) {
        int next = i;
        // Over gaps it reads on as long as they are small: less is copied, in few steps.
        while (next + 1 < count
            && ordinals[next + 1] - ordinals[next] <= MOST_SKIPPED
            && table.offset(ordinals[next + 1]) + table.length(ordinals[next + 1]) - offset
                <= WINDOW) {
          next++;
        }
        int last = ordinals[next];
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
        engine.check(decoder, segment, ordinal);
      } catch (IOException e) {
        onDamage.accept(engine.damage(segment, ordinal, String.valueOf(e.getMessage())));
        continue;
      }
      long key = (long) index << 32 | ordinal;
      if (narrow) {
        decoder.copyVector(floats);
        scorer.accept(key, floats);
      } else {
        decoder.copyVector(doubles);
        scorer.accept(key, doubles);
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
