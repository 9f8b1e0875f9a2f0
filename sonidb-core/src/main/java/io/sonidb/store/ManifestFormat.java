package io.sonidb.store;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.store.Manifest.Compacted;
import io.sonidb.store.Manifest.IndexFile;
import io.sonidb.store.Manifest.Rounding;
import io.sonidb.store.Manifest.Sealed;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The text of `collection.json`: a JSON object whose last line carries the CRC-32 of all bytes
/// before that line. So a flipped bit anywhere is noticed; then the manifest is rebuilt from the
/// tags and the records of the segments.
final class ManifestFormat {
  static final String FILE = "collection.json";

  private static final int FORMAT = 2;
  private static final int MAX_SIZE = 64 << 20;
  private static final String CRC_KEY = "\"crc32\"";
  private static final String QUANTIZE = "quantize";
  private static final String SAMPLE = "quantize_sample";
  private static final String RECALL = "quantize_recall_at_10";

  private ManifestFormat() {}

  static void write(Manifest manifest, Storage storage, Path folder) throws IOException {
    String body = JsonText.inLines(json(manifest)).stripTrailing();
    String open = body.substring(0, body.length() - 1).stripTrailing() + ",\n";
    byte[] bytes = (open + lastLines(open)).getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_SIZE) {
      throw new IOException(
          FILE + " would get too large: the collection has too many segments, use larger ones");
    }
    storage.replace(folder.resolve(FILE), ByteBuffer.wrap(bytes));
  }

  private static String lastLines(String before) {
    CRC32 crc = new CRC32();
    crc.update(before.getBytes(StandardCharsets.UTF_8));
    return "  " + CRC_KEY + " : \"" + hex((int) crc.getValue()) + "\"\n}\n";
  }

  private static ObjectNode json(Manifest manifest) {
    CollectionHeader header = manifest.header();
    ObjectNode json = JsonText.object();
    json.put("format", FORMAT)
        .put("name", header.name())
        .put("uuid", header.uuid().toString())
        .put("dimension", header.dimension())
        .put("element", lower(header.format().element()))
        .put("sonification", lower(header.format().sonification()))
        .put("metric", header.metric())
        .put("durability", manifest.syncsWrites() ? "fsync" : "os")
        .put("segment_bytes", manifest.segmentBytes())
        .put("time_to_live_ms", manifest.settings().timeToLiveMillis())
        .put("retention_ms", manifest.settings().retentionMillis())
        .put("index_what_is_asked", manifest.settings().indexesWhatIsAsked())
        .put("epoch", manifest.epoch())
        .put("generation", manifest.generation())
        .put("clean", manifest.clean())
        .put("replica", manifest.replica())
        .put("next_number", manifest.nextNumber())
        .put("horizon", manifest.horizon());
    ObjectNode indexes = json.putObject("payload_indexes");
    new TreeMap<>(manifest.settings().payloadIndexes()).forEach(indexes::put);
    putQuantize(header, json);
    manifest.rounding().ifPresent(rounding -> put(rounding, json));
    ArrayNode list = json.putArray("segments");
    manifest.segments().forEach(entry -> put(entry, header, list.addObject()));
    return json;
  }

  private static void putQuantize(CollectionHeader header, ObjectNode json) {
    if (header.quantize().isRounding()) {
      json.put(QUANTIZE, header.quantize().toString());
    }
  }

  private static void put(Rounding rounding, ObjectNode json) {
    json.put(SAMPLE, rounding.vectors())
        .put("quantize_step", rounding.meanStep())
        .put("quantize_max_error", rounding.maxError())
        .put("quantize_rms_error", rounding.rmsError())
        .put("quantize_relative_error", rounding.relativeError());
    rounding.recallAt10().ifPresent(recall -> json.put(RECALL, recall));
  }

  private static void put(SegmentEntry entry, CollectionHeader current, ObjectNode json) {
    json.put("number", entry.number())
        .put("file", entry.file())
        .put("state", entry.sealed().isPresent() ? "sealed" : "open")
        .put("committed_bytes", entry.committedBytes())
        .put("head_crc32", hex(entry.headCrc32()));
    if (!entry.header().equals(current)) {
      json.put("name", entry.header().name())
          .put("sonification", lower(entry.header().format().sonification()))
          .put("metric", entry.header().metric());
      putQuantize(entry.header(), json);
    }
    entry
        .index()
        .ifPresent(index ->
            json.put("index_file", index.file())
                .put("index_bytes", index.size())
                .put("index_crc32", hex(index.crc32())));
    entry
        .sealed()
        .ifPresent(sealed ->
            json.put("records", sealed.records())
                .put("deletes", sealed.deletes())
                .put("first_sequence", sealed.firstSequence())
                .put("last_sequence", sealed.lastSequence())
                .put("newest_delete_ms", sealed.newestDeleteMillis())
                .put("samples", sealed.samples())
                .put("damaged", sealed.damaged())
                .put("crc32", hex(sealed.crc32()))
                .put("sha256", sealed.sha256()));
    entry
        .compacted()
        .ifPresent(compacted ->
            json.put("supersedes_first", compacted.firstSequence())
                .put("supersedes_last", compacted.lastSequence()));
  }

  static Manifest read(Storage storage, Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!storage.exists(file)) {
      throw new CorruptManifestException(file + " is missing");
    }
    Optional<byte[]> bytes = storage.readUpTo(file, MAX_SIZE);
    if (bytes.isEmpty()) {
      throw new CorruptManifestException(file + " has more than " + MAX_SIZE + " bytes");
    }
    String text = new String(bytes.get(), StandardCharsets.UTF_8);
    int line = text.lastIndexOf("  " + CRC_KEY);
    // Before anything is made of it: nobody else's text can be large.
    if (line < 0 || !text.substring(line).equals(lastLines(text.substring(0, line)))) {
      throw new CorruptManifestException(file + " fails its CRC-32");
    }
    try {
      JsonNode json = JsonText.read(text);
      checkFormat(json.path("format").asInt(0), file);
      return manifest(json);
    } catch (JacksonException e) {
      throw new CorruptManifestException(file + " is not a manifest: " + e.getOriginalMessage());
    } catch (IllegalArgumentException e) {
      throw new CorruptManifestException(file + ": " + e.getMessage());
    }
  }

  private static void checkFormat(int format, Path file) throws UnsupportedFormatException {
    if (format > FORMAT) {
      throw new UnsupportedFormatException(
          file + " has format " + format + ", this SoniDB reads " + FORMAT + ": update it");
    }
    if (format < FORMAT) {
      throw new UnsupportedFormatException(
          file
              + " has format "
              + format
              + ", a draft; this SoniDB reads "
              + FORMAT
              + ": export the vectors with the SoniDB that wrote it, and insert them again");
    }
  }

  static Optional<String> nameIn(Storage storage, Path folder) {
    try {
      return storage
          .readUpTo(folder.resolve(FILE), MAX_SIZE)
          .map(bytes -> JsonText.read(new String(bytes, StandardCharsets.UTF_8)))
          .flatMap(json -> json.path("name").asStringOpt());
    } catch (IOException | JacksonException e) {
      return Optional.empty();
    }
  }

  private static Manifest manifest(JsonNode json) {
    CollectionHeader header =
        new CollectionHeader(
            json.required("name").asString(),
            UUID.fromString(json.required("uuid").asString()),
            json.required("dimension").asInt(),
            new SoundFormat(
                ElementType.valueOf(upper(json.required("element").asString())),
                sonification(json)),
            json.required("metric").asString(),
            quantize(json));
    List<SegmentEntry> segments = new ArrayList<>();
    for (JsonNode entry : json.required("segments")) {
      segments.add(entry(entry, header));
    }
    return new Manifest(
        header,
        new Manifest.Settings(
            json.required("durability").asString().equals("fsync"),
            json.required("segment_bytes").asLong(),
            json.required("time_to_live_ms").asLong(),
            json.required("retention_ms").asLong(),
            payloadIndexes(json),
            json.path("index_what_is_asked").asBoolean(false)),
        json.required("epoch").asInt(),
        json.required("generation").asLong(),
        json.required("clean").asBoolean(),
        json.path("replica").asBoolean(false),
        json.required("next_number").asInt(),
        json.required("horizon").asLong(),
        rounding(json),
        segments);
  }

  private static Map<String, String> payloadIndexes(JsonNode json) {
    Map<String, String> indexes = new TreeMap<>();
    json.path("payload_indexes")
        .properties()
        .forEach(each -> indexes.put(each.getKey(), each.getValue().asString()));
    return indexes;
  }

  private static Quantisation quantize(JsonNode json) {
    return json.has(QUANTIZE)
        ? Quantisation.parse(json.required(QUANTIZE).asString())
        : Quantisation.NONE;
  }

  private static Optional<Rounding> rounding(JsonNode json) {
    return json.has(SAMPLE)
        ? Optional.of(
            new Rounding(
                json.required(SAMPLE).asInt(),
                json.required("quantize_step").asDouble(),
                json.required("quantize_max_error").asDouble(),
                json.required("quantize_rms_error").asDouble(),
                json.required("quantize_relative_error").asDouble(),
                json.has(RECALL)
                    ? OptionalDouble.of(json.required(RECALL).asDouble())
                    : OptionalDouble.empty()))
        : Optional.empty();
  }

  private static Sonification sonification(JsonNode json) {
    return Sonification.valueOf(upper(json.required("sonification").asString()));
  }

  private static SegmentEntry entry(JsonNode json, CollectionHeader current) {
    CollectionHeader header =
        json.has("metric")
            ? new CollectionHeader(
                json.required("name").asString(),
                current.uuid(),
                current.dimension(),
                new SoundFormat(current.format().element(), sonification(json)),
                json.required("metric").asString(),
                quantize(json))
            : current;
    return new SegmentEntry(
        json.required("number").asInt(),
        json.required("file").asString(),
        header,
        unhex(json.required("head_crc32").asString()),
        json.required("committed_bytes").asLong(),
        index(json),
        sealed(json),
        compacted(json));
  }

  private static Optional<IndexFile> index(JsonNode json) {
    return json.has("index_file")
        ? Optional.of(
            new IndexFile(
                json.required("index_file").asString(),
                json.required("index_bytes").asLong(),
                unhex(json.required("index_crc32").asString())))
        : Optional.empty();
  }

  private static Optional<Sealed> sealed(JsonNode json) {
    return json.required("state").asString().equals("sealed")
        ? Optional.of(
            new Sealed(
                json.required("records").asInt(),
                json.required("deletes").asInt(),
                json.required("first_sequence").asLong(),
                json.required("last_sequence").asLong(),
                json.required("newest_delete_ms").asLong(),
                json.required("samples").asLong(),
                json.required("damaged").asInt(),
                unhex(json.required("crc32").asString()),
                json.required("sha256").asString()))
        : Optional.empty();
  }

  private static Optional<Compacted> compacted(JsonNode json) {
    return json.has("supersedes_first")
        ? Optional.of(
            new Compacted(
                json.required("supersedes_first").asLong(),
                json.required("supersedes_last").asLong()))
        : Optional.empty();
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String upper(String value) {
    return value.toUpperCase(Locale.ROOT);
  }

  static String hex(int crc32) {
    return String.format(Locale.ROOT, "%08x", crc32);
  }

  private static int unhex(String crc32) {
    return Integer.parseUnsignedInt(crc32, 16);
  }
}
