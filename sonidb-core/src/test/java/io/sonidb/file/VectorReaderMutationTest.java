package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Files with a few bytes changed, cut off or doubled are read or refused, and nothing else
/// happens.
class VectorReaderMutationTest {

  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final int MUTANTS = 3000;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(VectorFormat.class)
  void readsOrRefusesEveryMutant(VectorFormat format) throws IOException {
    byte[] original = original(format);
    SplittableRandom random = new SplittableRandom(SEED);
    int refused = 0;
    for (int i = 0; i < MUTANTS; i++) {
      byte[] mutant = mutant(original, random);
      try {
        Rows.all(Rows.stream(mutant, ReadOptions.DEFAULT.format(format)));
        if (i % 20 == 0) {
          Path file = Files.write(folder.resolve("m." + format.extension()), mutant);
          Rows.all(VectorReader.open(file));
        }
      } catch (VectorFileException e) {
        refused++;
        assertThat(e.getMessage()).startsWith(e.file());
      } catch (RuntimeException | Error e) {
        throw new AssertionError("mutant " + i + ", -Dsonidb.seed=" + SEED, e);
      }
    }
    assertThat(refused).as("-Dsonidb.seed=%d", SEED).isPositive();
  }

  private static byte[] mutant(byte[] original, SplittableRandom random) {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      // Half of the changes hit the head, where the lengths are.
      int place = random.nextInt(random.nextBoolean() ? Math.min(140, bytes.length) : bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[place] = (byte) random.nextInt();
        case 1 -> bytes[place] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, place + 1);
        default -> {
          byte[] longer = Arrays.copyOf(bytes, bytes.length + place);
          System.arraycopy(bytes, 0, longer, bytes.length, place);
          bytes = longer;
        }
      }
    }
    return bytes;
  }

  private static byte[] original(VectorFormat format) throws IOException {
    if (!VectorWriter.FORMATS.contains(format)) {
      return new byte[] {3, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6};
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (VectorWriter writer = VectorWriter.of(out, format, 3, ElementType.FLOAT32, 4)) {
      for (int i = 0; i < 4; i++) {
        writer.write(
            VectorId.parse("id " + i),
            Vector.of(i, -0.5f, Float.NaN),
            Optional.of("{\"a\":[1,\"b\"]}"));
      }
      writer.finish();
    }
    return out.toByteArray();
  }
}
