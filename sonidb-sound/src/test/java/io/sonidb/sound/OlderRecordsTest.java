package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Frames that were written when `float` was the only representation. Their bytes are kept here for
/// ever; what is tested is that they can still be read.
class OlderRecordsTest {
  private static SoundRecord read(SoundFormat format, String hex) throws Exception {
    byte[] frames = HexFormat.of().parseHex(hex);
    RecordDecoder decoder = new RecordDecoder(format);
    assertThat(decoder.read(frames, 0, frames.length)).isEqualTo(frames.length);
    return decoder.record();
  }

  @Test
  void readsTheFirstExampleOfTheFormat() throws Exception {
    byte[] payload = {(byte) 0xA1, 0x61, 0x61, 0x01};
    SoundRecord record =
        SoundRecord.upsert(300, VectorId.of(42), Vector.of(1f, -0.5f, 0.15625f, 0.1f), payload)
            .withInsertedAtMillis(1_700_000_000_000L);
    assertThat(
            read(
                SoundFormat.FLOAT32,
                "fff96a1c000f610215ac02012a0d1c717e800004a452f1fd2c02ca22a1616101187d000000008000"
                    + "002000004ccccd0000000000000000004070000c00000ff0291ec7ce"))
        .isEqualTo(record);
  }

  @Test
  void readsZeros() throws Exception {
    SoundRecord record = SoundRecord.upsert(5, VectorId.of(7), Vector.sharing(new float[300]));
    assertThat(
            read(
                SoundFormat.FLOAT32,
                "fff97a1c00019b0c03000002200a020effa02e43501ef1d610000000000000000000000000000000"
                    + "0000000000000000000000000000000000000000000000080f703360001e00b054"))
        .isEqualTo(record);
  }

  @Test
  void readsNumbersAmongThemMinusZeroAndNan() throws Exception {
    SoundRecord record =
        SoundRecord.upsert(6, VectorId.of(8), Vector.of(3f, -0f, 255f, Float.NaN, 1e-33f, 17f));
    assertThat(
            read(
                SoundFormat.FLOAT32,
                "fff96a1c000f61034401804239816b731a32d32202c4412021bfe0c400002000007f000100000262"
                    + "74c200000000000000000000101c4003000006aa80a0202c0aa07725"))
        .isEqualTo(record);
  }

  @Test
  void readsDoubles() throws Exception {
    SoundRecord record = SoundRecord.upsert(7, VectorId.of(9), Vector.of(0.1, 0.5, -3, Math.PI));
    assertThat(
            read(
                SoundFormat.FLOAT64,
                "fff96a2c000f801042a80380804717188402003999988000007ffffe190fda400001000004000010"
                    + "0000400001000004000010000040000022a124feba18417a00000166666000040000001bbd2e0000"
                    + "400008000100002000040000800010000200002038400300002420000d0420c4210842108400e3d5"))
        .isEqualTo(record);
  }

  @Test
  void readsDoublesThatWereFloats() throws Exception {
    SoundRecord record =
        SoundRecord.upsert(8, VectorId.of(10), Vector.of(0.5, 0.25, -3, (double) 0.1f));
    assertThat(
            read(
                SoundFormat.FLOAT64,
                "fff96a2c000f801042a80400b54a845dee7a62a4b43007fa800002000001fffff873333500000400"
                    + "00100000400001000004000010000000000000203b0004000007b00008ff6203"))
        .isEqualTo(record);
  }
}
