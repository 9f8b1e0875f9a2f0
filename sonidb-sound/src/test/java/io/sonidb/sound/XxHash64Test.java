package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XxHash64Test {
  private static final long SEED = 2654435761L;

  /// The self-test of xxHash's reference implementation: these bytes, these hashes.
  private static byte[] reference(int size) {
    byte[] bytes = new byte[size];
    long generator = SEED;
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (generator >>> 56);
      generator *= 0x9E3779B185EBCA8DL;
    }
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, EF46DB3751D8E999",
    "0, 2654435761, AC75FDA2929B17EF",
    "1, 0, E934A84ADB052768",
    "1, 2654435761, 5014607643A9B4C3",
    "4, 0, 9136A0DCA57457EE",
    "14, 0, 8282DCC4994E35C8",
    "14, 2654435761, C3BD6BF63DEB6DF0",
    "222, 0, B641AE8CB691C174",
    "222, 2654435761, 20CB8AB7AE10C14A"
  })
  void givesThePublishedHashes(int size, long seed, String hash) {
    assertThat(Long.toHexString(XxHash64.of(reference(size), 0, size, seed)))
        .isEqualToIgnoringCase(hash);
  }

  @ParameterizedTest
  @CsvSource({"a, d24ec4f1a98c6e5b", "abc, 44bc2cf5ad770999"})
  void givesThePublishedHashesOfTexts(String text, String hash) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    assertThat(Long.toHexString(XxHash64.of(bytes, 0, bytes.length, 0))).isEqualTo(hash);
  }

  @Test
  void hashesVectorsLikeTheirLittleEndianBytes() {
    Seeded.run(
        200,
        random -> {
          int dimension = random.nextInt(80);
          long seed = random.nextLong();
          ByteBuffer singles = ByteBuffer.allocate(4 * dimension).order(ByteOrder.LITTLE_ENDIAN);
          ByteBuffer doubles = ByteBuffer.allocate(8 * dimension).order(ByteOrder.LITTLE_ENDIAN);
          int[] ints = new int[dimension];
          long[] longs = new long[dimension];
          float[] floatVector = new float[dimension];
          double[] doubleVector = new double[dimension];
          for (int i = 0; i < dimension; i++) {
            ints[i] = random.nextInt();
            longs[i] = random.nextLong();
            singles.putInt(ints[i]);
            doubles.putLong(longs[i]);
            floatVector[i] = Float.intBitsToFloat(ints[i]);
            doubleVector[i] = Double.longBitsToDouble(longs[i]);
          }
          long ofSingles = XxHash64.of(singles.array(), 0, 4 * dimension, seed);
          assertThat(XxHash64.of(ints, dimension, seed)).isEqualTo(ofSingles);
          assertThat(XxHash64.of(floatVector, seed)).isEqualTo(ofSingles);
          long ofDoubles = XxHash64.of(doubles.array(), 0, 8 * dimension, seed);
          assertThat(XxHash64.of(longs, dimension, seed)).isEqualTo(ofDoubles);
          assertThat(XxHash64.of(doubleVector, seed)).isEqualTo(ofDoubles);
        });
  }
}
