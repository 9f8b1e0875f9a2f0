package io.sonidb.client;

import io.sonidb.AlterReport;
import io.sonidb.CompactionReport;
import io.sonidb.Damage;
import io.sonidb.IndexReport;
import io.sonidb.IntegrityReport;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncReport;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/// Reads what a node says of its work on a collection.
final class Reports {
  private Reports() {}

  static IndexReport index(JsonNode from) {
    return new IndexReport(
        whole(from, "segments"),
        whole(from, "vectors"),
        whole(from, "index_bytes"),
        seconds(from),
        texts(from.path("repaired")),
        whole(from, "damaged"),
        Path.of(from.path("sfv").asString("")));
  }

  static IntegrityReport integrity(JsonNode from) {
    List<Damage> damaged = new ArrayList<>();
    for (JsonNode each : from.path("damaged")) {
      JsonNode time = each.path("time");
      JsonNode offset = each.path("offset");
      JsonNode id = each.path("id");
      damaged.add(
          new Damage(
              each.path("file").asString(""),
              offset.isNumber() ? OptionalLong.of(offset.longValue()) : OptionalLong.empty(),
              time.isNumber() ? OptionalDouble.of(time.doubleValue()) : OptionalDouble.empty(),
              id.isNumber() || id.isString()
                  ? Optional.of(VectorId.parse(id.asString("")))
                  : Optional.empty(),
              each.path("reason").asString("")));
    }
    return new IntegrityReport(
        from.path("ok").asBoolean(false),
        whole(from, "vectors"),
        whole(from, "segments"),
        whole(from, "bytes"),
        seconds(from),
        damaged,
        texts(from.path("repaired")));
  }

  static CompactionReport compaction(JsonNode from) {
    return new CompactionReport(
        whole(from, "segments_before"),
        whole(from, "segments_after"),
        whole(from, "bytes_before"),
        whole(from, "bytes_after"),
        seconds(from));
  }

  static AlterReport alter(JsonNode from) {
    return new AlterReport(whole(from, "segments_rewritten"), seconds(from));
  }

  static SyncReport sync(JsonNode from) {
    return new SyncReport(
        from.path("target").asString(""),
        received(from.path("received")),
        whole(from, "files"),
        whole(from, "bytes"),
        whole(from, "total_files"),
        whole(from, "total_bytes"),
        whole(from, "newest"),
        whole(from, "controller_bytes"),
        seconds(from));
  }

  static ReceiveReport received(JsonNode from) {
    return new ReceiveReport(
        from.path("name").asString(""),
        from.path("created").asBoolean(false),
        from.path("changed").asBoolean(false),
        whole(from, "vectors"),
        whole(from, "sequence"),
        (int) whole(from, "epoch"),
        texts(from.path("diverging")),
        from.path("aside").asStringOpt().map(Path::of),
        seconds(from));
  }

  static ColdReport cold(JsonNode from) {
    return new ColdReport(
        whole(from, "files"),
        whole(from, "bytes"),
        whole(from, "total_files"),
        whole(from, "total_bytes"),
        from.path("checked_by").asString(""),
        whole(from, "controller_bytes"));
  }

  static List<SpreadReport> spread(JsonNode from) {
    List<SpreadReport> all = new ArrayList<>();
    for (JsonNode each : from.path("targets")) {
      all.add(
          new SpreadReport(
              each.path("target").asString(""),
              each.has("report") ? Optional.of(sync(each.path("report"))) : Optional.empty(),
              each.path("error").asStringOpt(),
              whole(each, "bytes_from_source"),
              whole(each, "bytes_from_others")));
    }
    return all;
  }

  static int epoch(JsonNode from) {
    return (int) whole(from, "epoch");
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asString("")));
    return texts;
  }

  private static double seconds(JsonNode from) {
    return from.path("seconds").asDouble(0);
  }

  private static long whole(JsonNode from, String key) {
    if (!from.path(key).canConvertToLong()) {
      throw new IllegalArgumentException("it says nothing of " + key);
    }
    return from.path(key).longValue();
  }
}
