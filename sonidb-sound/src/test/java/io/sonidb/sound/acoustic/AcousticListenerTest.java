package io.sonidb.sound.acoustic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.ListenReport;
import io.sonidb.sound.Listener;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.ReceiverReport;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.Seeded;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Timeouts are there to end a test that hangs; none is near what a test takes.
@Timeout(120)
class AcousticListenerTest {
  private static final int PREAMBLE_SAMPLES = 8 * 3072;
  private static final int HEADER_SAMPLES = 8 * 3072;

  private static ReceiverReport report(float[] pcm) {
    AcousticListener listener =
        new AcousticListener(
            48_000,
            (record, _) -> {
              throw new AssertionError("heard " + record);
            });
    Sounds.hearAll(listener, pcm);
    return listener.report();
  }

  private static byte[] frames(SoundRecord record) {
    RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    byte[] frames = new byte[encoder.maxSize(record)];
    return Arrays.copyOf(frames, encoder.encode(record, frames, 0));
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  // --- what is none, or not whole

  @Test
  void refusesRatesThatCannotHoldTheTones() {
    for (int rate : new int[] {0, -48_000, 8000, 13_999, 10_000_000}) {
      assertThatThrownBy(() -> new AcousticListener(rate, (_, _) -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("was " + rate);
    }
  }

  @Test
  void hearsNothingInSilenceAndNoise() {
    Seeded.run(
        3,
        random -> {
          float[] noise = Sounds.noisy(random, scaledOnes(10 * 48_000), 0);
          ReceiverReport report = report(noise);
          assertThat(report.records()).isZero();
          assertThat(report.rejected()).isZero();
          assertThat(report.samplesSkipped()).isEqualTo(noise.length);
          assertThat(report(Sounds.silence(3000)).samplesSkipped()).isEqualTo(144_000);
          assertThat(report(new float[0]).samplesHeard()).isZero();
        });
  }

  private static float[] scaledOnes(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 0.1f);
    return ones;
  }

  /// Chords of tones that are just those of the alphabet, and others, with rhythm and overtones.
  @Test
  void hearsNothingInMusic() {
    Seeded.run(
        5,
        random -> {
          float[] music = new float[20 * 48_000];
          int at = 0;
          while (at < music.length) {
            int length = Math.min(music.length - at, 1000 + random.nextInt(12_000));
            for (int voice = 0; voice < 1 + random.nextInt(8); voice++) {
              double hertz =
                  random.nextBoolean()
                      ? 46.875 * (40 + random.nextInt(96))
                      : 80 + random.nextInt(3000);
              addNote(music, at, length, hertz);
            }
            at += length;
          }
          assertThat(report(music).rejected()).isZero();
        });
  }

  private static void addNote(float[] music, int from, int length, double hertz) {
    for (int i = 0; i < length; i++) {
      double angle = 2 * Math.PI * hertz * i / 48_000;
      double decay = Math.exp(-3.0 * i / length);
      music[from + i] += (float) (0.08 * decay * (Math.sin(angle) + 0.3 * Math.sin(2 * angle)));
    }
  }

  @Test
  void rejectsMessageWhoseCrcIsWrong() {
    Seeded.run(
        3,
        random -> {
          byte[] frames = frames(Sounds.record(random, 8));
          byte[] header =
              AcousticSound.header(
                  frames.length,
                  AcousticFormat.crc(frames, frames.length) ^ 1,
                  ElementType.FLOAT32);
          ReceiverReport report =
              report(Sounds.of(AcousticSound.ofCode(join(header, code(frames)))));
          assertThat(report.rejected()).isEqualTo(1);
        });
  }

  private static byte[] code(byte[] message) {
    byte[] code = new byte[AcousticFormat.codeBytes(message.length)];
    Blocks blocks = new Blocks(message.length);
    blocks.protect(message);
    blocks.interleave(code, 0);
    return code;
  }

  @Test
  void rejectsMessageThatIsNoRecord() {
    Seeded.run(
        5,
        random -> {
          byte[] message = new byte[1 + random.nextInt(300)];
          random.nextBytes(message);
          float[] pcm = Sounds.of(AcousticSound.ofMessage(message, ElementType.FLOAT32));
          assertThat(report(pcm).rejected()).isEqualTo(1);
          byte[] damaged = frames(Sounds.record(random, 8));
          damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
          pcm = Sounds.of(AcousticSound.ofMessage(damaged, ElementType.FLOAT32));
          assertThat(report(pcm).rejected()).isEqualTo(1);
          byte[] longer = Arrays.copyOf(frames(Sounds.record(random, 8)), 200);
          pcm = Sounds.of(AcousticSound.ofMessage(longer, ElementType.FLOAT32));
          assertThat(report(pcm).rejected()).isEqualTo(1);
          byte[] other = frames(Sounds.record(random, 8));
          pcm = Sounds.of(AcousticSound.ofMessage(other, ElementType.FLOAT64));
          assertThat(report(pcm).rejected()).isEqualTo(1);
        });
  }

  @Test
  void rejectsHeadersThatAreNone() {
    byte[] none = new byte[40];
    assertThat(report(Sounds.of(AcousticSound.ofCode(none))).rejected()).isEqualTo(1);
    byte[] empty = AcousticSound.header(0, 0, ElementType.FLOAT32);
    assertThat(report(Sounds.of(AcousticSound.ofCode(empty))).rejected()).isEqualTo(1);
  }

  @Test
  void countsNewerVersionsAsUnsupported() {
    byte[] header = AcousticSound.header(10, 0, ElementType.FLOAT32);
    header[0] = 0x20;
    int check = AcousticFormat.crc(header, 7);
    header[7] = (byte) (check >> 8);
    header[8] = (byte) check;
    new ReedSolomon(AcousticFormat.HEADER_PARITY).encode(header, AcousticFormat.HEADER_BYTES);
    ReceiverReport report = report(Sounds.of(AcousticSound.ofCode(header)));
    assertThat(report.unsupported()).isEqualTo(1);
    assertThat(report.rejected()).isZero();
  }

  /// A header that announces the most, with little behind it, then a record.
  @Test
  void isNotHeldUpByForgedLengths() {
    Seeded.run(
        2,
        random -> {
          byte[] header = AcousticSound.header(65_535, 1, ElementType.FLOAT32);
          float[] forged = Sounds.of(AcousticSound.ofCode(Arrays.copyOf(header, 100)));
          SoundRecord record = Sounds.record(random, 8);
          assertThat(Sounds.hear(Sounds.join(forged, Sounds.of(record)))).containsExactly(record);
          assertThat(report(Sounds.join(forged, Sounds.silence(2000))).rejected()).isEqualTo(1);
        });
  }

  @Test
  void givesUpWhatIsCutOrTooNoisy() {
    Seeded.run(
        3,
        random -> {
          float[] pcm = Sounds.of(Sounds.record(random, 64));
          assertThat(report(Arrays.copyOf(pcm, pcm.length / 2)).rejected()).isEqualTo(1);
          assertThat(report(Sounds.noisy(random, pcm, -20)).records()).isZero();
          int headless = 2400 + PREAMBLE_SAMPLES / 2;
          assertThat(report(Arrays.copyOfRange(pcm, headless, pcm.length)).records()).isZero();
        });
  }

  @Test
  void refusesRecordsThatAreTooLarge() {
    byte[] payload = new byte[70_000];
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(1), Vector.of(1f, 2f), payload);
    new Random(1).nextBytes(payload);
    assertThatThrownBy(() -> AcousticSound.of(record))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 65535 bytes");
  }

  @Test
  void survivesSamplesThatAreNoNumbers() {
    Seeded.run(
        1,
        random -> {
          float[] strange = new float[20_000];
          float[] values = {Float.NaN, Float.POSITIVE_INFINITY, -Float.MAX_VALUE, 1e30f, 0};
          for (int i = 0; i < strange.length; i++) {
            strange[i] = values[random.nextInt(values.length)];
          }
          SoundRecord record = Sounds.record(random, 8);
          assertThat(Sounds.hear(Sounds.join(strange, Sounds.of(record)))).containsExactly(record);
        });
  }

  // --- what is whole

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 16, 64, 384, 768})
  void bringsBackEveryBit(int dimension) {
    Seeded.run(
        1,
        random -> {
          SoundRecord record = Sounds.record(random, dimension);
          assertThat(Sounds.hear(Sounds.of(record))).containsExactly(record);
        });
  }

  @Test
  void bringsBackEveryKindOfRecord() {
    SoundRecord wide =
        SoundRecord.upsert(
            3, VectorId.parse("a name"), Vector.of(-0.0, Double.NaN, 1e-310, Math.PI));
    SoundRecord delete = SoundRecord.delete(4, VectorId.of(7)).withExpired();
    SoundRecord payload = SoundRecord.changePayload(5, VectorId.of(7), new byte[] {1, 2, 3});
    SoundRecord skip = SoundRecord.skip(6, 100);
    float[] nan = {Float.intBitsToFloat(0x7FC12345), -0f, Float.MIN_VALUE, Float.MAX_VALUE};
    SoundRecord bits = SoundRecord.upsert(7, VectorId.of(1), Vector.of(nan));
    List<SoundRecord> all = List.of(wide, delete, payload, skip, bits);
    float[] pcm = new float[0];
    for (SoundRecord record : all) {
      pcm = Sounds.join(pcm, Sounds.of(record));
    }
    assertThat(Sounds.hear(pcm)).isEqualTo(all);
  }

  @Test
  void staysBelowHalfOfFullScale() {
    Seeded.run(
        2,
        random -> {
          for (float sample : Sounds.of(Sounds.record(random, 64))) {
            assertThat(Math.abs(sample)).isLessThan(0.5f);
          }
        });
  }

  @Test
  void survivesLoudnessNoiseAndSilence() {
    Seeded.run(
        2,
        random -> {
          SoundRecord record = Sounds.record(random, 64);
          float[] pcm = Sounds.of(record);
          float[] late = Sounds.join(Sounds.silence(500), pcm, Sounds.silence(500));
          for (double gain : new double[] {0.05, 0.3, 1, 20}) {
            assertThat(Sounds.hear(Sounds.scaled(late, gain))).containsExactly(record);
          }
          for (double snr : new double[] {20, 10, 0, -6}) {
            assertThat(Sounds.hear(Sounds.noisy(random, late, snr))).containsExactly(record);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {16_000, 22_050, 32_000, 44_100, 96_000, 192_000})
  void hearsAnyRate(int rateHz) {
    Seeded.run(
        1,
        random -> {
          SoundRecord record = Sounds.record(random, 32);
          float[] pcm = Sounds.stretched(Sounds.of(record), rateHz / 48_000.0);
          assertThat(Sounds.hear(pcm, rateHz)).containsExactly(record);
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.002, -0.0003, 0.0001, 0.002})
  void followsAClockThatIsOff(double drift) {
    Seeded.run(
        1,
        random -> {
          SoundRecord record = Sounds.record(random, 256);
          float[] pcm = Sounds.stretched(Sounds.of(record), 1 + drift);
          assertThat(Sounds.hear(Sounds.noisy(random, pcm, 20))).containsExactly(record);
        });
  }

  @Test
  void findsSymbolsWhereverTheyBegin() {
    Seeded.run(
        10,
        random -> {
          SoundRecord record = Sounds.record(random, 8);
          float[] before = new float[random.nextInt(10_000)];
          assertThat(Sounds.hear(Sounds.join(before, Sounds.of(record)))).containsExactly(record);
        });
  }

  @Test
  void correctsWhatIsDrownedOrMissing() {
    Seeded.run(
        3,
        random -> {
          SoundRecord record = Sounds.record(random, 128);
          float[] pcm = Sounds.of(record);
          float[] cut = Arrays.copyOf(pcm, (int) (pcm.length * 0.94));
          assertThat(Sounds.hear(cut)).containsExactly(record);
          int from = 2400 + PREAMBLE_SAMPLES + HEADER_SAMPLES + random.nextInt(200_000);
          float[] hole = pcm.clone();
          Arrays.fill(hole, from, from + 24_000, 0);
          assertThat(Sounds.hear(hole)).containsExactly(record);
          float[] loud = pcm.clone();
          for (int i = from; i < from + 15_000; i++) {
            loud[i] = (float) (0.5 * random.nextGaussian());
          }
          assertThat(Sounds.hear(loud)).containsExactly(record);
        });
  }

  @Test
  void goesOnWithTheNextRecord() {
    Seeded.run(
        3,
        random -> {
          SoundRecord first = Sounds.record(random, 32);
          SoundRecord second = Sounds.record(random, 32);
          float[] one = Sounds.of(first);
          float[] two = Sounds.of(second);
          float[] half = Arrays.copyOf(one, one.length / 2);
          float[] end = Arrays.copyOfRange(one, one.length / 2, one.length);
          assertThat(Sounds.hear(Sounds.join(end, two))).containsExactly(second);
          assertThat(Sounds.hear(Sounds.join(half, two))).containsExactly(second);
          assertThat(Sounds.hear(Sounds.join(half, end, end, two))).containsExactly(first, second);
          assertThat(Sounds.hear(Sounds.join(one, one))).containsExactly(first, first);
          float[] late = Sounds.join(half, Sounds.silence(700), end, two);
          assertThat(Sounds.hear(late)).containsExactly(second);
        });
  }

  /// Contents that are themselves the code of a record, or of its preamble as near as can be.
  @Test
  void isNotFooledByContents() {
    Seeded.run(
        2,
        random -> {
          byte[] inner = code(frames(Sounds.record(random, 8)));
          byte[] payload = new byte[600];
          System.arraycopy(inner, 0, payload, 100, inner.length);
          SoundRecord record = SoundRecord.changePayload(1, VectorId.of(1), payload);
          assertThat(Sounds.hear(Sounds.of(record))).containsExactly(record);
          byte[] like = likePreamble();
          float[] pcm = Sounds.of(AcousticSound.ofCode(like));
          // The one preamble is real, its header is none; what looks like more is not taken for
          // any.
          assertThat(report(pcm).rejected()).isEqualTo(1);
        });
  }

  /// Bytes whose symbols have as many of the preamble's tones as symbols can.
  private static byte[] likePreamble() {
    byte[] code = new byte[3 * 8 * 4];
    for (int i = 0; i < code.length; i++) {
      int symbol = i / 3 % 8;
      int value = 0;
      for (int half = 0; half < 2; half++) {
        int group = i % 3 * 2 + half;
        for (int tone : AcousticFormat.PREAMBLE[symbol]) {
          value |= tone / 16 == group && value >> 4 * half == 0 ? tone % 16 << 4 * half : 0;
        }
      }
      code[i] = (byte) (value ^ AcousticFormat.whitening(i));
    }
    return code;
  }

  @Test
  void tellsWhereRecordsBeginAndWhatIsSkipped() {
    Seeded.run(
        1,
        random -> {
          List<Long> starts = new ArrayList<>();
          SoundRecord record = Sounds.record(random, 8);
          AcousticListener listener =
              new AcousticListener(44_100, (_, firstSample) -> starts.add(firstSample));
          float[] pcm =
              Sounds.stretched(
                  Sounds.join(Sounds.silence(1000), Sounds.of(record), Sounds.silence(1000)),
                  44_100 / 48_000.0);
          Sounds.hearAll(listener, pcm);
          assertThat(starts).hasSize(1);
          assertThat(starts.getFirst()).isBetween(44_100L + 1700, 44_100L + 2700);
          ReceiverReport report = listener.report();
          assertThat(report.samplesHeard()).isEqualTo(pcm.length);
          assertThat(report.samplesSkipped()).isBetween(88_200L + 3500, 88_200L + 5500);
          assertThat(report.skipped()).hasSize(2);
        });
  }

  /// Left and right may be told apart wrongly, and tones are as clear then.
  @Test
  void hearsRawSamplesOnce() {
    Seeded.run(
        1,
        random -> {
          SoundRecord record = Sounds.record(random, 8);
          byte[] stereo = raw(Sounds.join(Sounds.of(record), Sounds.silence(500)), 2);
          assertThat(listen(stereo, 2)).containsExactly(record);
          assertThat(listen(Arrays.copyOfRange(stereo, 2, stereo.length), 2))
              .containsExactly(record);
        });
  }

  /// What is cut off at the end is corrected when the sound has ended.
  @Test
  void hearsRawSamplesThatBeginInTheMiddleOfOneAndAreCutOff() {
    Seeded.run(
        1,
        random -> {
          SoundRecord record = Sounds.record(random, 8);
          float[] pcm = Sounds.of(record);
          byte[] mono = raw(Arrays.copyOf(pcm, (int) (pcm.length * 0.94)), 1);
          assertThat(listen(Arrays.copyOfRange(mono, 1, mono.length), 1)).containsExactly(record);
        });
  }

  @Test
  void countsTonesAheadOfARecordInPlainSamples() {
    Seeded.run(
        1,
        random -> {
          SoundRecord first = Sounds.record(random, 8);
          SoundRecord second = Sounds.record(random, 8);
          float[] tones = Sounds.join(Sounds.of(first), Sounds.silence(500));
          ByteArrayOutputStream s24 = new ByteArrayOutputStream();
          for (float sample : tones) {
            write(s24, (int) (sample * (1 << 23)), 3);
            write(s24, 0, 3);
          }
          byte[] frames = frames(second);
          FrameDecoder decoder = new FrameDecoder();
          for (int at = 0; at < frames.length; ) {
            at += decoder.decode(frames, at, frames.length);
            for (int i = 0; i < decoder.blockSize(); i++) {
              write(s24, decoder.samples(0)[i], 3);
              write(s24, decoder.samples(1)[i], 3);
            }
          }
          List<SoundRecord> heard = new ArrayList<>();
          ListenReport report =
              Listener.listen(
                  new ByteArrayInputStream(s24.toByteArray()),
                  new PcmLayout(2, PcmLayout.Encoding.S24LE),
                  48_000,
                  (record, _) -> heard.add(record),
                  rate -> new AcousticListener(rate, (record, _) -> heard.add(record)));
          assertThat(heard).containsExactly(first, second);
          assertThat(report.heard().records()).isEqualTo(2);
        });
  }

  private static List<SoundRecord> listen(byte[] s16, int channels) throws IOException {
    List<SoundRecord> heard = new ArrayList<>();
    Listener.listen(
        new ByteArrayInputStream(s16),
        new PcmLayout(channels, PcmLayout.Encoding.S16LE),
        48_000,
        (record, _) -> heard.add(record),
        rate -> new AcousticListener(rate, (record, _) -> heard.add(record)));
    return heard;
  }

  /// 16 bits, little-endian, the same in all channels.
  private static byte[] raw(float[] pcm, int channels) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (float sample : pcm) {
      for (int channel = 0; channel < channels; channel++) {
        write(bytes, Math.round(sample * 32_768), 2);
      }
    }
    return bytes.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, int sample, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write(sample >> 8 * i);
    }
  }

  /// The same work for noise, for tones and for preambles without end.
  @Test
  void hearsPreamblesWithoutEnd() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    float[] preamble =
        Arrays.copyOfRange(Sounds.of(Sounds.record(random, 8)), 2400, 2400 + PREAMBLE_SAMPLES);
    float[] many = new float[100 * PREAMBLE_SAMPLES];
    for (int i = 0; i < 100; i++) {
      System.arraycopy(preamble, 0, many, i * PREAMBLE_SAMPLES, PREAMBLE_SAMPLES);
    }
    ReceiverReport report = report(many);
    assertThat(report.rejected()).isBetween(90L, 100L);
  }
}
