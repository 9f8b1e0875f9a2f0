package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import io.sonidb.sound.ListenReport.Container;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Timeouts are there to end a test that hangs; none is near what a test takes.
@Timeout(60)
class OggFlacTest {
  private static final int FIRST = 2;
  private static final int CONTINUED = 1;

  /// One page, with its CRC by another way than the reader's: bit by bit.
  private static byte[] page(int flags, int serial, int number, int[] segments, byte[] content) {
    ByteBuffer page =
        ByteBuffer.allocate(27 + segments.length + content.length).order(ByteOrder.LITTLE_ENDIAN);
    page.put("OggS".getBytes(StandardCharsets.US_ASCII)).put((byte) 0).put((byte) flags);
    page.putLong(0).putInt(serial).putInt(number).putInt(0).put((byte) segments.length);
    for (int segment : segments) {
      page.put((byte) segment);
    }
    page.put(content);
    int crc = 0;
    for (byte value : page.array()) {
      crc ^= value << 24;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc < 0 ? crc << 1 ^ 0x04C11DB7 : crc << 1;
      }
    }
    return page.putInt(22, crc).array();
  }

  /// A packet in as many pages as it needs.
  private static byte[] packet(int flags, int serial, byte[] content) {
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    int from = 0;
    boolean ended = false;
    while (!ended) {
      int count = Math.min(255, (content.length - from) / 255 + 1);
      int[] segments = new int[count];
      int size = 0;
      for (int i = 0; i < count; i++) {
        segments[i] = Math.min(255, content.length - from - size);
        size += segments[i];
        ended = segments[i] < 255;
      }
      byte[] piece = Arrays.copyOfRange(content, from, from + size);
      pages.writeBytes(page(from == 0 ? flags : CONTINUED, serial, 0, segments, piece));
      from += size;
    }
    return pages.toByteArray();
  }

  private static byte[] head(SoundFormat format, int serial) {
    byte[] flac =
        FlacHead.write(
            List.of(
                StreamInfo.open(format.audio()),
                new VorbisComment("tests", List.of(Map.entry("TITLE", "a title")))));
    ByteBuffer first = ByteBuffer.allocate(51);
    first.put((byte) 0x7F).put("FLAC".getBytes(StandardCharsets.US_ASCII)).put((byte) 1);
    first.put((byte) 0).putShort((short) 1).put(flac, 0, 42);
    byte[] comment = Arrays.copyOfRange(flac, 42, flac.length);
    return join(packet(FIRST, serial, first.array()), packet(0, serial, comment));
  }

  private static byte[] join(byte[]... pieces) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      all.writeBytes(piece);
    }
    return all.toByteArray();
  }

  /// One frame a packet, and where each record's pages end.
  private static byte[] ogg(
      SoundFormat format, int serial, List<SoundRecord> records, List<Integer> ends) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head(format, serial));
    byte[] frames = Records.encode(format, records);
    int[] offsets = Records.offsets(format, records, 0);
    for (int i = 0; i < records.size(); i++) {
      all.writeBytes(packet(0, serial, Arrays.copyOfRange(frames, offsets[i], offsets[i + 1])));
      ends.add(all.size());
    }
    return all.toByteArray();
  }

  private static List<SoundRecord> many(RandomGenerator random, int count) {
    List<SoundRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      records.add(Records.any(random, ElementType.FLOAT32));
    }
    return records;
  }

  private final List<SoundRecord> heard = new ArrayList<>();

  private ListenReport listen(byte[] in) throws IOException {
    heard.clear();
    return Listener.listen(new ByteArrayInputStream(in), (record, _) -> heard.add(record));
  }

  @Test
  void refusesOggOfSomethingElse() {
    byte[] opus = packet(FIRST, 1, "OpusHead and so on".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> listen(opus))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("something else than FLAC");
    assertThatThrownBy(() -> listen("OggS".getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void losesOnlyWhatADamagedPageHolds() {
    Seeded.run(
        10,
        random -> {
          List<SoundRecord> records = many(random, 40);
          List<Integer> ends = new ArrayList<>();
          byte[] ogg = ogg(SoundFormat.FLOAT32, 7, records, ends);
          int damaged = 1 + random.nextInt(38);
          int size = ends.get(damaged) - ends.get(damaged - 1);
          ogg[ends.get(damaged - 1) + random.nextInt(size)] ^= (byte) (1 << random.nextInt(8));
          ListenReport report = listen(ogg);
          List<SoundRecord> left = new ArrayList<>(records);
          left.remove(damaged);
          assertThat(heard).isEqualTo(left);
          assertThat(report.skippedBytes()).isPositive();
        });
  }

  @Test
  void hearsOneFrameAPacket() {
    Seeded.run(
        5,
        random -> {
          List<SoundRecord> records = many(random, 50);
          ListenReport report = listen(ogg(SoundFormat.FLOAT32, 7, records, new ArrayList<>()));
          assertThat(heard).isEqualTo(records);
          assertThat(report.container()).isEqualTo(Container.OGG_FLAC);
          assertThat(report.skippedBytes()).isZero();
        });
  }

  @Test
  void hearsFromTheMiddleAndPastACut() {
    Seeded.run(
        10,
        random -> {
          List<SoundRecord> records = many(random, 40);
          List<Integer> ends = new ArrayList<>();
          byte[] ogg = ogg(SoundFormat.FLOAT32, 7, records, ends);
          int first = random.nextInt(20);
          listen(Arrays.copyOfRange(ogg, ends.get(first), ogg.length));
          assertThat(heard).isEqualTo(records.subList(first + 1, 40));
          byte[] doubled =
              join(
                  Arrays.copyOf(ogg, ends.get(30)),
                  Arrays.copyOfRange(ogg, ends.get(20), ogg.length));
          listen(doubled);
          assertThat(heard).endsWith(records.get(39)).hasSizeGreaterThanOrEqualTo(40);
          assertThat(records).containsAll(heard);
        });
  }

  @Test
  void followsOneStreamOfManyAndTheNextOneBehindIt() {
    Seeded.run(
        3,
        random -> {
          List<SoundRecord> records = many(random, 10);
          byte[] video = packet(FIRST, 3, new byte[1000]);
          byte[] more = packet(0, 3, new byte[300]);
          byte[] one = ogg(SoundFormat.FLOAT32, 7, records, new ArrayList<>());
          byte[] two = ogg(SoundFormat.FLOAT32, 8, records, new ArrayList<>());
          listen(join(video, one, more, two, more));
          assertThat(heard).hasSize(20);
        });
  }

  /// As dense as page heads can be, each announcing the largest page.
  @Test
  void getsPastBytesFullOfFalsePages() {
    Seeded.run(
        1,
        random -> {
          byte[] forged = new byte[3_000_000];
          Arrays.fill(forged, (byte) 255);
          for (int at = 0; at + 5 < forged.length; at += 5) {
            System.arraycopy("OggS\0".getBytes(StandardCharsets.US_ASCII), 0, forged, at, 5);
          }
          List<SoundRecord> records = many(random, 10);
          byte[] ogg = ogg(SoundFormat.FLOAT32, 7, records, new ArrayList<>());
          listen(join(ogg, forged, ogg));
          assertThat(heard.subList(0, 10)).isEqualTo(records);
          // A page or two may be passed by behind the false ones.
          assertThat(heard).hasSizeGreaterThan(15).endsWith(records.getLast());
        });
  }

  @Test
  void goesOnBehindManyDamagedPagesInARow() {
    Seeded.run(
        2,
        random -> {
          List<SoundRecord> records = many(random, 300);
          List<Integer> ends = new ArrayList<>();
          byte[] ogg = ogg(SoundFormat.FLOAT32, 7, records, ends);
          for (int i = 100; i < 200; i++) {
            ogg[ends.get(i) - 1] ^= 1;
          }
          listen(ogg);
          assertThat(heard.subList(0, 100)).isEqualTo(records.subList(0, 100));
          assertThat(heard.subList(100, heard.size())).isEqualTo(records.subList(200, 300));
        });
  }

  @FuzzTest(maxDuration = "2m")
  void unwrapsAnyPages(FuzzedDataProvider data) throws IOException {
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    while (data.remainingBytes() > 0) {
      byte[] content = data.consumeBytes(data.consumeInt(0, 600));
      boolean whole = data.consumeBoolean();
      byte[] piece =
          whole ? packet(data.consumeInt(0, 7), data.consumeInt(0, 2), content) : content;
      pages.writeBytes(piece);
    }
    try (OggFlac ogg = new OggFlac(new ByteArrayInputStream(pages.toByteArray()))) {
      if (ogg.readAllBytes().length > pages.size()) {
        throw new AssertionError("more content than there were bytes");
      }
    }
  }
}
