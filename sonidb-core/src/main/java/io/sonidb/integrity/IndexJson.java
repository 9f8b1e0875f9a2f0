package io.sonidb.integrity;

import io.sonidb.index.RecordTable;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;

/// `index.json`: where every vector lies, for people and programs that read no binary. One JSON
/// array, one element a line.
public final class IndexJson {
  /// Name of the file in the collection's folder.
  public static final String FILE = "index.json";

  private static final int FLUSH = 1 << 16;

  private IndexJson() {}

  /// Writes the file for every live vector.
  public static void write(SegmentLog log) throws IOException {
    double rate = log.sampleRateHz();
    Path file = log.folder().resolve(FILE);
    Path fresh = log.folder().resolve(FILE + ".new");
    log.storage().delete(fresh);
    try (var out = log.storage().create(fresh);
        LogView view = log.view()) {
      long at = 0;
      StringBuilder text = new StringBuilder("[\n");
      String separator = "";
      for (Segment segment : view.segments()) {
        RecordTable table = segment.table();
        for (int ordinal = 0; ordinal < table.count(); ordinal++) {
          if (table.kind(ordinal) != RecordKind.UPSERT || !segment.liveness().isLive(ordinal)) {
            continue;
          }
          VectorId id = table.id(ordinal).orElseThrow();
          text.append(separator)
              .append("{\"id\":")
              .append(
                  id instanceof VectorId.Number
                      ? id.toString()
                      : JsonMapper.shared().writeValueAsString(id.toString()))
              .append(",\"file\":\"segments/")
              .append(segment.file())
              .append("\",\"offset\":")
              .append(table.offset(ordinal))
              .append(",\"length\":")
              .append(table.length(ordinal))
              .append(",\"sample\":")
              .append(table.firstSample(ordinal))
              .append(",\"time\":")
              .append(String.format(Locale.ROOT, "%.6f", table.firstSample(ordinal) / rate))
              .append(",\"hash\":\"")
              .append(HexFormat.of().toHexDigits(table.hash(ordinal)))
              .append("\"}");
          separator = ",\n";
          if (text.length() >= FLUSH) {
            at += flush(out, at, text);
          }
        }
      }
      text.append("\n]\n");
      flush(out, at, text);
      out.sync();
    }
    log.storage().rename(fresh, file);
    log.storage().syncFolder(log.folder());
  }

  private static long flush(io.sonidb.store.Storage.File out, long at, StringBuilder text)
      throws IOException {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    out.write(at, ByteBuffer.wrap(bytes));
    text.setLength(0);
    return bytes.length;
  }
}
