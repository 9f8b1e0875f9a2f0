package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "get",
    sortOptions = false,
    description = {
      "Get vectors and payloads by id.",
      "As JSON, one line each, which `insert` reads back; or as .npy or FLAC. With --json also when each"
          + " was inserted, and the sequence number of its newest change."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb get songs 42",
      "  sonidb get songs 42 --json    # and inserted_at, expires_at, sequence",
      "  sonidb get songs 1 2 3 --format npy -o three.npy",
      "  sonidb get songs 42 --format flac -o 42.flac"
    })
final class GetCommand extends DatabaseCommand {

  /// How points are given.
  enum Format {
    JSON,
    NPY,
    FLAC;

    static Format parse(String name) {
      for (Format format : values()) {
        if (format.name().equalsIgnoreCase(name)) {
          return format;
        }
      }
      throw new IllegalArgumentException("format must be json, npy or flac, was '" + name + "'");
    }
  }

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = "Ids.")
  private List<VectorId> ids = List.of();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "json (default), npy or flac; by the name of -o if that tells.")
  private Optional<Format> format = Optional.empty();

  @Option(
      names = "-o",
      paramLabel = "FILE",
      description = "Write to this file instead of standard output.")
  private Optional<Path> file = Optional.empty();

  GetCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    Format wanted = format.or(this::formatOfName).orElse(Format.JSON);
    if (wanted == Format.FLAC && ids.size() > 1) {
      throw new CommandFailure(
          ExitCode.USAGE, "--format flac gives one vector, there are " + ids.size() + " ids");
    }
    return switch (wanted) {
      case FLAC -> reach(name, this::flac);
      case NPY -> reach(name, this::npy);
      case JSON -> reach(name, this::json);
    };
  }

  private Optional<Format> formatOfName() {
    String fileName = file.map(f -> f.toString().toLowerCase(Locale.ROOT)).orElse("");
    return fileName.endsWith(".npy")
        ? Optional.of(Format.NPY)
        : fileName.endsWith(".flac") ? Optional.of(Format.FLAC) : Optional.empty();
  }

  private ExitCode flac(Points collection) throws IOException {
    try (InputStream audio = collection.streamVector(ids.getFirst());
        ByteOutput out = ByteOutput.open(output(), file, "FLAC")) {
      audio.transferTo(out.stream());
      out.finish();
    }
    return ExitCode.OK;
  }

  private ExitCode npy(Points collection) throws IOException {
    CollectionSpec spec = collection.spec();
    List<Point> found = allOf(collection);
    try (VectorWriter writer =
        file.isPresent()
            ? VectorWriter.create(file.get(), VectorFormat.NPY, spec.dimension(), spec.element())
            : VectorWriter.of(
                output().bytes(".npy"),
                VectorFormat.NPY,
                spec.dimension(),
                spec.element(),
                found.size())) {
      for (Point point : found) {
        writer.write(point.id(), point.vector(), Optional.empty());
      }
      writer.finish();
    }
    return ExitCode.OK;
  }

  /// All points asked for: a row that is missing would shift those behind it.
  private List<Point> allOf(Points collection) {
    List<Optional<Point>> points = collection.get(ids);
    checkNoneMissing(points);
    return points.stream().flatMap(Optional::stream).toList();
  }

  private ExitCode json(Points collection) throws IOException {
    List<Optional<Point>> points = collection.get(ids);
    List<Map<String, Object>> found =
        points.stream()
            .flatMap(Optional::stream)
            .map(output().isJson() ? PointJson::point : PointJson::row)
            .toList();
    List<String> lines =
        output().isJson()
            ? List.of(Output.text(Map.of("points", found)))
            : found.stream().map(Output::text).toList();
    if (file.isPresent()) {
      try (ByteOutput out = ByteOutput.create(file.get())) {
        for (String line : lines) {
          out.line(line);
        }
        out.finish();
      }
    } else {
      lines.forEach(output()::print);
    }
    if (!missing(points).isEmpty()) {
      output().warn(messageOn(missing(points)));
      return ExitCode.NOT_FOUND;
    }
    return ExitCode.OK;
  }

  private void checkNoneMissing(List<Optional<Point>> points) {
    if (!missing(points).isEmpty()) {
      throw new CommandFailure(ExitCode.NOT_FOUND, messageOn(missing(points)));
    }
  }

  private String messageOn(List<VectorId> missing) {
    return missing.stream().map(VectorId::toString).collect(Collectors.joining(", "))
        + ": no such vector in \""
        + name
        + "\"";
  }

  private List<VectorId> missing(List<Optional<Point>> points) {
    List<VectorId> missing = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      if (points.get(i).isEmpty()) {
        missing.add(ids.get(i));
      }
    }
    return missing;
  }
}
