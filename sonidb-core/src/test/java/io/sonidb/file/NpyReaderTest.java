package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyReaderTest {

  private static final String FLOATS_2X3 =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

  @TempDir Path folder;

  // ---- refused ----

  @Test
  void rejectsFileThatIsNoArray() throws IOException {
    Path file = Files.writeString(folder.resolve("a.npy"), "hello");
    assertThatThrownBy(() -> VectorReader.open(file))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("a.npy, byte 0")
        .hasMessageContaining("magic");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 6, 7, 8, 9, 10, 40, 127})
  void rejectsHeadCutAnywhere(int length) throws IOException {
    byte[] whole = array(FLOATS_2X3, 24, b -> {});
    assertThatThrownBy(() -> open(Arrays.copyOf(whole, length)))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("byte ");
  }

  @Test
  void rejectsTruncatedFileBeforeItsFirstRow() throws IOException {
    byte[] whole = array(FLOATS_2X3, 24, b -> {});
    assertThatThrownBy(() -> open(Arrays.copyOf(whole, whole.length - 1)))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("byte " + (whole.length - 1))
        .hasMessageContaining("truncated: the head claims 2 rows of 3 float32, 24 bytes, but 23");
  }

  @Test
  void rejectsFileThatGoesOnBehindItsRows() throws IOException {
    byte[] longer = array(FLOATS_2X3, 25, b -> {});
    assertThatThrownBy(() -> open(longer)).hasMessageContaining("too long");
    VectorReader stream = Rows.stream(longer, ReadOptions.DEFAULT);
    stream.next();
    stream.next();
    assertThatThrownBy(stream::next).hasMessageContaining("bytes follow the last of 2 rows");
  }

  @Test
  void rejectsTruncatedStreamAtTheRowWhereItEnds() throws IOException {
    byte[] whole = array(FLOATS_2X3, 24, b -> {});
    VectorReader reader = Rows.stream(Arrays.copyOf(whole, whole.length - 1), ReadOptions.DEFAULT);
    assertThat(reader.next()).isPresent();
    assertThatThrownBy(reader::next)
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("row 1 has 11 of 12 bytes");
  }

  @Test
  void rejectsAbsurdHeaderLengthWithoutAllocatingIt() {
    byte[] head = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, -1, -1, -1, -1};
    assertThatThrownBy(() -> open(head))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("byte 8")
        .hasMessageContaining("4294967295");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 768)}|2^63",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952, 1)}|2^63",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1)}|64 bits",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3)}|-1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0)}|(2, 0)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 16385)}|16384",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ('2', 3)}|2",
        "{'descr': '<f4', 'fortran_order': 'no', 'shape': (2, 3)}|fortran_order",
        "{'descr': '<f4', 'shape': (2, 3)}|fortran_order",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}|twice",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)|too early",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}|character",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} import os|the end",
        "__import__('os').system('true')|expected a value",
        "((((((((((1,),),),),),),),),),)|levels",
        "(2, 3)|lacks",
      })
  void rejectsMalformedHeader(String header, String message) throws IOException {
    byte[] file = array(header, 24, b -> {});
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("byte 10")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}|ascontiguousarray",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4)}|3 dimensions",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()}|0 dimensions",
        "{'descr': 'O', 'fortran_order': False, 'shape': (2, 3)}|astype",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3)}|'<c8'",
        "{'descr': '', 'fortran_order': False, 'shape': (2, 3)}|''",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}|structured",
      })
  void refusesArraysThatAreNoRowsOfNumbers(String header, String message) throws IOException {
    byte[] file = array(header, 24, b -> {});
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(UnsupportedVectorFileException.class)
        .hasMessageContaining("unsupported: ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesVersionOfTheFuture() throws IOException {
    byte[] file = array(FLOATS_2X3, 24, b -> {});
    file[6] = 4;
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(UnsupportedVectorFileException.class)
        .hasMessageContaining("version 4.0");
  }

  @Test
  void refusesToRoundFloat64ToFloat32() throws IOException {
    byte[] file =
        array(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}",
            16,
            b -> b.putDouble(0.5).putDouble(0.1));
    VectorReader reader = open(file, ReadOptions.DEFAULT.element(ElementType.FLOAT32));
    assertThatThrownBy(reader::next)
        .isInstanceOf(UnsupportedVectorFileException.class)
        .hasMessageContaining("row 0, component 1: float64 value 0.1 is no exact float32")
        .hasMessageContaining("float64 collection");
  }

  @Test
  void refusesIntegersBeyondTheSignificand() throws IOException {
    byte[] file =
        array(
            "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2)}",
            16,
            b -> b.putLong(1L << 60).putLong((1L << 53) + 1));
    assertThatThrownBy(() -> open(file).next())
        .hasMessageContaining("component 1: int64 value 9007199254740993 is no exact float64");
  }

  // ---- read ----

  @Test
  void readsRowsInOrderWithTheirOffsets() throws IOException {
    byte[] file = array(FLOATS_2X3, 24, b -> b.asFloatBuffer().put(new float[] {1, 2, 3, 4, 5, 6}));
    VectorReader reader = open(file);
    assertThat(reader.dimension()).isEqualTo(3);
    assertThat(reader.count()).isEqualTo(OptionalLong.of(2));
    assertThat(reader.sourceType()).isEqualTo("float32");
    List<VectorRow> rows = Rows.all(reader);
    assertThat(rows)
        .extracting(VectorRow::vector)
        .containsExactly(Vector.of(1f, 2f, 3f), Vector.of(4f, 5f, 6f));
    assertThat(rows.get(1).position()).isEqualTo(file.length - 12);
    assertThat(reader.place(rows.get(1)))
        .endsWith("a.npy, row 1 (byte " + (file.length - 12) + ")");
  }

  @Test
  void readsOneDimensionalArrayAsOneVector() throws IOException {
    byte[] file =
        array(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}",
            8,
            b -> b.putFloat(1).putFloat(2));
    assertThat(Rows.all(open(file)))
        .extracting(VectorRow::vector)
        .containsExactly(Vector.of(1f, 2f));
  }

  @Test
  void readsArrayWithoutRows() throws IOException {
    byte[] file = array("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", 0, b -> {});
    assertThat(Rows.all(open(file))).isEmpty();
  }

  @Test
  void readsLongLittleAndUnicodeHeaders() throws IOException {
    for (int version : new int[] {2, 3}) {
      byte[] text = FLOATS_2X3.getBytes(StandardCharsets.UTF_8);
      ByteBuffer file = ByteBuffer.allocate(12 + text.length + 24).order(ByteOrder.LITTLE_ENDIAN);
      file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
      file.putInt(text.length).put(text);
      assertThat(Rows.all(open(file.array()))).hasSize(2);
    }
  }

  @Test
  void readsHeaderAsPythonTwoWroteIt() throws IOException {
    byte[] file = array("{'shape': (2L, 3L), 'fortran_order': False, 'descr': '<f4'}", 24, b -> {});
    assertThat(Rows.all(open(file))).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    ">f4, float32, 0000803F00000040, 4.6006E-41 8.96831E-44",
    "<f4, float32, 0000803F00000040, 1.0 2.0",
    "<f2, float16, 003C00C0, 1.0 -2.0",
    ">f2, float16, 3C00C000, 1.0 -2.0",
    "|i1, int8, 7F80, 127.0 -128.0",
    "|u1, uint8, 00FF, 0.0 255.0",
    "<i2, int16, FF7F0080, 32767.0 -32768.0",
    ">u2, uint16, FFFF0001, 65535.0 1.0",
  })
  void widensNarrowNumbersExactlyToFloat32(
      String descr, String sourceType, String hex, String expected) throws IOException {
    VectorReader reader = open(array(descr, hex));
    assertThat(reader.sourceType()).isEqualTo(sourceType);
    assertThat(reader.elementType()).isEqualTo(ElementType.FLOAT32);
    String[] values = expected.split(" ", -1);
    assertThat(Rows.all(reader).getFirst().vector())
        .isEqualTo(Vector.of(Float.parseFloat(values[0]), Float.parseFloat(values[1])));
  }

  @ParameterizedTest
  @CsvSource({
    "<f8, float64, 000000000000F03F0000000000000080, 1.0 -0.0",
    ">f8, float64, 3FF00000000000008000000000000000, 1.0 -0.0",
    "<i4, int32, FFFFFF7F00000080, 2147483647 -2147483648",
    "<u4, uint32, FFFFFFFF00000000, 4294967295 0",
    "<i8, int64, 00000000000000800000000000002000, -9223372036854775808 9007199254740992",
    "<u8, uint64, 00000000000000800100000000000000, 9223372036854775808 1",
    "<u8, uint64, 00F8FFFFFFFFFFFF0100000000000000, 18446744073709549568 1",
  })
  void widensWideNumbersExactlyToFloat64(
      String descr, String sourceType, String hex, String expected) throws IOException {
    VectorReader reader = open(array(descr, hex));
    assertThat(reader.sourceType()).isEqualTo(sourceType);
    assertThat(reader.elementType()).isEqualTo(ElementType.FLOAT64);
    String[] values = expected.split(" ", -1);
    assertThat(Rows.all(reader).getFirst().vector())
        .isEqualTo(Vector.of(Double.parseDouble(values[0]), Double.parseDouble(values[1])));
  }

  @Test
  void keepsEveryBitOfNaNs() throws IOException {
    byte[] signalling = array("<f4", "0100807F010080FF");
    assertThat(Rows.all(open(signalling)).getFirst().vector().floats())
        .usingElementComparator((a, b) -> Float.floatToRawIntBits(a) - Float.floatToRawIntBits(b))
        .containsExactly(Float.intBitsToFloat(0x7F800001), Float.intBitsToFloat(0xFF800001));
    double[] widened =
        Rows.all(open(signalling, ReadOptions.DEFAULT.element(ElementType.FLOAT64)))
            .getFirst()
            .vector()
            .doubles();
    assertThat(Double.doubleToRawLongBits(widened[0])).isEqualTo(0x7FF0000020000000L);
    assertThat(Double.doubleToRawLongBits(widened[1])).isEqualTo(0xFFF0000020000000L);
    Vector half = Rows.all(open(array("<f2", "017C00FC"))).getFirst().vector();
    assertThat(Float.floatToRawIntBits(half.floatAt(0))).isEqualTo(0x7F802000);
    assertThat(half.floatAt(1)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void narrowsFloat64WhoseValuesAllFit() throws IOException {
    byte[] file = array("<f8", "000000000000F03F000000200000F07F");
    Vector vector =
        Rows.all(open(file, ReadOptions.DEFAULT.element(ElementType.FLOAT32))).getFirst().vector();
    assertThat(vector).isEqualTo(Vector.of(1f, Float.intBitsToFloat(0x7F800001)));
  }

  private VectorReader open(byte[] bytes) throws IOException {
    return open(bytes, ReadOptions.DEFAULT);
  }

  private VectorReader open(byte[] bytes, ReadOptions options) throws IOException {
    return VectorReader.open(Files.write(folder.resolve("a.npy"), bytes), options);
  }

  private static byte[] array(String descr, String hex) {
    byte[] numbers = java.util.HexFormat.of().parseHex(hex);
    return array(
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1, 2)}",
        numbers.length,
        b -> b.put(numbers));
  }

  private static byte[] array(String header, int size, Consumer<ByteBuffer> numbers) {
    byte[] text = (header + " \n").getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(10 + text.length + size).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    file.putShort((short) text.length).put(text);
    numbers.accept(file);
    return file.array();
  }
}
