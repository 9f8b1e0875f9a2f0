package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What is wrapped into Ogg pages is what comes out of them.
class OggFlacPagesTest {
  private final Random random = new Random(Long.getLong("sonidb.seed", 3));

  private byte[] head(int commentBytes) {
    byte[] head = new byte[4 + 4 + 34 + 4 + commentBytes];
    random.nextBytes(head);
    IdFormat.writeBigEndian(0x664C6143, 4, head, 0);
    IdFormat.writeBigEndian(34, 4, head, 4);
    IdFormat.writeBigEndian(0x84000000L | commentBytes, 4, head, 42);
    return head;
  }

  private static byte[] unwrapped(byte[] ogg) throws IOException {
    OggFlac in = new OggFlac(new ByteArrayInputStream(ogg));
    byte[] all = in.readAllBytes();
    assertThat(in.skippedBytes()).isZero();
    return all;
  }

  @Test
  void refusesWhatIsNoHeadAndFramesThatAreTooLong() {
    OggFlacPages pages = new OggFlacPages(1);
    byte[] head = head(100);
    assertThatThrownBy(() -> pages.head(Arrays.copyOf(head, head.length - 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no FLAC metadata block at offset 42");
    byte[] room = new byte[1 << 17];
    assertThatThrownBy(() -> pages.page(room, 0, 65_025, 1, room, 0))
        .hasMessageContaining("was 65025");
  }

  @Test
  void wrapsHeadsAndFramesOfAnyLength() throws IOException {
    for (int comment : new int[] {0, 211, 212, 65_020, 65_021, 65_022, 200_000}) {
      OggFlacPages pages = new OggFlacPages(comment);
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      ByteArrayOutputStream ogg = new ByteArrayOutputStream();
      byte[] head = head(comment);
      plain.writeBytes(head);
      ogg.writeBytes(pages.head(head));
      byte[] out = new byte[65_024 + OggFlacPages.MAX_GROWTH];
      for (int length : new int[] {1, 254, 255, 256, 510, 5_000, 65_023, 65_024}) {
        byte[] frame = new byte[length];
        random.nextBytes(frame);
        plain.writeBytes(frame);
        // In place, behind where the page begins.
        System.arraycopy(frame, 0, out, OggFlacPages.MAX_GROWTH, length);
        int size = pages.page(out, OggFlacPages.MAX_GROWTH, length, length, out, 0);
        assertThat(size).isLessThanOrEqualTo(length + OggFlacPages.MAX_GROWTH);
        ogg.write(out, 0, size);
      }
      ogg.writeBytes(pages.end());
      assertThat(unwrapped(ogg.toByteArray())).isEqualTo(plain.toByteArray());
    }
  }
}
