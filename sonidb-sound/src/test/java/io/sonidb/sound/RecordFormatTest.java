package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The worked example of docs/FORMAT.md, bit by bit. Whoever must change this test changes the
/// format.
class RecordFormatTest {
  private static final SoundRecord EXAMPLE =
      SoundRecord.upsert(
              300,
              VectorId.of(42),
              Vector.of(1f, -0.5f, 0.15625f, 0.11111111f),
              new byte[] {(byte) 0xA1, 0x61, 0x61, 0x01})
          .withInsertedAtMillis(1_700_000_000_000L);

  private static final String DATA =
      "15ac02 012a0d 1c717e 800004 7b75f5 a12caa 8c4da1 616101 187d00 000000 800000 200000"
          + " 638e39 000000 000000 000000";
  private static final String MARKER =
      "70000c 000000 000000 000000 000000 000000 000000 000000 000000 000003 ffffff 000001"
          + " fffffe 000000 000000 000000";
  private static final String FRAME =
      "fff96a1c000f610215ac02012a0d1c717e8000047b75f5a12caa8c4da1616101187d00000000800000200000"
          + "638e390000000000000000004070000c00000ff0291ef05c";

  private static String hex(int[] samples) {
    List<String> words = new ArrayList<>();
    for (int sample : samples) {
      words.add(HexFormat.of().toHexDigits(sample & 0xFFFFFF, 6));
    }
    return String.join(" ", words);
  }

  @Test
  void layTheExampleOutInPcmAsDocumented() {
    int[][] pcm = Records.sound(SoundFormat.FLOAT32, List.of(EXAMPLE));
    assertThat(hex(pcm[0])).isEqualTo(DATA);
    assertThat(hex(pcm[1])).isEqualTo(MARKER);
    assertThat(EXAMPLE.hash()).isEqualTo(0x7B75F5A12CAA8C4DL);
  }

  @Test
  void readsTheExampleFrameAsDocumented() throws Exception {
    byte[] frame = HexFormat.of().parseHex(FRAME);
    RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    assertThat(decoder.read(frame, 0, frame.length)).isEqualTo(68);
    assertThat(decoder.record()).isEqualTo(EXAMPLE);
  }

  @Test
  void isTheExampleOfTheDocumentation() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "FORMAT.md")).replaceAll("\\s+", " ");
    String frame = HexFormat.ofDelimiter(" ").formatHex(HexFormat.of().parseHex(FRAME));
    assertThat(page).contains(DATA, MARKER, frame);
  }

  @Test
  void spellsNumbersAsLeb128() {
    Seeded.run(
        300,
        random -> {
          long value = random.nextLong() >>> 1 + random.nextInt(63);
          byte[] bytes = new byte[12];
          int end = Leb128.write(value, bytes, 1);
          assertThat(end - 1).isEqualTo(Leb128.size(value)).isBetween(1, 9);
          assertThat(Leb128.sizeAt(bytes, 1, end)).isEqualTo(end - 1);
          assertThat(Leb128.sizeAt(bytes, 1, end - 1)).isEqualTo(-1);
          assertThat(Leb128.read(bytes, 1, end - 1)).isEqualTo(value);
        });
    assertThat(Leb128.sizeAt(new byte[] {(byte) 0x80, 0}, 0, 2)).isEqualTo(-1);
    assertThat(Leb128.sizeAt(HexFormat.of().parseHex("8080808080808080801f"), 0, 10)).isEqualTo(-1);
  }

  @Test
  void spreadsBitStringsOverSamplesOfAnyWidth() {
    Seeded.run(
        300,
        random -> {
          int channels = 2 + random.nextInt(2);
          int width = 1 + random.nextInt(24 * (channels - 1));
          byte[] bytes = TestVectors.bytes(random, 1 + random.nextInt(70));
          int[][] pcm = new int[channels][700];
          int samples = DataBits.write(bytes, 0, bytes.length, pcm, 3, width);
          assertThat(samples).isEqualTo(DataBits.samples(bytes.length, width));
          int[][] from3 = new int[channels][];
          for (int c = 0; c < channels; c++) {
            from3[c] = Arrays.copyOfRange(pcm[c], 3, 700);
            for (int sample : from3[c]) {
              assertThat(sample).isEqualTo(sample << 8 >> 8);
            }
          }
          int first = random.nextInt(bytes.length);
          int count = random.nextInt(bytes.length - first + 1);
          byte[] read = new byte[count + 2];
          DataBits.read(from3, width, first, count, read, 1);
          assertThat(Arrays.copyOfRange(read, 1, 1 + count))
              .isEqualTo(Arrays.copyOfRange(bytes, first, first + count));
        });
  }
}
