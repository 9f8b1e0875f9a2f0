package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.hnsw.HnswGraph;
import org.apache.lucene.util.hnsw.HnswGraphBuilder;
import org.apache.lucene.util.hnsw.InitializedHnswGraphBuilder;
import org.apache.lucene.util.hnsw.MergingHnswGraphBuilder;
import org.apache.lucene.util.hnsw.NeighborArray;
import org.apache.lucene.util.hnsw.OnHeapHnswGraph;
import org.apache.lucene.util.hnsw.RandomVectorScorerSupplier;
import org.apache.lucene.util.hnsw.UpdateableRandomVectorScorer;

/// Makes a part of the search index: first some vectors as a sample, then all in the order of their
/// sequence numbers, then the whole. For one thread.
///
/// The same vectors give the same bytes. While it builds it takes about 260 bytes of heap a vector
/// for the graph, and its codes twice off the heap; with one-bit codes four times as much again.
public final class PartBuilder {
  /// Vectors that are enough to find their middle.
  public static final int SAMPLE = 10_000;

  private static final int LINKS = 16;
  private static final int BEAM = 100;
  private static final long SEED = 42;
  private static final int MOST_ANCHORS = 256;

  /// Is told again and again that work goes on.
  @FunctionalInterface
  public interface Pace {
    /// May wait, or throw to have it end.
    void breathe() throws IOException;
  }

  private final UUID collection;
  private final Score score;
  private final int dimension;
  private final long from;
  private final long to;
  private final boolean withGraph;
  private final Arena arena;
  private final Coding.Preparation preparation;
  private final double[] sum;
  private long sampled;
  private final MemorySegment sequences;
  private final int capacity;
  private final List<Long> leftOut = new ArrayList<>();
  private final List<long[]> anchors = new ArrayList<>();
  private long[] lastAnchor = new long[0];
  private int size;
  private Coding coding;
  private MemorySegment codes = MemorySegment.NULL;
  private MemorySegment probes = MemorySegment.NULL;

  /// @param from first sequence number that is covered
  /// @param to last one
  /// @param capacity no more vectors are added
  /// @param withGraph whether a graph is made; else codes alone
  /// @param arena memory for what is made, and while it is made; of this thread
  public PartBuilder(
      UUID collection,
      Score score,
      int dimension,
      long from,
      long to,
      int capacity,
      boolean withGraph,
      Arena arena) {
    this.collection = collection;
    this.score = score;
    this.dimension = dimension;
    this.from = from;
    this.to = to;
    this.capacity = capacity;
    this.withGraph = withGraph;
    this.arena = arena;
    this.preparation = new Coding.Preparation(score, dimension);
    this.sum = new double[dimension];
    this.sequences = arena.allocate(4L * capacity, 8);
    this.coding = Coding.of(score, dimension, new float[dimension]);
  }

  /// About how much memory off the heap each vector takes while a part is made.
  public static long bytesPerVector(Score score, int dimension) {
    Coding coding = Coding.of(score, dimension, new float[dimension]);
    return 2L * coding.codeBytes() + coding.probeBytes() + 4;
  }

  /// A vector of those that will be added, before any is; changed by the call.
  public void sample(float[] vector) {
    if (preparation.apply(vector)) {
      sampled++;
      for (int i = 0; i < dimension; i++) {
        sum[i] += vector[i];
      }
    }
  }

