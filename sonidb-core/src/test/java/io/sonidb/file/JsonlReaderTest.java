package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonlReaderTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\":1}|no \"vector\"",
        "{\"vector\":[]}|\"vector\" is empty",
        "{\"vector\":1}|array",
        "{\"vector\":[1,null]}|component 1 is null",
        "{\"vector\":[1,\"2\"]}|component 1 is 2",
        "{\"vector\":[1,[2]]}|component 1 is [",
        "{\"vector\":[1,true]}|component 1 is true",
        "{\"vector\":[1e39]}|beyond float32",
        "{\"vector\":[1,]}|column",
        "{\"vector\":[1}|column",
        "{\"vector\":[1]|column",
        "{\"vector\":[NaN]}|NaN",
        "{\"vector\":[01]}|column",
        "[1,2]|one JSON object",
        "1|one JSON object",
        "{\"vector\":[1]}{\"vector\":[1]}|line of its own",
        "{\"vector\":[1],\"vector\":[2]}|second",
        "{\"vector\":[1],\"embedding\":[2]}|second",
        "{\"id\":1,\"id\":2,\"vector\":[1]}|second \"id\"",
        "{\"id\":-1,\"vector\":[1]}|id -1",
        "{\"id\":1.5,\"vector\":[1]}|must be a number from 0 or a string",
        "{\"id\":18446744073709551616,\"vector\":[1]}|unsigned 64-bit",
        "{\"id\":\"\",\"vector\":[1]}|column",
        "{\"id\":null,\"vector\":[1]}|must be",
        "{\"vector\":[1],\"expires_at\":1}|\"expires_at\" must be a time",
        "{\"vector\":[1],\"expires_at\":\"2027-01-31\"}|\"expires_at\" must be a time",
        "{\"expires_at\":\"2027-01-31T12:00:00Z\",\"expires_at\":null,\"vector\":[1]}|must be a time",
        "{\"vector\":[1],\"text\":\"a\"}|unknown key \"text\"",
        "{\"vector\":[1],\"payload\":[1]}|must be an object",
        "{\"vector\":[1],\"payload\":{\"a\":}}|column",
        "{\"vector\":[1,2,3]}|dimension 3, those before it 1",
      })
  void rejectsBrokenLineWithItsNumberAndColumn(String line, String message) throws IOException {
    byte[] text = ("{\"vector\":[1]}\n\n" + line + "\n").getBytes(StandardCharsets.UTF_8);
    VectorReader reader = Rows.stream(text, ReadOptions.DEFAULT);
    reader.next();
    assertThatThrownBy(reader::next)
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageStartingWith("-, line 3, column ")
        .hasMessageContaining(message);
  }

  @Test
  void rejectsIdThatIsTooLong() {
    String line = "{\"id\":\"" + "x".repeat(513) + "\",\"vector\":[1]}";
    assertThatThrownBy(() -> rows(line)).hasMessageContaining("line 1").hasMessageContaining("512");
  }

  @Test
  void rejectsPayloadThatIsNoUnicode() {
    byte[] line = "{\"vector\":[1],\"payload\":{\"a\":\"?\"}}".getBytes(StandardCharsets.UTF_8);
    line[line.length - 4] = (byte) 0xFF;
    assertThatThrownBy(() -> Rows.stream(line, ReadOptions.DEFAULT))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void rejectsEndlessLineInBoundedMemory() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return '{';
          }
        };
    assertThatThrownBy(
            () -> VectorReader.of(endless, "-", ReadOptions.DEFAULT.format(VectorFormat.JSONL)))
        .hasMessageContaining("line 1")
        .hasMessageContaining("longer than");
  }

  @Test
  void rejectsVectorOfTooManyComponents() {
    String line = "{\"vector\":[" + "0,".repeat(16384) + "0]}";
    assertThatThrownBy(() -> rows(line)).hasMessageContaining("more than 16384");
  }

  @Test
  void rejectsDeeplyNestedPayload() {
    String line = "{\"vector\":[1],\"payload\":" + "{\"a\":".repeat(100_000);
    assertThatThrownBy(() -> rows(line)).isInstanceOf(MalformedVectorFileException.class);
  }

  @Test
  void readsWhenARowExpires() throws IOException {
    List<VectorRow> rows =
        rows(
            """
            {"expires_at":"2027-01-31T13:00:00.5+01:00","vector":[1]}
            {"vector":[1]}\
            """);
    assertThat(rows)
        .extracting(VectorRow::expiresAt)
        .containsExactly(Optional.of(Instant.parse("2027-01-31T12:00:00.5Z")), Optional.empty());
  }

  @Test
  void readsIdVectorAndPayloadInAnyOrder() throws IOException {
    List<VectorRow> rows =
        rows(
            """
            {"payload":{"b" : 1.10, "ü":[1]},"vector":[1,-0.0,1.5e-3],"id":7}
            {"id":"7f9c24e5-2c0e-4b1a-9d0a-0123456789ab","values":[0,0,0],"metadata":null}

            {"id":"042","embedding":["NaN","Infinity","-Infinity"]}
            {"vector":[1,2,3]}\
            """);
    assertThat(rows).extracting(VectorRow::position).containsExactly(1L, 2L, 4L, 5L);
    assertThat(rows).extracting(VectorRow::number).containsExactly(0L, 1L, 2L, 3L);
    assertThat(rows.get(0).id()).contains(VectorId.of(7));
    assertThat(rows.get(0).payload()).contains("{\"b\" : 1.10, \"ü\":[1]}");
    assertThat(rows.get(0).vector()).isEqualTo(Vector.of(1f, -0f, 0.0015f));
    assertThat(rows.get(1).id().orElseThrow()).isInstanceOf(VectorId.Uuid.class);
    assertThat(rows.get(2).id()).contains(new VectorId.Name("042"));
    assertThat(rows.get(2).vector())
        .isEqualTo(Vector.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY));
    assertThat(rows.get(3).id()).isEqualTo(Optional.empty());
  }

  @Test
  void readsLinesOfWindowsAndByteOrderMark() throws IOException {
    assertThat(rows("\uFEFF{\"vector\":[1]}\r\n{\"vector\":[2]}\r\n")).hasSize(2);
  }

  @Test
  void readsEmptyFileAsNoRows() throws IOException {
    assertThat(rows("")).isEmpty();
    assertThat(rows("\n\n")).isEmpty();
  }

  @Test
  void roundsDecimalsOnceOnly() throws IOException {
    // Nearest float32 is 1 + 2^-23; by way of float64 it would become 1 by ties-to-even.
    String decimal = "1.00000005960464477540";
    assertThat(rows("{\"vector\":[" + decimal + "]}").getFirst().vector())
        .isEqualTo(Vector.of(Math.nextUp(1f)));
    // An integer halfway between two float32, and one more than that.
    assertThat(rows("{\"vector\":[16777217, 36028799166447617]}").getFirst().vector())
        .isEqualTo(Vector.of(16777216f, Math.nextUp(0x1p55f)));
  }

  @Test
  void readsFloat64WhenAskedTo() throws IOException {
    List<VectorRow> rows =
        Rows.text(
            folder,
            "a.jsonl",
            "{\"vector\":[0.1, 1e300]}",
            ReadOptions.DEFAULT.element(ElementType.FLOAT64));
    assertThat(rows.getFirst().vector()).isEqualTo(Vector.of(0.1, 1e300));
  }

  private List<VectorRow> rows(String text) throws IOException {
    return Rows.text(folder, "a.jsonl", text, ReadOptions.DEFAULT);
  }
}
