package io.sonidb.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sonidb.sound.Vector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("compiled")
class SearchPartTest {
  private static final UUID COLLECTION = new UUID(1, 2);
  private static final int SIZE = 400;

  private final long seed = Long.getLong("sonidb.seed", 1);
  private final Random random = new Random(seed);

  private float[] vector(int dimension) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private MemorySegment part(int dimension, boolean withGraph, Arena arena) throws IOException {
    PartBuilder builder =
        new PartBuilder(
            COLLECTION, Score.DOT, dimension, 10, 10 + 3 * SIZE, SIZE, withGraph, arena);
    for (int i = 0; i < SIZE; i++) {
      builder.add(10 + 3L * i, i, vector(dimension));
    }
    builder.leaveOut(12);
    return builder.build(List.of(), () -> {});
  }

  private CodeQuery query(int dimension) {
    Wanted wanted = new Wanted.Like(Vector.of(vector(dimension)));
    return CodeQuery.of(new Probe(Score.DOT, wanted, AcceptBits.ALL, 10, Double.NEGATIVE_INFINITY))
        .orElseThrow();
  }

  private static SearchPart open(MemorySegment file, int dimension) throws IOException {
    return SearchPart.open(file, COLLECTION, Score.DOT, dimension);
  }

  private static void sign(MemorySegment file) {
    long end = file.byteSize() - SearchPartFormat.CRC_SIZE;
    file.set(SearchPartFormat.INT, end, SearchPartFormat.crc32(file.asSlice(0, end)));
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 300})
  void anyFlippedBitIsNoticed(int dimension) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = part(dimension, true, arena);
      for (int i = 0; i < 100; i++) {
        long at = random.nextLong(file.byteSize());
        byte before = file.get(ValueLayout.JAVA_BYTE, at);
        file.set(ValueLayout.JAVA_BYTE, at, (byte) (before ^ 1 << random.nextInt(8)));
        assertThatThrownBy(() -> open(file, dimension))
            .as("byte " + at + ", -Dsonidb.seed=" + seed)
            .isInstanceOf(CorruptSearchPartException.class);
        file.set(ValueLayout.JAVA_BYTE, at, before);
      }
      open(file, dimension);
    }
  }

  /// Somebody may have computed a checksum for what makes no sense.
  @ParameterizedTest
  @ValueSource(ints = {20, 300})
  void nonsenseWithTheRightChecksumDoesNoHarm(int dimension) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = part(dimension, true, arena);
      int opened = 0;
      for (int i = 0; i < 300; i++) {
        byte[] bytes = whole.toArray(ValueLayout.JAVA_BYTE);
        // Half of them in the header and what comes soon after it.
        int bound = i % 2 == 0 ? 120 : bytes.length;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
          bytes[40 + random.nextInt(bound - 40)] = (byte) random.nextInt();
        }
        MemorySegment file = arena.allocate(bytes.length);
        file.copyFrom(MemorySegment.ofArray(bytes));
        sign(file);
        try {
          SearchPart part = open(file, dimension);
          opened++;
          part.nearest(query(dimension), 50, _ -> true);
        } catch (CorruptSearchPartException | IndexOutOfBoundsException e) {
          // It says so.
        }
      }
      assertThat(opened).as("-Dsonidb.seed=" + seed).isPositive();
    }
  }

  @Test
  void rejectsThePartOfAnother() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = part(20, true, arena);
      assertThatThrownBy(() -> SearchPart.open(file, new UUID(1, 3), Score.DOT, 20))
          .isInstanceOf(CorruptSearchPartException.class);
      assertThatThrownBy(() -> SearchPart.open(file, COLLECTION, Score.EUCLID, 20))
          .isInstanceOf(CorruptSearchPartException.class);
      assertThatThrownBy(() -> SearchPart.open(file, COLLECTION, Score.DOT, 21))
          .isInstanceOf(CorruptSearchPartException.class);
      file.set(ValueLayout.JAVA_BYTE, 7, (byte) '1');
      sign(file);
      assertThatThrownBy(() -> open(file, 20)).hasMessageContaining("version");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 300})
  void findsWithAGraphWhatItFindsWithout(int dimension) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      SearchPart part = open(part(dimension, true, arena), dimension);
      assertThat(part.hasGraph()).isTrue();
      assertThat(part.leftOut()).containsExactly(12);
      for (int i = 0; i < 20; i++) {
        CodeQuery query = query(dimension);
        List<SearchPart.Candidate> all = part.nearest(query, SIZE, _ -> true);
        assertThat(all).hasSize(SIZE).isSortedAccordingTo(SearchPart.Candidate.BETTER);
        List<SearchPart.Candidate> few = part.nearest(query, 60, number -> number % 2 == 0);
        List<SearchPart.Candidate> looked =
            part.nearestOf(
                query,
                60,
                sink -> {
                  for (long number = 10; number < 10 + 3 * SIZE; number += 2) {
                    sink.accept(number);
                  }
                });
        assertThat(few).allMatch(each -> each.sequence() % 2 == 0);
        assertThat(few.subList(0, 5)).isEqualTo(looked.subList(0, 5));
      }
    }
  }

  @Test
  void rotationKeepsInnerProductsAndSpreads() {
    for (int dimension : new int[] {1, 2, 3, 256, 300, 768}) {
      Rotation rotation = Rotation.of(dimension);
      float[] a = vector(dimension);
      float[] b = vector(dimension);
      double before = Score.DOT.of(a, b);
      rotation.apply(a);
      rotation.apply(b);
      assertThat((double) Score.DOT.of(a, b)).isCloseTo(before, within(1e-4 * dimension));
    }
    float[] one = new float[768];
    one[5] = 1;
    Rotation.of(768).apply(one);
    for (float component : one) {
      assertThat(Math.abs(component)).isLessThan(0.3f);
    }
  }

  @Test
  void rejectsALandmarkThatIsNoNode() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = part(20, true, arena);
      long landmarks =
          SearchPartFormat.HEADER_SIZE
              + 8
              + (long) SearchPartFormat.ANCHOR_SIZE
                  * file.get(SearchPartFormat.INT, SearchPartFormat.ANCHORS);
      for (int node : new int[] {-1, SIZE}) {
        file.set(SearchPartFormat.INT, landmarks, node);
        sign(file);
        assertThatThrownBy(() -> open(file, 20)).hasMessageContaining("landmark");
      }
    }
  }
}
