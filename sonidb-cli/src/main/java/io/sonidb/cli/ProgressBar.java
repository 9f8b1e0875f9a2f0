package io.sonidb.cli;

import io.sonidb.Progress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
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
  private long startNanos; // of what is being counted
  private long lastNanos;
  private Optional<String> counted = Optional.empty();
  private boolean printed;

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
    if (counted.isPresent() && !unit.equals(counted.get())) {
      startNanos = lastNanos; // the next part of the work
    }
    counted = Optional.of(unit);
    if (shown && now - lastNanos >= INTERVAL_NANOS) {
      lastNanos = now;
      printed = true;
      err.print(CLEAR_LINE + text(done, total, unit, (now - startNanos) / 1e9));
      err.flush();
    }
  }

  private String text(long done, long total, String unit, double seconds) {
    double rate = done / seconds;
    if (total <= 0 && done == 0) {
      // What goes on, when nothing can be counted.
      return String.format(
          Locale.ROOT, "%s  %s ...  %s", label, unit.isEmpty() ? "beginning" : unit, time(seconds));
    }
    boolean isBytes = unit.equals("bytes");
    String rates =
        isBytes
            ? Quantity.bytes(Math.round(rate)) + "/s"
            : String.format(Locale.ROOT, "%,.0f/s", rate);
    if (total <= 0) {
      return String.format(Locale.ROOT, "%s  %s  %s", label, amount(done, unit), rates);
    }
    double share = Math.min(1, (double) done / total);
    int full = (int) (share * CELLS);
    String bar = "#".repeat(full) + ".".repeat(CELLS - full);
    return String.format(
        Locale.ROOT,
        "%s %3.0f %% [%s]  %s of %s  %s  %s left",
        label,
        share * 100,
        bar,
        isBytes ? Quantity.bytes(done) : String.format(Locale.ROOT, "%,d", done),
        amount(total, unit),
        rates,
        time(rate > 0 ? (total - done) / rate : 0));
  }

  private static String amount(long count, String unit) {
    return unit.equals("bytes")
        ? Quantity.bytes(count)
        : String.format(Locale.ROOT, "%,d %s", count, unit);
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }

  /// Removes the line.
  @Override
  public synchronized void close() {
    if (printed) {
      err.print(CLEAR_LINE);
      err.flush();
    }
  }
}
