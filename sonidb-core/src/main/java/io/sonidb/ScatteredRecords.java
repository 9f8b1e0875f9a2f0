package io.sonidb;

import io.sonidb.search.VectorSource;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/// Records of a view that are read together, wherever they lie. For one thread.
final class ScatteredRecords implements AutoCloseable {
  /// Records that are read together: as many as there may be lanes.
  static final int TOGETHER = 16;

  private static final int WINDOW = 1 << 18;
  private static final int MOST_PAYLOAD = 512;

  private final CollectionView view;
  private final Consumer<Damage> onDamage;
  private final Engine.Reader reader;
  private final RecordDecoder decoder;
  private final boolean isNarrow;
  private final float[] floats;
  private final double[] doubles;
  private final int[] offsets = new int[TOGETHER];
  private final int[] limits = new int[TOGETHER];
  private byte[] window = new byte[0];

  /// What the record of a vector has beside it.
  ///
  /// @param insertedAtMillis as [RecordDecoder#insertedAtMillis]
  /// @param expiresAtMillis as [RecordDecoder#expiresAtMillis]
  /// @param payload empty if it was too large to be kept
  record Beside(long insertedAtMillis, long expiresAtMillis, Optional<byte[]> payload) {}

  ScatteredRecords(CollectionView view, Consumer<Damage> onDamage) {
    this.view = view;
    this.onDamage = onDamage;
    this.reader = view.engine().take();
    this.decoder = reader.decoder();
    this.isNarrow = decoder.format().element() == ElementType.FLOAT32;
    int dimension = view.engine().log().header().dimension();
    this.floats = new float[isNarrow ? dimension : 0];
    this.doubles = new double[isNarrow ? 0 : dimension];
  }

  /// Has vectors scored, in this order. Of damaged ones others hear.
  ///
  /// @param keys of live vectors, as [LiveVectors] has them
  void read(long[] keys, int count, VectorSource.Scorer scorer) {
    for (int next = 0; next < count; ) {
      next = readSome(keys, next, count, scorer);
    }
  }

  /// Has some vectors scored, and returns the next one.
  private int readSome(long[] keys, int first, int count, VectorSource.Scorer scorer) {
    int end = first;
    int filled = 0;
    while (end < Math.min(count, first + TOGETHER) && (end == first || filled < WINDOW)) {
      offsets[end - first] = filled;
      filled += length(keys[end]);
      limits[end - first] = filled;
      end++;
    }
    // Codes are read in words, which may reach behind the last one.
    if (filled + Long.BYTES > window.length) {
      window = reader.bytes(filled + Long.BYTES);
    }
    for (int i = first; i < end; i++) {
      int at = offsets[i - first];
      Segment segment = segment(keys[i]);
      long offset = segment.table().offset(LiveVectors.ordinalOf(keys[i]));
      segment.copy(offset, limits[i - first] - at, window, at);
    }
    decoder.prepare(window, offsets, limits, end - first);
    for (int i = first; i < end; i++) {
      score(keys[i], i - first, scorer);
    }
    return end;
  }

  private Segment segment(long key) {
    return view.log().segments().get(LiveVectors.segmentOf(key));
  }

  private int length(long key) {
    int length = segment(key).table().length(LiveVectors.ordinalOf(key));
    return Math.clamp(length, 0, SegmentLog.MAX_RECORD_BYTES);
  }

  private void score(long key, int index, VectorSource.Scorer scorer) {
    Segment segment = segment(key);
    int ordinal = LiveVectors.ordinalOf(key);
    try {
      decoder.readPrepared(index);
      view.engine().check(decoder, segment, ordinal);
    } catch (IOException e) {
      onDamage.accept(view.engine().damage(segment, ordinal, String.valueOf(e.getMessage())));
      return;
    }
    if (isNarrow) {
      decoder.copyVector(floats);
      scorer.accept(key, floats);
    } else {
      decoder.copyVector(doubles);
      scorer.accept(key, doubles);
    }
  }

  /// What the record has beside its vector, of the one that is being scored; none if the table has
  /// another id for it.
  Optional<Beside> beside(long key) {
    Segment segment = segment(key);
    if (decoder.idFingerprint() != segment.table().fingerprint(LiveVectors.ordinalOf(key))) {
      return Optional.empty();
    }
    boolean isKept = decoder.payloadSize() <= MOST_PAYLOAD;
    return Optional.of(
        new Beside(
            decoder.insertedAtMillis(),
            decoder.expiresAtMillis(),
            isKept ? Optional.of(decoder.payload()) : Optional.empty()));
  }

  @Override
  public void close() {
    view.engine().give(reader);
  }
}
