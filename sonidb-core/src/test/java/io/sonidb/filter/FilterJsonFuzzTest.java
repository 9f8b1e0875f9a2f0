package io.sonidb.filter;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/// Reads filters of any text. Replays the inputs that are kept in the resources; with
/// `JAZZER_FUZZ=1` it looks for new ones.
class FilterJsonFuzzTest {
  @FuzzTest(maxDuration = "2m")
  void readsAFilterOrRefusesIt(byte[] json) {
    Filter filter;
    try {
      filter = Filter.parse(new String(json, StandardCharsets.UTF_8));
    } catch (MalformedFilterException e) {
      return;
    }
    String written = filter.toJson();
    if (!Filter.parse(written).equals(filter)) {
      throw new AssertionError(written + " is not " + filter);
    }
  }
}
