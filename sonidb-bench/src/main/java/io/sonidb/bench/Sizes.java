package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Prints how many bytes real vectors take, as a Markdown table.
///
/// It reads every `.npy` file of floats in the folder that is its argument, else in the one that
/// the environment variable `SONIDB_TEST_DATA` names, else in `shared/data` beside the project.
///
/// - `raw`: the numbers as they are.
/// - `SoniDB`: whole frames in a real store, with record header, checksums and integer id.
/// - `zstd`: `zstd -19` over all vectors of the set as one stream, which no store can do that reads
///   one vector at a time; `shuffled`: the same after all first bytes, all second bytes and so on
///   are put together. Left out when there is no `zstd` program.
/// - `entropy`: what an ideal code for signs with exponents would take whose probabilities are
///   those of the set, plus the entropy of each bit of the mantissas. It knows nothing of values
///   that repeat, so a code that does can take less.
final class Sizes {
  private static final int BATCH = 500;

  /// The vectors of one file.
  ///
  /// @param vectors not empty, of one dimension and element type
  private record VectorSet(String name, List<Vector> vectors) {
    private ElementType element() {
      return vectors.getFirst().elementType();
    }

    private int dimension() {
      return vectors.getFirst().dimension();
    }

    private int componentSize() {
      return element() == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    }
  }

  private Sizes() {}

  /// Prints the table.
  ///
  /// @param args optionally the folder of `.npy` files
  public static void main(String... args) throws IOException, InterruptedException {
    Path data = args.length > 0 ? Path.of(args[0]) : dataFolder();
    List<Path> files;
    try (Stream<Path> list = Files.list(data)) {
      files = list.filter(file -> file.toString().endsWith(".npy")).sorted().toList();
    }
    System.out.println(
        "| set | vectors | dimension | type | raw | SoniDB | of raw | zstd | shuffled | entropy |");
    System.out.println("|---|--:|--:|---|--:|--:|--:|--:|--:|--:|");
    for (Path file : files) {
      Optional<VectorSet> set = read(file);
      if (set.isPresent()) {
        System.out.println(row(set.get()));
      }
    }
  }

