package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.Frames;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.sound.TestVectors.Bits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordDamageTest {
  /// Records of every kind, and of every representation.
  private static List<SoundRecord> some(RandomGenerator random, ElementType element) {
    List<SoundRecord> records = new ArrayList<>(plain(random, element));
    for (Bits bits : Bits.values()) {
      Vector vector = TestVectors.hostile(random, element, 60, bits);
      records.add(SoundRecord.upsert(10 + records.size(), VectorId.of(records.size()), vector));
    }
    return records;
  }

  private static List<SoundRecord> plain(RandomGenerator random, ElementType element) {
    return List.of(
        SoundRecord.delete(3, VectorId.of(9)),
        SoundRecord.skip(4, 100),
        SoundRecord.upsert(
            5, VectorId.parse("name"), TestVectors.usual(random, element, 20), new byte[] {1, 2}),
        SoundRecord.upsert(
            6,
            VectorId.of(random.nextLong()),
            TestVectors.usual(random, element, 4700),
            TestVectors.bytes(random, 15_000)));
  }

  @ParameterizedTest
  @EnumSource
  void isFoundWhereverOneBitOfTheFramesIsFlipped(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    RecordDecoder decoder = new RecordDecoder(format);
    Seeded.run(
        1,
        random -> {
          for (SoundRecord record : some(random, element)) {
            byte[] bytes = Records.encode(new RecordEncoder(format), record);
            int bits = 8 * bytes.length;
            for (int i = 0; i < Math.min(bits, 3000); i++) {
              int bit = bits <= 3000 ? i : random.nextInt(bits);
              bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
              assertThatThrownBy(() -> decoder.read(bytes, 0, bytes.length))
                  .as("bit %d of %s", bit, record)
                  .isInstanceOf(IOException.class);
              bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
            }
          }
        });
  }

  /// The frames' checksums are right here, as after a transcoder: the record must see to itself.
  @ParameterizedTest
  @EnumSource
  void neverMakesAnotherRecordWhereverOneBitOfTheSamplesIsFlipped(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = some(random, element);
          int[][] pcm = Records.sound(format, records);
          int samples = pcm[0].length;
          for (int i = 0; i < 1500; i++) {
            int channel = random.nextInt(pcm.length);
            // Most samples are the long vector's; the headers and the short vectors come before
            // and behind it.
            int among = random.nextInt(3) == 0 ? samples : random.nextBoolean() ? 200 : 2000;
            int place = random.nextInt(among);
            int sample = among == 2000 ? samples - 1 - place : place;
            int bit = random.nextInt(24);
            int before = pcm[channel][sample];
            pcm[channel][sample] = (before ^ 1 << bit) << 8 >> 8;
            List<SoundRecord> heard = new ArrayList<>();
            Receiver receiver = new Receiver(format, (record, _) -> heard.add(record));
            receiver.accept(pcm, 0, samples);
            receiver.finish();
            assertThat(records).as("%d/%d/%d", channel, sample, bit).containsAll(heard);
            assertThat(heard.size()).isGreaterThanOrEqualTo(records.size() - 1);
            pcm[channel][sample] = before;
          }
        });
  }

  @Test
  void isFoundWhereverARunIsCut() {
    Seeded.run(
        1,
        random -> {
          RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
          RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
          SoundRecord record = some(random, ElementType.FLOAT32).get(3);
          byte[] bytes = Records.encode(encoder, record);
          for (int i = 0; i < 300; i++) {
            int cut = random.nextInt(bytes.length);
            assertThatThrownBy(() -> decoder.read(bytes, 0, cut))
                .isInstanceOf(MalformedFlacException.class)
                .matches(e -> ((MalformedFlacException) e).truncated());
          }
          int first = encoder.partLength(0);
          assertThatThrownBy(() -> decoder.read(bytes, first, bytes.length))
              .isInstanceOf(MalformedRecordException.class)
              .hasMessageContaining("later part")
              .hasMessageEndingWith("at byte " + first);
        });
  }

  @Test
  void isFoundWhenPartsOfARunAreNotInOrder() throws Exception {
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    byte[] run =
        Records.encode(
            encoder, SoundRecord.upsert(1, VectorId.of(1), TestVectors.roots(9000), new byte[9]));
    assertThat(encoder.parts()).isEqualTo(2);
    int first = encoder.partLength(0);
    byte[] renumbered = new byte[run.length + Frames.MAX_RENUMBER_GROWTH];
    int length = Frames.renumber(run, first, encoder.partLength(1), 5000, renumbered, 0);
    byte[] moved = Arrays.copyOf(run, first + length);
    System.arraycopy(renumbered, 0, moved, first, length);
    assertThatThrownBy(() -> decoder.read(moved, 0, moved.length))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("numbered 5000, not 4608");
    byte[] twice = Arrays.copyOf(run, 2 * first);
    length = Frames.renumber(run, 0, first, 4608, renumbered, 0);
    byte[] doubled = Arrays.copyOf(twice, first + length);
    System.arraycopy(renumbered, 0, doubled, first, length);
    assertThatThrownBy(() -> decoder.read(doubled, 0, doubled.length))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("cut off by the first part of another");
  }

  @Test
  void isFoundInFramesOfAnotherFormat() throws Exception {
    byte[] stereo =
        Records.encode(
            new RecordEncoder(SoundFormat.FLOAT32), SoundRecord.delete(1, VectorId.of(1)));
    assertThatThrownBy(() -> new RecordDecoder(SoundFormat.FLOAT64).read(stereo, 0, stereo.length))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("float64");
    FrameEncoder frames = new FrameEncoder(SoundFormat.FLOAT32.audio(), SubframeSearch.NOISE);
    byte[] fixed = new byte[frames.maxFrameSize(16)];
    int size = frames.encodeFixed(new int[2][16], 16, 0, fixed, 0);
    assertThatThrownBy(() -> new RecordDecoder(SoundFormat.FLOAT32).read(fixed, 0, size))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("fixed block size");
  }

  /// Frames whose samples were changed and whose checksums were made anew.
  private static Throwable readChanged(SoundRecord record, int channel, int sample, int value) {
    int[][] pcm = Records.sound(SoundFormat.FLOAT32, List.of(record));
    pcm[channel][sample] = value;
    byte[] frame = frame(pcm);
    return catchThrowable(() -> read(frame));
  }

  private static byte[] frame(int[][] pcm) {
    FrameEncoder frames = new FrameEncoder(SoundFormat.FLOAT32.audio(), SubframeSearch.NOISE);
    byte[] out = new byte[frames.maxFrameSize(pcm[0].length)];
    return Arrays.copyOf(out, frames.encode(pcm, pcm[0].length, 0, out, 0));
  }

  private static SoundRecord read(byte[] frame) throws IOException {
    RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    decoder.read(frame, 0, frame.length);
    return decoder.record();
  }

  @Test
  void namesTheValueAndThePlace() {
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(1), TestVectors.roots(30));
    assertThat(readChanged(record, 1, 0, 5))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("control word 000005")
        .hasMessageEndingWith("in the frame at byte 0");
    assertThat(readChanged(record, 1, 0, RecordFormat.MARKER | 3 << 20 | 99))
        .hasMessageContaining("frame of 35 samples does not fit");
    assertThat(readChanged(record, 0, 0, 0x130000)).hasMessageContaining("first byte 13");
    assertThat(readChanged(record, 1, 9, 1 << 16)).hasMessageContaining("holds 65536");
    assertThat(readChanged(record, 0, 9, 1)).hasMessageContaining("hash is");
  }

  /// Few bytes that stand for many components: what is announced is bounded before memory is taken.
  @Test
  void isFoundWhereMoreComponentsAreAnnouncedThanAVectorHas() throws Exception {
    float[] constant = new float[Vector.MAX_DIMENSION];
    Arrays.fill(constant, 0.1f);
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(1), Vector.of(constant));
    int[][] pcm = Records.sound(SoundFormat.FLOAT32, List.of(record));
    assertThat(RecordAssembler.samples(pcm[1][0])).isLessThan(64);
    byte[] frame = frame(pcm);
    assertThat(frame).hasSizeLessThan(100);
    assertThat(Allocation.during(() -> assertThat(read(frame)).isEqualTo(record)))
        .isLessThan(1 << 20);

    // In LEB128: as many, and the most that three bytes can say.
    byte[] bomb = frame(replaced(pcm, 0x808001, 0xFFFF7F));
    long allocated =
        Allocation.during(() ->
            assertThatThrownBy(() -> read(bomb)).isInstanceOf(MalformedRecordException.class));
    assertThat(allocated).isLessThan(1 << 20);
  }

  /// Replaces 24 bits of the header, wherever they are, by others.
  private static int[][] replaced(int[][] pcm, int from, int to) {
    int width = RecordFormat.BITS_PER_SAMPLE - (pcm[1][0] >>> 15 & 31);
    StringBuilder header = new StringBuilder();
    for (int sample : pcm[0]) {
      header.append(bits(sample & 0xFFFFFF, 24), 0, width);
    }
    String changed = header.toString().replace(bits(from, 24), bits(to, 24));
    assertThat(changed).isNotEqualTo(header.toString());
    int[] samples = new int[pcm[0].length];
    for (int i = 0; i < samples.length; i++) {
      int word = Integer.parseInt(changed.substring(width * i, width * (i + 1)), 2);
      samples[i] = word << 32 - width >> 8;
    }
    return new int[][] {samples, pcm[1]};
  }

  private static String bits(int number, int count) {
    return Integer.toBinaryString(number | 1 << count).substring(1);
  }

  @Test
  void isNotWhatANewerVersionWrites() {
    SoundRecord record = SoundRecord.delete(1, VectorId.of(1));
    int[][] pcm = Records.sound(SoundFormat.FLOAT32, List.of(record));
    // The kind is in the first four of the bits that the shift leaves, at the top.
    int newer = (pcm[0][0] & 0x0FFFFF | 0x900000) << 8 >> 8;
    assertThat(readChanged(record, 0, 0, newer))
        .isInstanceOf(UnsupportedRecordException.class)
        .hasMessageContaining("record kind 9");
  }
}
