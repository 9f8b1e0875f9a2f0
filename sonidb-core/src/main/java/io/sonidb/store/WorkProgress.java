package io.sonidb.store;

/// Hears how far long work has come.
@FunctionalInterface
public interface WorkProgress {
  /// @param done how much is done
  /// @param total how much there is to do
  /// @param unit what is counted
  void update(long done, long total, String unit);
}
