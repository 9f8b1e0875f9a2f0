package io.sonidb.store;

import io.sonidb.flac.Application;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Md5;
import io.sonidb.flac.MetadataBlock;
import io.sonidb.flac.Padding;
import io.sonidb.flac.SeekTable;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The head of a segment file: [#HEAD_SIZE] bytes of FLAC metadata in front of the frames.
///
/// ```
///     0     4  "fLaC"
///     4    38  STREAMINFO; total samples, MD5 and frame sizes are 0 while the segment is open
///    42  4612  SEEKTABLE of 256 points, placeholders while the segment is open
///     .     .  VORBIS_COMMENT: what people and tools read
///     .     .  APPLICATION "SnDB": the same as JSON, for programs
///     .     .  PADDING up to byte 8192
///  8192     .  frames
/// ```
///
/// Sealing rewrites bytes 42 to 8191, syncs, and then rewrites the first 42: whoever reads the file
/// in between sees an open segment.
final class SegmentFormat {
  /// Bytes in front of the first frame.
  static final int HEAD_SIZE = 8192;

  /// Bytes of the marker and STREAMINFO, which are written last when a segment is sealed.
  static final int STREAM_INFO_END = 42;

  static final int SEEK_POINTS = 256;
  static final int MIN_BLOCK_SIZE = 16;
  static final int MAX_BLOCK_SIZE = 4608;

  /// "SnDB"
  static final int APPLICATION_ID = 0x536E4442;

  /// No segment has a higher number.
  static final int MAX_NUMBER = 1 << 20;

  /// No epoch is later.
  static final int MAX_EPOCH = 99_999_999;

  /// Version of the record and segment format; a draft until nodes sync.
  static final int VERSION = 2;

  static final String FOLDER = "segments";

  /// How the names of payload indexes end.
  static final String PAYLOAD_INDEX = ".pay";

  private static final String VENDOR = "SoniDB";
  // Sequence numbers "first-last" of the segments that compaction put this one in the place of.
  private static final String SUPERSEDES = "SUPERSEDES";

  // Bits a component that vectors are rounded to; left out where they are exact.
  private static final String QUANTIZE = "QUANTIZE";

  private SegmentFormat() {}

  /// Name of a segment's file.
  static String fileName(int epoch, int number) {
    return String.format(Locale.ROOT, "%04d-%08d.flac", epoch, number);
  }

  /// Epoch in the name of a segment's file.
  static int epochOf(String file) {
    return Integer.parseInt(file.substring(0, file.indexOf('-')));
  }

  /// Number in the name of a segment's file.
  static int numberOf(String file) {
    return Integer.parseInt(file.substring(file.indexOf('-') + 1, file.indexOf('.')));
  }

  /// Whether a file name is one that [#fileName] makes.
  static boolean isSegmentName(String file) {
    return file.matches("\\d{4,8}-\\d{8}\\.flac")
        && epochOf(file) >= 1
        && numberOf(file) >= 1
        && numberOf(file) <= MAX_NUMBER
        && file.equals(fileName(epochOf(file), numberOf(file)));
  }

  /// Name of the `.idx` file beside a segment; that of an open one tells that it may be behind.
  static String indexName(String segmentFile, boolean sealed) {
    String base = segmentFile.substring(0, segmentFile.length() - ".flac".length());
    return base + (sealed ? ".idx" : ".open.idx");
  }

  /// Name of the payload index beside a sealed segment.
  static String payloadIndexName(String segmentFile) {
    return segmentFile.substring(0, segmentFile.length() - ".flac".length()) + PAYLOAD_INDEX;
  }

  /// Whether a file is the payload index of one of these segment files.
  static boolean isPayloadIndexOf(String file, Collection<String> segmentFiles) {
    return file.endsWith(PAYLOAD_INDEX)
        && segmentFiles.contains(
            file.substring(0, file.length() - PAYLOAD_INDEX.length()) + ".flac");
  }

  /// The head of a segment that is written to.
  ///
  /// @param compacted what it was made of, if compaction made it
  static byte[] openHead(
      CollectionHeader header, int epoch, int number, Optional<Manifest.Compacted> compacted) {
    return head(
        header,
        epoch,
        number,
        compacted,
        new StreamInfo(
            MIN_BLOCK_SIZE, MAX_BLOCK_SIZE, 0, 0, header.format().audio(), 0, Md5.UNKNOWN),
        List.of());
  }

  /// The head of a segment.
  ///
  /// @param compacted what it was made of, if compaction made it
  /// @param points ascending, at most [#SEEK_POINTS]
  static byte[] head(
      CollectionHeader header,
      int epoch,
      int number,
      Optional<Manifest.Compacted> compacted,
      StreamInfo info,
      List<SeekTable.SeekPoint> points) {
    List<MetadataBlock> blocks = new ArrayList<>();
    blocks.add(info);
    blocks.add(new SeekTable(points, SEEK_POINTS - points.size()));
    List<Map.Entry<String, String>> tags = tags(header, epoch, number, compacted);
    blocks.add(new VorbisComment(VENDOR, tags));
    blocks.add(new Application(APPLICATION_ID, json(tags)));
    int used = FlacHead.write(blocks).length + 4;
    if (used > HEAD_SIZE) {
      throw new IllegalArgumentException(
          "collection name of " + header.name().length() + " characters does not fit the head");
    }
    blocks.add(new Padding(HEAD_SIZE - used));
    return FlacHead.write(blocks);
  }

  /// The tags of a collection's FLAC files.
  static List<Map.Entry<String, String>> tags(CollectionHeader header) {
    List<Map.Entry<String, String>> tags = new ArrayList<>();
    tags.add(Map.entry("COLLECTION", header.name()));
    tags.add(Map.entry("COLLECTION_UUID", header.uuid().toString()));
    tags.add(Map.entry("DIMENSION", Integer.toString(header.dimension())));
    tags.add(Map.entry("ELEMENT", lower(header.format().element())));
    tags.add(Map.entry("METRIC", header.metric()));
    tags.add(Map.entry("SONIFICATION", lower(header.format().sonification())));
    if (header.quantize().isRounding()) {
      tags.add(Map.entry(QUANTIZE, header.quantize().toString()));
    }
    tags.add(Map.entry("SONIDB_FORMAT", Integer.toString(VERSION)));
    return tags;
  }

  private static List<Map.Entry<String, String>> tags(
      CollectionHeader header, int epoch, int number, Optional<Manifest.Compacted> compacted) {
    List<Map.Entry<String, String>> tags = new ArrayList<>();
    tags.add(Map.entry("TITLE", header.name() + ", segment " + number));
    tags.addAll(tags(header));
    tags.add(Map.entry("EPOCH", Integer.toString(epoch)));
    tags.add(Map.entry("SEGMENT", Integer.toString(number)));
    compacted.ifPresent(
        made -> tags.add(Map.entry(SUPERSEDES, made.firstSequence() + "-" + made.lastSequence())));
    return tags;
  }

  private static byte[] json(List<Map.Entry<String, String>> tags) {
    ObjectNode json = JsonText.object();
    tags.forEach(tag -> json.put(tag.getKey().toLowerCase(Locale.ROOT), tag.getValue()));
    return JsonText.inALine(json).getBytes(StandardCharsets.UTF_8);
  }

  /// What a segment's head says.
  ///
  /// @param header of the collection
  /// @param compacted sequence numbers that it supersedes all other segments in
  record Tags(CollectionHeader header, Optional<Manifest.Compacted> compacted) {}

  /// Reads what a segment's head says, to rebuild a manifest that is lost. It is there twice, as
  /// tags and as JSON in the APPLICATION block, wherever that lies in the head; what is damaged is
  /// left out.
  ///
  /// @return none, one or two, which may differ when one is damaged
  static List<Tags> readTags(byte[] head) {
    List<Tags> found = new ArrayList<>();
    try {
      for (MetadataBlock block : FlacHead.read(head, 0, head.length).blocks()) {
        if (block instanceof VorbisComment tags) {
          found.add(tags(name -> tags.first(name)));
        }
      }
    } catch (IOException | IllegalArgumentException damaged) {
      // The APPLICATION block says the same.
    }
    String text = new String(head, StandardCharsets.ISO_8859_1);
    int start = text.indexOf("SnDB{");
    int end = text.indexOf("\"}", Math.max(start, 0));
    if (start >= 0 && end >= 0) {
      try {
        JsonNode json =
            JsonText.read(new String(head, start + 4, end + 2 - start - 4, StandardCharsets.UTF_8));
        found.add(
            tags(name ->
                Optional.ofNullable(json.path(name.toLowerCase(Locale.ROOT)).asString(null))));
      } catch (JacksonException | IllegalArgumentException damaged) {
        // The tags say the same.
      }
    }
    return found;
  }

  /// The range that a segment supersedes, if both copies of the tags say the same.
  static Optional<Manifest.Compacted> agreedRange(List<Tags> tags) {
    return tags.size() == 2 && tags.getFirst().compacted().equals(tags.getLast().compacted())
        ? tags.getFirst().compacted()
        : Optional.empty();
  }

  private static Tags tags(Function<String, Optional<String>> source) {
    return new Tags(header(source), source.apply(SUPERSEDES).map(SegmentFormat::superseded));
  }

  private static Manifest.Compacted superseded(String range) {
    int dash = range.indexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException("no range of sequence numbers: " + range);
    }
    return new Manifest.Compacted(
        Long.parseLong(range.substring(0, dash)), Long.parseLong(range.substring(dash + 1)));
  }

  private static CollectionHeader header(Function<String, Optional<String>> source) {
    Function<String, String> tag =
        name ->
            source
                .apply(name)
                .orElseThrow(() -> new IllegalArgumentException("there is no tag " + name));
    return new CollectionHeader(
        tag.apply("COLLECTION"),
        UUID.fromString(tag.apply("COLLECTION_UUID")),
        Integer.parseInt(tag.apply("DIMENSION")),
        new SoundFormat(
            ElementType.valueOf(tag.apply("ELEMENT").toUpperCase(Locale.ROOT)),
            Sonification.valueOf(tag.apply("SONIFICATION").toUpperCase(Locale.ROOT))),
        tag.apply("METRIC"),
        source.apply(QUANTIZE).map(Quantisation::parse).orElse(Quantisation.NONE));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
