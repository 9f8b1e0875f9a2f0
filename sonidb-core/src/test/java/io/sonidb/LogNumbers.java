package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.LogCursor;
import java.io.IOException;

/// Checks that the sequence numbers of a log go up to the last, one by one where nothing was
/// compacted, skip records counted.
final class LogNumbers {
  private LogNumbers() {}

  static void assertHaveNoGaps(Collection collection) throws IOException {
    Engine engine = collection.engine();
    LogCursor cursor = new LogCursor(engine.log(), 0);
    RecordDecoder decoder = new RecordDecoder(engine.log().header().format());
    long next = 1;
    long lastGap = 0;
    while (cursor.next()) {
      decoder.read(cursor.bytes(), 0, cursor.length());
      assertThat(decoder.sequence()).as("sequence number").isGreaterThanOrEqualTo(next);
      lastGap = decoder.sequence() > next ? decoder.sequence() - 1 : lastGap;
      next = decoder.sequence();
      next += decoder.kind() == RecordKind.SKIP ? decoder.skipCount() : 1;
    }
    cursor.close();
    // Asked last: a compaction may come in between.
    assertThat(lastGap).as("gap").isLessThan(engine.log().manifest().completeFrom());
    assertThat(collection.lastSequence()).as("last sequence number").isEqualTo(next - 1);
  }
}
