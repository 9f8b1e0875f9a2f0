package io.sonidb.sound;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Vectors made to be mistaken for what they are not, through frames and back.
///
/// Each is almost something that has a representation of its own: a grid with noise in one
/// component, numbers among which there is a -0.0, a constant but for a NaN. What is compared is
/// bits.
class AdversarialVectorsTest {
  private static final long EVERY_BUILD = 20_000;
  private static final long ENDURANCE = 10_000_000;

  @Test
  void comeBackToTheBit() {
    Seeded.run(1, random -> run(random, EVERY_BUILD));
  }

  @Test
  @Tag("slow")
  void comeBackToTheBitTenMillionTimes() {
    Seeded.run(
        1,
        random -> {
          long start = System.nanoTime();
          run(random, ENDURANCE);
          System.out.printf(
              "%,d adversarial vectors came back, %.0f s%n",
              ENDURANCE, (System.nanoTime() - start) / 1e9);
        });
  }

  private static void run(RandomGenerator random, long count) throws IOException {
    Trial trial32 = new Trial(SoundFormat.FLOAT32);
    Trial trial64 = new Trial(SoundFormat.FLOAT64);
    // Splittable and secure generators are slower than what is tested.
    Random fast = new Random(random.nextLong());
    for (long i = 0; i < count; i++) {
      boolean single = fast.nextInt(3) != 0;
      Trial trial = single ? trial32 : trial64;
      trial.comesBack(vector(fast, single ? ElementType.FLOAT32 : ElementType.FLOAT64));
    }
  }

  /// An encoder and a decoder with what they need. Each vector is read by itself, and once more
  /// together with others.
  private static final class Trial {
    private static final int TOGETHER = 16;

    private final RecordEncoder encoder;
    private final RecordDecoder decoder;
    private final Vector[] vectors = new Vector[TOGETHER];
    private final int[] offsets = new int[TOGETHER];
    private final int[] limits = new int[TOGETHER];
    private byte[] out = new byte[1 << 16];
    private int count;
    private int end;

    Trial(SoundFormat format) {
      encoder = new RecordEncoder(format);
      decoder = new RecordDecoder(format);
    }

    void comesBack(Vector vector) throws IOException {
      SoundRecord record = SoundRecord.upsert(1, VectorId.of(2), vector);
      int bound = encoder.maxSize(record);
      if (out.length - end < bound) {
        out = Arrays.copyOf(out, end + bound);
      }
      int size = encoder.encode(record, out, end);
      if (size > bound) {
        throw new AssertionError(size + " bytes, at most " + bound + " announced: " + vector);
      }
      decoder.read(out, end, end + size);
      assertIs(vector);
      vectors[count] = vector;
      offsets[count] = end;
      end += size;
      limits[count++] = end;
      if (count == TOGETHER) {
        comeBackTogether();
      }
    }

    private void comeBackTogether() throws IOException {
      decoder.prepare(out, offsets, limits, count);
      for (int i = 0; i < count; i++) {
        decoder.readPrepared(i);
        assertIs(vectors[i]);
      }
      count = 0;
      end = 0;
    }

    private void assertIs(Vector vector) {
      if (!decoder.record().vector().equals(vector)) {
        throw new AssertionError(decoder.record().vector() + " is not " + vector);
      }
    }
  }

  private static Vector vector(Random random, ElementType element) {
    int dimension = random.nextInt(1000) == 0 ? 1 + random.nextInt(5000) : 1 + random.nextInt(40);
    double[] components = kind(random, dimension);
    spoil(random, components);
    if (element == ElementType.FLOAT64) {
      double[] doubles = components;
      if (random.nextInt(8) == 0) {
        doubles[random.nextInt(dimension)] = Double.longBitsToDouble(random.nextLong());
      }
      return Vector.sharing(doubles);
    }
    float[] floats = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      floats[i] = (float) components[i];
    }
    spoil(random, floats);
    return Vector.sharing(floats);
  }

  /// Something that has a representation, at any magnitude.
  private static double[] kind(Random random, int dimension) {
    double scale = Math.scalb(1 + random.nextDouble(), exponent(random));
    double power = IntegerFormat.power(random.nextInt(23));
    int kind = random.nextInt(12);
    int bits = 1 + random.nextInt(24);
    double background = random.nextBoolean() ? 0 : random.nextGaussian() * scale;
    double[] components = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      double gaussian = random.nextGaussian();
      components[i] =
          switch (kind) {
            case 0 -> half(gaussian) * (float) scale;
            case 1 -> half(gaussian) * scale;
            case 2 -> (float) (half(gaussian) * scale) * 0.7123f;
            case 3 -> (random.nextInt() >> 32 - bits) * scale;
            case 4 -> (float) (random.nextInt() >>> 32 - bits);
            case 5 -> (random.nextInt() >> 32 - bits) / power;
            case 6 -> Double.parseDouble(Float.toString((float) (gaussian * scale)));
            case 7 -> random.nextInt(5) == 0 ? gaussian * scale : background;
            case 8 -> background;
            case 9 -> Math.scalb(gaussian, exponent(random));
            case 10 -> Decimals.widen(half(gaussian), Decimals.PRINTED_AS_HALF);
            default -> gaussian * scale;
          };
    }
    return components;
  }

  private static int exponent(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(300) - 150;
      case 1 -> random.nextInt(2200) - 1100;
      case 2 -> -126 - random.nextInt(24);
      case 3 -> 100 + random.nextInt(28);
      default -> random.nextInt(20) - 10;
    };
  }

  private static float half(double value) {
    return Float.float16ToFloat(Float.floatToFloat16((float) value));
  }

  private static void spoil(Random random, double[] components) {
    int place = random.nextInt(components.length);
    switch (random.nextInt(10)) {
      case 0 -> components[place] = -0.0;
      case 1 -> components[place] = Double.NaN;
      case 2 -> components[place] = Double.NEGATIVE_INFINITY;
      case 3 -> components[place] = Math.nextUp(components[place]);
      case 4 -> components[place] *= 3;
      case 5 -> components[place] = Double.MIN_VALUE;
      case 6 -> Arrays.fill(components, 0, place, -0.0);
      default -> {}
    }
  }

  private static void spoil(Random random, float[] components) {
    int place = random.nextInt(components.length);
    switch (random.nextInt(10)) {
      case 0 -> components[place] = Float.intBitsToFloat(random.nextInt());
      case 1 ->
          components[place] = Float.intBitsToFloat(0x7F800000 | random.nextInt() & 0x807FFFFF);
      case 2 -> components[place] = Math.nextUp(components[place]);
      case 3 -> components[place] = Float.intBitsToFloat(random.nextInt() & 0x807FFFFF);
      case 4 -> components[place] = Float.MAX_VALUE;
      default -> {}
    }
  }
}
