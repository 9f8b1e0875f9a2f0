package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PcmMd5Test {

  @Test
  void refusesFramesOfAnotherFormat() throws MalformedFlacException {
    AudioFormat format = new AudioFormat(8000, 1, 8);
    FrameEncoder encoder = new FrameEncoder(format, SubframeSearch.NOISE);
    byte[] out = new byte[encoder.maxFrameSize(16)];
    int length = encoder.encode(new int[1][16], 16, 0, out, 0);
    FrameDecoder decoder = new FrameDecoder();
    decoder.decode(out, 0, length);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PcmMd5(new AudioFormat(8000, 1, 16)).update(decoder))
        .withMessageContaining("frame of 1 x 8 bit");
  }

  @Test
  void digestsEveryFormatAsTheSpecificationSays() {
    Seeds.repeat(
        100,
        random -> {
          FrameGenerator generator = new FrameGenerator(random);
          AudioFormat format = generator.format();
          List<FrameGenerator.Frame> frames =
              List.of(
                  generator.frame(format, 3000 + random.nextInt(3000), true, 0),
                  generator.frame(format, 17, true, 0));
          PcmMd5 md5 = new PcmMd5(format);
          for (int repeat = 0; repeat < 2; repeat++) {
            frames.forEach(frame -> md5.update(frame.pcm, frame.blockSize()));
            assertThat(md5.digest().bytes()).isEqualTo(FrameGenerator.md5(frames));
          }
        });
  }

  @Test
  void digestsStreamsInLanesAsAlone() {
    Seeds.repeat(
        60,
        random -> {
          AudioFormat format =
              random.nextBoolean()
                  ? new AudioFormat(48000, 2, 24)
                  : new FrameGenerator(random).format();
          int count = 1 + random.nextInt(11);
          List<PcmMd5> together = PcmMd5.together(format, count, true);
          List<PcmMd5> alone = PcmMd5.together(format, count, false);
          feedUnevenly(together, alone, format, random);
          List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
          Collections.shuffle(order, Random.from(random));
          for (int stream : order) {
            assertThat(together.get(stream).digest()).isEqualTo(alone.get(stream).digest());
          }
        });
  }

  /// Some streams get much, some little, some nothing.
  private static void feedUnevenly(
      List<PcmMd5> together, List<PcmMd5> alone, AudioFormat format, RandomGenerator random) {
    int rounds = random.nextInt(60);
    int longest = random.nextInt(4) == 0 ? 65535 : 2000;
    for (int round = 0; round < rounds; round++) {
      for (int stream = 0; stream < together.size(); stream++) {
        if (stream == 0 || random.nextInt(stream) == 0) {
          int size = random.nextInt(longest);
          int[][] pcm = new int[format.channels()][];
          Arrays.setAll(pcm, channel -> random.ints(size).toArray());
          together.get(stream).update(pcm, size);
          alone.get(stream).update(pcm, size);
        }
      }
    }
  }

  @Test
  void digestsNothing() {
    assertThat(new PcmMd5(new AudioFormat(1, 1, 8)).digest())
        .hasToString("d41d8cd98f00b204e9800998ecf8427e");
  }
}
