package io.sonidb.server.http;

import io.sonidb.Collection;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// How writes are acknowledged: always when they are durable. Who does not wait for them is told
/// `acknowledged`, as by Qdrant, and may rely on more.
final class Updates {
  private Updates() {}

  static Answer done(Exchange exchange, Collection collection, List<String> warnings) {
    boolean waits = exchange.isTrue("wait", false);
    long sequence = collection.lastSequence();
    return Answer.result(to -> write(to, sequence, waits), warnings);
  }

  static void write(JsonGenerator to, long sequence, boolean waits) {
    to.writeStartObject();
    to.writeNumberProperty("operation_id", sequence);
    to.writeStringProperty("status", waits ? "completed" : "acknowledged");
    to.writeEndObject();
  }
}
