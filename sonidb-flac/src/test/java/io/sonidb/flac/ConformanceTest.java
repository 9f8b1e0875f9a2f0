package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The files of the IETF's FLAC decoder testbench (ietf-wg-cellar/flac-test-files).
class ConformanceTest {

  @Test
  void refusesFaultyFilesThatContradictTheSpecification() throws IOException {
    Map<String, String> faults =
        Map.of(
            "01", "block of 16384 samples in a stream whose STREAMINFO says at most 4096",
            "02", "in a stream whose STREAMINFO says 11 to 654",
            "03", "frame of 1 x 16 bit at 24000 Hz in a stream whose STREAMINFO says 1 x 24 bit",
            "04", "frame of 1 x 16 bit at 24000 Hz in a stream whose STREAMINFO says 5 x 16 bit",
            "06", "first metadata block has type 4 and not 0, STREAMINFO at byte 4",
            "07", "first metadata block has type 4 and not 0, STREAMINFO at byte 4",
            "08", "STREAMINFO: block sizes must be 16 to 65535",
            "09", "STREAMINFO: block sizes must be 16 to 65535",
            "11", "metadata block type 127 is forbidden");
    for (Path file : TestFiles.flac("faulty")) {
      String fault = faults.get(number(file));
      if (fault != null) {
        assertThatThrownBy(() -> decode(file))
            .as(file.toString())
            .isInstanceOf(MalformedFlacException.class)
            .hasMessageContaining(fault);
      }
    }
  }

  @Test
  void decodesFaultyFilesWhoseAudioIsGoodAndTellsTheFault() throws IOException {
    for (Path file : TestFiles.flac("faulty")) {
      switch (number(file)) {
        case "05" -> {
          FlacReader reader = decode(file);
          assertThat(reader.totalSamplesMatch()).isFalse();
          assertThat(reader.samplesRead()).isEqualTo(109_487);
          assertThat(reader.head().streamInfo().totalSamples()).isEqualTo(39_842);
        }
        case "10" -> {
          FlacReader reader = decode(file);
          assertThat(reader.head().vorbisComment()).isEmpty();
          assertThat(reader.head().blocks())
              .filteredOn(OtherBlock.class::isInstance)
              .singleElement()
              .asString()
              .contains("broken: 16 fields are promised in 14 bytes");
        }
        default -> {
          // Refused, see above.
        }
      }
    }
  }

  @Test
  void decodesUncommonFilesOrTellsWhatIsNotSupported() throws IOException {
    Map<String, String> notSupported =
        Map.of(
            "01", "change of format",
            "02", "change of format",
            "03", "change of format",
            "04", "change of format",
            "10", "begins with a frame");
    for (Path file : TestFiles.flac("uncommon")) {
      String feature = notSupported.get(number(file));
      if (feature != null) {
        assertThatThrownBy(() -> decode(file))
            .as(file.toString())
            .isInstanceOf(UnsupportedFlacException.class)
            .hasMessageContaining(feature);
      } else if (number(file).equals("11")) {
        // It begins with the rest of a packet, which is no FLAC.
        assertThatThrownBy(() -> decode(file)).isInstanceOf(MalformedFlacException.class);
      } else {
        decode(file);
      }
    }
  }

  /// Uncommon files 10 and 11 are received in the middle of a broadcast: their frames must be
  /// found.
  @Test
  void findsTheFramesOfStreamsWithoutMetadata() throws IOException {
    for (Path file : TestFiles.flac("uncommon")) {
      if (!List.of("10", "11").contains(number(file))) {
        continue;
      }
      byte[] bytes = Files.readAllBytes(file);
      FrameDecoder decoder = new FrameDecoder();
      int at = Frames.findHeader(bytes, 0, bytes.length);
      long number = -1;
      int frames = 0;
      while (at >= 0 && at < bytes.length) {
        at += decoder.decode(bytes, at, bytes.length);
        assertThat(decoder.number()).isEqualTo(number < 0 ? decoder.number() : number + 1);
        number = decoder.number();
        frames++;
      }
      assertThat(at).isEqualTo(bytes.length);
      assertThat(frames).isGreaterThan(20);
    }
  }

  @Test
  void decodesTheSubsetToItsMd5() throws IOException {
    for (Path file : TestFiles.flac("subset")) {
      FlacReader reader = decode(file);
      assertThat(reader.totalSamplesMatch()).as(file.toString()).isTrue();
    }
  }

  private static String number(Path file) {
    return file.getFileName().toString().substring(0, 2);
  }

  private static FlacReader decode(Path file) throws IOException {
    try (FlacReader reader = FlacReader.open(Files.newInputStream(file))) {
      while (reader.next()) {
        assertThat(reader.blockSize()).isPositive();
      }
      assertThat(reader.head().streamInfo().md5().isKnown()).as(file.toString()).isTrue();
      reader.verifyMd5();
      return reader;
    }
  }
}
