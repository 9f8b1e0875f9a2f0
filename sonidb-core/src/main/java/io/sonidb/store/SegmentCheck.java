package io.sonidb.store;

import io.sonidb.flac.FlacHead;
import io.sonidb.flac.Md5;
import io.sonidb.index.CorruptIndexException;
import io.sonidb.index.RecordTable;
import io.sonidb.index.SegmentIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/// Compares the files of a log with the manifest, the checksums and, frame by frame, the index.
///
/// It reads the files through handles of its own, so that it sees what the disk has and cannot
/// disturb the log.
public final class SegmentCheck implements AutoCloseable {
  private static final int STEP = 1 << 20;

  /// One segment to check, as it was when the check began.
  ///
  /// @param entry in the manifest
  /// @param segment as readers see it
  /// @param bytes that will be read
  public record Target(Manifest.SegmentEntry entry, Segment segment, long bytes) {}

  private final SegmentLog log;
  private final Manifest manifest;
  private final LogView view;
  private final Path segmentFolder;

  /// A check of a log as it is now; until it is closed, no segment goes away.
  public SegmentCheck(SegmentLog log) {
    this.log = log;
    LogView pinned = log.view();
    Manifest named = log.manifest();
    while (!isOf(named, pinned)) { // compaction came in between
      pinned.close();
      pinned = log.view();
      named = log.manifest();
    }
    this.view = pinned;
    this.manifest = named;
    this.segmentFolder = log.folder().resolve(SegmentFormat.FOLDER);
  }

  private static boolean isOf(Manifest manifest, LogView view) {
    return view.segments().stream()
        .allMatch(segment -> manifest.entry(segment.number()).isPresent());
  }

  /// The segments to check.
  public List<Target> targets() {
    List<Target> targets = new ArrayList<>();
    for (Segment segment : view.segments()) {
      Manifest.SegmentEntry entry = manifest.entry(segment.number()).orElseThrow();
      targets.add(
          new Target(
              entry, segment, entry.sealed().isPresent() ? entry.committedBytes() : segment.end()));
    }
    return targets;
  }

  @Override
  public void close() {
    view.close();
  }

  /// Checks the files that are not audio.
  public List<DamagedRange> fileMetadata() throws IOException {
    return log.whileFilesRest(this::manifestAndSfv);
  }

  private List<DamagedRange> manifestAndSfv() throws IOException {
    Manifest manifest = log.manifest();
    List<DamagedRange> damaged = new ArrayList<>();
    try {
      if (!Manifest.read(log.storage(), log.folder()).equals(manifest)) {
        throw new CorruptManifestException(Manifest.FILE + " is another one");
      }
    } catch (CorruptManifestException | UnsupportedFormatException e) {
      damaged.add(
          DamagedRange.ofFile(
              Manifest.FILE,
              "is not as it was written; it is rebuilt when the database is opened"));
    }
    Path sfv = log.folder().resolve(SegmentLog.SFV_FILE);
    boolean anySealed = manifest.segments().stream().anyMatch(entry -> entry.sealed().isPresent());
    if (log.storage().exists(sfv)) {
      byte[] expected = Sfv.text(manifest).getBytes(StandardCharsets.UTF_8);
      Optional<byte[]> found = log.storage().readUpTo(sfv, expected.length);
      if (found.isEmpty() || !Arrays.equals(found.get(), expected)) {
        damaged.add(
            DamagedRange.ofFile(
                SegmentLog.SFV_FILE, "is not as it was written; buildIndex writes it again"));
      }
    } else if (anySealed) {
      damaged.add(
          DamagedRange.ofFile(SegmentLog.SFV_FILE, "is missing; buildIndex writes it again"));
    }
    return damaged;
  }

  /// A segment whose file was checked, apart from its records.
  ///
  /// @param name of the file
  /// @param damaged grows while it is checked further
  /// @param toHear its bytes, if the records are to be decoded
  private record Checked(
      Target target, String name, List<DamagedRange> damaged, Optional<MemorySegment> toHear) {}

