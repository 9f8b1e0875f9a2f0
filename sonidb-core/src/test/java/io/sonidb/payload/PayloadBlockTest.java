package io.sonidb.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.Scalar;
import io.sonidb.sound.VectorId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.roaringbitmap.RoaringBitmap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PayloadBlockTest {
  private static final PayloadBlock.Origin ORIGIN = new PayloadBlock.Origin(new UUID(1, 2), 3, 400);
  private static final JsonMapper JSON = JsonMapper.shared();

  static LongStream seeds() {
    Long asked = Long.getLong("sonidb.seed");
    return asked != null ? LongStream.of(asked) : LongStream.rangeClosed(1, 60);
  }

  /// Records of a segment; of id n is record n.
  private static List<JsonNode> payloads(RandomFilters random, int count) {
    List<JsonNode> payloads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      payloads.add(JSON.valueToTree(random.payload()));
    }
    return payloads;
  }

  private static PayloadBlock block(
      SortedSet<IndexedField> fields, List<JsonNode> payloads, int from, int to) {
    PayloadBlock.Builder builder = new PayloadBlock.Builder(fields);
    for (int i = from; i < to; i++) {
      builder.add(i, payloads.get(i));
    }
    return builder.build(ORIGIN, from, to);
  }

  private static RoaringBitmap withId(Condition.HasId condition) {
    RoaringBitmap records = new RoaringBitmap();
    condition.ids().forEach(id -> records.add(Integer.parseInt(id.toString())));
    return records;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void neverDisagreesWithTheCheckOfEachPayload(long seed) {
    Random numbers = new Random(seed * 0x9E3779B97F4A7C15L);
    RandomFilters random = new RandomFilters(numbers);
    int count = 20 + numbers.nextInt(400);
    List<JsonNode> payloads = payloads(random, count);
    SortedSet<IndexedField> fields =
        numbers.nextBoolean() ? RandomFilters.fields() : random.someFields();
    int cut = numbers.nextInt(count);
    PayloadBlock whole = block(fields, payloads, 0, count);
    PayloadBlock merged =
        PayloadBlock.merge(
            ORIGIN, List.of(block(fields, payloads, 0, cut), block(fields, payloads, cut, count)));
    for (int i = 0; i < 60; i++) {
      Filter filter = random.filter();
      String shown = filter.toJson();
      Answer answer = BlockQuery.ask(whole, filter, PayloadBlockTest::withId);
      assertThat(BlockQuery.ask(merged, filter, PayloadBlockTest::withId)).isEqualTo(answer);
      for (int record = 0; record < count; record++) {
        boolean fulfils = PayloadCheck.fulfils(filter, VectorId.of(record), payloads.get(record));
        boolean isKnown = !answer.maybe().contains(record) || answer.yes().contains(record);
        if (isKnown && answer.yes().contains(record) != fulfils) {
          assertThat(answer.yes().contains(record))
              .as(
                  "record %d, payload %s, filter %s, run again with -Dsonidb.seed=%d",
                  record, payloads.get(record), shown, seed)
              .isEqualTo(fulfils);
        }
      }
      assertThat(Filter.parse(shown)).as("JSON of %s", shown).isEqualTo(filter);
    }
  }

  @Test
  void looksIntoNoPayloadWhoseFieldsAreAsDeclared() {
    List<JsonNode> payloads = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      payloads.add(
          JSON.readTree(
              """
              {"word": "w%d", "whole": %d, "real": %f, "truth": %b, "time": "2024-01-01T00:00:%02dZ",
               "uuid": "%s", "text": "number %d", "place": {"lon": %d, "lat": 1.5}}
              """
                  .formatted(
                      i % 7, i, i / 8.0, i % 2 == 0, i % 60, new UUID(1, i), i % 9, i % 90)));
    }
    PayloadBlock block = block(RandomFilters.fields(), payloads, 0, 1000);
    for (String condition :
        List.of(
            "{'key':'word','match':{'value':'w3'}}",
            "{'key':'word','match':{'except':['w3','w4']}}",
            "{'key':'whole','range':{'gte':100,'lt':200}}",
            "{'key':'whole','match':{'any':[1,2,5000]}}",
            "{'key':'real','range':{'gt':10.25}}",
            "{'key':'truth','match':{'value':true}}",
            "{'key':'time','range':{'lt':'2024-01-01T00:00:30Z'}}",
            "{'key':'uuid','match':{'value':'%s'}}".formatted(new UUID(1, 77)),
            "{'key':'text','match':{'text':'NUMBER 3'}}",
            "{'key':'word','values_count':{'gte':1}}",
            "{'is_empty':{'key':'word'}}",
            "{'key':'place','geo_radius':{'center':{'lon':10,'lat':1},'radius':300000}}")) {
      Filter filter = Filter.parse("{\"must\":[" + condition.replace('\'', '"') + "]}");
      Answer answer = BlockQuery.ask(block, filter, PayloadBlockTest::withId);
      assertThat(answer.maybe().getCardinality()).as(condition).isZero();
      for (int i = 0; i < 1000; i++) {
        assertThat(answer.yes().contains(i))
            .as("%s of %s", condition, payloads.get(i))
            .isEqualTo(PayloadCheck.fulfils(filter, VectorId.of(i), payloads.get(i)));
      }
    }
  }

  @Test
  void knowsNothingOfRecordsThatCouldNotBeRead() {
    SortedSet<IndexedField> fields = RandomFilters.fields();
    PayloadBlock.Builder builder = new PayloadBlock.Builder(fields);
    builder.add(0, JSON.valueToTree(Map.of("word", "w1")));
    builder.addUnreadable(1);
    PayloadBlock block = builder.build(ORIGIN, 0, 2);
    Condition match = new Condition.MatchValue(FieldPath.parse("word"), Scalar.of("w1"));
    for (Filter filter : List.of(Filter.must(match), Filter.mustNot(match))) {
      assertThat(BlockQuery.ask(block, filter, PayloadBlockTest::withId).maybe())
          .isEqualTo(RoaringBitmap.bitmapOf(1));
    }
  }

  @Test
  void noticesEveryFlippedBit() throws CorruptPayloadIndexException {
    PayloadBlock block =
        block(RandomFilters.fields(), payloads(new RandomFilters(new Random(1)), 30), 0, 30);
    byte[] bytes = block.bytes().toArray(ValueLayout.JAVA_BYTE);
    assertThat(PayloadBlock.open(MemorySegment.ofArray(bytes), ORIGIN, "x").fields())
        .isEqualTo(RandomFilters.fields());
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= (byte) (1 << i % 8);
      assertThatThrownBy(() -> PayloadBlock.open(MemorySegment.ofArray(bytes), ORIGIN, "x"))
          .isInstanceOf(CorruptPayloadIndexException.class);
      bytes[i] ^= (byte) (1 << i % 8);
    }
    for (int size = 0; size < bytes.length; size += 7) {
      MemorySegment cut = MemorySegment.ofArray(bytes).asSlice(0, size);
      assertThatThrownBy(() -> PayloadBlock.open(cut, ORIGIN, "x"))
          .isInstanceOf(CorruptPayloadIndexException.class);
    }
  }

  @Test
  void refusesBlocksOfOtherSegments() {
    PayloadBlock block =
        block(RandomFilters.fields(), payloads(new RandomFilters(new Random(1)), 3), 0, 3);
    for (PayloadBlock.Origin other :
        List.of(
            new PayloadBlock.Origin(new UUID(1, 3), 3, 400),
            new PayloadBlock.Origin(new UUID(1, 2), 4, 400),
            new PayloadBlock.Origin(new UUID(1, 2), 3, 401))) {
      assertThatThrownBy(() -> PayloadBlock.open(block.bytes(), other, "x"))
          .hasMessageContaining("other records");
    }
    assertThat(block.field(FieldPath.parse("word")).map(PayloadBlock.FieldEntry::type))
        .isEqualTo(Optional.of(FieldType.KEYWORD));
  }
}
