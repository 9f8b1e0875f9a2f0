package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FlacHeadTest {

  private static final StreamInfo INFO =
      new StreamInfo(
          16,
          65_535,
          14,
          (1 << 24) - 1,
          new AudioFormat(1_048_575, 8, 32),
          (1L << 36) - 1,
          new Md5(0x0123456789abcdefL, 0xfedcba9876543210L));
  private static final VorbisComment COMMENT =
      new VorbisComment(
          "SoniDB",
          List.of(Map.entry("TITLE", "a=b"), Map.entry("Id", "é𝄞"), Map.entry("id", "")));
  private static final SeekTable TABLE =
      new SeekTable(
          List.of(
              new SeekTable.SeekPoint(0, 0, 768),
              new SeekTable.SeekPoint((1L << 36) - 1, Long.MAX_VALUE, 65_535)),
          3);
  private static final Application APPLICATION = new Application(0x536E4442, new byte[] {1, 2, 3});

  @Test
  void refusesToWriteBlocksInTheWrongOrder() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(List.of()))
        .withMessage("the first metadata block must be STREAMINFO");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(List.of(COMMENT, INFO)))
        .withMessage("the first metadata block must be STREAMINFO");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(List.of(INFO, INFO)))
        .withMessage("metadata block 1 is a second STREAMINFO");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(List.of(INFO, TABLE, COMMENT, TABLE)))
        .withMessageContaining("at most one SEEKTABLE");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(List.of(INFO, COMMENT, COMMENT)))
        .withMessageContaining("at most one SEEKTABLE and one VORBIS_COMMENT");
  }

  @Test
  void refusesBlocksThatCannotBeWritten() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Padding(1 << 24));
    assertThatIllegalArgumentException().isThrownBy(() -> new Padding(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Application(0, new byte[(1 << 24) - 4]));
    assertThatIllegalArgumentException().isThrownBy(() -> new OtherBlock(4, new byte[0]));
    assertThatIllegalArgumentException().isThrownBy(() -> new OtherBlock(127, new byte[0]));
    assertThatIllegalArgumentException().isThrownBy(() -> new OtherBlock(6, new byte[1 << 24]));
    assertThatIllegalArgumentException().isThrownBy(() -> SeekTable.placeholders(932_068));
    assertThat(SeekTable.placeholders(932_067).bodyBytes()).isEqualTo(16_777_206);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new SeekTable(
                List.of(new SeekTable.SeekPoint(5, 0, 1), new SeekTable.SeekPoint(5, 9, 1)), 0))
        .withMessage("seek points must ascend, but 5 follows 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VorbisComment("v", List.of(Map.entry("a=b", "c"))))
        .withMessageContaining("a=b");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VorbisComment("v", List.of(Map.entry("ä", "c"))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VorbisComment("x".repeat(1 << 24), List.of()));
    for (int[] blocks : new int[][] {{15, 16}, {17, 16}, {16, 65_536}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new StreamInfo(blocks[0], blocks[1], 0, 0, INFO.format(), 0, Md5.UNKNOWN))
          .withMessageContaining("were " + blocks[0] + " and " + blocks[1]);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StreamInfo(16, 16, 5, 4, INFO.format(), 0, Md5.UNKNOWN));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StreamInfo(16, 16, 0, 0, INFO.format(), 1L << 36, Md5.UNKNOWN));
    assertThatIllegalArgumentException().isThrownBy(() -> new AudioFormat(1 << 20, 1, 16));
    assertThatIllegalArgumentException().isThrownBy(() -> new AudioFormat(0, 9, 16));
    assertThatIllegalArgumentException().isThrownBy(() -> new AudioFormat(0, 1, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> new AudioFormat(0, 1, 33));
  }

  @Test
  void refusesBrokenOrder() {
    byte[] head = FlacHead.write(List.of(INFO, COMMENT));
    refuses(change(head, 0, 'X'), "instead of \"fLaC\" at byte 0");
    refuses(change(head, 4, 1), "first metadata block has type 1 and not 0, STREAMINFO at byte 4");
    refuses(change(head, 7, 33), "STREAMINFO has 33 bytes and not 34 at byte 4");
    refuses(change(head, 42, 127), "metadata block type 127 is forbidden at byte 42");
    refuses(change(head, 42, 0x80), "second metadata block of type 0 at byte 42");
    refuses(change(head, 9, 3), "STREAMINFO: block sizes must be 16 to 65535");
    byte[] twice = FlacHead.write(List.of(INFO, COMMENT, new OtherBlock(5, new byte[0])));
    refuses(change(twice, twice.length - 4, 0x84), "second metadata block of type 4");
  }

  @Test
  void tellsEveryCutFromAFault() {
    byte[] head = FlacHead.write(List.of(INFO, TABLE, COMMENT, APPLICATION, new Padding(20)));
    for (int limit = 0; limit < head.length; limit++) {
      int end = limit;
      MalformedFlacException fault =
          catchThrowableOfType(MalformedFlacException.class, () -> FlacHead.read(head, 0, end));
      assertThat(fault).as("cut at %s", end).isNotNull();
      assertThat(fault.truncated()).isTrue();
    }
  }

  @Test
  void allocatesNothingForLengthsThatAreNotThere() {
    byte[] head = Arrays.copyOf(FlacHead.write(List.of(INFO, new Padding(0))), 200);
    // A block of each type that promises 16 MiB.
    for (int type = 1; type < 127; type++) {
      head[42] = (byte) type;
      Arrays.fill(head, 43, 46, (byte) 0xff);
      MalformedFlacException fault =
          catchThrowableOfType(
              MalformedFlacException.class, () -> FlacHead.read(head, 0, head.length));
      assertThat(fault).hasMessage("the metadata is cut off at byte 200");
    }
  }

  @Test
  void keepsBlocksThatAreBrokenInside() throws MalformedFlacException {
    broken(4, bytes(4, 0, 0, 0, 'S', 'o'), "vendor should have 4 bytes, 2 are left");
    broken(4, bytes(0xff, 0xff, 0xff, 0xff), "vendor should have 4294967295 bytes, 0 are left");
    broken(4, bytes(0, 0, 0, 0), "the number of fields is cut off");
    broken(4, bytes(0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f), "2147483647 fields are promised in 0");
    broken(4, bytes(0, 0, 0, 0, 0, 0, 0, 0, 1), "1 bytes follow the last of 0 fields");
    broken(4, bytes(0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 'a'), "field 0 has no '='");
    broken(4, bytes(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0xff, '='), "field 0 is not UTF-8");
    broken(4, bytes(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, '='), "printable ASCII");
    broken(3, new byte[19], "19 bytes are no whole number of seek points");
    broken(3, new byte[18], "seek point's frame must have 1 to 65535 samples, not 0");
    byte[] points = new byte[36];
    Arrays.fill(points, 0, 8, (byte) 0xff);
    broken(3, points, "a seek point follows a placeholder");
    broken(2, new byte[3], "3 bytes are too few for an identifier");
  }

  @Test
  void readsWhatItWrites() throws MalformedFlacException {
    OtherBlock picture = new OtherBlock(6, new byte[] {9, 8});
    List<MetadataBlock> blocks =
        List.of(INFO, TABLE, new Padding(7), APPLICATION, COMMENT, picture, APPLICATION);
    byte[] head = FlacHead.write(blocks);
    byte[] inside = new byte[head.length + 30];
    System.arraycopy(head, 0, inside, 10, head.length);
    FlacHead read = FlacHead.read(inside, 10, inside.length);
    assertThat(read.blocks()).isEqualTo(blocks);
    assertThat(read.length()).isEqualTo(head.length);
    assertThat(read.streamInfo()).isEqualTo(INFO);
    assertThat(read.seekTable()).hasValue(TABLE);
    assertThat(read.vorbisComment()).hasValue(COMMENT);
    assertThat(COMMENT.first("ID")).hasValue("é𝄞");
    assertThat(read.application(0x536E4442))
        .hasValueSatisfying(data -> assertThat(data).containsExactly(1, 2, 3));
    assertThat(read.application(5)).isEmpty();
  }

  @Test
  void readsTheLargestBlocks() throws MalformedFlacException {
    byte[] body = new byte[(1 << 24) - 1];
    Arrays.fill(body, (byte) 7);
    List<MetadataBlock> blocks =
        List.of(
            INFO,
            new OtherBlock(6, body),
            new VorbisComment("", List.of(Map.entry("A", "b".repeat((1 << 24) - 1 - 14)))),
            new Padding((1 << 24) - 1));
    byte[] head = FlacHead.write(blocks);
    assertThat(FlacHead.read(head, 0, head.length).blocks()).isEqualTo(blocks);
  }

  @Test
  void patchesStreamInfoInPlace() throws MalformedFlacException {
    for (List<MetadataBlock> others : List.<List<MetadataBlock>>of(List.of(), List.of(COMMENT))) {
      List<MetadataBlock> open = concat(StreamInfo.open(INFO.format()), others);
      byte[] head = FlacHead.write(open);
      byte[] first = FlacHead.firstBytes(INFO, others.isEmpty());
      assertThat(first).hasSize(FlacHead.FIRST_BYTES);
      System.arraycopy(first, 0, head, 0, first.length);
      assertThat(head).isEqualTo(FlacHead.write(concat(INFO, others)));
      assertThat(FlacHead.read(head, 0, head.length).streamInfo()).isEqualTo(INFO);
    }
  }

  @Test
  void writesDigestsAsToolsDo() {
    Md5 md5 =
        Md5.of(
            IntStream.range(0, 16)
                .collect(
                    () -> new byte[16],
                    (bytes, i) -> bytes[i] = (byte) (i * 16 + i),
                    (a, b) -> {}));
    assertThat(md5).hasToString("00112233445566778899aabbccddeeff");
    assertThat(Md5.of(md5.bytes())).isEqualTo(md5);
    assertThat(md5.isKnown()).isTrue();
    assertThat(Md5.UNKNOWN.isKnown()).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> Md5.of(new byte[15]));
  }

  private static List<MetadataBlock> concat(StreamInfo info, List<MetadataBlock> others) {
    return Stream.concat(Stream.of(info), others.stream()).toList();
  }

  /// A block that is read as bytes, with the problem told, and not written again.
  private static void broken(int type, byte[] body, String problem) throws MalformedFlacException {
    byte[] start = FlacHead.firstBytes(INFO, false);
    byte[] head = Arrays.copyOf(start, start.length + 4 + body.length);
    head[42] = (byte) (0x80 | type);
    head[45] = (byte) body.length;
    System.arraycopy(body, 0, head, 46, body.length);
    FlacHead read = FlacHead.read(head, 0, head.length);
    OtherBlock block = (OtherBlock) read.blocks().get(1);
    assertThat(block.type()).isEqualTo(type);
    assertThat(block.body()).isEqualTo(body);
    assertThat(block.problem()).hasValueSatisfying(text -> assertThat(text).contains(problem));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlacHead.write(read.blocks()))
        .withMessageContaining("metadata block 1 is broken and cannot be written");
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] change(byte[] head, int at, int value) {
    byte[] changed = head.clone();
    changed[at] = (byte) value;
    return changed;
  }

  private static void refuses(byte[] head, String message) {
    assertThatThrownBy(() -> FlacHead.read(head, 0, head.length))
        .isInstanceOf(MalformedFlacException.class)
        .hasMessageContaining(message);
  }
}
