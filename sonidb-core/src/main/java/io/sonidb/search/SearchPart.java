package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.*;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/// A part of the search index: codes of the vectors of a range of sequence numbers and, mostly, a
/// graph of them, read where the file is mapped.
///
/// It knows vectors by their sequence numbers, which stay when compaction moves them, and says
/// which are likely to be nearest. Which of them are live, and how near they are, others tell.
/// Nothing of the library that walks the graph shows outside. Any number of threads.
public final class SearchPart {
  /// A vector that is likely to be near.
  ///
  /// @param sequence its number
  /// @param score about how alike it is: more is better, comparable among all parts
  public record Candidate(long sequence, float score) {
    /// The most alike first; of equal ones the older.
    public static final Comparator<Candidate> BETTER =
        Comparator.comparingDouble(Candidate::score)
            .reversed()
            .thenComparingLong(Candidate::sequence);
  }

  /// The score that a candidate has by its code: close to that of the vectors.
  public static double estimate(Score score, Candidate candidate) {
    return Coding.estimate(score, candidate.score());
  }

  /// Takes sequence numbers one after the other.
  @FunctionalInterface
  public interface Sequences {
    /// Hands each to `sink`, ascending.
    void forEach(LongConsumer sink);
  }

  private static final int AT_ONCE = 64;
  private static final int ENTRIES = 4;

  private final MemorySegment file;
  private final Score score;
  private final int dimension;
  private final int size;
  private final long from;
  private final long to;
  private final long bytes;
  private final int checksum;
  private final float[] centroid;
  private final Landmarks landmarks;
  private final MemorySegment landmarkCodes;
  private final long leftOut;
  private final long anchors;
  private final long sequences;
  private final boolean isDense; // no number is missing
  private final MemorySegment codes;
  private final Optional<MappedGraph.Levels> graph;

