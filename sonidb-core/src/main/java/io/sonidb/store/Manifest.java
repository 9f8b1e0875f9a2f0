package io.sonidb.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.UnaryOperator;

/// `collection.json`: what a collection is and which segments it consists of. It alone says whether
/// a segment is open or sealed, and in which order segments follow one another.
///
/// It is replaced as a whole, atomically ([ManifestFormat]).
///
/// @param header what the collection is
/// @param settings how it is written to
/// @param epoch raised when history may have diverged; part of the names of segments
/// @param generation counts the versions of this manifest; 0 for a snapshot that nobody has changed
/// @param clean whether the collection was closed, so that nothing was in flight
/// @param replica whether it is a copy of a collection elsewhere, and is not written to here
/// @param nextNumber no segment has, or ever had, this number or a higher one
/// @param horizon up to this sequence number deletes may be missing from the history, so who has
///   read up to there, or less far, must read everything again
/// @param rounding what rounding did to the first vectors; empty if that is not known
/// @param segments in the order of their sequence numbers
public record Manifest(
    CollectionHeader header,
    Settings settings,
    int epoch,
    long generation,
    boolean clean,
    boolean replica,
    int nextNumber,
    long horizon,
    Optional<Rounding> rounding,
    List<SegmentEntry> segments) {

  /// Name of the file in the collection's folder.
  public static final String FILE = ManifestFormat.FILE;

  /// Name of the folder beside it that the segments lie in.
  public static final String SEGMENT_FOLDER = SegmentFormat.FOLDER;

  /// Size at which a segment is sealed unless the collection says otherwise.
  public static final long DEFAULT_SEGMENT_BYTES = 128L << 20;

  /// No segments are sealed at a smaller size.
  public static final long MIN_SEGMENT_BYTES = 1L << 20;

  /// No segments are sealed at a larger size.
  public static final long MAX_SEGMENT_BYTES = 1L << 30;

  /// How long a delete is kept unless the collection says otherwise: 7 days.
  public static final long DEFAULT_RETENTION_MILLIS = 7L * 24 * 60 * 60 * 1000;

  /// How a collection is written to; nothing in it changes what is stored already.
  ///
  /// @param syncsWrites whether a write is acknowledged only after an fsync
  /// @param segmentBytes size at which a segment is sealed
  /// @param timeToLiveMillis after which a vector expires unless it says otherwise; 0 for never
  /// @param retentionMillis how long deletes are kept for those who follow the changes
  /// @param payloadIndexes paths of payload fields that are indexed, with the types of their values
  /// @param indexesWhatIsAsked whether fields that are often asked for get indexed
  public record Settings(
      boolean syncsWrites,
      long segmentBytes,
      long timeToLiveMillis,
      long retentionMillis,
      Map<String, String> payloadIndexes,
      boolean indexesWhatIsAsked) {
    /// Synced writes, segments of 128 MiB, nothing expires, deletes are kept for 7 days.
    public static final Settings DEFAULT =
        new Settings(true, DEFAULT_SEGMENT_BYTES, 0, DEFAULT_RETENTION_MILLIS, Map.of(), false);

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public Settings {
      payloadIndexes = Map.copyOf(payloadIndexes);
      require(
          segmentBytes >= MIN_SEGMENT_BYTES && segmentBytes <= MAX_SEGMENT_BYTES,
          "segment size",
          segmentBytes);
      require(timeToLiveMillis >= 0, "time to live", timeToLiveMillis);
      require(retentionMillis >= 0, "retention", retentionMillis);
    }
  }

  /// What rounding did to the vectors of a sample, which were compared with the exact ones before
  /// these were thrown away.
  ///
  /// @param vectors of the sample
  /// @param meanStep the mean of their steps
  /// @param maxError largest change of a component
  /// @param rmsError root mean square of the changes of all components
  /// @param relativeError by that of the components themselves
  /// @param recallAt10 share of the true ten nearest in the sample that a search finds; empty if
  ///   the sample is too small to tell
  public record Rounding(
      int vectors,
      double meanStep,
      double maxError,
      double rmsError,
      double relativeError,
      OptionalDouble recallAt10) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public Rounding {
      require(vectors >= 1, "number of vectors", vectors);
      require(Double.isFinite(meanStep) && meanStep >= 0, "step", meanStep);
      require(Double.isFinite(maxError) && maxError >= 0, "error", maxError);
      require(Double.isFinite(rmsError) && rmsError >= 0, "error", rmsError);
      require(Double.isFinite(relativeError) && relativeError >= 0, "error", relativeError);
      double recall = recallAt10.orElse(1);
      require(recall >= 0 && recall <= 1, "recall", recall);
    }
  }

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value that is out of range
  public Manifest {
    segments = List.copyOf(segments);
    require(epoch >= 1 && epoch <= SegmentFormat.MAX_EPOCH, "epoch", epoch);
    require(generation >= 0, "generation", generation);
    require(nextNumber >= 1 && nextNumber <= SegmentFormat.MAX_NUMBER + 1, "number", nextNumber);
    require(horizon >= 0 && horizon <= Recovery.MAX_SEQUENCE, "horizon", horizon);
    Set<Integer> numbers = new HashSet<>();
    for (SegmentEntry segment : segments) {
      require(
          numbers.add(segment.number()) && segment.number() < nextNumber,
          "segment number",
          segment.number());
    }
  }

  private static void require(boolean fine, String what, Object value) {
    if (!fine) {
      throw new IllegalArgumentException(what + " cannot be " + value);
    }
  }

  /// One segment.
  ///
  /// @param number of the segment, from 1, never used again
  /// @param file its name in the folder `segments`
  /// @param header what its head says; an older one than the manifest's until the segment has been
  ///   rewritten
  /// @param headCrc32 CRC-32 of the file's first [SegmentFormat#HEAD_SIZE] bytes
  /// @param committedBytes up to here every byte is known to be acknowledged; for a sealed segment
  ///   its size
  /// @param index the `.idx` file that goes with it; for an open segment the one written at the
  ///   last clean close
  /// @param sealed what is known of a segment that is complete; empty while it is open
  /// @param compacted what it was made of; empty if it was written to
  public record SegmentEntry(
      int number,
      String file,
      CollectionHeader header,
      int headCrc32,
      long committedBytes,
      Optional<IndexFile> index,
      Optional<Sealed> sealed,
      Optional<Compacted> compacted) {
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

    /// The entry of a segment that was just created, with nothing in it.
    static SegmentEntry open(int number, String file, CollectionHeader header, int headCrc32) {
      return new SegmentEntry(
          number,
          file,
          header,
          headCrc32,
          SegmentFormat.HEAD_SIZE,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    }

    /// The entry with another `.idx` file, and as many acknowledged bytes.
    SegmentEntry withIndex(long bytes, IndexFile index) {
      return new SegmentEntry(
          number, file, header, headCrc32, bytes, Optional.of(index), sealed, compacted);
    }

    /// The same segment, complete.
    SegmentEntry sealed(int headCrc32, long bytes, IndexFile index, Sealed sealed) {
      return new SegmentEntry(
          number,
          file,
          header,
          headCrc32,
          bytes,
          Optional.of(index),
          Optional.of(sealed),
          compacted);
    }

    /// Largest sequence number that the segment stands for; 0 while it is open.
    public long lastSequence() {
      return sealed.map(Sealed::lastSequence).orElse(0L);
    }
  }

  /// An `.idx` file.
  ///
  /// @param file its name in the folder `segments`
  /// @param size in bytes
  /// @param crc32 the checksum that its last four bytes are
  public record IndexFile(String file, long size, int crc32) {}

  /// What a segment was made of by compaction. Whatever it does not hold of these sequence numbers
  /// is superseded.
  ///
  /// @param firstSequence first number of the segments that it replaced
  /// @param lastSequence last number of the segments that it replaced
  public record Compacted(long firstSequence, long lastSequence) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public Compacted {
      require(
          firstSequence >= 0
              && lastSequence >= firstSequence
              && lastSequence <= Recovery.MAX_SEQUENCE,
          "compacted range",
          firstSequence + " to " + lastSequence);
    }

    boolean covers(long sequence) {
      return sequence >= firstSequence && sequence <= lastSequence;
    }
  }

  /// What is known of a complete segment.
  ///
  /// @param records number of records
  /// @param deletes of them that delete
  /// @param firstSequence sequence number of the first one
  /// @param lastSequence sequence number of the last one
  /// @param newestDeleteMillis when the newest delete was written, in milliseconds since 1970; 0 if
  ///   there is none
  /// @param samples of the whole file
  /// @param damaged records, and runs of bytes that are none, that were not as written when it was
  ///   sealed
  /// @param crc32 of the whole file, as `index.sfv` has it
  /// @param sha256 of the whole file, 64 hexadecimal digits
  public record Sealed(
      int records,
      int deletes,
      long firstSequence,
      long lastSequence,
      long newestDeleteMillis,
      long samples,
      int damaged,
      int crc32,
      String sha256) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value that is out of range
    public Sealed {
      require(records >= 1, "number of records", records);
      require(deletes >= 0 && deletes <= records, "number of deletes", deletes);
      require(firstSequence >= 0, "sequence number", firstSequence);
      require(
          lastSequence >= firstSequence && lastSequence <= Recovery.MAX_SEQUENCE,
          "sequence number",
          lastSequence);
      require(samples >= 0 && samples <= 1L << 36, "number of samples", samples);
      require(damaged >= 0, "number of damaged records", damaged);
    }
  }

  /// The manifest of a new collection.
  static Manifest empty(CollectionHeader header, Settings settings) {
    return new Manifest(header, settings, 1, 1, true, false, 1, 0, Optional.empty(), List.of());
  }

  /// Whether a write is acknowledged only after an fsync.
  public boolean syncsWrites() {
    return settings.syncsWrites();
  }

  /// Size at which a segment is sealed.
  public long segmentBytes() {
    return settings.segmentBytes();
  }

  /// The first sequence number from which on every write is still there, superseded or not.
  public long completeFrom() {
    return segments.stream()
            .flatMap(entry -> entry.compacted().stream())
            .mapToLong(Compacted::lastSequence)
            .max()
            .orElse(0)
        + 1;
  }

  /// Whether this is a snapshot as it was taken. It is not changed before somebody writes to it, so
  /// that whoever looks into it does not keep it from being brought up to date.
  public boolean isSnapshot() {
    return generation == 0;
  }

  /// Whether segments are compacted, and what has expired deleted, without anybody asking for it.
  public boolean changesByItself() {
    return !isSnapshot() && !replica;
  }

  /// The manifest of a snapshot that holds some of the segments, all of them sealed.
  Manifest snapshot(List<SegmentEntry> kept) {
    long last = kept.isEmpty() ? 0 : kept.getLast().lastSequence();
    return new Manifest(
        header,
        settings,
        epoch,
        0,
        true,
        false,
        nextNumber,
        Math.min(horizon, last),
        rounding,
        kept);
  }

  /// The manifest of what is restored from this snapshot.
  Manifest restored(String name) {
    CollectionHeader renamed = named(name);
    List<SegmentEntry> kept =
        segments.stream().filter(entry -> entry.sealed().isPresent()).toList();
    return new Manifest(
        renamed, settings, epoch + 1, 1, true, false, nextNumber, horizon, rounding, kept);
  }

  private CollectionHeader named(String name) {
    return new CollectionHeader(
        name,
        header.uuid(),
        header.dimension(),
        header.format(),
        header.metric(),
        header.quantize());
  }

  /// The manifest of a copy of this state, which is to be read only.
  ///
  /// @param name of the collection there
  public Manifest copied(String name) {
    return new Manifest(
        named(name), settings, epoch, 0, true, true, nextNumber, horizon, rounding, segments);
  }

  /// The next generation, which is not written to any more.
  Manifest demoted() {
    return new Manifest(
        header,
        settings,
        epoch,
        generation + 1,
        clean,
        true,
        nextNumber,
        horizon,
        rounding,
        segments);
  }

  /// The next generation, in the epoch after this one, which is written to.
  Manifest promoted() {
    return new Manifest(
        header,
        settings,
        epoch + 1,
        generation + 1,
        clean,
        false,
        nextNumber,
        horizon,
        rounding,
        segments);
  }

  /// Segments whose head does not say what the collection is now.
  public long outdated() {
    return segments.stream().filter(entry -> !entry.header().equals(header)).count();
  }

  /// The manifest with other segments and the next generation.
  public Manifest next(boolean clean, List<SegmentEntry> segments) {
    int next = nextNumber;
    for (SegmentEntry segment : segments) {
      next = Math.max(next, segment.number() + 1);
    }
    return new Manifest(
        header, settings, epoch, generation + 1, clean, replica, next, horizon, rounding, segments);
  }

  /// The next generation, in which one segment has changed.
  Manifest with(int number, UnaryOperator<SegmentEntry> change) {
    List<SegmentEntry> changed = new ArrayList<>(segments);
    changed.replaceAll(entry -> entry.number() == number ? change.apply(entry) : entry);
    return next(clean, changed);
  }

  /// The next generation, in which these segments have changed.
  Manifest with(List<SegmentEntry> changed) {
    List<SegmentEntry> all = new ArrayList<>(segments);
    all.replaceAll(entry ->
        changed.stream()
            .filter(other -> other.number() == entry.number())
            .findFirst()
            .orElse(entry));
    return next(clean, all);
  }

  /// The same manifest in the epoch after this one.
  public Manifest nextEpoch() {
    return new Manifest(
        header,
        settings,
        epoch + 1,
        generation,
        clean,
        replica,
        nextNumber,
        horizon,
        rounding,
        segments);
  }

  /// The same manifest with a horizon that is no earlier than the one given.
  Manifest withHorizon(long atLeast) {
    return new Manifest(
        header,
        settings,
        epoch,
        generation,
        clean,
        replica,
        nextNumber,
        Math.max(horizon, atLeast),
        rounding,
        segments);
  }

  /// The next generation for a collection that is to be something else from now on.
  Manifest altered(CollectionHeader header, Settings settings) {
    boolean roundsAlike =
        header.quantize() == this.header.quantize() && header.metric().equals(this.header.metric());
    return new Manifest(
        header,
        settings,
        epoch,
        generation + 1,
        clean,
        replica,
        nextNumber,
        horizon,
        roundsAlike ? rounding : Optional.empty(),
        segments);
  }

  /// The next generation, which knows what rounding does.
  Manifest withRounding(Rounding measured) {
    return new Manifest(
        header,
        settings,
        epoch,
        generation + 1,
        clean,
        replica,
        nextNumber,
        horizon,
        Optional.of(measured),
        segments);
  }

  /// The entry of a segment, if it is still part of the collection.
  public Optional<SegmentEntry> entry(int number) {
    return segments.stream().filter(entry -> entry.number() == number).findAny();
  }

  /// Writes the manifest over the one in the folder; afterwards it survives a power loss.
  public void write(Storage storage, Path folder) throws IOException {
    ManifestFormat.write(this, storage, folder);
  }

  /// Reads the manifest of a collection's folder.
  ///
  /// @throws CorruptManifestException if it is missing or not as it was written
  /// @throws UnsupportedFormatException if another version of SoniDB wrote it
  public static Manifest read(Storage storage, Path folder) throws IOException {
    return ManifestFormat.read(storage, folder);
  }

  /// The name in the manifest of a folder, even if nothing else can be read.
  public static Optional<String> nameIn(Storage storage, Path folder) {
    return ManifestFormat.nameIn(storage, folder);
  }

  static String hex(int crc32) {
    return ManifestFormat.hex(crc32);
  }
}
