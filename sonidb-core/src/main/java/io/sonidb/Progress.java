package io.sonidb;

/// Hears how far long work has come.
@FunctionalInterface
public interface Progress {
  /// Hears nothing.
  Progress NONE = (done, total, unit) -> {};

  /// Called now and then, from any thread. It may throw a
  /// [java.util.concurrent.CancellationException] to have the work end here; what is done by then
  /// stays done.
  ///
  /// @param done how much is done
  /// @param total how much there is to do
  /// @param unit what is counted, such as `bytes`
  void update(long done, long total, String unit);
}
