package io.sonidb;

import io.sonidb.search.VectorSource;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// A few vectors of a view, decoded in the order of the files.
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
    try (ScatteredRecords records = new ScatteredRecords(view, onDamage)) {
      records.read(keys, keys.length, scorer);
    }
  }
}
