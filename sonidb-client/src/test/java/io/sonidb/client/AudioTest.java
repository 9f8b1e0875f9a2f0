package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.CollectionSpec;
import io.sonidb.CompactionReport;
import io.sonidb.IndexOptions;
import io.sonidb.IntegrityReport;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.file.VectorFormat;
import io.sonidb.server.Node;
import io.sonidb.sound.Listener;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Vectors to a node and back as sound and arrays, and work on the whole.
class AudioTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final int DIMENSION = 32;

  @TempDir Path folder;

  private Node node;
  private SoniDbClient client;
  private RemoteCollection songs;

  @BeforeEach
  void start() throws Exception {
    node = TestNodes.start(folder.resolve("data"));
    client = TestNodes.client(node);
    songs = client.create("songs", CollectionSpec.dimension(DIMENSION).metric(Metric.DOT));
  }

  @AfterEach
  void stop() {
    client.close();
    node.close();
  }

  /// Any bits at all, NaNs among them.
  private static Vector bits(SplittableRandom random) {
    float[] components = new float[DIMENSION];
    for (int i = 0; i < components.length; i++) {
      components[i] = Float.intBitsToFloat(random.nextInt());
    }
    return Vector.sharing(components);
  }

  private SoundRecord heard(VectorId id) throws Exception {
    List<SoundRecord> heard = new ArrayList<>();
    Listener.listen(songs.streamVector(id), (record, _) -> heard.add(record));
    return heard.getFirst();
  }

  @Test
  void refusesAVectorAndWritesNoneOfItsBatch() {
    Vector other = Vector.of(1, 2);
    List<Point> batch =
        List.of(
            Point.of(VectorId.of(1), bits(new SplittableRandom(1))),
            Point.of(VectorId.of(2), other));
    assertThatThrownBy(() -> songs.upsertAsSound(batch))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("expected dim: 32, got 2 in record 1 (id 2");
    double[] wide = new double[DIMENSION];
    wide[3] = 0.1;
    assertThatThrownBy(() -> songs.insert(List.of(Point.of("3", wide)).iterator(), false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vector 3: component 3 is 0.1, which is no float32");
    assertThatThrownBy(() ->
            songs.insertFlac(new ByteArrayInputStream("no sound".getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("must be a FLAC");
    assertThat(songs.count()).isZero();
  }

  @Test
  void hearsWhatIsWrongThoughItIsStillSending() {
    Vector other = Vector.of(1, 2);
    assertThatThrownBy(() ->
            songs.insert(
                LongStream.range(0, 400_000)
                    .mapToObj(id -> Point.of(VectorId.of(id), other))
                    .iterator(),
                false))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("expected dim: 32, got 2 in record 0");
  }

  @Test
  void keepsEveryBitOfSoundsAndArrays() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      points.add(Point.of(VectorId.of(i), bits(random), Payload.ofMap(java.util.Map.of("i", i))));
    }
    songs.upsertAsSound(points.subList(0, 100));
    IntakeReport report = songs.insert(points.subList(100, 200).iterator(), false);
    assertThat(report.inserted()).isEqualTo(100);
    assertThat(report.damaged()).isEmpty();
    songs.upsertRows(
        200,
        points.subList(200, 300).stream()
            .map(point -> point.vector().floats())
            .toArray(float[][]::new));
    for (Point point : points) {
      SoundRecord record = heard(point.id());
      assertThat(record.vector()).as("seed " + SEED).isEqualTo(point.vector());
      int id = points.indexOf(point);
      assertThat(record.payload().length == 0).isEqualTo(id >= 200);
    }
    assertThatThrownBy(() -> songs.streamVector(VectorId.of(999)))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void namesDamagedRecordsOfASound() throws Exception {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      points.add(Point.of(VectorId.of(i), bits(new SplittableRandom(i))));
    }
    byte[] sound = new PointSound(songs.spec(), points.iterator()).readAllBytes();
    sound[sound.length - 20] ^= 1;
    IntakeReport report = songs.insertFlac(new ByteArrayInputStream(sound));
    assertThat(report.inserted()).isEqualTo(9);
    assertThat(report.damagedCount()).isEqualTo(1);
    assertThat(report.damaged().getFirst().after()).contains(VectorId.of(8));
    assertThat(report.damaged().getFirst().record()).isEqualTo(9);
  }

  @Test
  void worksOnTheWhole() {
    assertThat(
            songs.importFile(
                new ByteArrayInputStream(
                    ("1" + ",2".repeat(DIMENSION - 1) + "\n").getBytes(StandardCharsets.UTF_8)),
                VectorFormat.CSV,
                5))
        .isEqualTo(1);
    List<String> units = new ArrayList<>();
    Progress progress = (_, _, unit) -> units.add(unit);
    assertThat(songs.buildIndex(IndexOptions.INCREMENTAL, progress).vectors()).isEqualTo(1);
    IntegrityReport verified = songs.verifyIntegrity(true, progress);
    assertThat(verified.ok()).isTrue();
    assertThat(verified.vectors()).isEqualTo(1);
    CompactionReport compacted = songs.compact(true, progress);
    assertThat(compacted.segmentsAfter()).isEqualTo(1);
    CollectionSpec changed = songs.spec().timeToLive(Duration.ofHours(1)).metric(Metric.EUCLID);
    songs.alter(changed, progress);
    assertThat(songs.spec()).isEqualTo(changed);
  }

  @Test
  void keepsACopyInAFolderAndFetchesOnlyWhatIsNew() throws Exception {
    Path copy = folder.resolve("copy");
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      points.add(Point.of(VectorId.of(i), bits(new SplittableRandom(i))));
    }
    songs.upsertAsSound(points);
    long first = songs.updateCopy(copy, Progress.NONE);
    songs.upsertAsSound(points.subList(0, 1));
    songs.delete(List.of(VectorId.of(7)));
    long second = songs.updateCopy(copy, Progress.NONE);
    assertThat(second).isPositive().isLessThan(first / 2);
    assertThat(songs.snapshots()).isEmpty();
    try (SoniDb database = SoniDb.open(copy)) {
      assertThat(database.warnings()).isEmpty();
      assertThat(database.collection("songs").count()).isEqualTo(999);
      assertThat(database.collection("songs").verifyIntegrity(true, Progress.NONE).ok()).isTrue();
      assertThatThrownBy(() -> songs.updateCopy(copy, Progress.NONE))
          .hasMessageContaining("is in use");
    }
  }

  @Test
  void restoresTheFileOfASnapshot() throws Exception {
    songs.upsertRows(1, new float[][] {new float[DIMENSION]});
    Path file = folder.resolve("songs.snapshot");
    try (OutputStream out = Files.newOutputStream(file)) {
      songs.download(songs.createSnapshot(), out);
    }
    client.restore("again", file);
    assertThat(client.collection("again").count()).isEqualTo(1);
  }
}
