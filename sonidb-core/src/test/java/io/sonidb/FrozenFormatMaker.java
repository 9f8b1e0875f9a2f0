package io.sonidb;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Wrote the data folder that [FrozenFormatTest] reads. To be run once for each version of the
/// format, into a folder of its own: what is there stays as it is.
final class FrozenFormatMaker {
  private static final int DIMENSION = 16;
  private static final int POINTS = 20;

  private final Random random = new Random(1);

  private FrozenFormatMaker() {}

  /// @param arguments folder, which must not be there
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectory(Path.of(arguments[0]));
    Path data = folder.resolve("data");
    try (SoniDb database = SoniDb.open(data)) {
      new FrozenFormatMaker().fill(database);
    }
    try (SoniDb database = SoniDb.open(data)) {
      Files.write(folder.resolve("expected.tsv"), FrozenFormatTest.lines(database));
    }
    Files.deleteIfExists(data.resolve("sonidb.lock"));
  }

  private void fill(SoniDb database) {
    CollectionSpec floats = CollectionSpec.dimension(DIMENSION).metric(Metric.COSINE);
    Collection amplitude = database.create("amplitude", floats);
    write(amplitude, "");
    amplitude.buildIndex(); // seals
    change(amplitude);
    Collection compacted = database.create("compacted", floats);
    write(compacted, "c-");
    change(compacted);
    compacted.compact(true, Progress.NONE);
    write(database.create("quantised-8", floats.quantize(Quantisation.BITS_8)), "");
    Collection five = database.create("quantised-5", floats.quantize(Quantisation.BITS_5));
    write(five, "");
    change(five);
    for (Sonification sonification :
        new Sonification[] {Sonification.FREQUENCY, Sonification.PULSE}) {
      write(
          database.create(
              sonification.name().toLowerCase(java.util.Locale.ROOT),
              floats.sonification(sonification)),
          "");
    }
    CollectionSpec doubles = floats.element(ElementType.FLOAT64).metric(Metric.EUCLID);
    Collection wide = database.create("float64", doubles);
    write(wide, "");
    change(wide);
    Collection odd = database.create("odd", CollectionSpec.dimension(3).metric(Metric.DOT));
    odd.upsert(
        List.of(
            Point.of(VectorId.parse("0"), Vector.of(-0.0f, 0.0f, Float.MIN_VALUE)),
            Point.of(
                VectorId.parse("18446744073709551615"),
                Vector.of(Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_NORMAL)),
            Point.of(
                VectorId.parse("0b9c1d7e-0000-4000-8000-000000000001"),
                Vector.of(1f, 0f, 0f),
                Payload.ofJson(
                    "{\"a\": [1, 2.5, null, true, {\"b\": \"\\u00e9\\ud83c\\udfb5\"}]}")),
            Point.of(VectorId.parse("\u00e9\u00e8 \ud83c\udfb5"), Vector.of(0.1f, 0.2f, 0.3f))));
  }

  private Vector vector(ElementType element, int kind) {
    double[] numbers = new double[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      numbers[i] =
          switch (kind % 5) {
            case 0 -> random.nextGaussian();
            case 1 -> random.nextInt(256); // whole
            case 2 -> i % 7 == 0 ? 1 + random.nextDouble() : 0; // sparse
            case 3 -> (float) random.nextGaussian(); // of float32
            default -> Math.round(random.nextGaussian() * 1000) / 1000.0; // decimals
          };
    }
    if (element == ElementType.FLOAT64) {
      return Vector.of(numbers);
    }
    float[] rounded = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      rounded[i] = (float) numbers[i];
    }
    return Vector.of(rounded);
  }

  private void write(Collection collection, String prefix) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < POINTS; i++) {
      points.add(
          Point.of(
              VectorId.parse(prefix + i),
              vector(collection.spec().element(), i),
              i % 3 == 0
                  ? Payload.ofJson("{\"number\": " + i + ", \"text\": \"song " + i + "\"}")
                  : Payload.EMPTY));
    }
    collection.upsert(points.subList(0, POINTS / 2));
    collection.upsert(points.subList(POINTS / 2, POINTS));
  }

  private void change(Collection collection) {
    String prefix = collection.name().equals("compacted") ? "c-" : "";
    collection.delete(prefix + 3);
    collection.delete(List.of(VectorId.parse(prefix + 4), VectorId.parse(prefix + 5)));
    collection.upsert(
        VectorId.parse(prefix + 6), vector(collection.spec().element(), 0), Payload.EMPTY);
    collection.overwritePayload(
        List.of(VectorId.parse(prefix + 7)), Payload.ofJson("{\"changed\": true}"));
    collection.clearPayload(List.of(VectorId.parse(prefix + 9)));
  }
}
