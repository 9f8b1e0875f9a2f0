package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.store.LogCursor;
import java.io.IOException;

/// Checks that the sequence numbers of a log go up one by one, from 1 to the last, skip records
/// counted.
final class LogNumbers {
  private LogNumbers() {}

  static void assertHaveNoGaps(Collection collection) throws IOException {
    Engine engine = collection.engine();
    LogCursor cursor = new LogCursor(engine.log(), 0);
    RecordDecoder decoder = new RecordDecoder(engine.log().header().format());
    long next = 1;
    while (cursor.next()) {
      decoder.read(cursor.bytes(), cursor.offset(), cursor.offset() + cursor.length());
      assertThat(decoder.sequence()).as("sequence number").isEqualTo(next);
      next += decoder.kind() == RecordKind.SKIP ? decoder.skipCount() : 1;
    }
    assertThat(collection.lastSequence()).as("last sequence number").isEqualTo(next - 1);
  }
}
