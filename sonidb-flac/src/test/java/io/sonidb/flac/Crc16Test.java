package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.kernel.Crc16;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class Crc16Test {

  @Test
  void agreesWithTheDefinitionAtEveryLength() {
    Seeds.repeat(
        1,
        random -> {
          byte[] bytes = new byte[1200];
          random.nextBytes(bytes);
          for (int length = 0; length < 1100; length++) {
            int offset = length % 9;
            byte[] part = Arrays.copyOfRange(bytes, offset, offset + length);
            assertThat(Frames.crc16(bytes, offset, length))
                .as("%s bytes at %s", length, offset)
                .isEqualTo(TestBits.crc(part, 16, 0x8005));
          }
        });
  }

  @Test
  void carriesChangesOverAnyNumberOfBytes() {
    Seeds.repeat(
        100,
        random -> {
          int length = random.nextInt(100_000);
          byte[] message = new byte[2 + length];
          message[0] = (byte) random.nextInt();
          message[1] = (byte) random.nextInt();
          int crc = TestBits.crc(Arrays.copyOf(message, 2), 16, 0x8005);
          assertThat(Crc16.appendZeros(crc, length))
              .as("%s bytes", length)
              .isEqualTo(TestBits.crc(message, 16, 0x8005));
        });
  }

  @Test
  void headersHaveTheCrc8OfTheDefinition() {
    Seeds.repeat(
        100,
        random -> {
          byte[] bytes = new byte[random.nextInt(16)];
          random.nextBytes(bytes);
          assertThat(Crc8.of(bytes, 0, bytes.length)).isEqualTo(TestBits.crc(bytes, 8, 0x07));
        });
  }
}
