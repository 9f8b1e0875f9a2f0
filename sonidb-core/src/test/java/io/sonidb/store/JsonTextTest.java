package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class JsonTextTest {
  private static ObjectNode tree() {
    ObjectNode tree = JsonText.object();
    tree.put("name", "a \"b\" \u00e9\n")
        .put("bytes", 1L << 60)
        .put("error", 0.1)
        .put("clean", true);
    tree.putObject("none");
    tree.putNull("nothing");
    tree.putArray("segments").addObject().put("number", 1).put("name", "x");
    return tree;
  }

  @Test
  void rejectsWhatIsNotJson() {
    for (String text : new String[] {"{", "{\"a\":", "[1, 2", "{\"a\" 1}", "{\"a\": tru}"}) {
      assertThatThrownBy(() -> JsonText.read(text)).as(text).isInstanceOf(JacksonException.class);
    }
    assertThatThrownBy(() -> JsonText.read("[".repeat(100_000)))
        .isInstanceOf(JacksonException.class);
  }

  @Test
  void readsWhatItHasWritten() {
    assertThat(JsonText.read(JsonText.inLines(tree()))).isEqualTo(tree());
    assertThat(JsonText.read(JsonText.inALine(tree()))).isEqualTo(tree());
  }

  @Test
  void writesAsTheMapperDoes() {
    JsonMapper lines = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    assertThat(JsonText.inLines(tree())).isEqualTo(lines.writeValueAsString(tree()));
    assertThat(JsonText.inALine(tree())).isEqualTo(JsonMapper.shared().writeValueAsString(tree()));
  }
}
