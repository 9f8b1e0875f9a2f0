package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.MalformedFlacException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SilenceTest {
  private final FrameDecoder decoder = new FrameDecoder();

  private int[][] pcm(byte[] frame, int length) {
    try {
      assertThat(decoder.decode(frame, 0, length)).isEqualTo(length);
    } catch (MalformedFlacException e) {
      throw new AssertionError(e);
    }
    int[][] pcm = new int[decoder.format().channels()][];
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = Arrays.copyOf(decoder.samples(channel), decoder.blockSize());
    }
    return pcm;
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 1, 15})
  void refusesWhatNoFrameCanBe(long samples) {
    Silence silence = new Silence(SoundFormat.FLOAT32);
    assertThatThrownBy(() -> silence.make(samples, (_, _, _) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was " + samples);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 16, 17, 4607, 4608, 4609, 4623, 4624, 9216, 9217, 100_000})
  void lastsAsLongAsItShouldInFramesOfTheFormat(long samples) {
    for (ElementType element : ElementType.values()) {
      List<Integer> blocks = new ArrayList<>();
      new Silence(SoundFormat.of(element))
          .make(
              samples,
              (frame, length, blockSize) -> {
                int[][] pcm = pcm(frame, length);
                assertThat(pcm[0]).hasSize(blockSize);
                assertThat(Arrays.stream(pcm).flatMapToInt(Arrays::stream)).containsOnly(0);
                blocks.add(blockSize);
              });
      assertThat(blocks).allMatch(block -> block >= 16 && block <= 4608);
      assertThat(blocks.stream().mapToLong(Integer::longValue).sum()).isEqualTo(samples);
    }
  }

  @Test
  void isNotHeardBetweenThePartsOfARecord() {
    float[] vector = new float[10_000];
    Random random = new Random(Long.getLong("sonidb.seed", 3));
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(7), Vector.of(vector), new byte[0]);
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    byte[] frames = new byte[encoder.maxSize(record)];
    encoder.encode(record, frames, 0);
    assertThat(encoder.parts()).isGreaterThan(1);
    List<SoundRecord> heard = new ArrayList<>();
    Receiver receiver = new Receiver(SoundFormat.FLOAT32, (each, _) -> heard.add(each));
    int at = 0;
    for (int part = 0; part < encoder.parts(); part++) {
      byte[] frame = Arrays.copyOfRange(frames, at, at + encoder.partLength(part));
      receiver.accept(pcm(frame, frame.length), 0, encoder.partSamples(part));
      new Silence(SoundFormat.FLOAT32)
          .make(
              5000,
              (silent, length, blockSize) -> receiver.accept(pcm(silent, length), 0, blockSize));
      at += frame.length;
    }
    assertThat(heard).hasSize(1);
    assertThat(heard.getFirst().vector()).isEqualTo(record.vector());
  }
}
