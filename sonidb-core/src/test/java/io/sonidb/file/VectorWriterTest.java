package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VectorWriterTest {

  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final Vector TWO = Vector.of(1f, 2f);

  @TempDir Path folder;

  @Test
  void refusesFormatsThatAreOnlyRead() {
    assertThatThrownBy(() -> create("a.bvecs", 2, ElementType.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(".bvecs is read only; use one of .npy .fvecs .fbin .jsonl .csv");
  }

  @Test
  void refusesFloat64WhereOnlyFloat32Fits() {
    assertThatThrownBy(() -> create("a.fvecs", 2, ElementType.FLOAT64))
        .hasMessageContaining("use .npy");
  }

  @Test
  void refusesVectorOfAnotherShape() throws IOException {
    try (VectorWriter writer = create("a.npy", 3, ElementType.FLOAT32)) {
      assertThatThrownBy(() -> writer.write(VectorId.of(0), TWO, Optional.empty()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("dimension 3");
    }
  }

  @Test
  void refusesToReplaceWhatIsNoFile() throws IOException {
    Files.createDirectory(folder.resolve("a.npy"));
    assertThatThrownBy(() -> create("a.npy", 2, ElementType.FLOAT32))
        .isInstanceOf(UnsupportedVectorFileException.class)
        .hasMessageContaining("a.npy");
  }

  @Test
  void leavesNothingBehindWhenNotFinished() throws IOException {
    Path file = Files.writeString(folder.resolve("a.npy"), "as before");
    try (VectorWriter writer = create("a.npy", 2, ElementType.FLOAT32)) {
      writer.write(VectorId.of(0), TWO, Optional.empty());
    }
    assertThat(file).hasContent("as before");
    assertThat(folder).isDirectoryContaining(f -> f.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void refusesStreamOfAnotherCountThanAnnounced() throws IOException {
    try (VectorWriter writer =
        VectorWriter.of(new ByteArrayOutputStream(), VectorFormat.NPY, 2, ElementType.FLOAT32, 2)) {
      writer.write(VectorId.of(0), TWO, Optional.empty());
      assertThatThrownBy(writer::finish).hasMessageContaining("2 rows were announced, 1 were");
    }
  }

  @Test
  void writesRealArraysByteForByte() throws IOException {
    for (Path original : TestData.arrays()) {
      VectorReader reader = VectorReader.open(original);
      boolean widened = !reader.sourceType().startsWith("float");
      Path copy = folder.resolve("copy.npy");
      copy(reader, copy);
      assertThat(Files.mismatch(original, copy) == -1L).as(original.toString()).isEqualTo(!widened);
      if (widened) {
        assertThat(vectors(copy, ReadOptions.DEFAULT))
            .isEqualTo(vectors(original, ReadOptions.DEFAULT));
      }
    }
  }

  @Test
  void writesTheSameToAStream() throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    Path file = folder.resolve("a.npy");
    try (VectorWriter writer =
            VectorWriter.of(stream, VectorFormat.NPY, 2, ElementType.FLOAT32, 1);
        VectorWriter other = create("a.npy", 2, ElementType.FLOAT32)) {
      writer.write(VectorId.of(0), TWO, Optional.empty());
      writer.finish();
      other.write(VectorId.of(0), TWO, Optional.empty());
      other.finish();
    }
    assertThat(stream.toByteArray()).isEqualTo(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @EnumSource(names = {"NPY", "FVECS", "FBIN", "JSONL", "CSV"})
  void bringsBackEveryBitOfFloat32(VectorFormat format) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Vector> vectors = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      float[] values = new float[50];
      for (int j = 0; j < values.length; j++) {
        float any = Float.intBitsToFloat(random.nextInt());
        values[j] = Float.isNaN(any) ? Float.NaN : any;
      }
      values[0] = -0f;
      values[1] = Float.MIN_VALUE;
      values[2] = Float.POSITIVE_INFINITY;
      vectors.add(Vector.sharing(values));
    }
    assertThat(vectors(written(format, vectors), ReadOptions.DEFAULT))
        .as("-Dsonidb.seed=%d", SEED)
        .isEqualTo(vectors);
  }

  @ParameterizedTest
  @EnumSource(names = {"NPY", "JSONL", "CSV"})
  void bringsBackEveryBitOfFloat64(VectorFormat format) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Vector> vectors = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      double[] values = new double[20];
      for (int j = 0; j < values.length; j++) {
        double any = Double.longBitsToDouble(random.nextLong());
        values[j] = Double.isNaN(any) ? Double.NaN : any;
      }
      values[0] = -0.0;
      values[1] = Double.MIN_VALUE;
      vectors.add(Vector.sharing(values));
    }
    ReadOptions asFloat64 = ReadOptions.DEFAULT.element(ElementType.FLOAT64);
    assertThat(vectors(written(format, vectors), asFloat64))
        .as("-Dsonidb.seed=%d", SEED)
        .isEqualTo(vectors);
  }

  @ParameterizedTest
  @EnumSource(names = {"JSONL", "CSV"})
  void bringsBackIdsAndPayloadsOfTextFormats(VectorFormat format) throws IOException {
    List<VectorId> ids =
        List.of(
            VectorId.of(-1),
            VectorId.parse("042"),
            VectorId.parse("7f9c24e5-2c0e-4b1a-9d0a-0123456789ab"),
            VectorId.parse(" a \"quoted\", \r\n\t\u0001 back\\slash ü \uD83D\uDD0A "),
            VectorId.parse("NaN"));
    Path file = folder.resolve("a." + format.extension());
    String payload = "{\"a\":\"\\n\\\" ,\",\n \"b\":[1.50]}";
    try (VectorWriter writer = VectorWriter.create(file, format, 2, ElementType.FLOAT32)) {
      for (VectorId id : ids) {
        writer.write(id, TWO, Optional.of(payload));
      }
      writer.finish();
      assertThat(writer.rows()).isEqualTo(ids.size());
    }
    List<VectorRow> rows = Rows.all(VectorReader.open(file));
    assertThat(rows).extracting(row -> row.id().orElseThrow()).isEqualTo(ids);
    assertThat(rows)
        .allMatch(row -> row.payload().orElseThrow().equals(payload.replace('\n', ' ')));
  }

  @Test
  void bringsBackWhenRowsOfJsonExpire() throws IOException {
    Optional<Instant> time = Optional.of(Instant.parse("2027-01-31T12:00:00.123Z"));
    try (VectorWriter writer = create("a.jsonl", 2, ElementType.FLOAT32)) {
      writer.write(VectorId.of(0), TWO, Optional.of("{}"), time);
      writer.write(VectorId.of(1), TWO, Optional.empty());
      writer.finish();
    }
    assertThat(Rows.all(VectorReader.open(folder.resolve("a.jsonl"))))
        .extracting(VectorRow::expiresAt)
        .containsExactly(time, Optional.empty());
  }

  @Test
  void countsNaNsWhosePayloadTextCannotKeep() throws IOException {
    Vector odd = Vector.of(Float.NaN, Float.intBitsToFloat(0x7FC00001));
    try (VectorWriter writer = create("a.jsonl", 2, ElementType.FLOAT32)) {
      writer.write(VectorId.of(0), odd, Optional.empty());
      assertThat(writer.simplifiedNaNs()).isEqualTo(1);
    }
  }

  private VectorWriter create(String name, int dimension, ElementType element) throws IOException {
    VectorFormat format = VectorFormat.ofFileName(name).orElseThrow();
    return VectorWriter.create(folder.resolve(name), format, dimension, element);
  }

  private Path written(VectorFormat format, List<Vector> vectors) throws IOException {
    Path file = folder.resolve("a." + format.extension());
    Vector first = vectors.getFirst();
    try (VectorWriter writer =
        VectorWriter.create(file, format, first.dimension(), first.elementType())) {
      for (int i = 0; i < vectors.size(); i++) {
        writer.write(VectorId.of(i), vectors.get(i), Optional.empty());
      }
      writer.finish();
    }
    return file;
  }

  private static void copy(VectorReader reader, Path file) throws IOException {
    try (reader;
        VectorWriter writer =
            VectorWriter.create(file, VectorFormat.NPY, reader.dimension(), reader.elementType())) {
      for (Optional<VectorRow> row = reader.next(); row.isPresent(); row = reader.next()) {
        writer.write(VectorId.of(row.get().number()), row.get().vector(), Optional.empty());
      }
      writer.finish();
    }
  }

  private static List<Vector> vectors(Path file, ReadOptions options) throws IOException {
    return Rows.all(VectorReader.open(file, options)).stream().map(VectorRow::vector).toList();
  }
}
