package io.sonidb.store;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `collection.json`: what a collection is and which segments it consists of. It alone says whether
/// a segment is open or sealed.
///
/// It is replaced as a whole, atomically. Its last line carries the CRC-32 of all bytes before that
/// line, so a flipped bit anywhere is noticed; then it is rebuilt from the tags and the records of
/// the segments.
///
/// @param header what the collection is
/// @param syncsWrites whether a write is acknowledged only after an fsync
/// @param segmentBytes size at which a segment is sealed
/// @param epoch raised when history may have diverged; part of the names of segments
/// @param generation counts the versions of this manifest
/// @param clean whether the collection was closed, so that nothing was in flight
/// @param segments in ascending order of their numbers
public record Manifest(
    CollectionHeader header,
    boolean syncsWrites,
    long segmentBytes,
    int epoch,
    long generation,
    boolean clean,
    List<SegmentEntry> segments) {

  /// Name of the file in the collection's folder.
  public static final String FILE = "collection.json";

  /// Size at which a segment is sealed unless the collection says otherwise.
  public static final long DEFAULT_SEGMENT_BYTES = 128L << 20;

  /// No segments are sealed at a smaller size.
  public static final long MIN_SEGMENT_BYTES = 1L << 20;

  /// No segments are sealed at a larger size.
  public static final long MAX_SEGMENT_BYTES = 1L << 30;

  private static final int FORMAT = 1;
  private static final int MAX_SIZE = 64 << 20;
  private static final String CRC_KEY = "\"crc32\"";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Manifest {
    segments = List.copyOf(segments);
    require(
        segmentBytes >= MIN_SEGMENT_BYTES && segmentBytes <= MAX_SEGMENT_BYTES,
        "segment size",
        segmentBytes);
    require(epoch >= 1 && epoch <= SegmentFormat.MAX_EPOCH, "epoch", epoch);
    require(generation >= 0, "generation", generation);
    int previous = 0;
    for (SegmentEntry segment : segments) {
      require(segment.number() > previous, "segment number", segment.number());
      previous = segment.number();
    }
  }

  private static void require(boolean fine, String what, Object value) {
    if (!fine) {
      throw new IllegalArgumentException(what + " cannot be " + value);
    }
  }

  /// One segment.
  ///
  /// @param number its place in the order of writing, from 1
  /// @param file its name in the folder `segments`
  /// @param headCrc32 CRC-32 of the file's first [SegmentFormat#HEAD_SIZE] bytes
  /// @param committedBytes up to here every byte is known to be acknowledged; for a sealed segment
  ///   its size
  /// @param index the `.idx` file that goes with it; for an open segment the one written at the
  ///   last clean close
  /// @param sealed what is known of a segment that is complete; empty while it is open
  public record SegmentEntry(
      int number,
      String file,
      int headCrc32,
      long committedBytes,
      Optional<IndexFile> index,
      Optional<Sealed> sealed) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public SegmentEntry {
      require(
          SegmentFormat.isSegmentName(file) && SegmentFormat.numberOf(file) == number,
          "name of segment " + number,
          file);
      // Places in a segment have 32 bits.
      require(
          committedBytes >= SegmentFormat.HEAD_SIZE && committedBytes < 1L << 32,
          "size of segment " + number,
          committedBytes);
      require(
          index
              .map(IndexFile::file)
              .map(name ->
                  name.equals(SegmentFormat.indexName(file, true))
                      || name.equals(SegmentFormat.indexName(file, false)))
              .orElse(sealed.isEmpty()),
          "index of segment " + number,
          index);
    }

    /// The entry of a segment with another `.idx` file.
    public SegmentEntry withIndex(IndexFile file) {
      return new SegmentEntry(
          number, this.file, headCrc32, committedBytes, Optional.of(file), sealed);
    }
  }

  /// An `.idx` file.
  ///
  /// @param file its name in the folder `segments`
  /// @param size in bytes
  /// @param crc32 the checksum that its last four bytes are
  public record IndexFile(String file, long size, int crc32) {}

  /// What is known of a complete segment.
  ///
  /// @param records number of records
  /// @param firstSequence sequence number of the first one
  /// @param lastSequence sequence number of the last one
  /// @param samples of the whole file
  /// @param damaged records, and runs of bytes that are none, that were not as written when it was
  ///   sealed
  /// @param crc32 of the whole file, as `index.sfv` has it
  /// @param sha256 of the whole file, 64 hexadecimal digits
  public record Sealed(
      int records,
      long firstSequence,
      long lastSequence,
      long samples,
      int damaged,
      int crc32,
      String sha256) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public Sealed {
      require(records >= 1, "number of records", records);
      require(firstSequence >= 0, "sequence number", firstSequence);
      require(
          lastSequence >= firstSequence && lastSequence <= Recovery.MAX_SEQUENCE,
          "sequence number",
          lastSequence);
      require(samples >= 0 && samples <= 1L << 36, "number of samples", samples);
      require(damaged >= 0, "number of damaged records", damaged);
    }
  }

  /// The manifest with other segments and the next generation.
  public Manifest next(boolean clean, List<SegmentEntry> segments) {
    return new Manifest(header, syncsWrites, segmentBytes, epoch, generation + 1, clean, segments);
  }

  /// The same manifest in the epoch after this one.
  public Manifest nextEpoch() {
    return new Manifest(header, syncsWrites, segmentBytes, epoch + 1, generation, clean, segments);
  }

  /// Writes the manifest over the one in the folder; afterwards it survives a power loss.
  public void write(Storage storage, Path folder) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT)
        .put("name", header.name())
        .put("uuid", header.uuid().toString())
        .put("dimension", header.dimension())
        .put("element", lower(header.format().element()))
        .put("sonification", lower(header.format().sonification()))
        .put("metric", header.metric())
        .put("durability", syncsWrites ? "fsync" : "os")
        .put("segment_bytes", segmentBytes)
        .put("epoch", epoch)
        .put("generation", generation)
        .put("clean", clean);
    var list = json.putArray("segments");
    for (SegmentEntry segment : segments) {
      ObjectNode entry = list.addObject();
      entry
          .put("number", segment.number())
          .put("file", segment.file())
          .put("state", segment.sealed().isPresent() ? "sealed" : "open")
          .put("committed_bytes", segment.committedBytes())
          .put("head_crc32", hex(segment.headCrc32()));
      segment
          .index()
          .ifPresent(index ->
              entry
                  .put("index_file", index.file())
                  .put("index_bytes", index.size())
                  .put("index_crc32", hex(index.crc32())));
      segment
          .sealed()
          .ifPresent(sealed ->
              entry
                  .put("records", sealed.records())
                  .put("first_sequence", sealed.firstSequence())
                  .put("last_sequence", sealed.lastSequence())
                  .put("samples", sealed.samples())
                  .put("damaged", sealed.damaged())
                  .put("crc32", hex(sealed.crc32()))
                  .put("sha256", sealed.sha256()));
    }
    String body = JSON.writeValueAsString(json).stripTrailing();
    String open = body.substring(0, body.length() - 1).stripTrailing() + ",\n";
    String text =
        open
            + "  "
            + CRC_KEY
            + " : \""
            + hex(crc(open.getBytes(StandardCharsets.UTF_8)))
            + "\"\n}\n";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_SIZE) {
      throw new IOException(
          FILE + " would get too large: the collection has too many segments, use larger ones");
    }
    storage.replace(folder.resolve(FILE), ByteBuffer.wrap(bytes));
  }

  /// Reads the manifest of a collection's folder.
  ///
  /// @throws CorruptManifestException if it is missing or not as it was written
  /// @throws FormatTooNewException if a newer SoniDB wrote it
  public static Manifest read(Storage storage, Path folder) throws IOException {
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
    if (line < 0
        || !text.substring(line)
            .equals(
                "  "
                    + CRC_KEY
                    + " : \""
                    + hex(crc(text.substring(0, line).getBytes(StandardCharsets.UTF_8)))
                    + "\"\n}\n")) {
      throw new CorruptManifestException(file + " fails its CRC-32");
    }
    JsonNode json;
    try {
      json = JSON.readTree(text);
    } catch (JacksonException e) {
      throw new CorruptManifestException(file + " is not JSON: " + e.getOriginalMessage());
    }
    int format = json.path("format").asInt(0);
    if (format > FORMAT) {
      throw new FormatTooNewException(
          file + " has format " + format + ", this SoniDB reads up to " + FORMAT + ": update it");
    }
    try {
      return parse(json);
    } catch (JacksonException | IllegalArgumentException e) {
      throw new CorruptManifestException(file + ": " + e.getMessage());
    }
  }

  /// The name in the manifest of a folder, even if nothing else can be read.
  public static Optional<String> nameIn(Storage storage, Path folder) {
    try {
      return storage
          .readUpTo(folder.resolve(FILE), MAX_SIZE)
          .flatMap(bytes -> JSON.readTree(bytes).path("name").asStringOpt());
    } catch (IOException | JacksonException e) {
      return Optional.empty();
    }
  }

  private static Manifest parse(JsonNode json) {
    CollectionHeader header =
        new CollectionHeader(
            json.required("name").asString(),
            UUID.fromString(json.required("uuid").asString()),
            json.required("dimension").asInt(),
            new SoundFormat(
                ElementType.valueOf(upper(json.required("element").asString())),
                Sonification.valueOf(upper(json.required("sonification").asString()))),
            json.required("metric").asString());
    List<SegmentEntry> segments = new ArrayList<>();
    for (JsonNode entry : json.required("segments")) {
      Optional<IndexFile> index =
          entry.has("index_file")
              ? Optional.of(
                  new IndexFile(
                      entry.required("index_file").asString(),
                      entry.required("index_bytes").asLong(),
                      unhex(entry.required("index_crc32").asString())))
              : Optional.empty();
      Optional<Sealed> sealed =
          entry.required("state").asString().equals("sealed")
              ? Optional.of(
                  new Sealed(
                      entry.required("records").asInt(),
                      entry.required("first_sequence").asLong(),
                      entry.required("last_sequence").asLong(),
                      entry.required("samples").asLong(),
                      entry.required("damaged").asInt(),
                      unhex(entry.required("crc32").asString()),
                      entry.required("sha256").asString()))
              : Optional.empty();
      segments.add(
          new SegmentEntry(
              entry.required("number").asInt(),
              entry.required("file").asString(),
              unhex(entry.required("head_crc32").asString()),
              entry.required("committed_bytes").asLong(),
              index,
              sealed));
    }
    return new Manifest(
        header,
        json.required("durability").asString().equals("fsync"),
        json.required("segment_bytes").asLong(),
        json.required("epoch").asInt(),
        json.required("generation").asLong(),
        json.required("clean").asBoolean(),
        segments);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String upper(String value) {
    return value.toUpperCase(Locale.ROOT);
  }

  private static int crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  static String hex(int crc32) {
    return String.format(Locale.ROOT, "%08x", crc32);
  }

  private static int unhex(String crc32) {
    return Integer.parseUnsignedInt(crc32, 16);
  }
}
