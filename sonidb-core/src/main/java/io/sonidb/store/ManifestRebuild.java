package io.sonidb.store;

import io.sonidb.index.RecordTable;
import io.sonidb.store.Manifest.Compacted;
import io.sonidb.store.Manifest.SegmentEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Makes a manifest of the segments alone, when it is lost.
///
/// All segments are taken as open, so sealing is repeated. What was acknowledged is not known any
/// more, so all bytes count as such: nothing is cut. A segment that compaction made says which
/// sequence numbers it supersedes: older files of that range, which a crash or a restored backup
/// left there, do not count.
final class ManifestRebuild {
  /// A segment file.
  ///
  /// @param first sequence number of its first record, or of the range that it supersedes
  /// @param last number of the range that it supersedes; -1 if it was not made by compaction
  private record Found(String file, int number, long size, long first, long last) {
    boolean supersedes(Found other) {
      return last >= 0 && other.number < number && other.first >= first && other.first <= last;
    }
  }

  private ManifestRebuild() {}

  /// @param tags of each segment file, by its name
  /// @param header what the collection is
  static Manifest of(
      Storage storage,
      Path folder,
      Map<String, List<SegmentFormat.Tags>> tags,
      CollectionHeader header)
      throws IOException {
    int epoch = 1;
    int next = 1;
    // Of two segments with one number the one of the later epoch counts; it sorts behind.
    TreeMap<Integer, Found> byNumber = new TreeMap<>();
    for (Map.Entry<String, List<SegmentFormat.Tags>> each : tags.entrySet()) {
      String file = each.getKey();
      int number = SegmentFormat.numberOf(file);
      next = Math.max(next, number + 1);
      Path path = folder.resolve(file);
      if (LogOpening.hasFrames(storage, path) && !LogOpening.isForeign(each.getValue(), header)) {
        byNumber.put(number, found(storage, path, file, each.getValue(), header));
        epoch = Math.max(epoch, SegmentFormat.epochOf(file));
      }
    }
    List<Found> counting = new ArrayList<>();
    for (Found each : byNumber.descendingMap().values()) {
      if (counting.stream().noneMatch(newer -> newer.supersedes(each))) {
        counting.add(each);
      }
    }
    counting.sort(Comparator.comparingLong(Found::first).thenComparingInt(Found::number));
    // Which deletes compaction dropped is not known, so it may have been all of them.
    long horizon = counting.stream().mapToLong(Found::last).max().orElse(0);
    return new Manifest(
        header,
        Manifest.Settings.DEFAULT,
        epoch,
        1,
        false,
        false,
        next,
        Math.max(0, horizon),
        Optional.empty(),
        counting.stream().map(each -> entry(each, header)).toList());
  }

  private static Found found(
      Storage storage,
      Path path,
      String file,
      List<SegmentFormat.Tags> tags,
      CollectionHeader header)
      throws IOException {
    int number = SegmentFormat.numberOf(file);
    try (Storage.File in = storage.open(path);
        Arena reading = Arena.ofConfined()) {
      long size = Math.min(in.size(), LogOpening.MAX_FILE_SIZE);
      MemorySegment bytes = in.map(0, size, reading);
      Optional<Compacted> compacted = SegmentFormat.agreedRange(tags);
      if (compacted.isPresent() && endsWith(bytes, file, header, compacted.get())) {
        return new Found(
            file,
            number,
            in.size(),
            compacted.get().firstSequence(),
            compacted.get().lastSequence());
      }
      return new Found(file, number, in.size(), firstSequence(bytes, file, header), -1);
    }
  }

  /// Whether the last record has the last number of the range, as compaction sees to: what a tag
  /// says has no checksum, and healthy segments depend on it.
  private static boolean endsWith(
      MemorySegment bytes, String file, CollectionHeader header, Compacted range)
      throws UnsupportedFormatException {
    RecordTable table = scan(bytes, file, header);
    return table.count() > 0 && table.sequence(table.count() - 1) == range.lastSequence();
  }

  private static long firstSequence(MemorySegment bytes, String file, CollectionHeader header)
      throws UnsupportedFormatException {
    OptionalLong first = Recovery.firstSequence(bytes, header);
    if (first.isPresent()) {
      return first.getAsLong();
    }
    // The first record is damaged: the next one that is sound is near enough.
    RecordTable rest = scan(bytes, file, header);
    return rest.count() > 0 ? rest.sequence(0) : 0;
  }

  private static RecordTable scan(MemorySegment bytes, String file, CollectionHeader header)
      throws UnsupportedFormatException {
    return Recovery.scan(
            bytes,
            file,
            header,
            Recovery.Bounds.open(0, SegmentFormat.HEAD_SIZE, Recovery.MAX_SEQUENCE))
        .table();
  }

  private static SegmentEntry entry(Found found, CollectionHeader header) {
    Optional<Compacted> compacted =
        found.last() < 0
            ? Optional.empty()
            : Optional.of(new Compacted(found.first(), found.last()));
    byte[] head =
        SegmentFormat.openHead(
            header, SegmentFormat.epochOf(found.file()), found.number(), compacted);
    return new SegmentEntry(
        found.number(),
        found.file(),
        header,
        Sealer.crcOf(head),
        found.size(),
        Optional.empty(),
        Optional.empty(),
        compacted);
  }
}
