package io.sonidb.payload;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sonidb.filter.Filter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.roaringbitmap.RoaringBitmap;
import tools.jackson.databind.json.JsonMapper;

/// Opens payload indexes of any content whose CRC is right, and asks those that are accepted.
/// Replays the inputs that are kept in the resources; with `JAZZER_FUZZ=1` it looks for new ones.
class PayloadBlockFuzzTest {
  private static final PayloadBlock.Origin ORIGIN = new PayloadBlock.Origin(new UUID(1, 2), 3, 400);
  private static final int COUNT = 60;
  private static final byte[] WHOLE = whole();
  private static final List<Filter> FILTERS =
      Stream.generate(new RandomFilters(new Random(4))::filter).limit(40).toList();

  private static byte[] whole() {
    RandomFilters random = new RandomFilters(new Random(3));
    PayloadBlock.Builder builder = new PayloadBlock.Builder(RandomFilters.fields());
    for (int i = 0; i < COUNT; i++) {
      builder.add(i, JsonMapper.shared().valueToTree(random.payload()));
    }
    return builder.build(ORIGIN, 0, COUNT).bytes().toArray(ValueLayout.JAVA_BYTE);
  }

  @FuzzTest(maxDuration = "2m")
  void answersOrRefusesAnyBlock(FuzzedDataProvider data) {
    byte[] bytes = WHOLE.clone();
    while (data.remainingBytes() > 0) {
      int at = data.consumeInt(PayloadBlockFormat.HEADER_SIZE - 16, bytes.length - 8);
      byte[] piece = data.consumeBytes(data.consumeInt(1, 8));
      System.arraycopy(piece, 0, bytes, at, piece.length);
    }
    check(bytes);
  }

  static Stream<Long> seeds() {
    Long asked = Long.getLong("sonidb.seed");
    return asked != null ? Stream.of(asked) : Stream.generate(System::nanoTime).limit(4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void answersOrRefusesForgedBlocks(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 1500; i++) {
      byte[] bytes = WHOLE.clone();
      for (int j = random.nextInt(3); j >= 0; j--) {
        int at = PayloadBlockFormat.HEADER_SIZE - 16 + random.nextInt(bytes.length - 52);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1);
      }
      check(bytes);
    }
  }

  private static void check(byte[] bytes) {
    MemorySegment file = MemorySegment.ofArray(bytes);
    long end = file.byteSize() - PayloadBlockFormat.CRC_SIZE;
    file.set(PayloadBlockFormat.INT, end, PayloadBlockFormat.crc32(file.asSlice(0, end)));
    PayloadBlock block;
    try {
      block = PayloadBlock.open(file, ORIGIN, "x");
    } catch (CorruptPayloadIndexException e) {
      return;
    }
    if (block.from() != 0 || block.to() != COUNT) {
      return; // whoever opens a file looks at these
    }
    RoaringBitmap all = RoaringBitmap.bitmapOfRange(0, COUNT);
    for (Filter filter : FILTERS) {
      Answer answer = BlockQuery.ask(block, filter, _ -> new RoaringBitmap());
      if (!all.contains(answer.possible())) {
        throw new AssertionError(answer + " has records that are not there");
      }
    }
    for (IndexedField field : block.fields()) {
      FieldScalars.count(block, field.path(), all, (_, _) -> {});
      new FieldOrder(field.path(), true, Optional.of(0.5), Optional.empty(), 7)
          .candidates(block, all);
    }
    PayloadBlock.merge(ORIGIN, Arrays.asList(block, block));
  }
}
