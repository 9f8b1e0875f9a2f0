package io.sonidb.payload;

import static io.sonidb.payload.PayloadBlockFormat.*;

import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.roaringbitmap.RoaringBitmap;
import tools.jackson.databind.JsonNode;

/// An index of the payloads of a run of records, which a segment's ordinals name. It never changes;
/// a longer one is made by merging several that follow one another.
///
/// Each field has its values in ascending order, and for each the records that have it as a
/// RoaringBitmap; and bits that tell what the values do not: what is empty, null, several or of
/// another type than the index knows. So every condition on an indexed field has an answer that
/// says which records fulfil it, and which must be looked into: mostly none.
public final class PayloadBlock {
  /// Records that are indexed at once; larger blocks are made by merging.
  public static final int RECORDS = 1 << 15;

  /// Most indexed fields.
  public static final int MAX_FIELDS = 64;

  private final MemorySegment bytes;
  private final int from;
  private final int to;
  private final RoaringBitmap unreadable;
  private final SortedMap<IndexedField, FieldBlock> fields;

  private PayloadBlock(
      MemorySegment bytes,
      int from,
      int to,
      RoaringBitmap unreadable,
      SortedMap<IndexedField, FieldBlock> fields) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.unreadable = unreadable;
    this.fields = fields;
  }

  /// First ordinal that it covers.
  public int from() {
    return from;
  }

  /// Ordinal behind the last one that it covers.
  public int to() {
    return to;
  }

  /// Bytes that it takes.
  public long size() {
    return bytes.byteSize();
  }

  /// The fields that it knows.
  public SortedSet<IndexedField> fields() {
    return new TreeSet<>(fields.keySet());
  }

  /// Records whose payload could not be read when it was made.
  RoaringBitmap unreadable() {
    return unreadable;
  }

  Optional<FieldEntry> field(FieldPath path) {
    for (Map.Entry<IndexedField, FieldBlock> each : fields.entrySet()) {
      if (each.getKey().path().equals(path)) {
        return Optional.of(new FieldEntry(each.getKey().type(), each.getValue()));
      }
    }
    return Optional.empty();
  }

  /// A field of a block with its type.
  ///
  /// @param type of the values that the block knows
  /// @param block the values
  record FieldEntry(FieldType type, FieldBlock block) {}

  // Making -----------------------------------------------------------------------------------

  /// Gathers payloads for a block.
  public static final class Builder {
    private final SortedMap<IndexedField, FieldBuilder> fields = new TreeMap<>();
    private final RoaringBitmap unreadable = new RoaringBitmap();

    /// @param wanted which fields are to be indexed
    public Builder(SortedSet<IndexedField> wanted) {
      wanted.forEach(field -> fields.put(field, new FieldBuilder(field)));
    }

    /// Adds the payload of a record.
    ///
    /// @param ordinal above those added before
    /// @param payload an object; a missing node if there is none
    public void add(int ordinal, JsonNode payload) {
      fields.values().forEach(field -> field.add(ordinal, payload));
    }

    /// Adds a record that cannot be read.
    public void addUnreadable(int ordinal) {
      unreadable.add(ordinal);
    }

    /// The block.
    ///
    /// @param from first ordinal of the records that it covers
    /// @param to ordinal behind the last one
    public PayloadBlock build(Origin origin, int from, int to) {
      SortedMap<IndexedField, FieldSection> sections = new TreeMap<>();
      fields.forEach((field, builder) -> sections.put(field, builder.write()));
      return written(origin, from, to, unreadable, sections);
    }
  }

  /// What a block is about, so that a file is not taken for another one's.
  ///
  /// @param collection UUID of the collection
  /// @param segment number of the segment
  /// @param lastHash hash that the last record which is covered carries
  public record Origin(UUID collection, int segment, long lastHash) {}

  /// Several blocks that follow one another as one.
  ///
  /// @param blocks of the same fields
  public static PayloadBlock merge(Origin origin, List<PayloadBlock> blocks) {
    RoaringBitmap unreadable = new RoaringBitmap();
    blocks.forEach(block -> unreadable.or(block.unreadable));
    SortedMap<IndexedField, FieldSection> sections = new TreeMap<>();
    for (IndexedField field : blocks.getFirst().fields.keySet()) {
      List<FieldBlock> parts = new ArrayList<>();
      for (PayloadBlock block : blocks) {
        FieldBlock part = block.fields.get(field);
        if (part == null) {
          throw new IllegalArgumentException("blocks of different fields cannot be merged");
        }
        parts.add(part);
      }
      sections.put(field, FieldBlock.merge(parts));
    }
    return written(origin, blocks.getFirst().from, blocks.getLast().to, unreadable, sections);
  }

  private static PayloadBlock written(
      Origin origin,
      int from,
      int to,
      RoaringBitmap unreadable,
      SortedMap<IndexedField, FieldSection> sections) {
    try {
      return open(write(origin, from, to, unreadable, sections), origin, "payload index");
    } catch (CorruptPayloadIndexException e) {
      throw new IllegalStateException(e); // it was written a moment ago
    }
  }

  /// The bytes of its file.
  public MemorySegment bytes() {
    return bytes;
  }

  /// Reads and checks a block.
  ///
  /// @param file its bytes, which must stay valid as long as it is used
  /// @param origin what it must be about
  /// @param name for errors
  /// @throws CorruptPayloadIndexException if the bytes are not those that were written, or about
  ///   something else
  public static PayloadBlock open(MemorySegment file, Origin origin, String name)
      throws CorruptPayloadIndexException {
    check(file, origin, name);
    int from = file.get(INT, FROM);
    int to = file.get(INT, TO);
    int count = file.get(INT, FIELDS);
    if (from < 0 || to < from || count < 0 || count > MAX_FIELDS) {
      throw new CorruptPayloadIndexException(name + " covers no records");
    }
    try {
      SortedMap<IndexedField, FieldBlock> fields = new TreeMap<>();
      long at = HEADER_SIZE;
      MemorySegment bits = file.asSlice(at, file.get(INT, UNREADABLE_SIZE));
      at += bits.byteSize();
      for (int i = 0; i < count; i++) {
        int nameSize = file.get(INT, at + 4);
        long size = file.get(LONG, at + 8);
        String path =
            new String(
                file.asSlice(at + FIELD_HEADER_SIZE, nameSize).toArray(ValueLayout.JAVA_BYTE),
                StandardCharsets.UTF_8);
        IndexedField field = new IndexedField(FieldPath.parse(path), type(file.get(INT, at)));
        at += FIELD_HEADER_SIZE + nameSize;
        fields.put(field, FieldBlock.open(file.asSlice(at, size), field.type(), from, to));
        at += size;
      }
      RoaringBitmap unreadable = FieldBlock.checked(FieldBlock.bitmap(bits), from, to);
      return new PayloadBlock(file, from, to, unreadable, fields);
    } catch (CorruptPayloadIndexException | RuntimeException e) {
      // RoaringBitmap says in many ways that bytes are none of its own.
      throw new CorruptPayloadIndexException(name + " does not fit itself: " + e.getMessage());
    }
  }

  private static MemorySegment write(
      Origin origin,
      int from,
      int to,
      RoaringBitmap unreadable,
      SortedMap<IndexedField, FieldSection> sections) {
    List<byte[]> parts = new ArrayList<>();
    parts.add(bitmap(unreadable));
    sections.forEach((field, section) -> {
      byte[] name = field.path().toString().getBytes(StandardCharsets.UTF_8);
      byte[] content = section.bytes();
      parts.add(fieldHeader(field.type(), name.length, content.length));
      parts.add(name);
      parts.add(content);
    });
    long size = HEADER_SIZE + CRC_SIZE + parts.stream().mapToLong(part -> part.length).sum();
    MemorySegment file = Arena.ofAuto().allocate(size, 8);
    writeHeader(file, origin, from, to, sections.size(), parts.getFirst().length);
    long at = HEADER_SIZE;
    for (byte[] part : parts) {
      MemorySegment.copy(MemorySegment.ofArray(part), 0, file, at, part.length);
      at += part.length;
    }
    file.set(INT, at, crc32(file.asSlice(0, at)));
    return file;
  }
}
