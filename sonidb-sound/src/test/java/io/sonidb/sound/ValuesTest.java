package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sonidb.flac.AudioFormat;
import io.sonidb.sound.PcmLayout.Encoding;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValuesTest {
  private static final VectorId ID = VectorId.of(1);
  private static final Vector VECTOR = Vector.of(1f, 2f);

  @Test
  void refuseVectorsWithoutOrWithTooManyComponents() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vector.of(new float[0]))
        .withMessageContaining("1 to 16384, was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vector.sharing(new double[16385]))
        .withMessageContaining("16385");
  }

  @Test
  void compareVectorsByBits() {
    float quiet = Float.intBitsToFloat(0x7FC00000);
    float other = Float.intBitsToFloat(0x7FC00001);
    assertThat(Vector.of(quiet)).isEqualTo(Vector.of(quiet)).hasSameHashCodeAs(Vector.of(quiet));
    assertThat(Vector.of(quiet)).isNotEqualTo(Vector.of(other));
    assertThat(Vector.of(0f)).isNotEqualTo(Vector.of(-0f));
    assertThat(Vector.of(0d)).isNotEqualTo(Vector.of(-0d)).isNotEqualTo(Vector.of(0f));
    assertThat(Vector.of(1d, 2d)).isEqualTo(Vector.of(1d, 2d)).isNotEqualTo(Vector.of(1d));
  }

  @Test
  void copyOrShareComponentsAsTheySay() {
    float[] floats = {1, 2};
    Vector copied = Vector.of(floats);
    Vector shared = Vector.sharing(floats);
    floats[0] = 9;
    assertThat(copied.floatAt(0)).isEqualTo(1);
    assertThat(shared.floatAt(0)).isEqualTo(9);
    assertThat(shared.floats()).isSameAs(floats);
    assertThat(shared.doubleAt(1)).isEqualTo(2);
    assertThatIllegalStateException().isThrownBy(shared::doubles);
    assertThatIllegalStateException().isThrownBy(() -> Vector.of(1d).floatAt(0));
  }

  @Test
  void printVectorsShortly() {
    assertThat(Vector.of(1f, 2f)).hasToString("float32[2] [1.0, 2.0]");
    assertThat(Vector.of(new double[9])).hasToString("float64[9] [0.0, 0.0, 0.0, 0.0, ...]");
  }

  @Test
  void refuseRecordsThatCannotBe() {
    assertThatIllegalArgumentException().isThrownBy(() -> SoundRecord.delete(-1, ID));
    assertThatIllegalArgumentException().isThrownBy(() -> SoundRecord.skip(0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SoundRecord.upsert(0, ID, VECTOR, new byte[(1 << 20) + 1]))
        .withMessageContaining("1048577");
    SoundRecord record = SoundRecord.upsert(5, ID, VECTOR);
    assertThatIllegalArgumentException().isThrownBy(() -> record.withInsertedAtMillis(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> record.withExpiresAtMillis(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> record.withAcknowledgedSequence(6));
    assertThatIllegalArgumentException().isThrownBy(() -> record.withAcknowledgedSequence(-1));
  }

  @Test
  void giveNoIdOrVectorWhereThereIsNone() {
    assertThatIllegalStateException().isThrownBy(() -> SoundRecord.skip(0, 1).id());
    assertThatIllegalStateException().isThrownBy(() -> SoundRecord.delete(0, ID).vector());
  }

  @Test
  void hashEverythingThatARecordSays() {
    SoundRecord record = SoundRecord.upsert(5, ID, VECTOR, new byte[] {1});
    assertThat(
            List.of(
                record,
                SoundRecord.upsert(6, ID, VECTOR, new byte[] {1}),
                SoundRecord.upsert(5, VectorId.of(2), VECTOR, new byte[] {1}),
                SoundRecord.upsert(5, ID, Vector.of(1f, 3f), new byte[] {1}),
                SoundRecord.upsert(5, ID, Vector.of(1f), new byte[] {1}),
                SoundRecord.upsert(5, ID, VECTOR, new byte[] {2}),
                SoundRecord.upsert(5, ID, VECTOR, new byte[] {1, 0}),
                SoundRecord.upsert(5, ID, VECTOR),
                SoundRecord.delete(5, ID),
                SoundRecord.changePayload(5, ID, new byte[] {1}),
                SoundRecord.delete(5, ID).withExpired(),
                SoundRecord.changePayload(5, ID, new byte[0]),
                SoundRecord.changePayload(5, ID, new byte[0]).withVectorSequence(4),
                SoundRecord.changePayload(5, ID, new byte[0]).withVectorSequence(3),
                SoundRecord.skip(5, 1),
                SoundRecord.skip(5, 2),
                record.withBatchContinues(true),
                record.withInsertedAtMillis(SoundRecord.FIRST_MILLIS),
                record.withExpiresAtMillis(SoundRecord.FIRST_MILLIS),
                record.withAcknowledgedSequence(5),
                record.withAcknowledgedSequence(4)))
        .doesNotHaveDuplicates()
        .extracting(SoundRecord::hash)
        .doesNotHaveDuplicates();
    assertThat(record.withBatchContinues(true).withBatchContinues(false)).isEqualTo(record);
  }

  @Test
  void readTheirNames() {
    assertThat(ElementType.parse("float64").bits()).isEqualTo(64);
    assertThat(ElementType.FLOAT32).hasToString("float32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ElementType.parse("float16"))
        .withMessageContaining("'float16'");
    assertThat(Sonification.parse("amplitude")).hasToString("amplitude");
    assertThat(Sonification.parse("frequency")).isEqualTo(Sonification.FREQUENCY);
    assertThat(Sonification.parse("pulse")).isEqualTo(Sonification.PULSE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Sonification.parse("FREQUENCY"))
        .withMessageContaining("'FREQUENCY'")
        .withMessageContaining("amplitude, frequency, pulse");
    assertThat(Encoding.parse("s32le").bytes()).isEqualTo(4);
    assertThatIllegalArgumentException().isThrownBy(() -> Encoding.parse("u8"));
    assertThatIllegalArgumentException().isThrownBy(() -> new PcmLayout(0, Encoding.S24LE));
    assertThatIllegalArgumentException().isThrownBy(() -> new PcmLayout(9, Encoding.S24LE));
  }

  @Test
  void nameTheAudioFormat() {
    assertThat(SoundFormat.of(ElementType.FLOAT32).audio())
        .isEqualTo(new AudioFormat(48_000, 2, 24));
    assertThat(SoundFormat.ofChannels(3)).isEqualTo(SoundFormat.FLOAT64);
    assertThat(SoundFormat.FLOAT64.audio()).isEqualTo(new AudioFormat(48_000, 3, 24));
    assertThatIllegalArgumentException().isThrownBy(() -> SoundFormat.ofChannels(1));
  }
}
