package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The three files that RFC 9639, appendix D, takes apart bit by bit.
class RfcExamplesTest {

  /// D.1: one stereo sample in two verbatim subframes with wasted bits.
  private static final String VERBATIM =
      """
      664c6143800000221000100000000f00000f0ac442f0000000013e84b41807dc690307586a3dad1a2e0ffff8691800\
      00bf0358fd03128baa9a\
      """;

  /// D.2: two frames, one of them side/right stereo with fixed predictors; a seek table, a tag in
  /// Hebrew.
  private static final String FIXED =
      """
      664c614300000022001000100000170000440ac442f000000013d5b0564975e98b8d8b930422757b81030300001200\
      00000000000000000000000000000000100400003a200000007265666572656e6365206c6962464c414320312e332e33\
      20323031393038303401\
      0000000e0000005449544c453dd7a9d79cd795d79d81000006000000000000fff86998000f9912086701623d144299\
      8f5df70d6fe00c17caeb21000ee7a77a24a1590c1217b603097b784faa9a33d285e070ad5b1b4851b4010d99d2cd1a\
      68f1e6b810fff869180102a402c382c40bc14a03ee48dd03b67c1330\
      """;

  /// D.3: mono of 8 bits, a predictor of order 3 with estimated coefficients.
  private static final String LPC =
      """
      664c6143800000221000100000001f00001f07d0007000000018f8f9e396f5cbcfc6dc807f9977906b32fff8680200\
      17e944004f6f313d1047d227cb6d090831452bdc2822228057a3\
      """;

  @Test
  void decodesOneStereoSample() throws IOException {
    FlacReader reader = open(VERBATIM, 57);
    List<int[]> samples = samples(reader);
    assertThat(samples).containsExactly(new int[] {25588, 10416});
    assertThat(reader.head().streamInfo().format()).isEqualTo(new AudioFormat(44100, 2, 16));
  }

  @Test
  void decodesFixedPredictorsAndReadsTheMetadata() throws IOException {
    FlacReader reader = open(FIXED, 227);
    List<int[]> samples = samples(reader);
    assertThat(samples).hasSize(19);
    assertThat(samples.get(0)).containsExactly(10372, 6070);
    assertThat(samples.get(18)).containsExactly(-16054, -9410);
    VorbisComment comment = reader.head().vorbisComment().orElseThrow();
    assertThat(comment.vendor()).isEqualTo("reference libFLAC 1.3.3 20190804");
    assertThat(comment.fields()).containsExactly(Map.entry("TITLE", "שלום"));
    assertThat(comment.first("title")).hasValue("שלום");
    assertThat(reader.head().seekTable().orElseThrow().points())
        .containsExactly(new SeekTable.SeekPoint(0, 0, 16));
    assertThat(reader.head().blocks()).last().isEqualTo(new Padding(6));
    assertThat(FlacHead.write(reader.head().blocks()))
        .isEqualTo(Arrays.copyOf(HexFormat.of().parseHex(FIXED), reader.head().length()));
  }

  @Test
  void decodesLinearPrediction() throws IOException {
    List<int[]> samples = samples(open(LPC, 73));
    assertThat(samples.stream().mapToInt(sample -> sample[0]).toArray())
        .containsExactly(
            0, 79, 111, 78, 8, -61, -90, -68, -13, 42, 67, 53, 13, -27, -46, -38, -12, 14, 24, 19,
            6, -4, -5, 0);
  }

  private static FlacReader open(String hex, int length) throws IOException {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThat(bytes).hasSize(length);
    return FlacReader.open(new ByteArrayInputStream(bytes));
  }

  /// All samples, each with all its channels; total and MD5 are checked.
  private static List<int[]> samples(FlacReader reader) throws IOException {
    List<int[]> samples = new ArrayList<>();
    while (reader.next()) {
      for (int i = 0; i < reader.blockSize(); i++) {
        int[] sample = new int[reader.head().streamInfo().format().channels()];
        for (int channel = 0; channel < sample.length; channel++) {
          sample[channel] = reader.samples(channel)[i];
        }
        samples.add(sample);
      }
    }
    assertThat(reader.totalSamplesMatch()).isTrue();
    reader.verifyMd5();
    return samples;
  }
}
