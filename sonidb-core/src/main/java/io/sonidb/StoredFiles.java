package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.integrity.IndexJson;
import io.sonidb.store.LogView;
import io.sonidb.store.Manifest;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import io.sonidb.store.Storage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/// The files of a collection, for those who fetch them. A file is found by comparing its name with
/// those that there are: a name never becomes a path.
final class StoredFiles {
  private final SegmentLog log;

  StoredFiles(SegmentLog log) {
    this.log = log;
  }

  List<SegmentFile> segments() {
    List<SegmentFile> files = new ArrayList<>();
    try (LogView view = log.view()) {
      Manifest manifest = log.manifest();
      for (Segment segment : view.segments()) {
        RecordTable table = segment.table();
        int records = table.count();
        Optional<Manifest.SegmentEntry> entry = sealed(manifest, segment);
        files.add(
            new SegmentFile(
                segment.file(),
                entry.map(Manifest.SegmentEntry::committedBytes).orElse(segment.end()),
                records,
                records == 0 ? 0 : table.sequence(0),
                records == 0 ? 0 : table.sequence(records - 1),
                entry.flatMap(Manifest.SegmentEntry::sealed).map(StoredFiles::checksums)));
      }
    }
    return files;
  }

  /// What the manifest says of a segment that is complete and mapped as a whole.
  private static Optional<Manifest.SegmentEntry> sealed(Manifest manifest, Segment segment) {
    return segment.isSealed()
        ? manifest.entry(segment.number()).filter(entry -> entry.sealed().isPresent())
        : Optional.empty();
  }

  private static SegmentFile.Checksums checksums(Manifest.Sealed sealed) {
    return new SegmentFile.Checksums(
        HexFormat.of().toHexDigits(sealed.crc32()), sealed.sha256().toLowerCase(Locale.ROOT));
  }

  /// A sealed segment.
  Optional<StoredFile> segment(String file) {
    for (Segment segment : log.segments()) {
      if (segment.file().equals(file) && segment.pin()) {
        Optional<Manifest.SegmentEntry> entry = sealed(log.manifest(), segment);
        MemorySegment bytes = segment.bytes();
        if (entry.isPresent() && bytes.byteSize() == entry.get().committedBytes()) {
          return Optional.of(
              new StoredFile(
                  bytes.asByteBuffer().asReadOnlyBuffer(),
                  checksums(entry.get().sealed().orElseThrow()).sha256(),
                  once(segment::unpin)));
        }
        segment.unpin();
      }
    }
    return Optional.empty();
  }

  private static Runnable once(Runnable action) {
    AtomicBoolean done = new AtomicBoolean();
    return () -> {
      if (done.compareAndSet(false, true)) {
        action.run();
      }
    };
  }

  /// `index.sfv`; empty as long as nothing is sealed.
  Optional<StoredFile> sfv() throws IOException {
    return open(SegmentLog.SFV_FILE);
  }

  /// `index.json` as it was last written.
  Optional<StoredFile> json() throws IOException {
    return open(IndexJson.FILE);
  }

  /// Keeps a file mapped until it is closed.
  private static final class Mapping {
    private final Arena arena = Arena.ofShared();

    ByteBuffer map(Storage.File file) throws IOException {
      try {
        long size = file.size();
        return size == 0
            ? ByteBuffer.allocateDirect(0)
            : file.map(0, size, arena).asByteBuffer().asReadOnlyBuffer();
      } catch (IOException | RuntimeException e) {
        close();
        throw e;
      }
    }

    void close() {
      arena.close();
    }
  }

  /// Opens one of the files that are only ever replaced as a whole.
  private Optional<StoredFile> open(String name) throws IOException {
    return Uninterrupted.call(() -> {
      try (Storage.File file = log.storage().open(log.folder().resolve(name))) {
        Mapping mapping = new Mapping();
        ByteBuffer bytes = mapping.map(file);
        return Optional.of(new StoredFile(bytes, tag(bytes), once(mapping::close)));
      } catch (NoSuchFileException e) {
        return Optional.empty();
      }
    });
  }

  /// Two checksums of 32 bits and the size: there are no others that are as fast.
  private static String tag(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate());
    CRC32C other = new CRC32C();
    other.update(bytes.duplicate());
    return Long.toHexString(bytes.remaining())
        + HexFormat.of().toHexDigits((int) crc.getValue())
        + HexFormat.of().toHexDigits((int) other.getValue());
  }
}
