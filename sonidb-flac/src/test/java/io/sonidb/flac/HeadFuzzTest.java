package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Metadata of an attacker; see [FrameFuzzTest].
class HeadFuzzTest {

  @FuzzTest(maxDuration = "2m")
  void readsOrRefusesAnyMetadata(byte[] bytes) {
    read(bytes);
    // Most bytes have no "fLaC" and STREAMINFO in front, so put them there.
    byte[] start = FlacHead.firstBytes(StreamInfo.open(new AudioFormat(48_000, 2, 24)), false);
    byte[] more = Arrays.copyOf(start, start.length + bytes.length);
    System.arraycopy(bytes, 0, more, start.length, bytes.length);
    read(more);
  }

  @Test
  void readsOrRefusesMetadataThatWereChanged() {
    List<MetadataBlock> blocks =
        List.of(
            StreamInfo.open(new AudioFormat(48_000, 2, 24)),
            new SeekTable(List.of(new SeekTable.SeekPoint(0, 0, 768)), 2),
            new VorbisComment("v", List.of(Map.entry("A", "b"), Map.entry("C", "d"))),
            new Application(1, new byte[5]),
            new Padding(9));
    byte[] head = FlacHead.write(blocks);
    Seeds.repeat(5_000, random -> read(changed(head, random)));
  }

  private static byte[] changed(byte[] head, RandomGenerator random) {
    byte[] bytes = Arrays.copyOf(head, head.length + 20);
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) (random.nextInt() >> random.nextInt(8));
    }
    return bytes;
  }

  /// What is read must be the same when it is written, if all of it was understood.
  private static void read(byte[] bytes) {
    try {
      FlacHead head = FlacHead.read(bytes, 0, bytes.length);
      assertThat(head.length()).isBetween(FlacHead.FIRST_BYTES, bytes.length);
      boolean broken =
          head.blocks().stream()
              .anyMatch(block -> block instanceof OtherBlock other && other.problem().isPresent());
      if (!broken) {
        byte[] written = FlacHead.write(head.blocks());
        assertThat(FlacHead.read(written, 0, written.length).blocks()).isEqualTo(head.blocks());
      }
    } catch (MalformedFlacException e) {
      assertThat(e.offset()).isBetween(0L, (long) bytes.length);
    }
  }
}
