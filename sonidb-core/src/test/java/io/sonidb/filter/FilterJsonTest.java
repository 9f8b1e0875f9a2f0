package io.sonidb.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterJsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"must\":[{\"key\":\"color\",\"match\":{\"value\":\"red\"}}]}",
        "{\"must\":[{\"key\":\"n\",\"match\":{\"value\":-3}}],\"should\":[{\"key\":\"b\",\"match\":{\"value\":true}}]}",
        "{\"must_not\":[{\"key\":\"a[].b\",\"match\":{\"any\":[\"x\",\"y\"]}}]}",
        "{\"must\":[{\"key\":\"a\",\"match\":{\"except\":[1,2]}}]}",
        "{\"must\":[{\"key\":\"\\\"a.b\\\".c[0]\",\"match\":{\"text\":\"good cheap\"}}]}",
        "{\"must\":[{\"key\":\"p\",\"range\":{\"gt\":1.5,\"lte\":2.0}}]}",
        "{\"must\":[{\"key\":\"t\",\"range\":{\"gte\":\"2023-02-08T10:49:00Z\",\"lt\":\"2024-01-01T00:00:00Z\"}}]}",
        "{\"must\":[{\"key\":\"c\",\"values_count\":{\"gte\":2}}]}",
        "{\"must\":[{\"is_empty\":{\"key\":\"r\"}},{\"is_null\":{\"key\":\"r\"}}]}",
        "{\"must\":[{\"has_id\":[1,18446744073709551615,\"track-7\"]}]}",
        "{\"must\":[{\"nested\":{\"key\":\"diet\",\"filter\":{\"must\":[{\"key\":\"food\",\"match\":{\"value\":\"meat\"}}]}}}]}",
        "{\"min_should\":{\"conditions\":[{\"is_null\":{\"key\":\"a\"}},{\"is_null\":{\"key\":\"b\"}}],\"min_count\":2}}",
        "{\"must\":[{\"should\":[{\"is_null\":{\"key\":\"a\"}}]}]}",
        "{\"must\":[{\"key\":\"l\",\"geo_bounding_box\":{\"top_left\":{\"lon\":13.4,\"lat\":52.5},\"bottom_right\":{\"lon\":13.5,\"lat\":52.4}}}]}",
        "{\"must\":[{\"key\":\"l\",\"geo_radius\":{\"center\":{\"lon\":13.4,\"lat\":52.5},\"radius\":1000.0}}]}",
        "{\"must\":[{\"key\":\"l\",\"geo_polygon\":{\"exterior\":{\"points\":[{\"lon\":0.0,\"lat\":0.0},{\"lon\":9.0,\"lat\":0.0},{\"lon\":9.0,\"lat\":9.0},{\"lon\":0.0,\"lat\":0.0}]}}}]}",
      })
  void readsWhatItWrites(String json) {
    assertThat(Filter.parse(json).toJson()).isEqualTo(json);
    assertThat(Filter.parse(Filter.parse(json).toJson())).isEqualTo(Filter.parse(json));
  }

  @Test
  void takesWhatQdrantTakes() {
    Filter one = Filter.parse("{\"must\":{\"is_null\":{\"key\":\"a\"}},\"should\":null}");
    assertThat(one).isEqualTo(Filter.must(new Condition.IsNull(FieldPath.parse("a"))));
    assertThat(Filter.parse("{\"must\":[{\"key\":\"a\",\"is_empty\":true}]}"))
        .isEqualTo(Filter.must(new Condition.IsEmpty(FieldPath.parse("a"))));
    assertThat(
            Filter.parse("{\"must\":[{\"key\":\"a\",\"range\":{\"gt\":1,\"lt\":null}}]}").toJson())
        .contains("\"gt\":1.0")
        .doesNotContain("lt\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "[]|filter: must be an object, was []",
        "{\"must\":7}|filter.must: must be an array, was 7",
        "{\"mst\":[]}|filter.mst: is not known here; there are min_should, must, must_not, should, was []",
        "{\"must\":[{\"key\":\"a\"}]}|filter.must[0]: must have exactly one of",
        "{\"must\":[{\"key\":\"a\",\"range\":{\"gte\":\"soon\"}}]}|filter.must[0].range.gte: must be a time as in RFC 3339, was \"soon\"",
        "{\"must\":[{\"key\":\"a\",\"range\":{\"gte\":[]}}]}|filter.must[0].range.gte: must be a number, was []",
        "{\"must\":[{\"key\":\"a\",\"range\":{\"gte\":1e999}}]}|filter.must[0].range.gte: must be a number",
        "{\"must\":[{\"key\":\"a\",\"range\":{\"over\":1}}]}|filter.must[0].range.over: is not known here",
        "{\"must\":[{\"key\":\"a..b\",\"match\":{\"value\":1}}]}|filter.must[0].key: a field's path must be like a.b",
        "{\"must\":[{\"key\":\"a\",\"match\":{\"value\":1.5}}]}|filter.must[0].match.value: must be a string, a whole number",
        "{\"must\":[{\"key\":\"a\",\"match\":{\"any\":[1,\"x\"]}}]}|filter.must[0].match.any: values must be all strings or all whole numbers",
        "{\"must\":[{\"key\":\"a\",\"match\":{\"any\":[null]}}]}|filter.must[0].match.any[0]: must be a string",
        "{\"must\":[{\"has_id\":[\"\"]}]}|filter.must[0].has_id[0]: ",
        "{\"must\":[{\"has_id\":[1.5]}]}|filter.must[0].has_id[0]: must be an id",
        "{\"must\":[{\"hasid\":[1]}]}|filter.must[0]: must be a condition",
        "{\"must\":[{\"key\":\"l\",\"geo_radius\":{\"center\":{\"lon\":181,\"lat\":0},\"radius\":1}}]}|filter.must[0].geo_radius.center: longitude must be -180 to 180, was 181.0",
        "{\"must\":[{\"key\":\"l\",\"geo_radius\":{\"center\":{\"lon\":1,\"lat\":0},\"radius\":-1}}]}|radius must be 0 or more metres, was -1.0",
        "{\"must\":[{\"key\":\"l\",\"geo_polygon\":{\"exterior\":{\"points\":[]}}}]}|a polygon's ring must have at least 4 points",
        "{\"min_should\":{\"conditions\":[],\"min_count\":-1}}|filter.min_should: min_count must be 0 or more",
        "{\"must\":[{\"nested\":{\"key\":\"a\",\"filter\":{\"must\":[{\"has_id\":[1]}]}}}]}|has_id is about points",
        "{\"must\":[]} x|filter: is not JSON",
        "{\"must\":[],\"must\":[]}|filter: is not JSON",
        "{\"must\":[{\"key\":\"a\",\"range\":{\"gte\":NaN}}]}|filter: is not JSON",
      })
  void namesPathAndValueOfWhatIsWrong(String json, String message) {
    assertThatThrownBy(() -> Filter.parse(json))
        .isInstanceOf(MalformedFilterException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesFiltersThatAreTooDeep() {
    for (int depth : new int[] {Filter.MAX_DEPTH + 1, 300, 100_000}) {
      String json = "{\"must\":[".repeat(depth) + "]}".repeat(depth);
      assertThatThrownBy(() -> Filter.parse(json)).isInstanceOf(MalformedFilterException.class);
    }
    String deep = "{\"must\":[".repeat(Filter.MAX_DEPTH) + "]}".repeat(Filter.MAX_DEPTH);
    assertThat(Filter.parse(deep).isEmpty()).isFalse();
  }

  @Test
  void refusesFiltersThatAreTooLarge() {
    String one = "{\"is_null\":{\"key\":\"a\"}}";
    String many = "{\"must\":[" + (one + ",").repeat(Filter.MAX_CONDITIONS) + one + "]}";
    assertThatThrownBy(() -> Filter.parse(many)).hasMessageContaining("at most 1024 conditions");
    String ids = "{\"must\":[{\"has_id\":[" + "1,".repeat(Filter.MAX_VALUES) + "1]}]}";
    assertThatThrownBy(() -> Filter.parse(ids)).hasMessageContaining("at most 100000 values");
    String half = "{\"key\":\"a\",\"match\":{\"any\":[%s]}}";
    StringBuilder values = new StringBuilder("0");
    for (int i = 1; i < 60_000; i++) {
      values.append(',').append(i);
    }
    String two = "{\"must\":[" + half.formatted(values) + "," + half.formatted(values) + "]}";
    assertThatThrownBy(() -> Filter.parse(two)).hasMessageContaining("values");
    String spaces = " ".repeat(Filter.MAX_JSON_LENGTH) + "{}";
    assertThatThrownBy(() -> Filter.parse(spaces)).hasMessageContaining("characters");
  }

  @Test
  void refusesRangesOfNoNumber() {
    assertThatThrownBy(() ->
            new Condition.NumberRange(
                FieldPath.parse("a"),
                java.util.Optional.of(Double.NaN),
                java.util.Optional.empty(),
                java.util.Optional.empty(),
                java.util.Optional.empty()))
        .hasMessageContaining("NaN");
  }

  @ParameterizedTest
  @CsvSource({
    "2023-02-08T10:49:00Z,2023-02-08T10:49:00Z",
    "2023-02-08T10:49:00.25+01:30,2023-02-08T09:19:00.250Z",
    "2023-02-08 10:49,2023-02-08T10:49:00Z",
    "2023-02-08T10:49:07,2023-02-08T10:49:07Z",
    "2023-02-08,2023-02-08T00:00:00Z",
    "2023-02-08T10:49:00.1234567891Z,2023-02-08T10:49:00.123456789Z",
  })
  void readsTimes(String text, String time) {
    assertThat(TimeText.parse(text).orElseThrow().toString()).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2023-02-30T10:49:00Z",
        "today",
        "2023-2-8",
        "2023-02-08T25:00:00Z",
        "20230208",
        "",
        "2023-02-08T10:00:00+25:00",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01"
      })
  void refusesWhatIsNoTime(String text) {
    assertThat(TimeText.parse(text)).isEmpty();
  }
}
