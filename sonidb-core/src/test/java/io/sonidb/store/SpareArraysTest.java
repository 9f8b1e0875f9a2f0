package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.IdentityHashMap;
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
    IdentityHashMap<byte[], Integer> given = new IdentityHashMap<>();
    for (int i = 0; i < 2 * SpareArrays.MAX_ARRAYS; i++) {
      byte[] array = new byte[MIB];
      given.put(array, i);
      spare.give(array);
    }
    int kept = 0;
    for (int i = 0; i < 2 * SpareArrays.MAX_ARRAYS; i++) {
      kept += given.containsKey(spare.take(MIB)) ? 1 : 0;
    }
    assertThat(kept).isEqualTo(SpareArrays.MAX_ARRAYS);
  }
}