  /// Checks segments with their `.idx` files; several together are decoded side by side, which is
  /// faster.
  ///
  /// @param deep whether to decode them even when their CRC-32 is right
  public List<DamagedRange> check(List<Target> targets, boolean deep) {
    List<DamagedRange> all = new ArrayList<>();
    try (Arena reading = Arena.ofConfined()) {
      List<Checked> checked = new ArrayList<>();
      for (Target target : targets) {
        checked.add(checkFile(target, deep, reading));
      }
      checkRecords(checked.stream().filter(each -> each.toHear().isPresent()).toList());
      for (Checked each : checked) {
        checkIndex(each);
        if (each.damaged().size() > 1) {
          // The file's own checksum says nothing more once the place is known.
          each.damaged().removeIf(range -> range.reason().startsWith(WRONG_CRC));
        }
        all.addAll(each.damaged());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private Checked checkFile(Target target, boolean deep, Arena reading) throws IOException {
    List<DamagedRange> damaged = new ArrayList<>();
    String name = SegmentFormat.FOLDER + "/" + target.entry().file();
    Path path = segmentFolder.resolve(target.entry().file());
    if (!log.storage().exists(path)) {
      damaged.add(DamagedRange.ofFile(name, "the file is missing"));
      return new Checked(target, name, damaged, Optional.empty());
    }
    try (Storage.File file = log.storage().open(path)) {
      checkSize(target, name, file.size(), damaged);
      MemorySegment bytes = file.map(0, Math.min(file.size(), target.bytes()), reading);
      boolean crcIsRight =
          target.entry().sealed().isPresent() && checkCrc(target, bytes, name, damaged);
      checkHead(target, bytes, name, damaged);
      // A segment that was damaged before it was sealed has the CRC-32 of the damaged file.
      boolean sealedDamaged =
          target.entry().sealed().map(sealed -> sealed.damaged() > 0).orElse(false);
      boolean hears = deep || !crcIsRight || sealedDamaged;
      return new Checked(target, name, damaged, hears ? Optional.of(bytes) : Optional.empty());
    }
  }

  private static final String WRONG_CRC = "the file's CRC-32 is ";

  private void checkSize(Target target, String name, long size, List<DamagedRange> damaged) {
    boolean wrong =
        target.entry().sealed().isPresent() ? size != target.bytes() : size < target.bytes();
    if (wrong) {
      damaged.add(DamagedRange.ofFile(name, "has " + size + " bytes instead of " + target.bytes()));
    }
  }

  private static boolean checkCrc(
      Target target, MemorySegment bytes, String name, List<DamagedRange> damaged) {
    CRC32 crc = new CRC32();
    byte[] step = new byte[(int) Math.min(STEP, bytes.byteSize())];
    for (long at = 0; at < bytes.byteSize(); at += STEP) {
      int size = (int) Math.min(STEP, bytes.byteSize() - at);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, step, 0, size);
      crc.update(step, 0, size);
    }
    int expected = target.entry().sealed().orElseThrow().crc32();
    if ((int) crc.getValue() == expected) {
      return true;
    }
    damaged.add(
        DamagedRange.ofFile(
            name,
            WRONG_CRC
                + Manifest.hex((int) crc.getValue())
                + " instead of "
                + Manifest.hex(expected)));
    return false;
  }

  private static void checkHead(
      Target target, MemorySegment bytes, String name, List<DamagedRange> damaged) {
    byte[] head =
        bytes
            .asSlice(0, Math.min(bytes.byteSize(), SegmentFormat.HEAD_SIZE))
            .toArray(ValueLayout.JAVA_BYTE);
    // Sealing changes the head of a segment that was open when the check began.
    boolean stable = target.entry().sealed().isPresent() || !target.segment().isBeingSealed();
    if (Sealer.crcOf(head) != target.entry().headCrc32() && stable) {
      damaged.add(
          new DamagedRange(
              name,
              0,
              -1,
              Optional.empty(),
              "the file metadata is damaged; buildIndex repairs it"));
    }
  }

  private void checkRecords(List<Checked> segments) {
    List<Listening.Source> sources = new ArrayList<>();
    for (Checked each : segments) {
      RecordTable table = each.target().segment().table();
      sources.add(new Listening.Source(each.toHear().orElseThrow(), table, each.target().bytes()));
    }
    List<Sealer.Audio> heard = Listening.hear(sources, log.header().format());
    for (int i = 0; i < heard.size(); i++) {
      report(segments.get(i), sources.get(i), heard.get(i));
    }
  }

  private static void report(Checked checked, Listening.Source source, Sealer.Audio audio) {
    String name = checked.name();
    List<DamagedRange> damaged = checked.damaged();
    RecordTable table = source.table();
    for (Sealer.Gap gap : Sealer.gaps(table, source.end())) {
      damaged.add(
          new DamagedRange(
              name, gap.offset(), -1, Optional.empty(), gap.length() + " bytes are no record"));
    }
    checkMd5(checked.target(), source.file(), audio, name, damaged);
    for (Sealer.Damaged record : audio.damaged()) {
      damaged.add(
          new DamagedRange(
              name,
              table.offset(record.ordinal()),
              table.firstSample(record.ordinal()),
              table.id(record.ordinal()),
              record.reason()));
    }
  }

  /// Compares the MD5 that STREAMINFO names with that of the audio.
  private static void checkMd5(
      Target target,
      MemorySegment bytes,
      Sealer.Audio audio,
      String name,
      List<DamagedRange> damaged) {
    if (target.entry().sealed().isEmpty() || !audio.info().md5().isKnown()) {
      return;
    }
    byte[] head =
        bytes
            .asSlice(0, Math.min(bytes.byteSize(), SegmentFormat.HEAD_SIZE))
            .toArray(ValueLayout.JAVA_BYTE);
    try {
      Md5 named = FlacHead.read(head, 0, head.length).streamInfo().md5();
      // It is unknown where something was damaged, or taken for it, when the segment was sealed.
      if (named.isKnown() && !named.equals(audio.info().md5())) {
        damaged.add(
            DamagedRange.ofFile(
                name, "the audio has MD5 " + audio.info().md5() + ", STREAMINFO says " + named));
      }
    } catch (IOException damagedHead) {
      // The head's own check has reported it.
    }
  }

  private void checkIndex(Checked checked) throws IOException {
    Target target = checked.target();
    if (!log.storage().exists(segmentFolder.resolve(target.entry().file()))
        || target.entry().index().isEmpty()
        || target.entry().sealed().isEmpty()) {
      return;
    }
    Manifest.IndexFile index = target.entry().index().get();
    String name = SegmentFormat.FOLDER + "/" + index.file();
    Path path = segmentFolder.resolve(index.file());
    if (!log.storage().exists(path)) {
      checked
          .damaged()
          .add(DamagedRange.ofFile(name, "is missing; a full buildIndex writes it again"));
      return;
    }
    try (Storage.File file = log.storage().open(path);
        Arena reading = Arena.ofConfined()) {
      SegmentIndex.open(file.map(0, file.size(), reading), name);
    } catch (CorruptIndexException e) {
      checked
          .damaged()
          .add(DamagedRange.ofFile(name, "is damaged; a full buildIndex writes it again"));
    }
  }
}
