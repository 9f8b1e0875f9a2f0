package io.sonidb.cli;

import io.sonidb.Progress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/// One line on standard error that shows how far long work is, its rate, and the time that is left.
///
/// ```text
/// insert  46 % [#########...........]  310,000 of 674,000 vectors  51,200/s  0:07 left
/// ```
final class ProgressBar implements Progress, AutoCloseable {

  private static final int CELLS = 20;
  private static final long INTERVAL_NANOS = 100_000_000;
  private static final String CLEAR_LINE = "\r\033[K";

  private final String label;
  private final PrintStream err;
  private final boolean shown;
  private final LongSupplier nanoTime;
  private final long startNanos;
  private long lastNanos;

  ProgressBar(String label, PrintStream err, boolean shown, LongSupplier nanoTime) {
    this.label = label;
    this.err = err;
    this.shown = shown;
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
    this.lastNanos = startNanos;
  }

  /// @param total 0 if it is not known
  @Override
  public synchronized void update(long done, long total, String unit) {
    long now = nanoTime.getAsLong();
    if (shown && now - lastNanos >= INTERVAL_NANOS) {
      lastNanos = now;
      err.print(CLEAR_LINE + text(done, total, unit, (now - startNanos) / 1e9));
      err.flush();
    }
  }

  private String text(long done, long total, String unit, double seconds) {
    double rate = done / seconds;
    String rates = String.format(Locale.ROOT, "%,.0f/s", rate);
    if (total <= 0) {
      return String.format(Locale.ROOT, "%s  %,d %s  %s", label, done, unit, rates);
    }
    double share = Math.min(1, (double) done / total);
    int full = (int) (share * CELLS);
    String bar = "#".repeat(full) + ".".repeat(CELLS - full);
    long left = rate > 0 ? Math.round((total - done) / rate) : 0;
    return String.format(
        Locale.ROOT,
        "%s %3.0f %% [%s]  %,d of %,d %s  %s  %d:%02d left",
        label,
        share * 100,
        bar,
        done,
        total,
        unit,
        rates,
        left / 60,
        left % 60);
  }

  /// Removes the line.
  @Override
  public synchronized void close() {
    if (shown && lastNanos != startNanos) {
      err.print(CLEAR_LINE);
      err.flush();
    }
  }
}
