package io.sonidb;

import java.io.IOException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A collection beside a plain map: whatever happens to it, both are equal.
class ModelCheckTest {
  static LongStream fewSeeds() {
    return Seeds.seeds(4);
  }

  static LongStream manySeeds() {
    return Seeds.seeds(300);
  }

  @ParameterizedTest
  @MethodSource("fewSeeds")
  void equalsAPlainMap(long seed) throws IOException {
    new CheckedLife(seed, new CheckedLife.Plan(400, false)).run();
  }

  @ParameterizedTest
  @MethodSource("fewSeeds")
  void isNotFooledByOldSegmentsThatReappear(long seed) throws IOException {
    new CheckedLife(seed, new CheckedLife.Plan(300, true)).run();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manySeeds")
  void equalsAPlainMapFor3000Operations(long seed) throws IOException {
    new CheckedLife(seed, new CheckedLife.Plan(3000, false)).run();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manySeeds")
  void isNotFooledByOldSegmentsThatReappearIn1500Operations(long seed) throws IOException {
    new CheckedLife(seed, new CheckedLife.Plan(1500, true)).run();
  }
}
