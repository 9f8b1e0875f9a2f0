package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.FlacReader;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Listener;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What all of a collection does in each sonification.
class SonificationTest {
  private static final int DIMENSION = 200;

  @TempDir Path data;
  private final Map<VectorId, Vector> expected = new TreeMap<>();
  private final Random random = Seeds.random(Seeds.seed(1));

  private Vector vector(ElementType element, int dimension) {
    if (element == ElementType.FLOAT32) {
      float[] floats = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        floats[i] = (float) random.nextGaussian();
      }
      return Vector.of(floats);
    }
    return Vector.of(random.doubles(dimension).toArray());
  }

  private void upsert(Collection songs, int from, int to) {
    List<Point> points = new ArrayList<>();
    CollectionSpec spec = songs.spec();
    for (int id = from; id < to; id++) {
      Vector vector = vector(spec.element(), spec.dimension());
      expected.put(VectorId.of(id), vector);
      points.add(Point.of(VectorId.of(id), vector, Payload.ofJson("{\"id\": " + id + "}")));
    }
    songs.upsert(points);
  }

  private void delete(Collection songs, int from, int to) {
    for (int id = from; id < to; id++) {
      songs.delete(List.of(VectorId.of(id)));
      expected.remove(VectorId.of(id));
    }
  }

  private void assertHoldsAll(Collection songs) {
    assertThat(songs.count()).isEqualTo(expected.size());
    expected.forEach((id, vector) -> {
      Point point = songs.get(id).orElseThrow();
      assertThat(point.vector()).isEqualTo(vector);
      assertThat(point.payload().toJson()).contains(id.toString());
    });
    assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    Map.Entry<VectorId, Vector> first = expected.entrySet().iterator().next();
    assertThat(songs.search(Query.nearest(first.getValue(), 1)).hits().getFirst().id())
        .isEqualTo(first.getKey());
  }

  private List<Path> files(String ending) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "AMPLITUDE, FLOAT32",
    "AMPLITUDE, FLOAT64",
    "FREQUENCY, FLOAT32",
    "FREQUENCY, FLOAT64",
    "PULSE, FLOAT32",
    "PULSE, FLOAT64"
  })
  void keepsEverythingThroughEverything(Sonification sonification, ElementType element)
      throws Exception {
    CollectionSpec spec =
        CollectionSpec.dimension(DIMENSION)
            .element(element)
            .sonification(sonification)
            .metric(Metric.EUCLID)
            .segmentBytes(1 << 20);
    try (SoniDb db = SoniDb.open(data.resolve("db"))) {
      Collection songs = db.create("songs", spec);
      upsert(songs, 0, 900);
      songs.buildIndex();
      upsert(songs, 600, 1000);
      delete(songs, 0, 20);
      assertHoldsAll(songs);
      songs.compact(false, Progress.NONE);
      assertHoldsAll(songs);
      songs.snapshot(data.resolve("backup"), Progress.NONE);
      assertThat(songs.stats().sonification()).isEqualTo(sonification);
    }
    try (SoniDb db = SoniDb.open(data.resolve("backup"))) {
      assertHoldsAll(db.collection("songs"));
    }
    for (String lost : List.of(".idx", "directory.bin", "collection.json")) {
      for (Path file : files(lost)) {
        Files.delete(file);
      }
    }
    try (SoniDb db = SoniDb.open(data.resolve("db"))) {
      Collection songs = db.collection("songs");
      assertThat(songs.spec().sonification()).isEqualTo(sonification);
      assertThat(songs.spec().element()).isEqualTo(element);
      assertHoldsAll(songs);
      songs.buildIndex();
      assertIsHeardFrom(songs);
    }
    for (Path segment : files(".flac")) {
      assertThatFlacTakes(segment);
    }
  }

  private void assertIsHeardFrom(Collection songs) throws IOException {
    Map<VectorId, Vector> heard = new TreeMap<>();
    try (InputStream flac = songs.stream(1, false)) {
      Listener.listen(
          flac,
          (record, _) -> {
            switch (record.kind()) {
              case UPSERT -> heard.put(record.id(), record.vector());
              case DELETE -> heard.remove(record.id());
              case PAYLOAD, SKIP -> {}
            }
          });
    }
    assertThat(heard).isEqualTo(expected);
  }

  private static void assertThatFlacTakes(Path segment) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder("flac", "-t", "-s", segment.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      Assumptions.abort("flac is not installed");
      return;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void holdsTheLargestVectors(Sonification sonification) {
    byte[] zeros = new byte[Payload.MAX_BYTES - 2000];
    Payload payload = Payload.ofMap(Map.of("text", new String(zeros, StandardCharsets.US_ASCII)));
    CollectionSpec spec =
        CollectionSpec.dimension(Vector.MAX_DIMENSION)
            .element(ElementType.FLOAT64)
            .metric(Metric.EUCLID)
            .sonification(sonification);
    double[] doubles = new double[Vector.MAX_DIMENSION];
    for (int i = 0; i < doubles.length; i++) {
      // The longest pulses, once the exponent's are turned over.
      doubles[i] = Double.longBitsToDouble(0xC3FF_FFFF_FFFF_FFFFL);
    }
    Vector longest = Vector.of(doubles);
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", spec);
      songs.upsert(List.of(Point.of(VectorId.of(1), longest, payload)));
      upsert(songs, 2, 10);
    }
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.collection("songs");
      assertThat(songs.get(VectorId.of(1)).orElseThrow().vector()).isEqualTo(longest);
      assertThat(songs.get(VectorId.of(1)).orElseThrow().payload()).isEqualTo(payload);
      songs.buildIndex(new IndexOptions(true, true), Progress.NONE);
      expected.forEach(
          (id, vector) -> assertThat(songs.get(id).orElseThrow().vector()).isEqualTo(vector));
      assertThat(songs.count()).isEqualTo(9);
      assertThat(songs.verifyIntegrity(true, Progress.NONE).damaged()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"AMPLITUDE, PULSE", "PULSE, FREQUENCY", "FREQUENCY, AMPLITUDE"})
  void isAlteredWithAllVectorsThereAre(Sonification before, Sonification after) throws Exception {
    CollectionSpec spec =
        CollectionSpec.dimension(DIMENSION)
            .metric(Metric.EUCLID)
            .sonification(before)
            .segmentBytes(1 << 20);
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", spec);
      upsert(songs, 0, 1500);
      songs.buildIndex();
      upsert(songs, 1400, 1600);
      delete(songs, 0, 5);
      AlterReport report = songs.alter(spec.sonification(after), Progress.NONE);
      assertThat(report.segmentsRewritten()).isPositive();
      assertThat(songs.stats().outdatedSegments()).isZero();
      assertThat(songs.stats().sonification()).isEqualTo(after);
      upsert(songs, 1600, 1700);
      assertHoldsAll(songs);
      assertAllSoundBy(songs, after);
    }
    try (SoniDb db = SoniDb.open(data)) {
      assertThat(db.warnings()).isEmpty();
      assertThat(db.collection("songs").spec()).isEqualTo(spec.sonification(after));
      assertHoldsAll(db.collection("songs"));
    }
  }

  private void assertAllSoundBy(Collection songs, Sonification sonification) throws IOException {
    List<SoundRecord> records = new ArrayList<>();
    long heard;
    try (InputStream flac = songs.stream(1, false)) {
      heard = Listener.listen(flac, (record, _) -> records.add(record)).heard().samplesHeard();
    }
    long samples = heard / records.size();
    switch (sonification) {
      case AMPLITUDE -> assertThat(samples).isLessThan(2 * DIMENSION);
      case FREQUENCY -> assertThat(samples).isBetween(4L * DIMENSION, 6L * DIMENSION);
      case PULSE -> assertThat(samples).isGreaterThan(30 * DIMENSION);
    }
  }

  @Test
  void isHeardInAnyPieceOfItsPcm() throws IOException {
    CollectionSpec spec =
        CollectionSpec.dimension(DIMENSION).metric(Metric.EUCLID).sonification(Sonification.PULSE);
    byte[] raw;
    try (SoniDb db = SoniDb.open(data)) {
      Collection songs = db.create("songs", spec);
      upsert(songs, 0, 40);
      try (InputStream flac = songs.stream(1, false)) {
        raw = pcm(flac.readAllBytes());
      }
    }
    List<SoundRecord> heard = new ArrayList<>();
    byte[] piece = Arrays.copyOfRange(raw, raw.length / 3 + 1, raw.length);
    Listener.listen(
        new ByteArrayInputStream(piece),
        new PcmLayout(2, PcmLayout.Encoding.S24LE),
        (record, _) -> heard.add(record));
    assertThat(heard).hasSizeBetween(25, 27);
    for (SoundRecord record : heard) {
      assertThat(record.vector()).isEqualTo(expected.get(record.id()));
    }
  }

  private static byte[] pcm(byte[] flac) throws IOException {
    FlacReader reader = FlacReader.open(new ByteArrayInputStream(flac));
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    while (reader.next()) {
      for (int i = 0; i < reader.blockSize(); i++) {
        for (int channel = 0; channel < 2; channel++) {
          int sample = reader.samples(channel)[i];
          raw.write(sample);
          raw.write(sample >> 8);
          raw.write(sample >> 16);
        }
      }
    }
    return raw.toByteArray();
  }
}
