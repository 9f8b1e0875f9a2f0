package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The decoder against frames of every feature, which another program judges to be valid.
class GeneratedFramesTest {

  @Test
  void tellsEveryCutFromAFault() {
    Seeds.repeat(
        60,
        random -> {
          FrameGenerator.Frame frame = new FrameGenerator(random).frame();
          FrameDecoder decoder = new FrameDecoder(info(frame));
          int step = Math.max(1, frame.bytes.length / 200);
          for (int limit = 0; limit < frame.bytes.length; limit += step) {
            int end = limit;
            MalformedFlacException fault =
                catchThrowableOfType(
                    MalformedFlacException.class, () -> decoder.decode(frame.bytes, 0, end));
            assertThat(fault).as("cut at %s", end).isNotNull();
            assertThat(fault.truncated()).as("cut at %s: %s", end, fault).isTrue();
          }
        });
  }

  @Test
  void noticesEveryFlippedBit() {
    Seeds.repeat(
        400,
        random -> {
          FrameGenerator.Frame frame = new FrameGenerator(random).frame();
          FrameDecoder decoder = new FrameDecoder(info(frame));
          for (int trial = 0; trial < 20; trial++) {
            int bit = random.nextInt(8 * frame.bytes.length);
            byte[] flipped = frame.bytes.clone();
            flipped[bit / 8] ^= (byte) (128 >> bit % 8);
            assertThat(
                    catchThrowableOfType(
                        MalformedFlacException.class,
                        () -> decoder.decode(flipped, 0, flipped.length)))
                .as("bit %s", bit)
                .isNotNull();
          }
        });
  }

  @Test
  void decodesFramesOfEveryFeature() {
    FrameGenerator counter = new FrameGenerator(new SplittableRandom(0));
    Seeds.repeat(2000, random -> decodes(random, counter));
    if (Long.getLong("sonidb.seed") == null) {
      assertThat(counter.features.keySet())
          .contains("constant", "verbatim", "verbatim with one bit", "lpc of zeros", "33 bits")
          .contains("fixed block size", "variable block size", "wasted bits")
          .containsAll(named("assignment ", 0, 10))
          .containsAll(named("block size code ", 1, 12))
          .containsAll(named("rate code ", 0, 14))
          .contains("depth code 0", "depth code 1", "depth code 2")
          .containsAll(named("depth code ", 4, 7))
          .containsAll(named("fixed ", 0, 4))
          .containsAll(named("lpc ", 1, 32))
          .containsAll(named("lpc precision ", 1, 15))
          .containsAll(named("lpc shift ", 0, 15))
          .containsAll(named("method ", 0, 1))
          .containsAll(named("partition order ", 0, 11))
          .containsAll(named("escape ", 0, 31))
          .containsAll(named("parameter ", 0, 30));
    }
  }

  @Test
  @Tag("slow")
  void decodesManyMoreFrames() {
    Seeds.explore(50_000, random -> decodes(random, new FrameGenerator(random)));
  }

  private static void decodes(RandomGenerator random, FrameGenerator counter) throws Exception {
    FrameGenerator generator = new FrameGenerator(random);
    FrameGenerator.Frame frame = generator.frame();
    generator.features.forEach((name, count) -> counter.features.merge(name, count, Integer::sum));
    // What lies around a frame must not matter.
    int before = random.nextInt(20);
    int after = random.nextInt(3) * random.nextInt(200);
    byte[] bytes = new byte[before + frame.bytes.length + after];
    random.nextBytes(bytes);
    System.arraycopy(frame.bytes, 0, bytes, before, frame.bytes.length);
    FrameDecoder decoder = new FrameDecoder(info(frame));
    int limit = random.nextBoolean() ? bytes.length : before + frame.bytes.length;
    assertThat(decoder.decode(bytes, before, limit)).isEqualTo(frame.bytes.length);
    assertThat(decoder.format()).isEqualTo(frame.format);
    assertThat(decoder.number()).isEqualTo(frame.number);
    assertThat(decoder.variableBlockSize()).isEqualTo(frame.variable);
    assertThat(decoder.blockSize()).isEqualTo(frame.blockSize());
    for (int channel = 0; channel < frame.pcm.length; channel++) {
      assertThat(Arrays.copyOf(decoder.samples(channel), frame.blockSize()))
          .as("channel %s of %s", channel, frame.format)
          .isEqualTo(frame.pcm[channel]);
    }
  }

  @Test
  void agreesWithFlacOnWholeStreams(@TempDir Path folder) throws Exception {
    Tool.assume("flac");
    Seeds.repeat(
        30,
        random -> {
          FrameGenerator.Stream stream = new FrameGenerator(random).stream(50);
          Path file = folder.resolve("generated.flac");
          Files.write(file, stream.bytes);
          Tool.Result flac = Tool.run("flac", "--test", "--silent", "--warnings-as-errors", file);
          assertThat(flac).isEqualTo(new Tool.Result(0, ""));
          try (FlacReader reader = FlacReader.open(new ByteArrayInputStream(stream.bytes))) {
            while (reader.next()) {
              assertThat(reader.blockSize()).isPositive();
            }
            reader.verifyMd5();
            assertThat(reader.totalSamplesMatch()).isTrue();
            assertThat(reader.framesRead()).isEqualTo(stream.frames.size());
          }
        });
  }

  private static StreamInfo info(FrameGenerator.Frame frame) {
    return StreamInfo.open(frame.format);
  }

  private static Iterable<String> named(String prefix, int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> prefix + i).toList();
  }
}
