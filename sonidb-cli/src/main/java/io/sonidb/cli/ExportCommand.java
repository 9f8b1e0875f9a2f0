package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.DamagedRecordException;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.cli.SoundExport.FrameSink;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    sortOptions = false,
    description = {
      "Write all vectors of a collection, or those that fulfil a filter, to a file.",
      "In ascending order of their ids: .npy .fvecs .fbin .jsonl .csv; .flac for its records as one"
          + " FLAC file; .wav for their sound. Only .jsonl, .flac and .wav keep when a vector expires."
          + " From a node all but .flac and .wav, page by page: what is written meanwhile may be in or"
          + " not.",
      "With --acoustic, some vectors become tones in a .flac or .wav file that listen understands"
          + " even after MP3, Opus or AAC, resampling, noise and loss of loudness: about 33 seconds"
          + " for 384 float32 components, id, payload and hash included."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb export songs songs.npy",
      "  sonidb export songs songs.npy --ids names.txt",
      "  sonidb export songs songs.flac   # insert and listen read it back",
      "  sonidb export songs - --format jsonl | head -n 1",
      "  sonidb export songs quarter.npy --slice 0/4   # then 1/4, 2/4, 3/4",
      "  sonidb export songs 42.wav --acoustic --id 42   # ffmpeg -i 42.wav 42.mp3; sonidb listen 42.mp3"
    })
