package io.sonidb.sound;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/// Vectors to test with: real ones, from a folder that is not part of the project, and hostile
/// ones.
final class TestVectors {
  private static final Pattern SHAPE = Pattern.compile("'shape': \\((\\d+), (\\d+)\\)");

  private TestVectors() {}

  /// All vectors of a `.npy` file of float32 or float64. Skips the test when there is no such file.
  static List<Vector> real(String name) {
    Optional<Path> file = folder().map(folder -> folder.resolve(name + ".npy"));
    Assumptions.assumeTrue(
        file.isPresent() && Files.exists(file.get()),
        () -> name + ".npy is missing; say where it is with SONIDB_TEST_DATA");
    try {
      return read(Files.readAllBytes(file.orElseThrow()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<Path> folder() {
    String told = System.getenv("SONIDB_TEST_DATA");
    if (told != null) {
      return Optional.of(Path.of(told));
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path data = at.resolveSibling("shared").resolve("data");
      if (at.getParent() != null && Files.isDirectory(data)) {
        return Optional.of(data);
      }
    }
    return Optional.empty();
  }

  private static List<Vector> read(byte[] npy) {
    ByteBuffer in = ByteBuffer.wrap(npy).order(ByteOrder.LITTLE_ENDIAN);
    int headerSize = in.getShort(8);
    String header = new String(npy, 10, headerSize, StandardCharsets.ISO_8859_1);
    Matcher shape = SHAPE.matcher(header);
    if (!shape.find()) {
      throw new IllegalArgumentException("no shape in " + header);
    }
    int count = Integer.parseInt(shape.group(1));
    int dimension = Integer.parseInt(shape.group(2));
    in.position(10 + headerSize);
    List<Vector> vectors = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      if (header.contains("<f4")) {
        float[] floats = new float[dimension];
        for (int j = 0; j < dimension; j++) {
          floats[j] = in.getFloat();
        }
        vectors.add(Vector.sharing(floats));
      } else {
        double[] doubles = new double[dimension];
        for (int j = 0; j < dimension; j++) {
          doubles[j] = in.getDouble();
        }
        vectors.add(Vector.sharing(doubles));
      }
    }
    return vectors;
  }

  /// What hostile float32 vectors are made of: each yields a component's bits.
  enum Bits {
    ANY,
    GAUSSIAN,
    SPECIAL,
    FEW_EXPONENTS,
    MOSTLY_ZERO,
    INTEGERS,
    SIGNED_INTEGERS,
    MULTIPLES,
    DECIMALS,
    SCALED_HALVES,
    NEARLY_SCALED_HALVES,
    CONSTANT,
    PRINTED,
    PRINTED_HALVES,
    MOSTLY_ODD,
    POWERS_OF_TWO,
    FAR_OUTLIERS;

    long next(RandomGenerator random, ElementType element) {
      double gaussian = random.nextGaussian() / 30;
      return switch (this) {
        case ANY -> random.nextLong();
        case GAUSSIAN -> of(gaussian, element);
        case SPECIAL -> special(random, element);
        case FEW_EXPONENTS -> of(random.nextInt(2) == 0 ? 1 + random.nextDouble() : -1.5, element);
        case MOSTLY_ZERO -> random.nextInt(5) == 0 ? of(gaussian, element) : 0;
        case INTEGERS -> of(random.nextInt(256), element);
        case SIGNED_INTEGERS -> of(Math.rint(gaussian * 1000), element);
        case MULTIPLES -> of(Math.rint(gaussian * 1000) * 0.0123, element);
        case SCALED_HALVES -> of((float) (half(gaussian) * 0.037123), element);
        case NEARLY_SCALED_HALVES -> of(half(gaussian) * 1.7123f * 0.61234f, element);
        case CONSTANT -> of(0.3, element);
        case PRINTED -> of(Double.parseDouble(Float.toString((float) gaussian)), element);
        case PRINTED_HALVES -> of(Double.parseDouble("%.4f".formatted(half(gaussian))), element);
        case MOSTLY_ODD -> random.nextInt(3) == 0 ? of(gaussian, element) : -3;
        case DECIMALS -> of(Math.rint(gaussian * 1000) / 1000, element);
        case POWERS_OF_TWO -> of(Math.scalb(1.0, random.nextInt(7) - 3), element);
        case FAR_OUTLIERS -> of(random.nextInt(200) == 0 ? 1e-33 * gaussian : gaussian, element);
      };
    }

    private static float half(double value) {
      return Float.float16ToFloat(Float.floatToFloat16((float) value));
    }

    private static long of(double value, ElementType element) {
      return element == ElementType.FLOAT32
          ? Float.floatToRawIntBits((float) value)
          : Double.doubleToRawLongBits(value);
    }

    private static long special(RandomGenerator random, ElementType element) {
      int size = element.bits();
      int mantissa = element == ElementType.FLOAT32 ? 23 : 52;
      long all = (1L << size - 1 - mantissa) - 1;
      long sign = (long) random.nextInt(2) << size - 1;
      long low = random.nextLong() & (1L << mantissa) - 1;
      return sign
          | switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> low;
            case 2 -> all << mantissa;
            case 3 -> all << mantissa | low;
            case 4 -> all - 1 << mantissa | low;
            default -> 1L << mantissa | low;
          };
    }
  }

  /// A vector of components of one kind.
  static Vector hostile(RandomGenerator random, ElementType element, int dimension, Bits bits) {
    if (element == ElementType.FLOAT32) {
      float[] floats = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        floats[i] = Float.intBitsToFloat((int) bits.next(random, element));
      }
      return Vector.sharing(floats);
    }
    double[] doubles = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      doubles[i] = Double.longBitsToDouble(bits.next(random, element));
    }
    return Vector.sharing(doubles);
  }

  /// A vector such as models make.
  static Vector usual(RandomGenerator random, ElementType element, int dimension) {
    return hostile(random, element, dimension, Bits.GAUSSIAN);
  }

  /// A float32 vector that is always the same and has no representation but floats.
  static Vector roots(int dimension) {
    float[] roots = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      roots[i] = (float) Math.sqrt(i + 2);
    }
    return Vector.sharing(roots);
  }

  static byte[] bytes(RandomGenerator random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
