package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.VectorId;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "picture",
    sortOptions = false,
    description = {
      "Draw what vectors sound like.",
      "A PNG file with the waveform and the spectrogram of each vector in the three sonifications,"
          + " whichever the collection has."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb picture songs 42 -o 42.png",
      "  sonidb picture songs 1 2 3 -o three.png",
      "  sonidb picture songs 42 --sonification pulse -o pulse.png"
    })
final class PictureCommand extends DatabaseCommand {

  /// More would make an image that no viewer likes.
  private static final int MAX_VECTORS = 20;

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = "Vectors.")
  private List<VectorId> ids = List.of();

  @Option(names = "-o", paramLabel = "FILE", required = true, description = "The PNG file.")
  private Path file = Path.of("");

  @Option(
      names = "--sonification",
      paramLabel = "NAME",
      description = "Only this one: amplitude, frequency or pulse; may be given again.")
  private List<Sonification> sonifications = List.of();

  PictureCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    if (ids.size() > MAX_VECTORS) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "a picture shows at most " + MAX_VECTORS + " vectors, there are " + ids.size() + " ids");
    }
    if (!file.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
      throw new CommandFailure(ExitCode.USAGE, file + ": its name must end in .png");
    }
    List<Sonification> drawn =
        sonifications.isEmpty() ? List.of(Sonification.values()) : sonifications;
    return with(
        name,
        collection -> {
          write(draw(NamedPoints.of(collection, ids), drawn));
          return ExitCode.OK;
        });
  }

  private static BufferedImage draw(List<Point> points, List<Sonification> sonifications)
      throws IOException {
    // No window is opened, so no display is needed.
    System.setProperty("java.awt.headless", "true");
    try {
      VectorPicture.checkFonts();
    } catch (LinkageError | InternalError | RuntimeException e) {
      // Java's font code throws any of these on a machine without fonts or without their library.
      throw new CommandFailure(
          ExitCode.FAILED,
          "text cannot be drawn here; install fonts and fontconfig (Debian, Ubuntu: apt-get install"
              + " fontconfig fonts-dejavu-core)",
          e);
    }
    return VectorPicture.of(points, sonifications);
  }

  private void write(BufferedImage image) throws IOException {
    try (ByteOutput out = ByteOutput.open(output(), Optional.of(file), "PNG")) {
      if (!ImageIO.write(image, "png", out.stream())) {
        throw new CommandFailure(ExitCode.FAILED, "this Java cannot write PNG files");
      }
      out.finish();
    }
    long bytes = Files.size(file);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("file", file.toString());
    answer.put("bytes", bytes);
    answer.put("width", image.getWidth());
    answer.put("height", image.getHeight());
    output().json(answer);
    output()
        .line(
            "%s: %d x %d, %s"
                .formatted(file, image.getWidth(), image.getHeight(), Quantity.bytes(bytes)));
  }
}