final class ExportCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "File, or - for standard output.")
  private String file = "";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "Format, if the file's name does not tell.")
  private Optional<String> format = Optional.empty();

  @Option(
      names = "--ids",
      paramLabel = "FILE",
      description = "Write the ids to this file, one a line.")
  private Optional<Path> ids = Optional.empty();

  @Option(
      names = "--skip-damaged",
      description = "Leave out vectors that are damaged, instead of stopping.")
  private boolean skipDamaged;

  @Option(
      names = "--slice",
      paramLabel = "I/N",
      description =
          "One of N parts, 0/N to N-1/N, in the order of writing, which is faster: together they are all.")
  private Optional<Slice> slice = Optional.empty();

  @Option(
      names = "--acoustic",
      description = "Write the vectors named with --id as tones that survive lossy codecs.")
  private boolean acoustic;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "A vector for --acoustic; may be given again for more.")
  private List<VectorId> wantedIds = List.of();

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Only vectors that fulfil this filter, in the JSON form of Qdrant.")
  private Filter filter = Filter.ALL;

  private long exported;
  private long expiring;
  private long damaged;
  private boolean idsAreRowNumbers = true;

  ExportCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    String wanted = format.orElseGet(this::extension).toLowerCase(Locale.ROOT);
    checkAcoustic(wanted);
    if (acoustic) {
      sonidb().checkIsFolder("--acoustic");
      return with(name, collection -> exportTones(collection, wanted));
    }
    if (slice.isPresent() && !filter.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "--slice and --filter cannot be given together");
    }
    if (slice.isPresent()) {
      sonidb().checkIsFolder("--slice");
    }
    if (skipDamaged) {
      sonidb().checkIsFolder("--skip-damaged");
    }
    if (wanted.equals("flac") || wanted.equals("wav")) {
      sonidb().checkIsFolder("an export to ." + wanted);
      return with(
          name,
          collection ->
              export(
                  new LocalPoints(collection),
                  (view, idFile) -> exportSound(collection, view, wanted, idFile)));
    }
    VectorFormat target = vectorFormat(wanted);
    return reach(
        name,
        points ->
            export(points, (view, idFile) -> exportVectors(points.spec(), view, target, idFile)));
  }

  /// Writes what a view shows.
  @FunctionalInterface
  private interface Exporting {
    void export(PointsView view, IdFileWriter idFile) throws IOException;
  }

  private ExitCode export(Points points, Exporting exporting) throws IOException {
    long start = System.nanoTime();
    try (PointsView view = points.view();
        IdFileWriter idFile = IdFileWriter.create(ids)) {
      exporting.export(view, idFile);
      idFile.finish();
      report(view.sequence(), (System.nanoTime() - start) / 1e9);
    }
    return damaged == 0 ? ExitCode.OK : ExitCode.DAMAGED;
  }

  private void checkAcoustic(String wanted) {
    if (acoustic == wantedIds.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          acoustic
              ? "--acoustic is for single vectors; name them with --id"
              : "--id goes with --acoustic; without it, all vectors are exported");
    }
    if (acoustic && (ids.isPresent() || slice.isPresent() || skipDamaged || !filter.isEmpty())) {
      throw new CommandFailure(
          ExitCode.USAGE, "--ids, --slice, --filter and --skip-damaged do not go with --acoustic");
    }
    if (acoustic && !wanted.equals("flac") && !wanted.equals("wav")) {
      throw new CommandFailure(
          ExitCode.USAGE, "tones are written as flac or wav, not as \"" + wanted + "\"");
    }
  }

  private ExitCode exportTones(Collection collection, String wanted) throws IOException {
    long start = System.nanoTime();
    Optional<Path> target = file.equals("-") ? Optional.empty() : Optional.of(Path.of(file));
    try (ByteOutput out = ByteOutput.open(output(), target, "." + wanted)) {
      FrameSink sink =
          wanted.equals("flac")
              ? FlacFile.start(out, AcousticExport.FORMAT, collection, "acoustic")
              : WavFile.start(out, AcousticExport.FORMAT);
      AcousticExport tones = new AcousticExport(sink);
      for (Point point : NamedPoints.of(collection, wantedIds)) {
        writeTones(tones, point);
        exported++;
      }
      sink.finish();
      out.finish();
      reportTones(tones.seconds(), (System.nanoTime() - start) / 1e9);
    }
    return ExitCode.OK;
  }

  private static void writeTones(AcousticExport tones, Point point) throws IOException {
    try {
      tones.write(PointSound.record(point));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.FAILED, point.id() + ": " + e.getMessage(), e);
    }
  }

  private void reportTones(double soundSeconds, double seconds) {
    if (file.equals("-")) {
      return;
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("exported", exported);
    answer.put("sound_seconds", soundSeconds);
    answer.put("seconds", seconds);
    answer.put("file", file);
    output().json(answer);
    output()
        .line(
            "exported "
                + Quantity.count(exported, "vector")
                + " to "
                + file
                + ", "
                + Quantity.decimal(soundSeconds)
                + " s of tones");
  }

  private String extension() {
    int dot = file.lastIndexOf('.');
    if (file.equals("-") || dot < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, file + ": its name tells no format; give one with --format");
    }
    return file.substring(dot + 1);
  }

  private static VectorFormat vectorFormat(String wanted) {
    try {
      return VectorFormat.parse(wanted);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "format must be npy, fvecs, fbin, jsonl, csv, flac or wav, was \"" + wanted + "\"",
          e);
    }
  }

  private void exportVectors(
      CollectionSpec spec, PointsView view, VectorFormat target, IdFileWriter idFile)
      throws IOException {
    try (VectorWriter writer = writer(spec, view, target)) {
      forEach(
          view,
          point -> {
            writer.write(
                point.id(),
                point.vector(),
                point.payload().isEmpty()
                    ? Optional.empty()
                    : Optional.of(point.payload().toJson()),
                point.expiresAt());
            idFile.write(point.id());
          });
      writer.finish();
      remark(writer, target);
    }
  }

  private VectorWriter writer(CollectionSpec spec, PointsView view, VectorFormat target)
      throws IOException {
    if (file.equals("-") && skipDamaged) {
      throw new CommandFailure(
          ExitCode.USAGE, "--skip-damaged needs a file: a stream's head says how many rows follow");
    }
    return file.equals("-")
        ? VectorWriter.of(
            output().bytes("." + target.extension()),
            target,
            spec.dimension(),
            spec.element(),
            slice.isPresent() ? countOfSlice(view) : view.count(filter))
        : VectorWriter.create(Path.of(file), target, spec.dimension(), spec.element());
  }

  /// A view gives the same slice again, so it can be counted first.
  private long countOfSlice(PointsView view) {
    long count = 0;
    try (PointsView.Walk cursor = view.walk(filter, slice)) {
      while (next(cursor).isPresent()) {
        count++;
      }
    }
    return count;
  }

  private void remark(VectorWriter writer, VectorFormat target) {
    boolean text = target == VectorFormat.JSONL || target == VectorFormat.CSV;
    if (!text && ids.isEmpty() && !idsAreRowNumbers) {
      output()
          .note(
              "the ids are not 0 to n-1, and ."
                  + target.extension()
                  + " has no room for them; keep them with --ids FILE");
    }
    if (expiring > 0 && target != VectorFormat.JSONL) {
      output()
          .warn(
              "%s will expire, and .%s has no room for when; .jsonl, .flac and .wav do"
                  .formatted(Quantity.count(expiring, "vector"), target.extension()));
    }
    if (writer.simplifiedNaNs() > 0) {
      output()
          .warn(
              Quantity.count(writer.simplifiedNaNs(), "NaN")
                  + " lost its payload bits in text; .npy keeps them");
    }
  }

  private void exportSound(
      Collection collection, PointsView view, String wanted, IdFileWriter idFile)
      throws IOException {
    Optional<Path> target = file.equals("-") ? Optional.empty() : Optional.of(Path.of(file));
    try (ByteOutput out = ByteOutput.open(output(), target, "." + wanted)) {
      SoundExport sound =
          wanted.equals("flac")
              ? SoundExport.flac(collection, out)
              : SoundExport.wav(collection, out);
      forEach(
          view,
          point -> {
            sound.write(point);
            idFile.write(point.id());
          });
      sound.finish();
      out.finish();
    }
  }

  /// Takes one point at a time.
  @FunctionalInterface
  private interface Step {
    void take(Point point) throws IOException;
  }

  private void forEach(PointsView view, Step step) throws IOException {
    long total = view.count(filter) / slice.map(Slice::parts).orElse(1);
    try (PointsView.Walk cursor = view.walk(filter, slice);
        ProgressBar progress = output().progress("export")) {
      for (Optional<Point> next = next(cursor); next.isPresent(); next = next(cursor)) {
        if (interruption().requested()) {
          throw new CommandFailure(ExitCode.FAILED, "interrupted; nothing written to " + file);
        }
        Point point = next.get();
        idsAreRowNumbers &= point.id().equals(VectorId.of(exported));
        expiring += point.expiresAt().isPresent() ? 1 : 0;
        step.take(point);
        progress.update(++exported, total, "vectors");
      }
    }
  }

  private Optional<Point> next(PointsView.Walk cursor) {
    while (true) {
      try {
        return cursor.hasNext() ? Optional.of(cursor.next()) : Optional.empty();
      } catch (DamagedRecordException e) {
        if (!skipDamaged) {
          throw new CommandFailure(
              ExitCode.DAMAGED, e.getMessage() + " (--skip-damaged leaves it out)", e);
        }
        damaged++;
        output().warn("left out: " + e.getMessage());
      }
    }
  }

  private void report(OptionalLong sequence, double seconds) {
    if (file.equals("-")) {
      return;
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("exported", exported);
    answer.put("damaged", damaged);
    sequence.ifPresent(number -> answer.put("sequence", number));
    answer.put("seconds", seconds);
    answer.put("file", file);
    output().json(answer);
    output()
        .line(
            "exported "
                + Quantity.count(exported, "vector")
                + " to "
                + file
                + " in "
                + Quantity.decimal(seconds)
                + " s");
  }
}