  private SearchPart(MemorySegment file, Score score, int dimension)
      throws CorruptSearchPartException {
    this.file = file;
    this.score = score;
    this.dimension = dimension;
    this.size = file.get(INT, NODES);
    this.from = file.get(LONG, FROM);
    this.to = file.get(LONG, TO);
    this.bytes = file.byteSize();
    this.checksum = file.get(INT, bytes - CRC_SIZE);
    this.leftOut = HEADER_SIZE;
    this.anchors = leftOut + 8 * count(LEFT_OUT, 8);
    long landmarksAt = anchors + ANCHOR_SIZE * count(ANCHORS, ANCHOR_SIZE);
    int[] nodes = new int[(int) count(LANDMARKS, 4)];
    long middle = landmarksAt + 4L * nodes.length;
    int kind = file.get(BYTE, KIND);
    boolean isOneBit = dimension >= Coding.ONE_BIT_FROM;
    if (kind != (isOneBit ? OneBitCoding.KIND : ByteCoding.KIND)) {
      throw new CorruptSearchPartException("it has codes of a kind " + kind);
    }
    this.sequences = middle + (isOneBit ? 4L * dimension : 0);
    this.centroid = new float[isOneBit ? dimension : 0];
    checkFits(sequences);
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = file.get(INT, landmarksAt + 4L * i);
      if (nodes[i] < 0 || nodes[i] >= size) {
        throw new CorruptSearchPartException("a landmark is node " + nodes[i] + " of " + size);
      }
    }
    this.landmarks = new Landmarks(nodes);
    for (int i = 0; i < centroid.length; i++) {
      centroid[i] = file.get(FLOAT, middle + 4L * i);
    }
    if (!Coding.isMiddle(centroid)) {
      throw new CorruptSearchPartException("its centroid is nowhere near anything");
    }
    long codesAt = sequences + 4 * count(NODES, 4);
    long codeBytes = (long) size * coding().codeBytes();
    checkFits(codesAt + codeBytes);
    this.codes = file.asSlice(codesAt, codeBytes);
    this.landmarkCodes = landmarks.codes(codes, coding().codeBytes());
    this.isDense = size > 0 && file.get(INT, sequences + 4L * (size - 1)) == size - 1;
    int levels = file.get(BYTE, LEVELS);
    int entry = file.get(INT, ENTRY);
    int links = file.get(BYTE, LINKS);
    if (levels < 0
        || from > to
        || levels > 0 && (entry < 0 || entry >= size || links < 1 || nodes.length == 0)) {
      throw new CorruptSearchPartException("its header contradicts itself");
    }
    this.graph =
        levels == 0
            ? Optional.empty()
            : Optional.of(
                new MappedGraph.Levels(file, codesAt + codeBytes, size, levels, entry, links));
    long end = graph.map(MappedGraph.Levels::end).orElse(codesAt + codeBytes);
    if (end != file.byteSize() - CRC_SIZE) {
      throw new CorruptSearchPartException("it has bytes that belong to nothing");
    }
  }

  private long count(long field, int bytes) throws CorruptSearchPartException {
    int count = file.get(INT, field);
    if (count < 0 || (long) count * bytes > file.byteSize()) {
      throw new CorruptSearchPartException("it counts " + count + " of what it cannot hold");
    }
    return count;
  }

  private void checkFits(long end) throws CorruptSearchPartException {
    if (end > file.byteSize() - CRC_SIZE) {
      throw new CorruptSearchPartException("it is too short");
    }
  }

  /// Opens a part, and reads it once to check it.
  ///
  /// @param file mapped, for as long as the part is used
  /// @throws CorruptSearchPartException if it is damaged, or not of such vectors
  public static SearchPart open(MemorySegment file, UUID collection, Score score, int dimension)
      throws CorruptSearchPartException {
    if (file.byteSize() < HEADER_SIZE + CRC_SIZE || file.get(LONG, 0) != MAGIC) {
      throw new CorruptSearchPartException("not a part of a search index of this version");
    }
    long end = file.byteSize() - CRC_SIZE;
    if (crc32(file.asSlice(0, end)) != file.get(INT, end)) {
      throw new CorruptSearchPartException("it fails its CRC-32");
    }
    if (!isOf(file, collection)
        || file.get(BYTE, METRIC) != code(score)
        || file.get(INT, DIMENSION) != dimension) {
      throw new CorruptSearchPartException("it is about other vectors");
    }
    return new SearchPart(file, score, dimension);
  }

  /// The name that a part's file has.
  public String fileName() {
    return name(from, to, checksum());
  }

  /// Whether a file is named as parts are.
  public static boolean isPart(String file) {
    return isName(file);
  }

  /// First sequence number that it covers.
  public long from() {
    return from;
  }

  /// Last sequence number that it covers.
  public long to() {
    return to;
  }

  /// How many vectors it has.
  public int size() {
    return size;
  }

  /// Bytes of the file.
  public long bytes() {
    return bytes;
  }

  /// Whether it has a graph, or is looked through from one end to the other.
  public boolean hasGraph() {
    return graph.isPresent();
  }

  /// Number that tells its bytes from others.
  public int checksum() {
    return checksum;
  }

  /// Vectors in its range that it could not take: damaged ones, and those without a code.
  public long[] leftOut() {
    long[] all = new long[file.get(INT, LEFT_OUT)];
    for (int i = 0; i < all.length; i++) {
      all[i] = file.get(LONG, leftOut + 8L * i);
    }
    return all;
  }

  /// Tells the hash of the record with a sequence number.
  @FunctionalInterface
  public interface Hashes {
    /// Whether a record, if it is there at all, has this hash.
    boolean agree(long sequence, long hash);
  }

  /// Whether it was made of the records that are there, by some of them.
  public boolean isMadeOf(Hashes hashes) {
    int count = file.get(INT, ANCHORS);
    for (int i = 0; i < count; i++) {
      long at = anchors + (long) ANCHOR_SIZE * i;
      if (!hashes.agree(file.get(LONG, at), file.get(LONG, at + 8))) {
        return false;
      }
    }
    return true;
  }

  /// Sequence number of a node.
  public long sequence(int node) {
    return from + (isDense ? node : Integer.toUnsignedLong(file.get(INT, sequences + 4L * node)));
  }

  /// The node of a sequence number, -1 if there is none.
  ///
  /// @param from a node that is not behind it
  private int nodeOf(long sequence, int from) {
    int low = from;
    // No number is there twice, so it cannot be farther away than this; mostly none is missing, so
    // it is there.
    long farthest = low + Math.max(0, sequence - sequence(low));
    int high = (int) Math.min(size - 1L, farthest);
    if (sequence(high) <= sequence) {
      return sequence(high) == sequence ? high : -1;
    }
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sequence(middle) < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return sequence(low) == sequence ? low : -1;
  }

  /// The vectors most like a query, about.
  ///
  /// @param most how many are kept while the graph is walked
  /// @param accept which sequence numbers may be found
  public List<Candidate> nearest(CodeQuery query, int most, LongPredicate accept) {
    if (size == 0) {
      return List.of();
    }
    CodeScorer scorer = scorer(query);
    if (graph.isEmpty()) {
      Best best = new Best(Math.min(most, size));
      for (int node = 0; node < size; node++) {
        long key = Best.key(node, scorer.score(node));
        if (best.wants(key) && accept.test(sequence(node))) {
          best.keep(key);
        }
      }
      return candidates(best.ascending());
    }
    int[] entries = landmarks.nearest(scorer.over(landmarkCodes), ENTRIES);
    Walk walk =
        new Walk(graph.get(), scorer, Math.min(most, size), node -> accept.test(sequence(node)));
    return candidates(walk.from(entries));
  }

  /// The vectors most like a query among a few, about.
  public List<Candidate> nearestOf(CodeQuery query, int most, Sequences among) {
    if (size == 0) {
      return List.of();
    }
    Best best = new Best(Math.min(most, size));
    Looking looking = new Looking(scorer(query), best);
    among.forEach(looking);
    looking.score();
    return candidates(best.ascending());
  }

  /// Scores nodes, several at a time.
  private final class Looking implements LongConsumer {
    private final CodeScorer scorer;
    private final Best best;
    private final int[] nodes = new int[AT_ONCE];
    private final float[] scores = new float[AT_ONCE];
    private int count;
    private int last;

    Looking(CodeScorer scorer, Best best) {
      this.scorer = scorer;
      this.best = best;
    }

    @Override
    public void accept(long sequence) {
      int node = nodeOf(sequence, last);
      if (node >= 0) {
        last = node;
        nodes[count++] = node;
        if (count == AT_ONCE) {
          score();
        }
      }
    }

    void score() {
      scorer.scores(nodes, count, scores);
      for (int i = 0; i < count; i++) {
        long key = Best.key(nodes[i], scores[i]);
        if (best.wants(key)) {
          best.keep(key);
        }
      }
      count = 0;
    }
  }

  private CodeScorer scorer(CodeQuery query) {
    CodeScorer scorer = coding().scorer(codes, MemorySegment.NULL);
    scorer.aim(query.prepared());
    return scorer;
  }

  private Coding coding() {
    return dimension >= Coding.ONE_BIT_FROM
        ? new OneBitCoding(score, centroid)
        : new ByteCoding(score, dimension);
  }

  private List<Candidate> candidates(long[] ascending) {
    List<Candidate> candidates = new ArrayList<>(ascending.length);
    for (int i = ascending.length - 1; i >= 0; i--) {
      candidates.add(new Candidate(sequence(Best.node(ascending[i])), Best.score(ascending[i])));
    }
    return candidates;
  }

  MappedGraph graph() {
    return new MappedGraph(graph.orElseThrow());
  }
}
