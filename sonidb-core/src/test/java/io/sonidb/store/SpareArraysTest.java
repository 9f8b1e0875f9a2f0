package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpareArraysTest {
  private static final int MIB = 1 << 20;

  private final SpareArrays spare = new SpareArrays();

  @Test
  void keepsNoneThatIsSmallOrLarge() {
    byte[] small = new byte[SpareArrays.MIN_BYTES - 1];
    byte[] large = new byte[SpareArrays.MAX_BYTES + 1];
    spare.give(small);
    spare.give(large);
    assertThat(spare.take(small.length)).isNotSameAs(small).hasSize(small.length);
    assertThat(spare.take(large.length)).isNotSameAs(large).hasSize(large.length);
  }

  @Test
  void givesNoArrayTwice() {
    byte[] array = spare.take(MIB);
    spare.give(array);
    assertThat(spare.take(MIB)).isSameAs(array);
    assertThat(spare.take(MIB)).isNotSameAs(array);
  }

  @Test
  void givesNoneThatIsTooSmallOrFarTooLarge() {
    byte[] array = spare.take(MIB);
    spare.give(array);
    assertThat(spare.take(MIB + 1)).hasSizeGreaterThan(MIB);
    assertThat(spare.take(MIB / 16)).isNotSameAs(array);
    assertThat(spare.take(MIB / 2)).isSameAs(array);
  }

  @Test
  void keepsAFew() {
    List<byte[]> given = new ArrayList<>();
    for (int i = 0; i < 2 * SpareArrays.MAX_ARRAYS; i++) {
      given.add(new byte[MIB]);
    }
    given.forEach(spare::give);
    List<byte[]> taken = new ArrayList<>();
    for (int i = 0; i < 2 * SpareArrays.MAX_ARRAYS; i++) {
      taken.add(spare.take(MIB));
    }
    taken.removeIf(array -> given.stream().noneMatch(each -> each == array));
    assertThat(taken).hasSize(SpareArrays.MAX_ARRAYS);
  }
}
