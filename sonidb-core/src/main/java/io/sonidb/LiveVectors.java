package io.sonidb;

import io.sonidb.index.Directory;
import io.sonidb.index.RecordTable;
import io.sonidb.search.Crew;
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
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// The newest vector of each id, decoded from the frames in the order of the files.
///
/// A key is the location of the record. What is written while the scan runs comes as late pieces
/// afterwards, so a vector that is replaced meanwhile does not vanish: it is met in its old form,
/// in its new one, or in both.
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
      int count = segment.table().firstAtOrAfter(asOf + 1);
      for (int from = 0; from < count; from += PIECE) {
        int start = from;
        int end = Math.min(count, from + PIECE);
        pieces.add(scorer -> scan(segment, start, end, scorer));
      }
    }
    return pieces;
  }

  @Override
  public List<Piece> latePieces() {
    List<Piece> late = new ArrayList<>();
    for (Segment segment : engine.log().segments()) {
      int from = segment.table().firstAtOrAfter(asOf + 1);
      int to = segment.table().count();
      if (from < to) {
        late.add(scorer -> scan(segment, from, to, scorer));
      }
    }
    return late;
  }

  @Override
  public boolean isCurrent(long key) {
    return engine.log().segment(Directory.segment(key)).liveness().isLive(Directory.ordinal(key));
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
      if (table.kind(ordinal) != RecordKind.UPSERT || !segment.liveness().isLive(ordinal)) {
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
        engine.check(decoder, segment, ordinal);
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
    Crew.run(latePieces(), () -> piece -> piece.scan(scorer), cores, coreCount);
    return count.sum();
  }
}
