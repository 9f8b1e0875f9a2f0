package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdReaderTest {

  @TempDir Path folder;

  @Test
  void rejectsEmptyLineWithItsNumber() throws IOException {
    IdReader ids = open("a\n\nb\n".getBytes(StandardCharsets.UTF_8));
    ids.next();
    assertThatThrownBy(ids::next)
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("ids.txt, line 2");
  }

  @Test
  void rejectsIdThatIsTooLong() throws IOException {
    IdReader ids = open("x".repeat(513).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(ids::next).hasMessageContaining("line 1").hasMessageContaining("512");
  }

  @Test
  void rejectsBytesThatAreNoText() throws IOException {
    IdReader ids = open(new byte[] {'a', (byte) 0xFF});
    assertThatThrownBy(ids::next).hasMessageContaining("UTF-8");
  }

  @Test
  void readsOneIdALine() throws IOException {
    try (IdReader ids = open("42\r\nsöng, 1\n".getBytes(StandardCharsets.UTF_8))) {
      assertThat(ids.next()).contains(VectorId.of(42));
      assertThat(ids.next()).contains(VectorId.parse("söng, 1"));
      assertThat(ids.next()).isEmpty();
    }
  }

  private IdReader open(byte[] bytes) throws IOException {
    return IdReader.open(Files.write(folder.resolve("ids.txt"), bytes));
  }
}
