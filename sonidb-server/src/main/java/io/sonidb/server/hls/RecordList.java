package io.sonidb.server.hls;

import io.sonidb.RecordSound;
import io.sonidb.sound.FlacInMp4;
import io.sonidb.sound.VectorId;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a fragment says of the records that begin in it, as JSON.
///
/// ```
/// {"records":[{"sequence":17,"id":"42","change":"upsert","hash":"0123456789abcdef","sample":0,"samples":401}]}
/// ```
///
/// Samples count from the start of the fragment.
final class RecordList {
  static final String OWNER = "io.sonidb.records";

  private final ArrayNode records = JsonNodeFactory.instance.arrayNode();

  void add(RecordSound record, long sample) {
    ObjectNode each = records.addObject();
    each.put("sequence", record.sequence());
    record.id().map(VectorId::toString).ifPresent(id -> each.put("id", id));
    each.put("change", record.kind().name().toLowerCase(Locale.ROOT));
    each.put("hash", HexFormat.of().toHexDigits(record.hash()));
    each.put("sample", sample);
    each.put("samples", record.samples());
  }

  /// Tells of them, if there are any.
  void tell(FlacInMp4.Fragment fragment) {
    if (!records.isEmpty()) {
      ObjectNode all = JsonNodeFactory.instance.objectNode();
      all.set("records", records);
      fragment.tell(OWNER, all.toString().getBytes(StandardCharsets.UTF_8));
    }
  }
}
