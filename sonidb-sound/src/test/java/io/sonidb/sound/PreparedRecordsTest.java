package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.FlacKernels;
import io.sonidb.sound.TestVectors.Bits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Records that are read together come out as those that are read alone.
class PreparedRecordsTest {
  private static final int TOGETHER = 16;

  @BeforeEach
  void usesSimdFromTheFirstFrameOn() {
    FlacKernels.useAtOnce();
    FloatLoops.useSimd();
  }

  @Test
  void hasNoRecordBeforeOneIsRead() {
    RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    decoder.prepare(new byte[3], new int[1], new int[] {3}, 1);
    assertThatThrownBy(() -> decoder.readPrepared(1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(decoder::kind).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> decoder.readPrepared(0)).isInstanceOf(IOException.class);
    assertThatThrownBy(decoder::kind).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @EnumSource
  void isNoticedWhereverOneBitIsFlipped(ElementType element) {
    Seeded.run(
        1,
        random -> {
          for (Bits bits : Bits.values()) {
            Together together = alike(random, element, 40, bits);
            int damaged = random.nextInt(TOGETHER);
            int from = 8 * together.offsets[damaged];
            int to = 8 * together.ends[damaged];
            for (int bit = from; bit < to; bit += 1 + random.nextInt(7)) {
              together.flip(bit);
              together.decoder.prepare(together.bytes, together.offsets, together.limits, TOGETHER);
              for (int i = 0; i < TOGETHER; i++) {
                int index = i;
                if (i == damaged) {
                  assertThatThrownBy(() -> together.decoder.readPrepared(index))
                      .as("bit %d of %s", bit - from, bits)
                      .isInstanceOf(IOException.class);
                } else if (random.nextInt(8) == 0) {
                  together.verify(i);
                }
              }
              together.flip(bit);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void comesOutAsReadAlone(ElementType element) {
    Seeded.run(
        20,
        random -> {
          for (Bits bits : Bits.values()) {
            int dimension = random.nextInt(5) == 0 ? 5000 : 1 + random.nextInt(300);
            alike(random, element, dimension, bits).verify();
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void comesOutAsReadAloneWhateverLiesBesideIt(ElementType element) {
    Seeded.run(
        100,
        random -> {
          List<SoundRecord> records = new ArrayList<>();
          for (int i = random.nextInt(40); i >= 0; i--) {
            records.add(Records.any(random, element));
          }
          new Together(SoundFormat.of(element), records).verify();
        });
  }

  @ParameterizedTest
  @EnumSource
  void comesOutAsReadAloneHoweverItSounds(Sonification sonification) {
    SoundFormat format = new SoundFormat(ElementType.FLOAT32, sonification);
    Seeded.run(5, random -> new Together(format, records(random, format, 30, Bits.ANY)).verify());
  }

  private static Together alike(
      RandomGenerator random, ElementType element, int dimension, Bits bits) {
    SoundFormat format = SoundFormat.of(element);
    return new Together(format, records(random, format, dimension, bits));
  }

  private static List<SoundRecord> records(
      RandomGenerator random, SoundFormat format, int dimension, Bits bits) {
    List<SoundRecord> records = new ArrayList<>();
    for (int i = 0; i < TOGETHER; i++) {
      Vector vector = TestVectors.hostile(random, format.element(), dimension, bits);
      byte[] payload = random.nextInt(3) == 0 ? TestVectors.bytes(random, 5) : new byte[0];
      records.add(SoundRecord.upsert(1000 + i, VectorId.of(1000 + i), vector, payload));
    }
    return records;
  }

  /// Records one behind the other.
  private static final class Together {
    private final List<SoundRecord> records;
    private final RecordDecoder decoder;
    private final RecordDecoder alone;
    private final byte[] bytes;
    private final int[] offsets;
    private final int[] ends;
    private final int[] limits;

    Together(SoundFormat format, List<SoundRecord> records) {
      this.records = records;
      decoder = new RecordDecoder(format);
      alone = new RecordDecoder(format);
      RecordEncoder encoder = new RecordEncoder(format);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      offsets = new int[records.size()];
      ends = new int[records.size()];
      limits = new int[records.size()];
      for (int i = 0; i < records.size(); i++) {
        offsets[i] = all.size();
        all.writeBytes(Records.encode(encoder, records.get(i)));
        ends[i] = all.size();
      }
      bytes = all.toByteArray();
      Arrays.fill(limits, bytes.length);
    }

    void flip(int bit) {
      bytes[bit >> 3] ^= (byte) (1 << (bit & 7));
    }

    void verify() throws IOException {
      decoder.prepare(bytes, offsets, limits, records.size());
      for (int i = 0; i < records.size(); i++) {
        verify(i);
      }
      // Once more, when samples may have been copied out of their frames.
      for (int i = 0; i < records.size(); i++) {
        verify(i);
      }
    }

    void verify(int index) throws IOException {
      int size = decoder.readPrepared(index);
      assertThat(size).isEqualTo(ends[index] - offsets[index]);
      assertThat(alone.read(bytes, offsets[index], ends[index])).isEqualTo(size);
      assertThat(decoder.record()).isEqualTo(records.get(index)).isEqualTo(alone.record());
      assertThat(decoder.hash()).isEqualTo(alone.hash());
      assertThat(decoder.firstSample()).isEqualTo(alone.firstSample());
      assertThat(decoder.samples()).isEqualTo(alone.samples());
      assertThat(decoder.parts()).isEqualTo(alone.parts());
      for (int part = 0; part < decoder.parts(); part++) {
        assertThat(decoder.partLength(part)).isEqualTo(alone.partLength(part));
        assertThat(decoder.partSamples(part)).isEqualTo(alone.partSamples(part));
      }
    }
  }
}
