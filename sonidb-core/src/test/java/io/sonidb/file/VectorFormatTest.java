package io.sonidb.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class VectorFormatTest {

  @Test
  void rejectsUnknownNameAndListsTheKnown() {
    assertThatThrownBy(() -> VectorFormat.parse("parquet"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("parquet")
        .hasMessageContaining(".npy .fvecs");
  }

  @Test
  void rejectsStreamWhoseFormatCannotBeTold() {
    assertThatThrownBy(() -> Rows.stream(new byte[] {1, 0, 0, 0, 7}, ReadOptions.DEFAULT))
        .isInstanceOf(MalformedVectorFileException.class)
        .hasMessageContaining("format cannot be told");
    assertThatThrownBy(() -> Rows.stream(new byte[0], ReadOptions.DEFAULT))
        .hasMessageContaining("is empty");
  }

  @Test
  void findsFormatByNameInAnyCase() {
    assertThat(VectorFormat.ofFileName("/x/A.NPY")).contains(VectorFormat.NPY);
    assertThat(VectorFormat.ofFileName("npy")).isEmpty();
    assertThat(VectorFormat.parse(".U8Bin")).isEqualTo(VectorFormat.U8BIN);
  }

  @Test
  void sniffsFormatsThatHaveAMark() throws IOException {
    assertThat(VectorFormat.sniff(NpyFormat.head(ElementType.FLOAT32, 1, 1)))
        .contains(VectorFormat.NPY);
    assertThat(VectorFormat.sniff(" \n{\"vector\"".getBytes(StandardCharsets.UTF_8)))
        .contains(VectorFormat.JSONL);
    assertThat(VectorFormat.sniff("\uFEFFid,v0\n".getBytes(StandardCharsets.UTF_8)))
        .contains(VectorFormat.CSV);
    assertThat(VectorFormat.sniff(new byte[] {2, 0, 0, 0})).isEmpty();
  }
}
