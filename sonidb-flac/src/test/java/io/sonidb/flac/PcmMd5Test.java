package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
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
  void digestsNothing() {
    assertThat(new PcmMd5(new AudioFormat(1, 1, 8)).digest())
        .hasToString("d41d8cd98f00b204e9800998ecf8427e");
  }
}
