package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimdFloatsTest {
  private static final int COUNT = 300;
  private static final int ROUNDS = 500;

  private final SplittableRandom random = new SplittableRandom(7);

  @Test
  void joinsAsPlainLoopsDoAndStopsNoLaterThanThey() {
    assumeTrue(SimdFloats.isWorthwhile());
    for (int round = 0; round < ROUNDS; round++) {
      int[] near = random.ints(RecordAssembler.NEAR, -1, 256).toArray();
      for (int i = 0; i < near.length; i++) {
        near[i] = near[i] < 0 && random.nextInt(8) > 0 ? 7 << 23 : near[i] < 0 ? -1 : near[i] << 23;
      }
      int reach = round % 3 == 0 ? 1 << 24 : 9;
      int[] marker = random.ints(COUNT, -8, 8).toArray();
      marker[random.nextInt(COUNT)] = random.nextInt(-reach, reach);
      int[] data = random.ints(COUNT, -(1 << 23), 1 << 23).toArray();
      int from = random.nextInt(40);
      int count = random.nextInt(COUNT - from);
      int at = random.nextInt(20);
      int[] plain = new int[COUNT + 20];
      int[] fast = new int[COUNT + 20];
      int plainEnd = RecordAssembler.readNear(near, data, marker, from, 0, count, plain, at);
      int end = SimdFloats.join(near, data, marker, from, 0, count, fast, at);
      assertThat(end).isLessThanOrEqualTo(plainEnd);
      end = RecordAssembler.readNear(near, data, marker, from, end, count, fast, at);
      assertThat(end).isEqualTo(plainEnd);
      for (int i = 0; i < end; i++) {
        assertThat(fast[at + i]).isEqualTo(plain[at + i]);
      }
    }
  }

  @Test
  void joinsPackedOnesAsPlainLoopsDoAndStopsNoLaterThanThey() {
    assumeTrue(SimdFloats.isWorthwhile());
    for (int round = 0; round < ROUNDS; round++) {
      int[] exponents = random.ints(RecordAssembler.NEAR, 0, 256).map(i -> i << 23).toArray();
      exponents[random.nextInt(exponents.length)] = -1;
      byte[] ranks = new byte[COUNT];
      int reach = round % 2 == 0 ? 16 : 256;
      for (int i = 0; i < COUNT; i++) {
        ranks[i] = (byte) random.nextInt(random.nextInt(20) == 0 ? reach : 14);
      }
      int at = random.nextInt(100);
      int from = random.nextInt(40);
      int count = random.nextInt(COUNT - from);
      byte[] bytes = new byte[at + 3 * (from + count) + random.nextInt(50)];
      random.nextBytes(bytes);
      int[] plain = new int[COUNT + 20];
      int[] fast = new int[COUNT + 20];
      int plainEnd = PackedPart.join(exponents, bytes, at, ranks, from, 0, count, plain, 5);
      int end = SimdFloats.join(exponents, bytes, at, ranks, from, 0, count, fast, 5);
      assertThat(end).isLessThanOrEqualTo(plainEnd);
      for (int i = 0; i < plainEnd; i++) {
        if (i < end) {
          assertThat(fast[5 + i]).isEqualTo(plain[5 + i]);
        }
        int first = at + 3 * (from + i);
        int data = bytes[first] << 16 | (bytes[first + 1] & 0xFF) << 8 | bytes[first + 2] & 0xFF;
        assertThat(plain[5 + i]).isEqualTo(data & 0x807FFFFF | exponents[ranks[from + i]]);
      }
    }
  }

  @Test
  void splitsAsPlainLoopsDo() {
    assumeTrue(SimdFloats.isWorthwhile());
    int[] markerOf = random.ints(256, -256, 256).toArray();
    for (int round = 0; round < ROUNDS; round++) {
      int[] bits = new int[COUNT];
      for (int i = 0; i < COUNT; i++) {
        bits[i] = Float.floatToRawIntBits((float) (random.nextGaussian() * 0.1));
      }
      bits[random.nextInt(COUNT)] = random.nextInt();
      int lowest = round % 5 == 0 ? random.nextInt(241) : 110;
      int from = random.nextInt(40);
      int count = random.nextInt(COUNT - from);
      int[][] plain = new int[2][COUNT];
      int[][] fast = new int[2][COUNT];
      Amplitude.split(bits, from, 0, count, markerOf, plain[0], plain[1], 3 % (COUNT - count));
      int done =
          SimdFloats.split(
              bits, from, count, markerOf, lowest, fast[0], fast[1], 3 % (COUNT - count));
      Amplitude.split(bits, from, done, count, markerOf, fast[0], fast[1], 3 % (COUNT - count));
      assertThat(fast).isDeepEqualTo(plain);
    }
  }
}
