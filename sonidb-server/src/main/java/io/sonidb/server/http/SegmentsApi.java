package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.Damage;
import io.sonidb.IntegrityReport;
import io.sonidb.SearchIndexPart;
import io.sonidb.SegmentFile;
import io.sonidb.StoredFile;
import io.sonidb.VectorPlace;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// The files of a collection as they lie on disk.
final class SegmentsApi {
  private SegmentsApi() {}

  /// @param verified what was found when the files were last verified, if they were
  static Answer list(Exchange exchange, Optional<Verified> verified) {
    Collection collection = exchange.collection();
    List<SearchIndexPart> parts = collection.searchIndexParts();
    List<SegmentFile> files = collection.segmentFiles();
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("segments");
      for (SegmentFile file : files) {
        to.writeStartObject();
        to.writeStringProperty("file", file.file());
        to.writeNumberProperty("bytes", file.bytes());
        to.writeNumberProperty("records", file.records());
        to.writeNumberProperty("first_sequence", file.firstSequence());
        to.writeNumberProperty("last_sequence", file.lastSequence());
        to.writeBooleanProperty("sealed", file.isSealed());
        to.writeStringProperty("search", search(file, parts));
        verified.ifPresent(found -> to.writeNumberProperty("damaged", found.damaged(file.file())));
        file.checksums()
            .ifPresent(sums -> {
              to.writeStringProperty("crc32", sums.crc32());
              to.writeStringProperty("sha256", sums.sha256());
            });
        to.writeEndObject();
      }
      to.writeEndArray();
      verified.ifPresent(found -> {
        to.writeObjectPropertyStart("verified");
        to.writeStringProperty("at", found.at().toString());
        to.writeBooleanProperty("deep", found.isDeep());
        to.writeBooleanProperty("ok", found.report().ok());
        to.writeNumberProperty("damaged_count", found.report().damaged().size());
        to.writeEndObject();
      });
      to.writeEndObject();
    });
  }

  /// What a verification found.
  ///
  /// @param at when it ended
  /// @param isDeep whether every frame was decoded
  record Verified(Instant at, boolean isDeep, IntegrityReport report) {
    long damaged(String file) {
      return report.damaged().stream().filter(damage -> isOf(damage, file)).count();
    }

    private static boolean isOf(Damage damage, String file) {
      return damage.file().equals(file) || damage.file().endsWith("/" + file);
    }
  }

  /// How most of a segment's writes are found: by a graph, by codes, or by comparing.
  private static String search(SegmentFile file, List<SearchIndexPart> parts) {
    long graph = 0;
    long codes = 0;
    for (SearchIndexPart part : parts) {
      long from = Math.max(part.firstSequence(), file.firstSequence());
      long to = Math.min(part.lastSequence(), file.lastSequence());
      long shared = Math.max(0, to - from + 1);
      graph += part.hasGraph() ? shared : 0;
      codes += part.hasGraph() ? 0 : shared;
    }
    long rest = file.lastSequence() - file.firstSequence() + 1 - graph - codes;
    if (file.records() == 0 || (rest >= graph && rest >= codes)) {
      return "scan";
    }
    return graph >= codes ? "graph" : "codes";
  }

  /// Where a vector lies.
  static Answer place(Exchange exchange) {
    VectorId id = AudioApi.id(exchange);
    VectorPlace place =
        exchange
            .collection()
            .place(id)
            .orElseThrow(() -> ApiException.notFound("Point with id " + id + " does not exists!"));
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeStringProperty("file", place.file());
      to.writeBooleanProperty("sealed", place.isSealed());
      to.writeNumberProperty("offset", place.offset());
      to.writeNumberProperty("length", place.length());
      to.writeNumberProperty("sample", place.firstSample());
      to.writeNumberProperty("samples", place.samples());
      to.writeNumberProperty("sample_rate", place.sampleRateHz());
      to.writeNumberProperty("time", (double) place.firstSample() / place.sampleRateHz());
      to.writeNumberProperty("sequence", place.sequence());
      to.writeStringProperty("hash", HexFormat.of().toHexDigits(place.hash()));
      to.writeEndObject();
    });
  }

  static Answer file(Exchange exchange) {
    Collection collection = exchange.collection();
    String name = exchange.variable("file");
    StoredFile file = collection.openSegment(name).orElseThrow(() -> missing(collection, name));
    return new FileAnswer(AudioApi.FLAC, file.tag(), FileAnswer.FOR_EVER)
        .of(file.bytes(), file::close);
  }

  private static ApiException missing(Collection collection, String name) {
    boolean isOpen = collection.segmentFiles().stream().anyMatch(file -> file.file().equals(name));
    return isOpen
        ? ApiException.of(
            409,
            "Conflict: segment " + name + " is still written to; GET .../audio has its records")
        : ApiException.notFound(
            "there is no segment `"
                + (name.length() > 100 ? name.substring(0, 100) + "..." : name)
                + "`; GET .../segments lists them, compaction replaces them");
  }

  static Answer sfv(Exchange exchange) {
    return index(
        "text/plain; charset=utf-8",
        exchange
            .collection()
            .openIndexSfv()
            .orElseThrow(
                () -> ApiException.notFound("there is no index.sfv: no segment is sealed yet")));
  }

  static Answer json(Exchange exchange) {
    return index(
        Formats.JSON,
        exchange
            .collection()
            .openIndexJson()
            .orElseThrow(() ->
                ApiException.notFound("there is no index.json: build the index with it first")));
  }

  private static Answer index(String type, StoredFile file) {
    return new FileAnswer(type, file.tag(), FileAnswer.ASK_FIRST).of(file.bytes(), file::close);
  }
}
