package io.sonidb.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.cli.model.Model;
import io.sonidb.cli.model.ModelException;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models that listen, by the program as it is run.
class OnnxListeningTest {
  private static final int DIMENSION = 24;
  private static final int WIDTH = 5;
  private static final int COUNT = 1000;

  private final Random random = new Random(Long.getLong("sonidb.seed", 11));
  private final float[] matrix = floats(DIMENSION * WIDTH);
  @TempDir Path folder;
  private Path model = Path.of("");

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @BeforeEach
  void write() throws IOException {
    model =
        Files.write(folder.resolve("model.onnx"), OnnxFile.classifier(matrix, 0, DIMENSION, WIDTH));
  }

  /// What softmax of the product is, in double.
  private double[] chances(float[] vector, int offset) {
    double[] values = new double[WIDTH];
    double sum = 0;
    for (int j = 0; j < WIDTH; j++) {
      for (int k = 0; k < DIMENSION; k++) {
        values[j] += (double) vector[offset + k] * matrix[k * WIDTH + j];
      }
      values[j] = Math.exp(values[j]);
      sum += values[j];
    }
    for (int j = 0; j < WIDTH; j++) {
      values[j] /= sum;
    }
    return values;
  }

  private List<float[]> fill(Path data) throws IOException {
    List<float[]> vectors = new ArrayList<>();
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs =
          db.create(
              "songs",
              CollectionSpec.dimension(DIMENSION).metric(Metric.DOT).durability(Durability.OS));
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        vectors.add(floats(DIMENSION));
        points.add(Point.of(String.valueOf(i), vectors.getLast()));
      }
      songs.upsert(points);
      songs.delete("7");
      try (InputStream flac = songs.stream(1, false)) {
        Files.copy(flac, folder.resolve("songs.flac"));
      }
    }
    return vectors;
  }

  /// How a run of the program ended.
  private record Outcome(int exitCode, String out, String err) {}

  private Outcome sonidb(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sonidb.cli.Launcher"));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    process.getOutputStream().close();
    int exitCode = process.waitFor();
    return new Outcome(
        exitCode,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private static void assertRefused(Path file, String... reasons) {
    assertThatThrownBy(() -> new OnnxModelProvider().open(file))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll(reasons);
  }

  @Test
  void refusesFilesThatAreNoModels() throws IOException {
    assertRefused(folder.resolve("none.onnx"), "no such file");
    assertRefused(Files.write(folder.resolve("a.onnx"), new byte[0]), "ONNX Runtime");
    byte[] bytes = Files.readAllBytes(model);
    for (int round = 0; round < 20; round++) {
      byte[] noise = new byte[200];
      random.nextBytes(noise);
      assertRefused(Files.write(folder.resolve("b.onnx"), noise), "ONNX Runtime");
      byte[] cut = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length - 10));
      assertThatThrownBy(
              () -> new OnnxModelProvider().open(Files.write(folder.resolve("c.onnx"), cut)))
          .isInstanceOf(ModelException.class);
    }
  }

  @Test
  void namesTheInputsOfAModelThatDoesNotFit() throws IOException {
    OnnxFile two =
        new OnnxFile()
            .message(1, OnnxFile.node("Add", "sum", "left", "right"))
            .text(2, "two")
            .message(11, OnnxFile.value("left", OnnxFile.FLOAT, 0, 3))
            .message(11, OnnxFile.value("right", OnnxFile.FLOAT, 0, 3))
            .message(12, OnnxFile.value("sum", OnnxFile.FLOAT, 0, 3));
    assertRefused(
        Files.write(folder.resolve("two.onnx"), OnnxFile.model(two)),
        "left: FLOAT[?, 3], right: FLOAT[?, 3]");
    OnnxFile picture =
        new OnnxFile()
            .message(1, OnnxFile.node("Relu", "y", "x"))
            .text(2, "picture")
            .message(11, OnnxFile.value("x", OnnxFile.FLOAT, 0, 3, 8, 8))
            .message(12, OnnxFile.value("y", OnnxFile.FLOAT, 0, 3, 8, 8));
    assertRefused(
        Files.write(folder.resolve("picture.onnx"), OnnxFile.model(picture)),
        "x: FLOAT[?, 3, 8, 8]");
    OnnxFile words =
        new OnnxFile()
            .message(1, OnnxFile.node("Identity", "y", "x"))
            .text(2, "words")
            .message(11, OnnxFile.value("x", OnnxFile.STRING, 0, 3))
            .message(12, OnnxFile.value("y", OnnxFile.STRING, 0, 3));
    assertRefused(
        Files.write(folder.resolve("words.onnx"), OnnxFile.model(words)), "x: STRING[?, 3]");
  }

  @Test
  void saysWhatTheModelWantsWhenTheVectorsDiffer() throws Exception {
    fill(folder.resolve("data"));
    Files.write(model, OnnxFile.classifier(floats(8 * WIDTH), 0, 8, WIDTH));
    Outcome outcome =
        sonidb("listen", folder.resolve("songs.flac").toString(), "--model", model.toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("takes vectors of 8 components, those that are heard have 24");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void givesEachRowItsOutputsWhateverTheBatch(int batch) throws Exception {
    Files.write(model, OnnxFile.classifier(matrix, batch, DIMENSION, WIDTH));
    float[] rows = floats(20 * DIMENSION);
    try (Model open = new OnnxModelProvider().open(model)) {
      assertThat(open.dimension()).isEqualTo(DIMENSION);
      List<Model.Output> outputs = open.run(rows, 20);
      assertThat(outputs.getFirst().name()).isEqualTo("chances");
      assertThat(outputs.getFirst().width()).isEqualTo(WIDTH);
      for (int i = 0; i < 20; i++) {
        double[] chances = chances(rows, i * DIMENSION);
        int best = 0;
        for (int j = 0; j < WIDTH; j++) {
          assertThat(outputs.getFirst().values().at(i * WIDTH + j))
              .isCloseTo(chances[j], within(1e-5));
          best = chances[j] > chances[best] ? j : best;
        }
        assertThat(outputs.getLast().values().at(i)).isEqualTo(best);
      }
    }
  }

  @Test
  void printsALineForEachVector() throws Exception {
    List<float[]> vectors = fill(folder.resolve("data"));
    Outcome outcome =
        sonidb("listen", folder.resolve("songs.flac").toString(), "--model", model.toString());
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    List<String> lines = outcome.out().lines().toList();
    assertThat(lines).hasSize(COUNT);
    for (int i = 0; i < COUNT; i++) {
      assertThat(lines.get(i))
          .startsWith("{\"id\":" + i + ",\"seq\":" + (i + 1) + ",\"outputs\":{\"chances\":[");
      String[] numbers = lines.get(i).replaceAll(".*chances\":\\[|\\].*", "").split(",", -1);
      double[] chances = chances(vectors.get(i), 0);
      for (int j = 0; j < WIDTH; j++) {
        assertThat(Double.parseDouble(numbers[j])).isCloseTo(chances[j], within(1e-5));
      }
    }
    assertThat(outcome.err()).contains("the model looked at 1,000 vectors");
  }

  @Test
  void writesIntoAnotherCollection() throws Exception {
    List<float[]> vectors = fill(folder.resolve("data"));
    Outcome outcome =
        sonidb(
            "--data",
            folder.resolve("data").toString(),
            "listen",
            folder.resolve("songs.flac").toString(),
            "--model",
            model.toString(),
            "--into",
            "chances");
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      Collection chances = db.collection("chances");
      assertThat(chances.stats().vectors()).isEqualTo(COUNT - 1);
      Vector last = chances.get(String.valueOf(COUNT - 1)).orElseThrow().vector();
      double[] wanted = chances(vectors.getLast(), 0);
      for (int j = 0; j < WIDTH; j++) {
        assertThat(last.doubleAt(j)).isCloseTo(wanted[j], within(1e-5));
      }
      assertThat(chances.get("7")).isEmpty();
    }
  }
}
