package io.sonidb;

import io.sonidb.search.VectorSource;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A few vectors of a view, decoded in the order of the files. Their records are read together,
/// wherever they lie.
final class ChosenVectors implements VectorSource {
  /// Records that are read together: as many as there may be lanes.
  static final int TOGETHER = 16;

  private static final int WINDOW = 1 << 18;
  private static final int MOST_PAYLOAD = 512;

  private final CollectionView view;
  private final LiveVectors all;
  private final long[] keys;
  private final Consumer<Damage> onDamage;
  private final Map<Long, Beside> read = new HashMap<>();

  /// What the record of a vector has beside it.
  ///
  /// @param insertedAtMillis as [RecordDecoder#insertedAtMillis]
  /// @param expiresAtMillis as [RecordDecoder#expiresAtMillis]
  /// @param payload empty if it was too large to be kept
  record Beside(long insertedAtMillis, long expiresAtMillis, Optional<byte[]> payload) {}

  /// @param all of the view
  /// @param keys of live vectors, as `all` has them; sorted here
  ChosenVectors(CollectionView view, LiveVectors all, long[] keys, Consumer<Damage> onDamage) {
    this.view = view;
    this.all = all;
    this.keys = keys;
    this.onDamage = onDamage;
    Arrays.sort(keys);
  }

  /// Of each vector that was read, by its key, what its record has beside it.
  Map<Long, Beside> read() {
    return read;
  }

  @Override
  public int compareIds(long key, long otherKey) {
    return all.compareIds(key, otherKey);
  }

  @Override
  public List<Piece> pieces() {
    return List.of(this::scan);
  }

  private void scan(Scorer scorer) {
    Engine.Reader reader = view.engine().take();
    try {
      Reading reading = new Reading(reader.decoder(), scorer);
      for (int next = 0; next < keys.length; ) {
        next = reading.score(next);
      }
    } finally {
      view.engine().give(reader);
    }
  }

  private Segment segment(long key) {
    return view.log().segments().get(LiveVectors.segmentOf(key));
  }

  /// Reads records, a few at a time.
  private final class Reading {
    private final RecordDecoder decoder;
    private final Scorer scorer;
    private final boolean isNarrow;
    private final float[] floats;
    private final double[] doubles;
    private final int[] offsets = new int[TOGETHER];
    private final int[] limits = new int[TOGETHER];
    private byte[] window = new byte[0];

    Reading(RecordDecoder decoder, Scorer scorer) {
      this.decoder = decoder;
      this.scorer = scorer;
      this.isNarrow = decoder.format().element() == ElementType.FLOAT32;
      int dimension = view.engine().log().header().dimension();
      this.floats = new float[isNarrow ? dimension : 0];
      this.doubles = new double[isNarrow ? 0 : dimension];
    }

    /// Has some vectors scored, and returns the next one.
    int score(int first) {
      int end = first;
      int filled = 0;
      while (end < Math.min(keys.length, first + TOGETHER) && (end == first || filled < WINDOW)) {
        offsets[end - first] = filled;
        filled += length(keys[end]);
        limits[end - first] = filled;
        end++;
      }
      // Codes are read in words, which may reach behind the last one.
      if (filled + Long.BYTES > window.length) {
        window = new byte[filled + Long.BYTES];
      }
      for (int i = first; i < end; i++) {
        int at = offsets[i - first];
        Segment segment = segment(keys[i]);
        long offset = segment.table().offset(LiveVectors.ordinalOf(keys[i]));
        segment.copy(offset, limits[i - first] - at, window, at);
      }
      decoder.prepare(window, offsets, limits, end - first);
      for (int i = first; i < end; i++) {
        score(keys[i], i - first);
      }
      return end;
    }

    private int length(long key) {
      int length = segment(key).table().length(LiveVectors.ordinalOf(key));
      return Math.clamp(length, 0, SegmentLog.MAX_RECORD_BYTES);
    }

    private void score(long key, int index) {
      Segment segment = segment(key);
      int ordinal = LiveVectors.ordinalOf(key);
      try {
        decoder.readPrepared(index);
        view.engine().check(decoder, segment, ordinal);
      } catch (IOException e) {
        onDamage.accept(view.engine().damage(segment, ordinal, String.valueOf(e.getMessage())));
        return;
      }
      if (decoder.idFingerprint() == segment.table().fingerprint(ordinal)) {
        read.put(key, beside());
      }
      if (isNarrow) {
        decoder.copyVector(floats);
        scorer.accept(key, floats);
      } else {
        decoder.copyVector(doubles);
        scorer.accept(key, doubles);
      }
    }

    private Beside beside() {
      boolean isKept = decoder.payloadSize() <= MOST_PAYLOAD;
      return new Beside(
          decoder.insertedAtMillis(),
          decoder.expiresAtMillis(),
          isKept ? Optional.of(decoder.payload()) : Optional.empty());
    }
  }
}