  private void begin() {
    float[] centroid = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      centroid[i] = (float) (sum[i] / Math.max(1, sampled));
    }
    coding = Coding.of(score, dimension, centroid);
    codes = arena.allocate((long) capacity * coding.codeBytes(), 8);
    if (withGraph && coding.probeBytes() > 0) {
      probes = arena.allocate((long) capacity * coding.probeBytes(), 8);
    }
  }

  /// A vector, with a greater number than those before.
  ///
  /// @param hash of its record
  /// @param vector changed by the call
  public void add(long sequence, long hash, float[] vector) {
    if (size == 0) {
      begin();
    }
    boolean isCoded =
        preparation.apply(vector)
            && coding.encode(
                vector,
                codes,
                (long) size * coding.codeBytes(),
                probes,
                (long) size * coding.probeBytes());
    if (!isCoded) {
      leaveOut(sequence);
      return;
    }
    sequences.set(INT, 4L * size, (int) (sequence - from));
    lastAnchor = new long[] {sequence, hash};
    if (size % Math.max(1, capacity / MOST_ANCHORS) == 0) {
      anchors.add(lastAnchor);
    }
    size++;
  }

  /// A vector that is not as it was written, or has no code: it is compared exactly.
  public void leaveOut(long sequence) {
    leftOut.add(sequence);
  }

  /// How many were added.
  public int size() {
    return size;
  }

  /// The part's bytes, in the arena.
  ///
  /// @param origins parts whose graphs are used where they have the same vectors
  public MemorySegment build(List<SearchPart> origins, Pace pace) throws IOException {
    if (size == 0) {
      begin();
    } else if (anchors.getLast()[0] != lastAnchor[0]) {
      anchors.add(lastAnchor);
    }
    if (!withGraph || size == 0) {
      return bytes(Optional.empty(), new Landmarks(new int[0]));
    }
    Landmarks landmarks = Landmarks.choose(score, coding.scorer(codes, probes), size);
    return bytes(Optional.of(graph(origins, pace)), landmarks);
  }

  // The graph --------------------------------------------------------------------------------

  private OnHeapHnswGraph graph(List<SearchPart> origins, Pace pace) throws IOException {
    List<SearchPart> largestFirst =
        origins.stream()
            .filter(SearchPart::hasGraph)
            .sorted(Comparator.comparingInt(SearchPart::size).reversed())
            .toList();
    List<HnswGraph> graphs = new ArrayList<>();
    List<int[]> places = new ArrayList<>();
    FixedBitSet isPlaced = new FixedBitSet(size);
    for (SearchPart origin : largestFirst) {
      int[] place = places(origin);
      long gone = Arrays.stream(place).filter(node -> node < 0).count();
      // The largest may have lost some; where more is missing, links lead nowhere.
      if (graphs.isEmpty() ? gone <= origin.size() / 2 : gone == 0) {
        graphs.add(origin.graph());
        places.add(place);
        Arrays.stream(place).filter(node -> node >= 0).forEach(isPlaced::set);
      }
    }
    Scorers scorers = new Scorers(pace);
    return switch (graphs.size()) {
      case 0 -> HnswGraphBuilder.create(scorers, LINKS, BEAM, SEED, size).build(size);
      case 1 ->
          InitializedHnswGraphBuilder.fromGraph(
                  scorers, BEAM, SEED, graphs.getFirst(), places.getFirst(), isPlaced, size)
              .build(size);
      default ->
          MergingHnswGraphBuilder.fromGraphs(
                  scorers,
                  LINKS,
                  BEAM,
                  SEED,
                  graphs.toArray(HnswGraph[]::new),
                  places.toArray(int[][]::new),
                  size,
                  isPlaced.cardinality() == size ? null : isPlaced)
              .build(size);
    };
  }

  /// Of each node of an older part its node in this one, -1 if it is gone.
  private int[] places(SearchPart origin) {
    int[] places = new int[origin.size()];
    int node = 0;
    for (int old = 0; old < places.length; old++) {
      long sequence = origin.sequence(old);
      while (node < size && sequence(node) < sequence) {
        node++;
      }
      places[old] = node < size && sequence(node) == sequence ? node : -1;
    }
    return places;
  }

  private long sequence(int node) {
    return from + Integer.toUnsignedLong(sequences.get(INT, 4L * node));
  }

  private final class Scorers implements RandomVectorScorerSupplier {
    private final Pace pace;

    Scorers(Pace pace) {
      this.pace = pace;
    }

    @Override
    public UpdateableRandomVectorScorer scorer() {
      return new NodeScorer(coding.scorer(codes, probes), pace);
    }

    @Override
    public RandomVectorScorerSupplier copy() {
      return this;
    }
  }

  private final class NodeScorer implements UpdateableRandomVectorScorer {
    private final CodeScorer scorer;
    private final Pace pace;

    NodeScorer(CodeScorer scorer, Pace pace) {
      this.scorer = scorer;
      this.pace = pace;
    }

    @Override
    public void setScoringOrdinal(int node) throws IOException {
      pace.breathe(); // the library's own check comes when all but everything is done
      scorer.aimAt(node);
    }

    @Override
    public float score(int node) {
      return scorer.score(node);
    }

    @Override
    public float bulkScore(int[] nodes, float[] scores, int count) {
      scorer.scores(nodes, count, scores);
      return CodeScorer.greatest(scores, count);
    }

    @Override
    public int maxOrd() {
      return size;
    }
  }

  // The file ---------------------------------------------------------------------------------

  private MemorySegment bytes(Optional<OnHeapHnswGraph> graph, Landmarks landmarks) {
    long codeBytes = (long) size * coding.codeBytes();
    boolean hasCentroid = coding instanceof OneBitCoding;
    long total =
        HEADER_SIZE
            + 8L * leftOut.size()
            + (long) ANCHOR_SIZE * anchors.size()
            + 4L * landmarks.nodes().length
            + (hasCentroid ? 4L * dimension : 0)
            + 4L * size
            + codeBytes
            + CRC_SIZE;
    List<Level> levels = new ArrayList<>();
    for (int level = 0; graph.isPresent() && level < graph.get().numLevels(); level++) {
      Level of = new Level(graph.get(), level);
      levels.add(of);
      total += of.bytes();
    }
    MemorySegment file = arena.allocate(total, 8);
    writeHeader(file, graph, landmarks);
    long at = HEADER_SIZE;
    for (long sequence : leftOut) {
      file.set(LONG, at, sequence);
      at += 8;
    }
    for (long[] anchor : anchors) {
      file.set(LONG, at, anchor[0]);
      file.set(LONG, at + 8, anchor[1]);
      at += ANCHOR_SIZE;
    }
    for (int landmark : landmarks.nodes()) {
      file.set(INT, at, landmark);
      at += 4;
    }
    if (coding instanceof OneBitCoding oneBit) {
      for (float component : oneBit.centroid()) {
        file.set(FLOAT, at, component);
        at += 4;
      }
    }
    MemorySegment.copy(sequences, 0, file, at, 4L * size);
    at += 4L * size;
    MemorySegment.copy(codes, 0, file, at, codeBytes);
    at += codeBytes;
    for (Level level : levels) {
      level.write(file, at);
      at += level.bytes();
    }
    file.set(INT, at, crc32(file.asSlice(0, at)));
    return file;
  }

  private void writeHeader(
      MemorySegment file, Optional<OnHeapHnswGraph> graph, Landmarks landmarks) {
    file.set(LONG, 0, MAGIC);
    file.set(LONG, UUID_HIGH, collection.getMostSignificantBits());
    file.set(LONG, UUID_LOW, collection.getLeastSignificantBits());
    file.set(LONG, FROM, from);
    file.set(LONG, TO, to);
    file.set(INT, NODES, size);
    file.set(INT, DIMENSION, dimension);
    file.set(BYTE, METRIC, code(score));
    file.set(BYTE, KIND, (byte) coding.kind());
    file.set(BYTE, LEVELS, (byte) (int) graph.map(OnHeapHnswGraph::numLevels).orElse(0));
    file.set(BYTE, SearchPartFormat.LINKS, (byte) LINKS);
    file.set(INT, ENTRY, graph.map(OnHeapHnswGraph::entryNode).orElse(0));
    file.set(INT, LEFT_OUT, leftOut.size());
    file.set(INT, ANCHORS, anchors.size());
    file.set(INT, LANDMARKS, landmarks.nodes().length);
  }

  /// One level of a graph, as it is written.
  private static final class Level {
    private final OnHeapHnswGraph graph;
    private final int level;
    private final int[] nodes;
    private final long linkBytes;
    private final int[] sorted = new int[4 * LINKS + 2];

    Level(OnHeapHnswGraph graph, int level) {
      this.graph = graph;
      this.level = level;
      this.nodes = new int[graph.getNodesOnLevel(level).size()];
      HnswGraph.NodesIterator all = graph.getNodesOnLevel(level);
      for (int i = 0; i < nodes.length; i++) {
        nodes[i] = all.nextInt();
      }
      Arrays.sort(nodes);
      long bytes = 0;
      for (int node : nodes) {
        int count = links(node);
        bytes += varintBytes(count);
        for (int i = 0, before = -1; i < count; i++) {
          bytes += varintBytes(sorted[i] - before - 1);
          before = sorted[i];
        }
      }
      this.linkBytes = bytes;
    }

    private int links(int node) {
      NeighborArray neighbors = graph.getNeighbors(level, node);
      int count = neighbors.size();
      System.arraycopy(neighbors.nodes(), 0, sorted, 0, count);
      Arrays.sort(sorted, 0, count);
      return count;
    }

    long bytes() {
      return LEVEL_HEADER_SIZE + (level == 0 ? 4L : 8L) * nodes.length + linkBytes;
    }

    void write(MemorySegment file, long start) {
      file.set(INT, start, nodes.length);
      file.set(LONG, start + 4, linkBytes);
      long at = start + LEVEL_HEADER_SIZE;
      for (int i = 0; level > 0 && i < nodes.length; i++) {
        file.set(INT, at, nodes[i]);
        at += 4;
      }
      long begins = at;
      long first = begins + 4L * nodes.length;
      at = first;
      for (int i = 0; i < nodes.length; i++) {
        file.set(INT, begins + 4L * i, (int) (at - first));
        int count = links(nodes[i]);
        at = writeVarint(file, at, count);
        for (int link = 0, before = -1; link < count; link++) {
          at = writeVarint(file, at, sorted[link] - before - 1);
          before = sorted[link];
        }
      }
    }

    private static int varintBytes(int value) {
      return Math.max(1, (38 - Integer.numberOfLeadingZeros(value)) / 7);
    }

    private static long writeVarint(MemorySegment file, long at, int value) {
      int left = value;
      long to = at;
      while (left > 0x7f) {
        file.set(BYTE, to++, (byte) (left | 0x80));
        left >>>= 7;
      }
      file.set(BYTE, to++, (byte) left);
      return to;
    }
  }
}
