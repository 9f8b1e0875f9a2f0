package io.sonidb;

import io.sonidb.search.VectorSource;
import io.sonidb.sound.ElementType;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// A few vectors of a view, decoded one by one in the order of the files.
final class ChosenVectors implements VectorSource {
  private final CollectionView view;
  private final LiveVectors all;
  private final long[] keys;
  private final Consumer<Damage> onDamage;

  /// @param all of the view
  /// @param keys of live vectors, as `all` has them; sorted here
  ChosenVectors(CollectionView view, LiveVectors all, long[] keys, Consumer<Damage> onDamage) {
    this.view = view;
    this.all = all;
    this.keys = keys;
    this.onDamage = onDamage;
    Arrays.sort(keys);
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
    Engine engine = view.engine();
    int dimension = engine.log().header().dimension();
    Engine.Reader reader = engine.take();
    try {
      if (engine.log().header().format().element() == ElementType.FLOAT32) {
        float[] vector = new float[dimension];
        scan((segment, ordinal, key) -> {
          engine.read(segment, ordinal, reader, vector);
          scorer.accept(key, vector);
        });
      } else {
        double[] vector = new double[dimension];
        scan((segment, ordinal, key) -> {
          engine.read(segment, ordinal, reader, vector);
          scorer.accept(key, vector);
        });
      }
    } finally {
      engine.give(reader);
    }
  }

  /// Reads one vector.
  @FunctionalInterface
  private interface Reading {
    void read(Segment segment, int ordinal, long key) throws IOException;
  }

  private void scan(Reading reading) {
    for (long key : keys) {
      Segment segment = view.log().segments().get(LiveVectors.segmentOf(key));
      int ordinal = LiveVectors.ordinalOf(key);
      try {
        reading.read(segment, ordinal, key);
      } catch (IOException e) {
        onDamage.accept(view.engine().damage(segment, ordinal, String.valueOf(e.getMessage())));
      }
    }
  }
}
