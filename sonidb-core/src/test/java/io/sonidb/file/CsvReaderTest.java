package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvReaderTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1,2;3,x|line 3, column 3|\"x\" is no number",
        "1,2;3,|line 3, column 3|\"\" is no number",
        "1,2;3|line 3, column 1|1 fields, the first line 2",
        "1,2;3,4,5|line 3, column 5|3 fields",
        "1,2;3,0x1p3|line 3, column 3|no number",
        "1,2;3,1f|line 3, column 3|no number",
        "1,2;3,1e39|line 3, column 3|beyond float32",
        "1,2;3,1.2.3|line 3, column 3|no number",
        "1,2;3,\"4|line 3, column 3|never closed",
        "1,2;3,\"4\"5|line 3, column 6|closing quote",
        "1,2;3,4\"5|line 3, column 4|quote within",
        "1,2;\"a;b\",4|line 3, column 1|no number",
      })
  void rejectsBrokenRecordWithItsLineAndColumn(String lines, String place, String message) {
    String text = "x,y\n" + lines.replace(';', '\n') + "\n";
    assertThatThrownBy(() -> rows(text))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("a.csv, " + place + ":")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "apple,0.1,0.2|name the columns",
        ",0,1,2|name the columns",
        "0,1,2,3|may be a vector or a header",
        "id|no column for components",
        "id,payload|no column for components",
        "id,x,id|second column \"id\"",
      })
  void rejectsFirstLineThatCouldLoseData(String first, String message) {
    assertThatThrownBy(() -> rows(first + "\n1,2,3,4\n"))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("line 1")
        .hasMessageContaining(message);
  }

  @Test
  void rejectsIdThatIsTooLong() {
    assertThatThrownBy(() -> rows("id,x\n" + "y".repeat(513) + ",1\n"))
        .hasMessageContaining("line 2, column 1")
        .hasMessageContaining("512");
  }

  @Test
  void rejectsRecordOfTooManyFields() {
    assertThatThrownBy(() -> rows("1,".repeat(20_000) + "1"))
        .hasMessageContaining("line 1")
        .hasMessageContaining("16386 fields");
    assertThatThrownBy(() -> rows("1,".repeat(16_384) + "1"))
        .hasMessageContaining("16385 components");
  }

  @Test
  void readsNumbersWithoutHeader() throws IOException {
    List<VectorRow> rows = rows("1, -0.0\r\n\r\nnan,-inf");
    assertThat(rows)
        .extracting(VectorRow::vector)
        .containsExactly(Vector.of(1f, -0f), Vector.of(Float.NaN, Float.NEGATIVE_INFINITY));
    assertThat(rows).extracting(VectorRow::position).containsExactly(1L, 3L);
    assertThat(rows).allMatch(row -> row.id().isEmpty());
  }

  @Test
  void readsIdsPayloadsAndQuotedFields() throws IOException {
    List<VectorRow> rows =
        rows(
            """
            id,v0,v1,payload
            42,1,2,
            "a, ""b""
            c",3,4,"{""title"": ""x,y""}"
            """);
    assertThat(rows.get(0).id()).contains(VectorId.of(42));
    assertThat(rows.get(0).payload()).isEmpty();
    assertThat(rows.get(1).id()).contains(new VectorId.Name("a, \"b\"\nc"));
    assertThat(rows.get(1).payload()).contains("{\"title\": \"x,y\"}");
    assertThat(rows.get(1).vector()).isEqualTo(Vector.of(3f, 4f));
    assertThat(rows.get(1).position()).isEqualTo(3);
  }

  @Test
  void readsEmptyFileAsNoRows() throws IOException {
    assertThat(rows("")).isEmpty();
    assertThat(rows("id,x\n")).isEmpty();
  }

  private List<VectorRow> rows(String text) throws IOException {
    return Rows.text(folder, "a.csv", text, ReadOptions.DEFAULT);
  }
}
