package io.sonidb.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

class FedJsonParserTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final JsonFactory JSON = new JsonFactory();
  private static final VectorJson FLOATS = new VectorJson(ElementType.FLOAT32, 3);

  /// Hands bytes on a few at a time, as networks may.
  private static InputStream dripping(byte[] bytes, SplittableRandom random) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] to, int offset, int length) {
        return super.read(to, offset, Math.min(length, 1 + random.nextInt(60)));
      }
    };
  }

  private static JsonParser fed(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new FedJsonParser(JSON, dripping(bytes, new SplittableRandom(SEED)), bytes.length);
  }

  private static JsonParser plain(String text) {
    return JSON.createParser(ObjectReadContext.empty(), text.getBytes(StandardCharsets.UTF_8));
  }

  /// What a text means, arrays below `v` being vectors; or that it is refused.
  private static String meaning(JsonParser from) {
    StringBuilder meaning = new StringBuilder();
    try (from) {
      for (JsonToken token = from.nextToken(); token != null; token = from.nextToken()) {
        meaning.append(token).append(' ');
        if (token == JsonToken.START_ARRAY && "v".equals(from.currentName())) {
          for (float each : FLOATS.read(from).floats()) {
            meaning.append(Integer.toHexString(Float.floatToRawIntBits(each))).append(' ');
          }
        } else if (token.isScalarValue()) {
          meaning.append(from.getString()).append(' ');
        }
      }
      return meaning.toString();
    } catch (IllegalArgumentException e) { // also of a vector of nothing
      return meaning + "refused: " + e.getMessage();
    } catch (JacksonException e) {
      return meaning + "malformed";
    }
  }

  @Test
  void refusesWhatItsParserRefusesAndReadsTheRestAlike() {
    for (String vector :
        new String[] {
          "[1 2]",
          "[1,]",
          "[1,   ]",
          "[,1]",
          "[1,,2]",
          "[01]",
          "[1.]",
          "[.5]",
          "[+1]",
          "[-]",
          "[1e]",
          "[1e+]",
          "[1",
          "[1,",
          "[1.5",
          "[",
          "[0x1]",
          "[1f]",
          "[NaN]",
          "[1}",
          "[1]]",
          "[\"x\"]",
          "[[1]]",
          "[1,[2]]",
          "[{}]",
          "[1,null]",
          "[true]",
          "[1e39]",
          "[-1e999999999]",
          "[]",
          "[ ]",
          "[1]",
          "[ 1 , -2.5e-3\n,\t3E+2\r\n]",
          "[0,-0,0.0,-0.0,0e5]",
          "[\"NaN\",1,\"-Infinity\",2,\"Infinity\"]",
          "[0.1,\"NaN\",0.2]",
          "[1e-50,-1e-46,1e-45]",
          "[3.4028235e38,3.4028234663852886e+38,1.17549435E-38]",
          "[0.012345678955316544,0.00001234567890123456789,123456789012345678901234567890]",
          "[16777217,16777217.0000000000000000000000001,0.1000000014901161193847656]",
          "[1" + "0".repeat(38) + "," + "0." + "0".repeat(200) + "1]",
          "[1," + " ".repeat(3000) + "]",
          "[1," + " ".repeat(3000) + "2" + "\n".repeat(900) + "]",
        }) {
      for (String text :
          new String[] {
            "{\"v\":" + vector + "}", "{\"a\":\"[1,\\\"[\",\"v\":" + vector + ",\"b\":[[2],3]}"
          }) {
        assertThat(meaning(fed(text)))
            .as("%s, seed %d", text, SEED)
            .isEqualTo(meaning(plain(text)));
      }
    }
  }

  @Test
  void readsRandomVectorsToTheNearestNumber() {
    SplittableRandom random = new SplittableRandom(SEED);
    StringBuilder text = new StringBuilder("{\"v\":[");
    float[] wanted = new float[16_000];
    for (int i = 0; i < wanted.length; i++) {
      String number =
          switch (random.nextInt(4)) {
            case 0 -> Float.toString(Float.intBitsToFloat(random.nextInt() & 0xBF7F_FFFF));
            case 1 -> Double.toString(random.nextGaussian());
            case 2 -> Double.toString((double) (float) random.nextGaussian());
            default -> Integer.toString(random.nextInt());
          };
      wanted[i] = Float.parseFloat(number);
      text.append(i == 0 ? "" : ",").append(number);
    }
    JsonParser from = fed(text.append("]}").toString());
    from.nextToken();
    from.nextToken();
    from.nextToken();
    assertThat(FLOATS.read(from)).as("seed %d", SEED).isEqualTo(Vector.of(wanted));
    assertThat(from.nextToken()).isEqualTo(JsonToken.END_OBJECT);
    assertThat(from.nextToken()).isNull();
  }

  @Test
  void saysWhereAnErrorIsBehindVectors() {
    String text = "{\"v\":[1,2,3],\"w\":x}";
    assertThatThrownBy(
            () -> {
              JsonParser from = fed(text);
              while (from.nextToken() != null) {
                if (from.currentToken() == JsonToken.START_ARRAY) {
                  FLOATS.read(from);
                }
              }
            })
        .isInstanceOfSatisfying(
            StreamReadException.class,
            e ->
                assertThat(e.getLocation().getByteOffset())
                    .isBetween((long) text.indexOf('x'), text.indexOf('x') + 1L));
  }

  @Test
  void stopsAtMoreComponentsThanAVectorMayHave() {
    String text = "{\"v\":[" + "1,".repeat(Vector.MAX_DIMENSION) + "1]}";
    assertThat(meaning(fed(text))).endsWith("refused: a vector has at most 16384 components");
  }
}
