package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.DamagedRecordException;
import io.sonidb.Point;
import io.sonidb.PointCursor;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    sortOptions = false,
    description = {
      "Write all vectors of a collection to a file.",
      "In ascending order of their ids: .npy .fvecs .fbin .jsonl .csv; .flac for its records as one"
          + " FLAC file; .wav for their sound."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb export songs songs.npy",
      "  sonidb export songs songs.npy --ids names.txt",
      "  sonidb export songs songs.flac   # insert and listen read it back",
      "  sonidb export songs - --format jsonl | head -n 1"
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

  private long exported;
  private long damaged;
  private boolean idsAreRowNumbers = true;

  ExportCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    String wanted = format.orElseGet(this::extension).toLowerCase(Locale.ROOT);
    return with(
        name,
        collection -> {
          long start = System.nanoTime();
          try (IdFileWriter idFile = IdFileWriter.create(ids)) {
            switch (wanted) {
              case "flac", "wav" -> exportSound(collection, wanted, idFile);
              default -> exportVectors(collection, vectorFormat(wanted), idFile);
            }
            idFile.finish();
          }
          report((System.nanoTime() - start) / 1e9);
          return damaged == 0 ? ExitCode.OK : ExitCode.DAMAGED;
        });
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

  private void exportVectors(Collection collection, VectorFormat target, IdFileWriter idFile)
      throws IOException {
    try (VectorWriter writer = writer(collection, target)) {
      forEach(
          collection,
          point -> {
            writer.write(
                point.id(),
                point.vector(),
                point.payload().isEmpty()
                    ? Optional.empty()
                    : Optional.of(point.payload().toJson()));
            idFile.write(point.id());
          });
      writer.finish();
      remark(writer, target);
    }
  }

  private VectorWriter writer(Collection collection, VectorFormat target) throws IOException {
    CollectionSpec spec = collection.spec();
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
            collection.count())
        : VectorWriter.create(Path.of(file), target, spec.dimension(), spec.element());
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
    if (writer.simplifiedNaNs() > 0) {
      output()
          .warn(
              Quantity.count(writer.simplifiedNaNs(), "NaN")
                  + " lost its payload bits in text; .npy keeps them");
    }
  }

  private void exportSound(Collection collection, String wanted, IdFileWriter idFile)
      throws IOException {
    Optional<Path> target = file.equals("-") ? Optional.empty() : Optional.of(Path.of(file));
    try (ByteOutput out = ByteOutput.open(output(), target, "." + wanted)) {
      SoundExport sound =
          wanted.equals("flac")
              ? SoundExport.flac(collection, out)
              : SoundExport.wav(collection, out);
      forEach(
          collection,
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

  private void forEach(Collection collection, Step step) throws IOException {
    long total = collection.count();
    try (PointCursor cursor = collection.scroll();
        ProgressBar progress = output().progress("export")) {
      for (Optional<Point> next = next(cursor); next.isPresent(); next = next(cursor)) {
        if (interruption().requested()) {
          throw new CommandFailure(ExitCode.FAILED, "interrupted; nothing written to " + file);
        }
        Point point = next.get();
        idsAreRowNumbers &= point.id().equals(VectorId.of(exported));
        step.take(point);
        progress.update(++exported, total, "vectors");
      }
    }
  }

  private Optional<Point> next(PointCursor cursor) {
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

  private void report(double seconds) {
    if (file.equals("-")) {
      return;
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("exported", exported);
    answer.put("damaged", damaged);
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
