package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.index.RecordTable;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.store.ForgetfulStorage;
import io.sonidb.store.Segment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;

/// A small collection of three sealed segments and an open one, what it holds, and where; to be
/// copied and damaged.
final class DamageFixture {
  static final Path FOLDER = Path.of("/db");
  static final int DIMENSION = 24;
  private static final int IDS = 60;
  private static final int SAMPLE_RATE_HZ = 48_000;
  private static final SoniDbOptions OPTIONS = new SoniDbOptions(1).compaction(false);

  /// One record of the collection.
  ///
  /// @param live whether it is what its id has now
  record Place(
      Path file,
      long offset,
      int length,
      long firstSample,
      Optional<VectorId> id,
      boolean live,
      boolean sealed) {
    String name() {
      return "segments/" + file.getFileName();
    }

    /// Whether a report names a place in this record.
    boolean isIn(Damage damage) {
      long at = damage.offset().orElse(-1);
      return damage.file().equals(name()) && at >= offset && at < offset + length;
    }

    /// Whether a report names this record.
    boolean isNamedBy(Damage damage) {
      return damage.file().equals(name())
          && damage.offset().equals(OptionalLong.of(offset))
          && damage.timeSeconds().equals(OptionalDouble.of(firstSample / (double) SAMPLE_RATE_HZ))
          && damage.id().equals(id);
    }
  }

  final TreeMap<VectorId, Model.Value> values = new TreeMap<>();

  /// Every vector that an id ever had.
  final Map<VectorId, List<Vector>> written = new HashMap<>();

  final List<Place> places = new ArrayList<>();
  final ForgetfulStorage closed;

  /// The same collection when its process died instead of closing it.
  final ForgetfulStorage dead;

  final Path collection;
  private final Random random;

  private final int dimension;
  private final ElementType element;
  private final int payloadSize;

  DamageFixture(long seed) throws IOException {
    this(seed, DIMENSION, ElementType.FLOAT32, 0);
  }

  /// @param payloadSize bytes of text in some of the payloads
  DamageFixture(long seed, int dimension, ElementType element, int payloadSize) throws IOException {
    this.dimension = dimension;
    this.element = element;
    this.payloadSize = payloadSize;
    random = Seeds.random(seed);
    ForgetfulStorage storage = new ForgetfulStorage(seed);
    SoniDb db = open(storage);
    Collection songs =
        db.create(
            "songs", CollectionSpec.dimension(dimension).element(element).metric(Metric.EUCLID));
    for (int segment = 0; segment < 4; segment++) {
      fill(songs);
      if (segment < 3) {
        songs.buildIndex();
      }
    }
    collection = songs.engine().log().folder();
    for (Segment segment : songs.engine().log().segments()) {
      addPlaces(segment);
    }
    dead = storage.copy();
    db.close();
    closed = storage.copy();
  }

  static SoniDb open(ForgetfulStorage storage) throws IOException {
    storage.createFolders(FOLDER);
    return SoniDb.open(storage, FOLDER, Optional.empty(), OPTIONS);
  }

  private void fill(Collection songs) {
    for (int i = 0; i < 10; i++) {
      put(songs, 1);
    }
    put(songs, 10);
    for (int i = 0; i < 3; i++) {
      List<VectorId> ids = List.of(Model.id(0, random.nextInt(IDS)), Model.id(0, 3));
      songs.delete(ids);
      ids.forEach(values::remove);
    }
    put(songs, 5);
  }

  private void put(Collection songs, int count) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String payload = random.nextInt(3) == 0 ? "{\"n\":" + random.nextInt(1000) + "}" : "{}";
      if (payloadSize > 0 && random.nextBoolean()) {
        payload = "{\"text\":\"" + "la".repeat(payloadSize / 2) + "\"}";
      }
      points.add(Point.of(Model.id(0, random.nextInt(IDS)), vector(), Payload.ofJson(payload)));
    }
    songs.upsert(points);
    for (Point point : points) {
      values.put(point.id(), new Model.Value(point.vector(), point.payload().toJson()));
      written.computeIfAbsent(point.id(), _ -> new ArrayList<>()).add(point.vector());
    }
  }

  private Vector vector() {
    if (element == ElementType.FLOAT32) {
      return Model.vector(random, dimension);
    }
    double[] values = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      values[i] = random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  /// A vector that is not in the collection.
  Vector zero() {
    return element == ElementType.FLOAT32
        ? Vector.of(new float[dimension])
        : Vector.of(new double[dimension]);
  }

  private void addPlaces(Segment segment) {
    RecordTable table = segment.table();
    for (int i = 0; i < table.count(); i++) {
      places.add(
          new Place(
              segmentFile(segment.file()),
              table.offset(i),
              table.length(i),
              table.firstSample(i),
              table.id(i),
              table.kind(i) == RecordKind.UPSERT && segment.liveness().isLive(i),
              segment.isSealed()));
    }
  }

  Path segmentFile(String name) {
    return collection.resolve("segments").resolve(name);
  }

  /// Files of the collection whose name ends like that.
  List<Path> files(String end) {
    return closed.files().stream().filter(file -> file.toString().endsWith(end)).toList();
  }

  /// Reads everything but the ids in `lost` and compares it.
  void assertHoldsAllBut(Collection songs, List<VectorId> lost) {
    for (Map.Entry<VectorId, Model.Value> entry : values.entrySet()) {
      if (!lost.contains(entry.getKey())) {
        assertThat(Model.value(songs.get(entry.getKey())))
            .as("vector %s", entry.getKey())
            .isEqualTo(Optional.of(entry.getValue()));
      }
    }
    for (int k = 0; k < IDS; k++) {
      VectorId id = Model.id(0, k);
      if (!values.containsKey(id) && !lost.contains(id)) {
        assertThat(songs.get(id)).as("deleted vector %s", id).isEmpty();
      }
    }
  }

  void assertHoldsAll(Collection songs) {
    Model.assertHolds(songs, values);
  }
}
