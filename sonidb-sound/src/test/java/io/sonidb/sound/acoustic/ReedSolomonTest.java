package io.sonidb.sound.acoustic;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.Seeded;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ReedSolomonTest {

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] randomWord(RandomGenerator random, ReedSolomon code, int data, int parity) {
    byte[] word = new byte[data + parity];
    random.nextBytes(word);
    code.encode(word, data);
    return word;
  }

  /// Different places, in no order.
  private static int[] places(RandomGenerator random, int size, int count) {
    int[] all = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      all[i] = all[j];
      all[j] = i;
    }
    return Arrays.copyOf(all, count);
  }

  private static byte[] damaged(RandomGenerator random, byte[] word, int[] places, int count) {
    byte[] damaged = word.clone();
    for (int i = 0; i < count; i++) {
      damaged[places[i]] ^= (byte) (1 + random.nextInt(255));
    }
    return damaged;
  }

  @Test
  void leavesAWordAloneThatHasTooManyErrors() {
    ReedSolomon code = new ReedSolomon(32);
    Seeded.run(
        200,
        random -> {
          byte[] word = randomWord(random, code, 223, 32);
          int wrong = 17 + random.nextInt(200);
          byte[] damaged = damaged(random, word, places(random, 255, wrong), wrong);
          byte[] before = damaged.clone();
          // Beyond what parity allows, one word in 16! comes near another word of the code.
          assertThat(code.decode(damaged, 255, new int[0], 0)).isEqualTo(-1);
          assertThat(damaged).isEqualTo(before);
        });
  }

  @Test
  void refusesMoreErasuresThanParity() {
    ReedSolomon code = new ReedSolomon(4);
    assertThat(code.decode(bytes(1, 2, 3, 4, 5, 6, 7), 7, new int[] {0, 1, 2, 3, 4}, 5))
        .isEqualTo(-1);
  }

  /// The first example of many texts on QR codes, version 1-M, which use the same code.
  @Test
  void givesTheParityOfAKnownWord() {
    byte[] word =
        bytes(
            32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0);
    new ReedSolomon(10).encode(word, 16);
    assertThat(Arrays.copyOfRange(word, 16, 26))
        .isEqualTo(bytes(196, 35, 39, 119, 235, 215, 231, 226, 93, 23));
  }

  @Test
  void correctsAsManyErrorsAndErasuresAsParityAllows() {
    Seeded.run(
        1000,
        random -> {
          int parity = 1 + random.nextInt(40);
          int data = 1 + random.nextInt(255 - parity);
          ReedSolomon code = new ReedSolomon(parity);
          byte[] word = randomWord(random, code, data, parity);
          int size = word.length;
          int erased = Math.min(size, random.nextInt(parity + 1));
          int wrong = Math.min(size - erased, (parity - erased) / 2);
          int[] places = places(random, size, erased + wrong);
          byte[] damaged = damaged(random, word, places, places.length);
          assertThat(code.decode(damaged, size, places, erased)).isEqualTo(places.length);
          assertThat(damaged).isEqualTo(word);
          assertThat(code.decode(damaged, size, places, erased)).isZero();
        });
  }

  @Test
  void doesNotMindErasuresThatAreRight() {
    ReedSolomon code = new ReedSolomon(32);
    Seeded.run(
        50,
        random -> {
          byte[] word = randomWord(random, code, 100, 32);
          int[] places = places(random, 132, 30);
          byte[] damaged = damaged(random, word, places, 5);
          assertThat(code.decode(damaged, 132, places, 30)).isEqualTo(5);
          assertThat(damaged).isEqualTo(word);
        });
  }
}
