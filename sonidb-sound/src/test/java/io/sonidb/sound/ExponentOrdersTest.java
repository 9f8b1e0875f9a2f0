package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExponentOrdersTest {
  @Test
  void listEveryOffsetOnce() {
    for (int order = 0; order < ExponentOrders.COUNT; order++) {
      for (int most : new int[] {255, 2047}) {
        short[] offsets = ExponentOrders.offsets(order, most);
        short[] ranks = ExponentOrders.ranks(order, most);
        boolean[] seen = new boolean[offsets.length];
        for (int rank = 0; rank < offsets.length; rank++) {
          seen[offsets[rank] + most] = true;
          assertThat(ranks[offsets[rank] + most]).isEqualTo((short) rank);
        }
        assertThat(seen).doesNotContain(false);
      }
    }
  }

  /// On this rests the search for the cheapest order, which looks for far exponents at the two
  /// ends.
  @Test
  void givesTheFirstRanksToNeighbours() {
    for (int order = 0; order < ExponentOrders.COUNT; order++) {
      short[] offsets = ExponentOrders.offsets(order, 255);
      for (int count = RecordFormat.FAR_RANK - 1; count <= RecordFormat.FAR_RANK; count++) {
        short[] first = Arrays.copyOf(offsets, count);
        Arrays.sort(first);
        assertThat(first[count - 1] - first[0]).isEqualTo(count - 1);
      }
    }
  }

  /// They are part of the format: whoever changes them can no longer read what was written.
  @Test
  void neverChange() {
    assertThat(ExponentOrders.offsets(0, 255))
        .startsWith(-1, 0, -2, -3, -4, 1, -5, -6, -7, -8, -9, -10, -11, -12, -13, 2)
        .startsWith(
            new short[] {-1, 0, -2, -3, -4, 1, -5, -6, -7, -8, -9, -10, -11, -12, -13, 2, 3, 4, 5})
        .endsWith(-254, 254, -255, 255);
    assertThat(ExponentOrders.offsets(1, 255))
        .startsWith(0, -1, -2, 1, -3, -4, -5, -6, -7, -8, -9, 2, -10, -11, -12, -13, 3, 4);
    assertThat(ExponentOrders.offsets(2, 255))
        .startsWith(0, -1, 1, -2, -3, -4, -5, -6, 2, -7, -8, -9, -10, -11, -12, -13, 3, 4);
    assertThat(ExponentOrders.offsets(3, 2047))
        .startsWith(0, 1, -1, -2, -3, -4, 2, -5, -6, -7, -8, -9, -10, -11, -12, -13, 3, 4)
        .endsWith(-2047, 2047);
  }
}
