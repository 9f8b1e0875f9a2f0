package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Vector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `.fvecs .bvecs .fbin .u8bin .i8bin`.
class VecsReaderTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "a.fvecs, '', truncated",
    "a.fvecs, 0200, truncated",
    "a.fvecs, 00000000, dimension must be 1 to 16384",
    "a.fvecs, FFFFFFFF, is 4294967295",
    "a.fvecs, 01000000 0000803F 01000000 0000, byte 8: truncated: 14 bytes",
    "a.bvecs, 02000000 01, truncated",
    "a.fbin, 01000000, truncated",
    "a.fbin, FFFFFFFF 00400000, truncated: the head claims 4294967295 rows",
    "a.fbin, 01000000 FFFFFFFF, byte 4: dimension",
    "a.u8bin, 01000000 02000000 010203, too long",
    "a.i8bin, 01000000 02000000 01, truncated",
  })
  void rejectsFileWhoseSizeContradictsItsHead(String name, String hex, String message) {
    assertThatThrownBy(() -> open(name, hex))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message);
  }

  @Test
  void rejectsRowOfAnotherDimension() throws IOException {
    VectorReader reader = open("a.bvecs", "02000000 0102 03000000 0102");
    reader.next();
    assertThatThrownBy(reader::next)
        .hasMessageContaining("byte 6: row 1 has dimension 3, the rows before it 2");
  }

  @Test
  void rejectsStreamThatEndsWithinARow() throws IOException {
    VectorReader reader =
        Rows.stream(
            bytes("02000000 0102 02000000 01"), ReadOptions.DEFAULT.format(VectorFormat.BVECS));
    reader.next();
    assertThatThrownBy(reader::next).hasMessageContaining("row 1 has 5 of 6 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "a.fvecs, 02000000 0000803F 000000C0, float32, 1, -2",
    "a.bvecs, 02000000 01FE, uint8, 1, 254",
    "a.fbin, 01000000 02000000 0000803F 000000C0, float32, 1, -2",
    "a.u8bin, 01000000 02000000 01FE, uint8, 1, 254",
    "a.i8bin, 01000000 02000000 01FE, int8, 1, -2",
  })
  void readsRows(String name, String hex, String type, float first, float second)
      throws IOException {
    VectorReader reader = open(name, hex);
    assertThat(reader.sourceType()).isEqualTo(type);
    assertThat(reader.count()).isEqualTo(OptionalLong.of(1));
    assertThat(Rows.all(reader))
        .extracting(VectorRow::vector)
        .containsExactly(Vector.of(first, second));
  }

  @Test
  void readsStreamUntilItEnds() throws IOException {
    VectorReader reader =
        Rows.stream(
            bytes("01000000 01 01000000 02"), ReadOptions.DEFAULT.format(VectorFormat.BVECS));
    assertThat(reader.count()).isEmpty();
    assertThat(Rows.all(reader)).hasSize(2);
  }

  private VectorReader open(String name, String hex) throws IOException {
    return VectorReader.open(Files.write(folder.resolve(name), bytes(hex)));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }
}
