package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorIdTest {
  private static final UUID UUID_1 = UUID.fromString("0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f");

  @Test
  void refusesWhatIsNoId() {
    assertThatIllegalArgumentException().isThrownBy(() -> VectorId.parse(""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VectorId.parse("x".repeat(513)))
        .withMessageContaining("513");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VectorId.parse("\u20ac".repeat(171)))
        .withMessageContaining("513");
    assertThatIllegalArgumentException().isThrownBy(() -> VectorId.parse("a\ud800b"));
  }

  @Test
  void refusesNamesThatSpellANumberOrAUuid() {
    assertThatIllegalArgumentException().isThrownBy(() -> new VectorId.Name("42"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VectorId.Name(UUID_1.toString().toUpperCase(Locale.ROOT)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "42", "9223372036854775808", "18446744073709551615"})
  void takesCanonicalDecimalForANumber(String text) {
    assertThat(VectorId.parse(text))
        .isEqualTo(new VectorId.Number(Long.parseUnsignedLong(text)))
        .hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "042",
        "-1",
        "+1",
        "1.0",
        " 1",
        "18446744073709551616",
        "99999999999999999999",
        "0x10",
        "\u0664\u0662",
        "{}",
        "urn:uuid:",
        "{0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f"
      })
  void takesEverythingElseForAName(String text) {
    assertThat(VectorId.parse(text)).isEqualTo(new VectorId.Name(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f",
        "0189F7EA-AE2C-7809-8AEB-B819CF5E9E7F",
        "0189f7eaae2c78098aebb819cf5e9e7f",
        "{0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f}",
        "urn:uuid:0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f",
        "URN:UUID:0189F7EA-AE2C-7809-8AEB-B819CF5E9E7F"
      })
  void takesEveryUsualSpellingForTheUuid(String text) {
    assertThat(VectorId.parse(text))
        .isEqualTo(VectorId.of(UUID_1))
        .hasToString("0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f");
  }

  @Test
  void takesThirtyTwoDecimalDigitsForAUuid() {
    assertThat(VectorId.parse("12345678901234567890123456789012"))
        .isInstanceOf(VectorId.Uuid.class);
  }

  @Test
  void ordersNumbersUnsignedThenUuidsThenNamesByBytes() {
    List<VectorId> ordered =
        List.of(
            VectorId.of(0),
            VectorId.of(1),
            VectorId.of(Long.MAX_VALUE),
            VectorId.of(-1),
            VectorId.of(new UUID(1, 0)),
            VectorId.of(new UUID(1, -1)),
            VectorId.of(new UUID(-1, 0)),
            VectorId.parse("Z"),
            VectorId.parse("a"),
            VectorId.parse("aa"),
            VectorId.parse("b"),
            VectorId.parse("\uffee"),
            VectorId.parse("\ud83d\ude00"));
    List<VectorId> shuffled = new ArrayList<>(ordered);
    Collections.reverse(shuffled);
    Collections.sort(shuffled);
    assertThat(shuffled).isEqualTo(ordered);
  }

  @Test
  void readsBackWhatItEncodes() {
    Seeded.run(
        500,
        random -> {
          VectorId id = any(random);
          byte[] bytes = TestVectors.bytes(random, 600);
          int offset = random.nextInt(40);
          int size = id.encode(bytes, offset);
          assertThat(size)
              .isEqualTo(id.encodedSize())
              .isLessThanOrEqualTo(VectorId.MAX_ENCODED_BYTES);
          assertThat(VectorId.decode(bytes, offset, offset + size)).isEqualTo(id);
          assertThat(VectorId.parse(id.toString())).isEqualTo(id);
          assertThat(IdFormat.fingerprintAt(bytes, offset)).isEqualTo(id.fingerprint());
          byte[] alone = Arrays.copyOfRange(bytes, offset, offset + size);
          assertThat(IdFormat.isAt(id, alone, size)).isTrue();
          VectorId other = any(random);
          assertThat(IdFormat.isAt(other, alone, size)).isEqualTo(other.equals(id));
          assertThatThrownBy(() -> VectorId.decode(bytes, offset, offset + size - 1))
              .isInstanceOf(MalformedRecordException.class);
        });
  }

  @Test
  void refusesEncodedIdsThatAreNotTheOnlySpelling() {
    assertMalformed(1, 0); // a leading zero byte
    assertMalformed(0x89, 0); // LEB128 longer than need be
    assertMalformed(11, '4', '2'); // a name that is a number
    assertMalformed(10, 0xFF); // not UTF-8
    assertMalformed(11, 0xC0, 0x80); // overlong
    assertMalformed(12, 0xED, 0xA0, 0x80); // a surrogate
    assertMalformed(13, 0xF4, 0x90, 0x80, 0x80); // above U+10FFFF
    assertMalformed(0x8A, 0x04); // a name of 513 bytes
    assertMalformed(10); // cut off
    assertMalformed();
  }

  private static void assertMalformed(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    assertThatThrownBy(() -> VectorId.decode(bytes, 0, bytes.length))
        .isInstanceOf(MalformedRecordException.class);
  }

  @Test
  void readsWhateverItAccepts() {
    Seeded.run(
        20_000,
        random -> {
          byte[] bytes = TestVectors.bytes(random, 24);
          bytes[0] = (byte) random.nextInt(32);
          if (random.nextBoolean()) {
            for (int i = 1; i < bytes.length; i++) {
              bytes[i] = (byte) "0123456789abc-{}".charAt(bytes[i] & 15);
            }
          }
          int size = IdFormat.sizeAt(bytes, 0, bytes.length);
          if (size >= 0) {
            VectorId id = VectorId.decode(bytes, 0, size);
            byte[] again = new byte[id.encodedSize()];
            id.encode(again, 0);
            assertThat(again).isEqualTo(Arrays.copyOf(bytes, size));
          }
        });
  }

  @Test
  void keepsFingerprintsForEver() {
    assertThat(VectorId.of(0).fingerprint()).isEqualTo(0xE220A8397B1DCDAFL);
    assertThat(VectorId.of(42).fingerprint()).isEqualTo(0xBDD732262FEB6E95L);
    assertThat(VectorId.of(UUID_1).fingerprint()).isEqualTo(-7698990130273073397L);
    assertThat(VectorId.parse("kick drum").fingerprint()).isEqualTo(-2955937709490560803L);
  }

  static VectorId any(RandomGenerator random) {
    return switch (random.nextInt(6)) {
      case 0 -> VectorId.of(random.nextLong() >>> random.nextInt(64));
      case 1 -> VectorId.of(new UUID(random.nextLong(), random.nextLong()));
      case 2 -> VectorId.parse("x".repeat(1 + random.nextInt(512)));
      case 3 -> VectorId.parse(Integer.toString(random.nextInt(1 << 20)));
      case 4 -> name(random, 1 + random.nextInt(128));
      default -> VectorId.of(random.nextInt(300));
    };
  }

  private static VectorId name(RandomGenerator random, int length) {
    StringBuilder name = new StringBuilder("n");
    while (name.length() < length) {
      int point = random.nextInt(random.nextBoolean() ? 0x80 : 0x110000);
      if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
        name.appendCodePoint(point);
      }
    }
    String text = name.toString();
    return VectorId.parse(
        text.getBytes(StandardCharsets.UTF_8).length <= VectorId.MAX_NAME_BYTES ? text : "long");
  }
}
