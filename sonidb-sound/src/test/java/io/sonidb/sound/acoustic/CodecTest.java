package io.sonidb.sound.acoustic;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.Seeded;
import io.sonidb.sound.SoundRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A vector of dimension 384 through lossy codecs. Skipped where ffmpeg or an encoder is missing.
@Timeout(300)
class CodecTest {
  private static final int DIMENSION = 384;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void bringsBackEveryBitThrough(Codec codec) {
    Seeded.run(1, random -> assertComesBack(random, codec, 1));
  }

  /// Quiet, late and noisy, and then encoded.
  @ParameterizedTest
  @EnumSource
  void bringsBackEveryBitOfAQuietOneThrough(Codec codec) {
    Seeded.run(1, random -> assertComesBack(random, codec, 0.05));
  }

  @Test
  @Tag("slow")
  @Timeout(1800)
  void bringsBackManyThroughEveryCodec() {
    Seeded.run(
        25,
        random -> {
          for (Codec codec : Codec.values()) {
            assertComesBack(random, codec, 0.05 + 0.95 * random.nextDouble());
          }
        });
  }

  private void assertComesBack(RandomGenerator random, Codec codec, double gain)
      throws IOException, InterruptedException {
    SoundRecord record = Sounds.record(random, DIMENSION);
    float[] pcm = Sounds.join(Sounds.silence(500), Sounds.of(record), Sounds.silence(500));
    float[] sent = Sounds.scaled(Sounds.noisy(random, pcm, 20), gain);
    float[] received = codec.through(folder, sent);
    assertThat(Sounds.hear(received, codec.rateHz())).containsExactly(record);
  }
}
