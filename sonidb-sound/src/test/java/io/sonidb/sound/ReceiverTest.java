package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sonidb.sound.ReceiverReport.SampleRange;
import io.sonidb.sound.Records.Pcm;
import io.sonidb.sound.TestVectors.Bits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Timeouts are there to end a test that hangs; none is near what a test takes.
@Timeout(120)
class ReceiverTest {
  private static final int FIRST_AND_LAST = RecordFormat.FIRST_PART | RecordFormat.LAST_PART;

  private static List<SoundRecord> many(RandomGenerator random, ElementType element, int count) {
    List<SoundRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      records.add(Records.any(random, element));
    }
    return records;
  }

  private static ReceiverReport report(SoundFormat format, int[][] pcm) {
    Receiver receiver = new Receiver(format, (_, _) -> {});
    receiver.accept(pcm, 0, pcm[0].length);
    receiver.finish();
    return receiver.report();
  }

  @ParameterizedTest
  @EnumSource
  void restoresEveryRecordFromPcmAlone(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        3,
        random -> {
          List<SoundRecord> records = many(random, element, 100);
          int[][] pcm = Records.sound(format, records);
          assertThat(Records.receive(format, pcm, random)).isEqualTo(records);
          ReceiverReport report = report(format, pcm);
          assertThat(report.records()).isEqualTo(100);
          assertThat(report.rejected()).isZero();
          assertThat(report.samplesHeard()).isEqualTo(pcm[0].length);
          assertThat(report.samplesSkipped()).isZero();
          assertThat(report.skipped()).isEmpty();
        });
  }

  @Test
  void tellsWhereEachRecordBegins() {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = many(random, ElementType.FLOAT32, 40);
          int[] starts = Records.starts(SoundFormat.FLOAT32, records);
          List<Long> heard = new ArrayList<>();
          Receiver receiver = new Receiver(SoundFormat.FLOAT32, (_, first) -> heard.add(first));
          int[][] pcm = Records.sound(SoundFormat.FLOAT32, records);
          receiver.accept(pcm, 0, pcm[0].length);
          for (int i = 0; i < records.size(); i++) {
            assertThat(heard.get(i)).isEqualTo(starts[i]);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void startsInTheMiddle(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = many(random, element, 30);
          int[] starts = Records.starts(format, records);
          int[][] pcm = Records.sound(format, records);
          for (int i = 0; i < 100; i++) {
            int from = random.nextInt(pcm[0].length);
            int whole = 0;
            while (starts[whole] < from) {
              whole++;
            }
            int[][] rest = new Pcm(pcm.length).add(pcm, from, pcm[0].length - from).channels();
            assertThat(Records.receive(format, rest, random))
                .isEqualTo(records.subList(whole, records.size()));
          }
        });
  }

  /// Pieces in any order, doubled, and with silence or noise between them: every record that lies
  /// whole in a piece arrives, and nothing arrives that was never sent.
  @ParameterizedTest
  @EnumSource
  void restoresEveryRecordThatLiesWholeInAPiece(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        30,
        random -> {
          List<SoundRecord> records = many(random, element, 30);
          int[] starts = Records.starts(format, records);
          int[][] pcm = Records.sound(format, records);
          Pcm pieces = new Pcm(pcm.length);
          List<SoundRecord> whole = new ArrayList<>();
          for (int i = 0; i < 12; i++) {
            int from = random.nextInt(pcm[0].length);
            int to = Math.min(pcm[0].length, from + random.nextInt(20_000));
            pieces.add(pcm, from, to - from);
            for (int r = 0; r < records.size(); r++) {
              if (starts[r] >= from && starts[r + 1] <= to) {
                whole.add(records.get(r));
              }
            }
            pieces.add(between(random, pcm.length));
          }
          List<SoundRecord> heard = Records.receive(format, pieces.channels(), random);
          assertThat(heard).containsSubsequence(whole);
          assertThat(records).containsAll(heard);
        });
  }

  /// Silence, noise, or nothing.
  private static int[][] between(RandomGenerator random, int channels) {
    int[][] pcm = new int[channels][random.nextInt(3) * random.nextInt(3000)];
    if (random.nextBoolean()) {
      for (int[] channel : pcm) {
        Arrays.setAll(channel, _ -> random.nextInt() >> 8);
      }
    }
    return pcm;
  }

  @Test
  void hearsARunOfPartsAcrossSilence() {
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(1), Vector.of(3f), new byte[40_000]);
    RecordSonifier sonifier = new RecordSonifier(SoundFormat.FLOAT32);
    sonifier.prepare(record);
    Pcm pcm = new Pcm(2);
    for (int part = 0; part < sonifier.parts(); part++) {
      int block = sonifier.sound(part);
      pcm.add(sonifier.pcm(), 0, block).add(new int[2][777]);
    }
    ReceiverReport report = report(SoundFormat.FLOAT32, pcm.channels());
    assertThat(report.records()).isEqualTo(1);
    assertThat(report.samplesSkipped()).isEqualTo(777L * sonifier.parts());
  }

  @Test
  void tellsWhatItSkipped() {
    int[][] sound =
        Records.sound(SoundFormat.FLOAT32, List.of(SoundRecord.delete(1, VectorId.of(1))));
    int[][] pcm =
        new Pcm(2).add(new int[2][50]).add(sound).add(sound).add(new int[2][30]).channels();
    ReceiverReport report = report(SoundFormat.FLOAT32, pcm);
    assertThat(report.records()).isEqualTo(2);
    assertThat(report.samplesHeard()).isEqualTo(112);
    assertThat(report.samplesSkipped()).isEqualTo(80);
    assertThat(report.skipped()).containsExactly(new SampleRange(0, 50), new SampleRange(82, 30));
  }

  @Test
  void rejectsARecordThatIsCutOffByTheEnd() {
    int[][] sound =
        Records.sound(SoundFormat.FLOAT32, List.of(SoundRecord.delete(1, VectorId.of(1))));
    int[][] cut = new Pcm(2).add(sound, 0, 12).channels();
    ReceiverReport report = report(SoundFormat.FLOAT32, cut);
    assertThat(report.records()).isZero();
    assertThat(report.rejected()).isEqualTo(1);
    assertThat(report.skipped()).containsExactly(new SampleRange(0, 12));
  }

  @Test
  void refusesAnotherNumberOfChannels() {
    Receiver receiver = new Receiver(SoundFormat.FLOAT64, (_, _) -> {});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> receiver.accept(new int[2][10], 0, 10))
        .withMessageContaining("3");
  }

  /// On this the receiver's one comparison rests: what users can choose - ids, payloads, components
  /// - never reaches the marker in the last channel.
  @ParameterizedTest
  @EnumSource
  void hearsNoControlWordButOneAPart(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    RecordSonifier sonifier = new RecordSonifier(format);
    int most = element == ElementType.FLOAT32 ? 1 << 9 : 1 << 17;
    Seeded.run(
        2000,
        random -> {
          sonifier.prepare(Records.any(random, element));
          for (int part = 0; part < sonifier.parts(); part++) {
            int block = sonifier.sound(part);
            int[] marker = sonifier.pcm()[format.channels() - 1];
            assertThat(marker[0]).isBetween(RecordFormat.MARKER, 2 * RecordFormat.MARKER - 1);
            int outside = 0;
            for (int i = 1; i < block; i++) {
              outside += Math.abs(marker[i]) > most ? 1 : 0;
            }
            assertThat(outside).isZero();
          }
        });
  }

  /// A payload that is a whole record, encoded; one that is its samples; a vector made of them.
  @ParameterizedTest
  @EnumSource
  void isNotFooledByARecordInARecord(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        1,
        random -> {
          SoundRecord forged =
              SoundRecord.upsert(
                  666, VectorId.of(666), TestVectors.usual(random, element, 40), new byte[] {6});
          byte[] frames = Records.encode(new RecordEncoder(format), forged);
          int[][] pcm = Records.sound(format, List.of(forged));
          int samples = pcm[0].length;
          byte[] interleaved = new byte[samples * pcm.length * 3];
          byte[] lastOnly = new byte[samples * 3];
          double[] doubles = new double[samples];
          float[] floats = new float[samples];
          int[] last = pcm[pcm.length - 1];
          for (int i = 0; i < samples; i++) {
            for (int c = 0; c < pcm.length; c++) {
              IdFormat.writeBigEndian(pcm[c][i], 3, interleaved, (i * pcm.length + c) * 3);
            }
            IdFormat.writeBigEndian(last[i], 3, lastOnly, i * 3);
            floats[i] = Float.intBitsToFloat(last[i] & 0x7FFFFF | last[i] << 8 & 0x80000000);
            doubles[i] = Double.longBitsToDouble((long) last[i] << 24);
          }
          Vector vector =
              element == ElementType.FLOAT32 ? Vector.sharing(floats) : Vector.sharing(doubles);
          List<SoundRecord> honest = new ArrayList<>();
          for (byte[] payload : List.of(frames, interleaved, lastOnly)) {
            honest.add(SoundRecord.upsert(1, VectorId.of(1), vector, payload));
            honest.add(SoundRecord.changePayload(2, VectorId.of(1), payload));
            honest.add(SoundRecord.upsert(3, VectorId.of(2), vector, padded(payload)));
          }
          int[][] sound = Records.sound(format, honest);
          assertThat(Records.receive(format, sound, random)).isEqualTo(honest);
          assertThat(report(format, sound).rejected()).isZero();
        });
  }

  /// The same bytes, so far from the start that they begin a part of their own.
  private static byte[] padded(byte[] payload) {
    byte[] padded = new byte[100_000];
    for (int at = 0; at + payload.length < padded.length; at += payload.length) {
      System.arraycopy(payload, 0, padded, at, payload.length);
    }
    return padded;
  }

  private static int control(int flags, int samples) {
    return RecordFormat.MARKER | flags | samples - 1;
  }

  /// Hears `forged` and then an honest record, which must arrive; returns what was rejected.
  private static long rejectedBefore(int[][] forged) {
    SoundFormat format = SoundFormat.ofChannels(forged.length);
    Vector vector =
        TestVectors.usual(
            RandomGenerator.of("L64X128MixRandom"), format.element(), Vector.MAX_DIMENSION);
    List<SoundRecord> honest = List.of(SoundRecord.upsert(1, VectorId.of(1), vector));
    int[][] sound =
        new Pcm(forged.length).add(forged).add(Records.sound(format, honest)).channels();
    assertThat(Records.receive(format, sound, RandomGenerator.getDefault())).isEqualTo(honest);
    return report(format, sound).rejected();
  }

  @Test
  void getsPastAControlWordInEverySample() {
    for (int channels = 2; channels <= 3; channels++) {
      for (int samples : new int[] {1, 2, 16, 4608}) {
        for (int flags : new int[] {FIRST_AND_LAST, RecordFormat.FIRST_PART, 0}) {
          int[][] forged = new int[channels][1_000_000];
          Arrays.fill(forged[channels - 1], control(flags, samples));
          long rejected = rejectedBefore(forged);
          assertThat(rejected).isEqualTo(flags == 0 ? 0 : 1_000_000);
        }
      }
    }
  }

  @Test
  void getsPastRandomSamplesOfFullScale() {
    Seeded.run(
        1,
        random -> {
          int[][] forged = new int[2][2_000_000];
          for (int[] channel : forged) {
            Arrays.setAll(channel, _ -> random.nextInt() >> 8);
          }
          assertThat(rejectedBefore(forged)).isPositive();
        });
  }

  /// Parts that begin as well as parts can, and then announce more than ever comes.
  @Test
  void holdsNoMoreThanHasArrivedWhateverIsAnnounced() throws Exception {
    Pcm pcm = new Pcm(2);
    RecordSonifier sonifier = new RecordSonifier(SoundFormat.FLOAT32);
    sonifier.prepare(
        SoundRecord.upsert(
            1, VectorId.of(1), Vector.of(1f), new byte[SoundRecord.MAX_PAYLOAD_BYTES]));
    int block = sonifier.sound(0);
    for (int i = 0; i < 50_000; i++) {
      pcm.add(sonifier.pcm(), 0, block);
    }
    int[][] announced = pcm.channels();
    // First without counting: a fuzzer's agent in this process allocates while classes are loaded.
    assertThat(rejectedBefore(announced)).isEqualTo(50_000);
    Receiver receiver = new Receiver(SoundFormat.FLOAT32, (_, _) -> {});
    long allocated = Allocation.during(() -> receiver.accept(announced, 0, announced[0].length));
    assertThat(allocated).isLessThan(1 << 20);
    receiver.finish();
    assertThat(receiver.report().rejected()).isEqualTo(50_000);
  }

  /// Each candidate lies in the one before it, and none is ever whole.
  @Test
  void getsPastCandidatesInCandidates() {
    Seeded.run(
        1,
        random -> {
          SoundRecord large =
              SoundRecord.upsert(
                  1, VectorId.of(1), TestVectors.usual(random, ElementType.FLOAT32, 4500));
          int[][] sound = Records.sound(SoundFormat.FLOAT32, List.of(large));
          Pcm pcm = new Pcm(2);
          for (int i = 0; i < 3000; i++) {
            pcm.add(sound, 0, 1 + random.nextInt(400));
          }
          assertThat(rejectedBefore(pcm.channels())).isEqualTo(3000);
        });
  }

  @Test
  void countsRecordsOfANewerVersion() {
    int[][] pcm =
        Records.sound(SoundFormat.FLOAT32, List.of(SoundRecord.delete(1, VectorId.of(1))));
    pcm[0][0] = (pcm[0][0] & 0x0FFFFF | 0x900000) << 8 >> 8;
    ReceiverReport report = report(SoundFormat.FLOAT32, pcm);
    assertThat(report.unsupported()).isEqualTo(1);
    assertThat(report.rejected()).isZero();
  }

  @Test
  void boundsTheListOfWhatItSkipped() {
    Pcm pcm = new Pcm(2);
    int[][] sound =
        Records.sound(SoundFormat.FLOAT32, List.of(SoundRecord.delete(1, VectorId.of(1))));
    for (int i = 0; i < 3000; i++) {
      pcm.add(sound).add(new int[2][3]);
    }
    ReceiverReport report = report(SoundFormat.FLOAT32, pcm.channels());
    assertThat(report.samplesSkipped()).isEqualTo(9000);
    assertThat(report.skipped()).hasSize(ReceiverReport.MAX_SKIPPED);
  }

  @Test
  void hearsAllKindsOfComponents() {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = new ArrayList<>();
          for (Bits bits : Bits.values()) {
            Vector vector = TestVectors.hostile(random, ElementType.FLOAT64, 300, bits);
            records.add(SoundRecord.upsert(1, VectorId.of(1), vector));
          }
          int[][] pcm = Records.sound(SoundFormat.FLOAT64, records);
          assertThat(Records.receive(SoundFormat.FLOAT64, pcm, random)).isEqualTo(records);
        });
  }
}
