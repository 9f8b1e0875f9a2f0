package io.sonidb.cli;

import io.sonidb.sound.ListenReport;
import io.sonidb.sound.ReceiverReport;
import java.util.ArrayList;
import java.util.List;

/// What a listener's report says to people.
final class Hearing {

  private static final int MAX_RANGES = 5;

  private Hearing() {}

  static String summary(ListenReport listened) {
    ReceiverReport report = listened.heard();
    return "%s in %s; %s skipped, %s rejected"
        .formatted(
            Quantity.count(report.records(), "record"),
            Quantity.count(report.samplesHeard(), "sample"),
            Quantity.count(report.samplesSkipped(), "sample"),
            Quantity.count(report.rejected(), "record"));
  }

  /// What was not understood: nothing to say when every sample belongs to a record.
  static List<String> remarks(ListenReport listened) {
    ReceiverReport report = listened.heard();
    List<String> remarks = new ArrayList<>();
    if (listened.skippedBytes() > 0) {
      remarks.add(
          "skipped "
              + Quantity.count(listened.skippedBytes(), "byte")
              + " that are no whole frame");
    }
    if (report.unsupported() > 0) {
      remarks.add(
          Quantity.count(report.unsupported(), "record")
              + " of a kind that this version does not know");
    }
    report.skipped().stream()
        .limit(MAX_RANGES)
        .forEach(range ->
            remarks.add(
                "skipped %s from sample %s on"
                    .formatted(
                        Quantity.count(range.count(), "sample"), Quantity.count(range.first()))));
    if (report.skipped().size() > MAX_RANGES) {
      remarks.add("and more");
    }
    return remarks;
  }
}
