package io.sonidb.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("compiled")
class LandmarksTest {
  private static final int DIMENSION = 300;

  /// Of 62 nodes at random, two would have none.
  private static final int CLUSTERS = 25;

  private static final int SIZE = 80 * CLUSTERS;

  private final long seed = Long.getLong("sonidb.seed", 1);
  private final Random random = new Random(seed);

  private float[] vector(float spread) {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = spread * (float) random.nextGaussian();
    }
    return vector;
  }

  private final int codeBytes =
      Coding.of(Score.COSINE, DIMENSION, new float[DIMENSION]).codeBytes();

  /// Of vectors in clusters, taking turns.
  private CodeScorer clustered(Score score, Arena arena) {
    Coding coding = Coding.of(score, DIMENSION, new float[DIMENSION]);
    MemorySegment codes = arena.allocate((long) SIZE * coding.codeBytes(), 8);
    MemorySegment probes = arena.allocate((long) SIZE * coding.probeBytes(), 8);
    float[][] centres = new float[CLUSTERS][];
    Arrays.setAll(centres, _ -> vector(1));
    Coding.Preparation preparation = new Coding.Preparation(score, DIMENSION);
    for (int i = 0; i < SIZE; i++) {
      float[] vector = vector(0.1f);
      for (int j = 0; j < DIMENSION; j++) {
        vector[j] += centres[i % CLUSTERS][j];
      }
      preparation.apply(vector);
      long at = (long) i * coding.codeBytes();
      coding.encode(vector, codes, at, probes, (long) i * coding.probeBytes());
    }
    return coding.scorer(codes, probes);
  }

  @ParameterizedTest
  @EnumSource(
      value = Score.class,
      names = {"COSINE", "DOT", "EUCLID"})
  void oneLiesInEachCluster(Score score) {
    try (Arena arena = Arena.ofConfined()) {
      Landmarks landmarks = Landmarks.choose(score, clustered(score, arena), SIZE);
      assertThat(landmarks.nodes()).isSorted().doesNotHaveDuplicates();
      assertThat(Arrays.stream(landmarks.nodes()).map(node -> node % CLUSTERS).distinct().count())
          .as("-Dsonidb.seed=" + seed)
          .isEqualTo(CLUSTERS);
    }
  }

  @Test
  void theNearestAreThoseThatScoreBest() {
    try (Arena arena = Arena.ofConfined()) {
      CodeScorer scorer = clustered(Score.COSINE, arena);
      int[] nodes = random.ints(0, SIZE).distinct().limit(300).sorted().toArray();
      Landmarks landmarks = new Landmarks(nodes);
      MemorySegment codes = landmarks.codes(scorer.codes, codeBytes);
      for (int i = 0; i < 20; i++) {
        scorer.aimAt(random.nextInt(SIZE));
        int[] best =
            Arrays.stream(nodes)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer node) -> -scorer.score(node)))
                .limit(4)
                .mapToInt(Integer::intValue)
                .toArray();
        assertThat(landmarks.nearest(scorer.over(codes), 4))
            .as("-Dsonidb.seed=" + seed)
            .containsExactlyInAnyOrder(best);
      }
      assertThat(landmarks.nearest(scorer.over(codes), 1000)).containsExactlyInAnyOrder(nodes);
    }
  }

  @Test
  void thereIsOneOfASingleVector() {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(Landmarks.choose(Score.DOT, clustered(Score.DOT, arena), 1).nodes())
          .containsExactly(0);
    }
  }
}
