package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.SegmentFile;
import io.sonidb.StoredFile;
import java.util.List;

/// The files of a collection as they lie on disk.
final class SegmentsApi {
  private SegmentsApi() {}

  static Answer list(Exchange exchange) {
    List<SegmentFile> files = exchange.collection().segmentFiles();
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
        file.checksums()
            .ifPresent(sums -> {
              to.writeStringProperty("crc32", sums.crc32());
              to.writeStringProperty("sha256", sums.sha256());
            });
        to.writeEndObject();
      }
      to.writeEndArray();
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
