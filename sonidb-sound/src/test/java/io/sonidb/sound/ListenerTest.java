package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Padding;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.sound.ListenReport.Container;
import io.sonidb.sound.PcmLayout.Encoding;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
class ListenerTest {
  private final List<SoundRecord> heard = new ArrayList<>();

  private ListenReport listen(byte[] in) throws IOException {
    heard.clear();
    return Listener.listen(new ByteArrayInputStream(in), (record, _) -> heard.add(record));
  }

  private ListenReport listen(byte[] in, PcmLayout layout) throws IOException {
    heard.clear();
    return Listener.listen(new ByteArrayInputStream(in), layout, (record, _) -> heard.add(record));
  }

  private static List<SoundRecord> many(RandomGenerator random, ElementType element, int count) {
    List<SoundRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      records.add(Records.any(random, element));
    }
    return records;
  }

  // --- bytes

  private static byte[] raw(int[][] pcm, Encoding encoding) {
    ByteBuffer out =
        ByteBuffer.allocate(pcm[0].length * pcm.length * encoding.bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < pcm[0].length; i++) {
      for (int[] channel : pcm) {
        switch (encoding) {
          case S16LE -> out.putShort((short) (channel[i] >> 8));
          case S24LE -> out.put((byte) channel[i]).putShort((short) (channel[i] >> 8));
          case S32LE -> out.putInt(channel[i] << 8);
          case F32LE -> out.putFloat(channel[i] / (float) (1 << 23));
        }
      }
    }
    return out.array();
  }

  private static byte[] join(byte[]... pieces) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      out.writeBytes(piece);
    }
    return out.toByteArray();
  }

  private static byte[] chunk(String name, long size, byte[] body) {
    byte[] header =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(name.getBytes(StandardCharsets.US_ASCII))
            .putInt((int) size)
            .array();
    return join(header, body, new byte[body.length & 1]);
  }

  private static byte[] chunk(String name, byte[] body) {
    return chunk(name, body.length, body);
  }

  private static byte[] format(int tag, int channels, int bits, int frameBytes) {
    return chunk(
        "fmt ",
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) tag)
            .putShort((short) channels)
            .putInt(48_000)
            .putInt(48_000 * frameBytes)
            .putShort((short) frameBytes)
            .putShort((short) bits)
            .array());
  }

  private static byte[] extensibleFormat(int subformat, int channels, int bits, int frameBytes) {
    byte[] plain = format(0xFFFE, channels, bits, frameBytes);
    byte[] more =
        ByteBuffer.allocate(24)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) 22)
            .putShort((short) 24)
            .putInt(3)
            .putShort((short) subformat)
            .putShort((short) 0)
            .array();
    return chunk("fmt ", join(Arrays.copyOfRange(plain, 8, 24), more));
  }

  private static byte[] format(PcmLayout layout) {
    int tag = layout.encoding() == Encoding.F32LE ? 3 : 1;
    return format(tag, layout.channels(), 8 * layout.encoding().bytes(), layout.frameBytes());
  }

  private static byte[] riff(String name, byte[]... chunks) {
    byte[] body = join(chunks);
    return join(chunk(name, body.length + 4, "WAVE".getBytes(StandardCharsets.US_ASCII)), body);
  }

  // --- WAV

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "S16LE")
  void hearsWavOfEveryEncoding(Encoding encoding) {
    Seeded.run(
        4,
        random -> {
          ElementType element = random.nextBoolean() ? ElementType.FLOAT32 : ElementType.FLOAT64;
          SoundFormat format = SoundFormat.of(element);
          List<SoundRecord> records = many(random, element, 20);
          PcmLayout layout = new PcmLayout(format.channels(), encoding);
          byte[] samples = raw(Records.sound(format, records), encoding);
          ListenReport report = listen(riff("RIFF", format(layout), chunk("data", samples)));
          assertThat(heard).isEqualTo(records);
          assertThat(report.container()).isEqualTo(Container.WAV);
          assertThat(report.heard().samplesSkipped()).isZero();
        });
  }

  @Test
  void hearsEveryKindOfWav() {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = many(random, ElementType.FLOAT32, 20);
          byte[] s24 = raw(Records.sound(SoundFormat.FLOAT32, records), Encoding.S24LE);
          byte[] s32 = raw(Records.sound(SoundFormat.FLOAT32, records), Encoding.S32LE);
          byte[] plain = format(1, 2, 24, 6);
          byte[] odd = chunk("LIST", new byte[13]);
          byte[] ds64 =
              chunk(
                  "ds64",
                  ByteBuffer.allocate(28)
                      .order(ByteOrder.LITTLE_ENDIAN)
                      .putLong(0)
                      .putLong(s24.length)
                      .array());
          List<byte[]> wavs =
              List.of(
                  riff("RIFF", extensibleFormat(1, 2, 24, 6), chunk("data", s24)),
                  riff("RIFF", extensibleFormat(1, 2, 32, 8), chunk("data", s32)),
                  riff("RIFF", odd, plain, odd, chunk("data", s24), odd),
                  riff("RIFF", plain, chunk("data", 0, s24)),
                  riff("RIFF", plain, chunk("data", 0xFFFFFFFFL, s24)),
                  riff("RIFF", plain, chunk("data", 0x7FFFFFFFL, s24)),
                  riff("RIFF", plain, chunk("data", s24.length + 100, s24)),
                  riff("RF64", ds64, plain, chunk("data", 0xFFFFFFFFL, s24), odd),
                  riff("BW64", ds64, plain, chunk("data", 0xFFFFFFFFL, s24)),
                  riff("RF64", ds64, plain, chunk("data", s24)));
          for (byte[] wav : wavs) {
            listen(wav);
            assertThat(heard).isEqualTo(records);
          }
        });
  }

  @Test
  void stopsWhereTheDataChunkEnds() throws Exception {
    byte[] one =
        raw(
            Records.sound(SoundFormat.FLOAT32, List.of(SoundRecord.delete(1, VectorId.of(1)))),
            Encoding.S24LE);
    listen(riff("RIFF", format(1, 2, 24, 6), chunk("data", one), chunk("junk", one)));
    assertThat(heard).hasSize(1);
  }

  @Test
  void refusesWavThatCannotHoldRecords() {
    byte[] data = chunk("data", new byte[100]);
    assertRefused(riff("RIFF", format(1, 2, 16, 4), data), "16 bits");
    assertRefused(riff("RIFF", format(1, 2, 8, 2), data), "8 bits");
    assertRefused(riff("RIFF", format(1, 9, 24, 27), data), "9 channels");
    assertRefused(riff("RIFF", format(1, 1, 24, 3), data), "1 channels");
    assertRefused(riff("RIFF", format(1, 6, 24, 18), data), "6 channels");
    assertRefused(riff("RIFF", format(6, 2, 8, 2), data), "format 6");
    assertRefused(riff("RIFF", format(1, 2, 24, 8), data), "8 bytes");
    assertRefused(riff("RIFF", data), "no 'fmt ' chunk");
    assertRefused(riff("RIFF", format(1, 2, 24, 6)), "ends before");
    assertRefused(riff("RIFF", chunk("fmt ", new byte[4]), data), "too short");
    assertRefused(riff("RF64", chunk("ds64", new byte[4]), data), "too short");
    assertRefused("RIFF\0\0\0\0AVI ".getBytes(StandardCharsets.US_ASCII), "AVI ");
    assertRefused("RIFF".getBytes(StandardCharsets.US_ASCII), "ends before");
    assertRefused(riff("RIFF", chunk("LIST", 0xFFFFFFF0L, new byte[9]), data), "ends before");
  }

  private void assertRefused(byte[] in, String message) {
    assertThatThrownBy(() -> listen(in))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }

  // --- raw PCM

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "S16LE")
  void hearsRawPcmFromTheMiddleOfASample(Encoding encoding) {
    Seeded.run(
        4,
        random -> {
          ElementType element = random.nextBoolean() ? ElementType.FLOAT32 : ElementType.FLOAT64;
          SoundFormat format = SoundFormat.of(element);
          List<SoundRecord> records = many(random, element, 20);
          PcmLayout layout = new PcmLayout(format.channels(), encoding);
          byte[] all = raw(Records.sound(format, records), encoding);
          listen(all, layout);
          assertThat(heard).isEqualTo(records);
          int[] starts = Records.starts(format, records);
          for (int i = 0; i < 10; i++) {
            int from = random.nextInt(all.length / 2);
            int whole = 0;
            while (starts[whole] * layout.frameBytes() < from) {
              whole++;
            }
            listen(Arrays.copyOfRange(all, from, all.length), layout);
            assertThat(heard).isEqualTo(records.subList(whole, records.size()));
          }
        });
  }

  @Test
  void hearsNothingInNoSound() throws Exception {
    assertThat(listen(new byte[0], new PcmLayout(2, Encoding.S24LE)).heard().samplesHeard())
        .isZero();
    assertThat(listen(new byte[7], new PcmLayout(2, Encoding.S24LE)).heard().samplesHeard())
        .isEqualTo(1);
    assertRefused(new byte[0], "neither");
    assertRefused("no sound at all".getBytes(StandardCharsets.US_ASCII), "15 bytes");
  }

  // --- FLAC

  @ParameterizedTest
  @EnumSource
  void hearsNothingInAStreamToWhichNobodyHasWritten(ElementType element) throws Exception {
    byte[] head = head(SoundFormat.of(element));
    ListenReport report = listen(head);
    assertThat(heard).isEmpty();
    assertThat(report).isEqualTo(new ListenReport(Container.FLAC, ReceiverReport.NOTHING, 0));
    assertRefused(Arrays.copyOf(head, head.length - 1), "neither");
    assertRefused(join(head, new byte[1]), "neither");
  }

  private static byte[] head(SoundFormat format) {
    return FlacHead.write(List.of(StreamInfo.open(format.audio()), new Padding(1000)));
  }

  @ParameterizedTest
  @EnumSource
  void hearsFlac(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        2,
        random -> {
          List<SoundRecord> records = many(random, element, 100);
          byte[] flac = join(head(format), Records.encode(format, records));
          ListenReport report = listen(flac);
          assertThat(heard).isEqualTo(records);
          assertThat(report.container()).isEqualTo(Container.FLAC);
          assertThat(report.skippedBytes()).isZero();
          listen(join(flac, flac));
          assertThat(heard).hasSize(200);
        });
  }

  @ParameterizedTest
  @EnumSource
  void hearsAnyPieceOfFlac(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        2,
        random -> {
          List<SoundRecord> records = many(random, element, 60);
          byte[] frames = Records.encode(format, records);
          int[] offsets = Records.offsets(format, records, 0);
          for (int i = 0; i < 30; i++) {
            int least = frames.length / 4;
            int from = random.nextInt(frames.length - least);
            int to = from + least + random.nextInt(frames.length - from - least);
            int first = 0;
            while (offsets[first] < from) {
              first++;
            }
            int last = records.size();
            while (offsets[last] > to) {
              last--;
            }
            if (first < last) {
              listen(Arrays.copyOfRange(frames, from, to));
              assertThat(heard).isEqualTo(records.subList(first, last));
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void losesOnlyTheRecordsThatAreDamaged(ElementType element) {
    SoundFormat format = SoundFormat.of(element);
    Seeded.run(
        10,
        random -> {
          List<SoundRecord> records = many(random, element, 60);
          byte[] frames = Records.encode(format, records);
          int[] offsets = Records.offsets(format, records, 0);
          boolean[] lost = new boolean[records.size()];
          for (int damaged = random.nextInt(9); damaged < 60; damaged += 2 + random.nextInt(25)) {
            int size = offsets[damaged + 1] - offsets[damaged];
            frames[offsets[damaged] + random.nextInt(size)] ^= (byte) (1 << random.nextInt(8));
            lost[damaged] = true;
          }
          List<SoundRecord> left = new ArrayList<>();
          for (int i = 0; i < lost.length; i++) {
            if (!lost[i]) {
              left.add(records.get(i));
            }
          }
          listen(join(head(format), frames));
          assertThat(heard).isEqualTo(left);
        });
  }

  @Test
  void losesOnlyOneRecordToOneDamage() {
    Seeded.run(
        40,
        random -> {
          List<SoundRecord> records = many(random, ElementType.FLOAT32, 40);
          byte[] frames = Records.encode(SoundFormat.FLOAT32, records);
          int[] offsets = Records.offsets(SoundFormat.FLOAT32, records, 0);
          int damaged = random.nextInt(records.size());
          int size = offsets[damaged + 1] - offsets[damaged];
          int at = offsets[damaged] + random.nextInt(random.nextBoolean() ? 12 : size);
          frames[at] ^= (byte) (1 + random.nextInt(255));
          List<SoundRecord> left = new ArrayList<>(records);
          left.remove(damaged);
          ListenReport report = listen(join(head(SoundFormat.FLOAT32), frames));
          assertThat(heard).isEqualTo(left);
          assertThat(report.skippedBytes()).isPositive();
        });
  }

  /// A payload that holds whole frames with right checksums, behind some records and before others.
  private static List<SoundRecord> around(
      RandomGenerator random, int before, long firstSample, int after) {
    List<SoundRecord> forged = many(random, ElementType.FLOAT32, 1 + random.nextInt(4));
    byte[] frames = Records.encode(SoundFormat.FLOAT32, forged, firstSample);
    byte[] payload = Arrays.copyOf(frames, Math.min(frames.length, 13_000));
    List<SoundRecord> records = new ArrayList<>(many(random, ElementType.FLOAT32, before));
    records.add(SoundRecord.changePayload(1, VectorId.of(1), payload));
    records.addAll(many(random, ElementType.FLOAT32, after));
    return records;
  }

  @Test
  void isNotFooledByFramesInADamagedFrame() {
    Seeded.run(
        20,
        random -> {
          long first = 1 << 25;
          List<SoundRecord> records = around(random, 10, 0, 1 + random.nextInt(200));
          byte[] frames = Records.encode(SoundFormat.FLOAT32, records, first);
          int bad = Records.offsets(SoundFormat.FLOAT32, records, first)[10];
          // Before the forged frames: in the frame header, the control word or the record's header.
          frames[bad + random.nextInt(20)] ^= (byte) (1 + random.nextInt(255));
          listen(join(head(SoundFormat.FLOAT32), frames));
          records.remove(10);
          assertThat(heard).isEqualTo(records);
        });
  }

  /// Even when the forged frames have just the numbers that frames have there.
  @Test
  void isNotFooledByFramesInTheFrameThatItStartsIn() {
    Seeded.run(
        20,
        random -> {
          long first = random.nextInt(10_000);
          List<SoundRecord> records =
              around(random, 0, first + random.nextInt(5000), 1 + random.nextInt(200));
          byte[] frames = Records.encode(SoundFormat.FLOAT32, records, first);
          int from = 1 + random.nextInt(20);
          listen(Arrays.copyOfRange(frames, from, frames.length));
          assertThat(heard).isEqualTo(records.subList(1, records.size()));
        });
  }

  /// Headers that are right and frames that are not, as dense as they can be.
  @Test
  void getsPastMillionsOfFrameHeaders() {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = many(random, ElementType.FLOAT32, 300);
          byte[] frames = Records.encode(SoundFormat.FLOAT32, records);
          FrameEncoder encoder =
              new FrameEncoder(SoundFormat.FLOAT32.audio(), SubframeSearch.NOISE);
          byte[] frame = new byte[encoder.maxFrameSize(4608)];
          int size = encoder.encode(new int[2][4608], 4608, 77, frame, 0);
          byte[] forged = new byte[5_000_000];
          for (int at = 0; at + size < forged.length; at += size - 2) {
            System.arraycopy(frame, 0, forged, at, size - 2);
          }
          assertThat(Frames.findHeader(forged, 1, forged.length)).isLessThan(40);
          listen(join(head(SoundFormat.FLOAT32), forged, frames));
          assertThat(heard).isNotEmpty();
          assertThat(records).containsAll(heard);
          listen(join(head(SoundFormat.FLOAT32), frames, forged, frames));
          assertThat(heard.subList(0, 300)).isEqualTo(records);
        });
  }

  @Test
  void refusesFlacThatCannotHoldRecords() {
    FrameEncoder encoder = new FrameEncoder(new AudioFormat(44_100, 2, 16), SubframeSearch.NOISE);
    byte[] frame = new byte[encoder.maxFrameSize(4096)];
    int size = encoder.encode(new int[2][4096], 4096, 0, frame, 0);
    byte[] head = FlacHead.write(List.of(StreamInfo.open(new AudioFormat(44_100, 2, 16))));
    assertRefused(join(head, Arrays.copyOf(frame, size)), "16 bits");
    assertRefused(head, "neither");
    assertRefused(Arrays.copyOf(head, 6), "neither");
  }

  /// A live stream: each record must arrive before the next one is even made.
  @Test
  void hearsARecordAsSoonAsItHasCome() {
    Seeded.run(
        1,
        random -> {
          List<SoundRecord> records = many(random, ElementType.FLOAT32, 30);
          byte[] all =
              join(head(SoundFormat.FLOAT32), Records.encode(SoundFormat.FLOAT32, records));
          int headSize = head(SoundFormat.FLOAT32).length;
          int[] offsets = Records.offsets(SoundFormat.FLOAT32, records, 0);
          InputStream live =
              new InputStream() {
                private int at;
                private int record;

                @Override
                public int read() {
                  throw new UnsupportedOperationException();
                }

                @Override
                public int read(byte[] into, int offset, int length) {
                  if (at == all.length) {
                    return -1;
                  }
                  if (at == headSize + offsets[record]) {
                    assertThat(heard).hasSize(record++);
                  }
                  int next = headSize + offsets[record];
                  int count = Math.min(length, Math.min(next - at, 1 + random.nextInt(1000)));
                  System.arraycopy(all, at, into, offset, count);
                  at += count;
                  return count;
                }
              };
          Listener.listen(live, (record, _) -> heard.add(record));
          assertThat(heard).isEqualTo(records);
        });
  }
}
