package io.sonidb.onnx;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Measures how many vectors a second a small model listens to: `sonidb listen URL --model FILE`,
/// as the program is run, with a classifier of one matrix; outputs are read as JSON lines.
///
/// Arguments: URL of the audio of a collection with 40,000 vectors or more, dimension, classes
/// (16), rounds (3).
final class ModelLoad {
  private static final int STRETCH = 10_000;

  private ModelLoad() {}

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException, InterruptedException {
    if (args.length < 2) {
      throw new IllegalArgumentException("usage: ModelLoad URL DIMENSION [CLASSES] [ROUNDS]");
    }
    int dimension = Integer.parseInt(args[1]);
    int width = args.length > 2 ? Integer.parseInt(args[2]) : 16;
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 3;
    Random random = new Random(1);
    float[] matrix = new float[dimension * width];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = (float) random.nextGaussian();
    }
    Path model = Files.createTempFile("sonidb-model", ".onnx");
    try {
      Files.write(model, OnnxFile.classifier(matrix, 0, dimension, width));
      for (int round = 0; round < rounds; round++) {
        listen(args[0], model);
      }
    } finally {
      Files.delete(model);
    }
  }

  private static void listen(String url, Path model) throws IOException, InterruptedException {
    long began = System.nanoTime();
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sonidb.cli.Launcher",
                "listen",
                url,
                "--model",
                model.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long lines = 0;
    long at = began;
    List<Double> rates = new ArrayList<>();
    try (BufferedReader out = program.inputReader(StandardCharsets.UTF_8)) {
      while (out.readLine() != null) {
        lines++;
        if (lines % STRETCH == 0) {
          long now = System.nanoTime();
          rates.add(STRETCH / ((now - at) / 1e9));
          at = now;
        }
      }
    }
    program.waitFor();
    List<Double> warm = new ArrayList<>(rates.subList(rates.size() / 2, rates.size()));
    Collections.sort(warm);
    System.out.printf(
        Locale.ROOT,
        "%d vectors: %.0f a second with the start of the program; the later half %.0f at the"
            + " median, %.0f to %.0f%n",
        lines,
        lines / ((System.nanoTime() - began) / 1e9),
        warm.get(warm.size() / 2),
        warm.getFirst(),
        warm.getLast());
  }
}