  private static Path dataFolder() {
    String told = System.getenv("SONIDB_TEST_DATA");
    if (told != null) {
      return Path.of(told);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path candidate = at.resolveSibling("shared").resolve("data");
      if (Files.isDirectory(candidate)) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(
        "no folder of vectors: give one as argument, or in SONIDB_TEST_DATA");
  }

  /// The vectors of a file, unless it holds no floats.
  private static Optional<VectorSet> read(Path file) throws IOException {
    List<Vector> vectors = new ArrayList<>();
    try (VectorReader reader = VectorReader.open(file)) {
      if (!reader.sourceType().equals("float32") && !reader.sourceType().equals("float64")) {
        return Optional.empty();
      }
      for (Optional<VectorRow> row = reader.next(); row.isPresent(); row = reader.next()) {
        vectors.add(row.get().vector());
      }
    }
    String name = String.valueOf(file.getFileName()).replace(".npy", "");
    return vectors.isEmpty() ? Optional.empty() : Optional.of(new VectorSet(name, vectors));
  }

  private static String row(VectorSet set) throws IOException, InterruptedException {
    double count = set.vectors().size();
    int raw = set.dimension() * set.componentSize();
    double ours = storedSize(set);
    byte[] bytes = bytes(set);
    String zstd = zstdSize(bytes).map(size -> text(size / count)).orElse("");
    String shuffled =
        zstdSize(shuffle(bytes, set.componentSize())).map(size -> text(size / count)).orElse("");
    return String.format(
        Locale.ROOT,
        "| %s | %,d | %,d | %s | %,d | %s | %.3f | %s | %s | %s |",
        set.name(),
        set.vectors().size(),
        set.dimension(),
        set.element().toString().toLowerCase(Locale.ROOT),
        raw,
        text(ours),
        ours / raw,
        zstd,
        shuffled,
        text(entropyBits(set) / 8 / count));
  }

  private static String text(double size) {
    return String.format(Locale.ROOT, "%,.0f", size);
  }

  /// Bytes a vector in a collection of its own.
  private static double storedSize(VectorSet set) throws IOException {
    try (TemporaryFolder folder = TemporaryFolder.create();
        SoniDb db = SoniDb.open(folder.path())) {
      // Not by cosine, which cannot take a vector of zeros.
      Collection collection =
          db.create(
              set.name(),
              CollectionSpec.dimension(set.dimension())
                  .element(set.element())
                  .metric(Metric.EUCLID)
                  .durability(Durability.OS));
      List<Point> batch = new ArrayList<>();
      for (int i = 0; i < set.vectors().size(); i++) {
        batch.add(Point.of(VectorId.of(i), set.vectors().get(i)));
        if (batch.size() == BATCH || i == set.vectors().size() - 1) {
          collection.upsert(batch);
          batch.clear();
        }
      }
      return collection.stats().bytesPerVector();
    }
  }

  private static byte[] bytes(VectorSet set) {
    int size = Math.multiplyExact(set.vectors().size(), set.dimension() * set.componentSize());
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (Vector vector : set.vectors()) {
      for (int i = 0; i < vector.dimension(); i++) {
        if (set.element() == ElementType.FLOAT32) {
          buffer.putInt(Float.floatToRawIntBits(vector.floatAt(i)));
        } else {
          buffer.putLong(Double.doubleToRawLongBits(vector.doubleAt(i)));
        }
      }
    }
    return buffer.array();
  }

  private static byte[] shuffle(byte[] bytes, int componentSize) {
    byte[] shuffled = new byte[bytes.length];
    int components = bytes.length / componentSize;
    for (int i = 0; i < components; i++) {
      for (int b = 0; b < componentSize; b++) {
        shuffled[b * components + i] = bytes[i * componentSize + b];
      }
    }
    return shuffled;
  }

  /// What `zstd -19` makes of the bytes, in bytes; empty when there is no such program.
  private static Optional<Long> zstdSize(byte[] bytes) throws IOException, InterruptedException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path in = Files.write(folder.path().resolve("vectors"), bytes);
      Path out = folder.path().resolve("vectors.zst");
      Process zstd;
      try {
        zstd =
            new ProcessBuilder("zstd", "-19", "-q", in.toString(), "-o", out.toString())
                .inheritIO()
                .start();
      } catch (IOException e) {
        return Optional.empty();
      }
      if (!zstd.waitFor(5, TimeUnit.MINUTES)) {
        zstd.destroy();
        throw new IOException("zstd has not finished after five minutes");
      }
      if (zstd.exitValue() != 0) {
        throw new IOException("zstd failed with exit code " + zstd.exitValue());
      }
      return Optional.of(Files.size(out));
    }
  }

  /// Entropy of the whole set in bits.
  private static double entropyBits(VectorSet set) {
    int mantissaBits = set.element() == ElementType.FLOAT32 ? 23 : 52;
    long[] counts = new long[1 << (8 * set.componentSize() - mantissaBits)];
    long[] ones = new long[mantissaBits];
    for (Vector vector : set.vectors()) {
      for (int i = 0; i < vector.dimension(); i++) {
        long bits =
            set.element() == ElementType.FLOAT32
                ? Float.floatToRawIntBits(vector.floatAt(i)) & 0xFFFFFFFFL
                : Double.doubleToRawLongBits(vector.doubleAt(i));
        counts[(int) (bits >>> mantissaBits)]++;
        for (int bit = 0; bit < mantissaBits; bit++) {
          ones[bit] += bits >>> bit & 1;
        }
      }
    }
    long components = (long) set.vectors().size() * set.dimension();
    double entropy = 0;
    for (long count : counts) {
      entropy += share(count, components);
    }
    for (long count : ones) {
      entropy += share(count, components) + share(components - count, components);
    }
    return entropy;
  }

  /// What `count` of `all` symbols add to the entropy.
  private static double share(long count, long all) {
    return count == 0 ? 0 : count * Math.log((double) all / count) / Math.log(2);
  }
}
