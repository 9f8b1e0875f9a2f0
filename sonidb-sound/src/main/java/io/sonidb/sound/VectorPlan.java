package io.sonidb.sound;

/// The representation of one vector in a record, the smallest that brings every bit back.
///
/// Two questions come before what [VectorSound] chooses: whether most components are the same, so
/// that only the others need samples ([SparseChoice]), and whether float64 components come from
/// float32 ones ([NarrowChoice]). A vector for which both are answered with no, as for most, is
/// laid out at once; for others each combination is chosen in turn and its bits are counted.
final class VectorPlan {
  /// Fewer components are not worth a list of places.
  private static final int MIN_SPARSE_DIMENSION = 4;

  /// Where the step is known, zeros are expected: a list of the others pays only if they are few.
  private static final int LEAST_SAME_MULTIPLES = 7;

  private final boolean single;
  private final RecordLayout layout;
  private final VectorSound asItIs;
  private final SparseChoice places;
  private final VectorSound ofNarrow;
  private final SparseChoice placesOfNarrow;
  private final NarrowChoice narrowing = new NarrowChoice();

  private Vector vector = Vector.of(0f);
  private boolean narrow;
  private boolean sparse;
  private int values;

  VectorPlan(SoundFormat format, RecordLayout layout) {
    this.layout = layout;
    single = format.element() == ElementType.FLOAT32;
    int dataChannels = format.channels() - 1;
    asItIs = new VectorSound(format.element(), dataChannels, layout);
    places = new SparseChoice(format.element());
    ofNarrow = single ? asItIs : new VectorSound(ElementType.FLOAT32, dataChannels, layout);
    placesOfNarrow = single ? places : new SparseChoice(ElementType.FLOAT32);
  }

  /// Chooses a representation.
  ///
  /// @param size the bytes of the record's header before the vector's own
  void choose(Vector next, int size) {
    vector = next;
    int least = next.step() == 0 ? 1 : LEAST_SAME_MULTIPLES;
    boolean repeats = next.dimension() >= MIN_SPARSE_DIMENSION && places.isFound(next, least);
    boolean widened = !single && narrowing.isFound(next);
    take(widened, false, size);
    if (!repeats && !widened) {
      return;
    }
    long dense = cost(size);
    if (widened) {
      dense = keepCheaper(dense, false, false, size);
    }
    if (repeats) {
      keepCheaper(dense, widened && placesOfNarrow.isFound(narrowing.vector(), 1), true, size);
    }
  }

  /// Takes one combination instead of the one at hand if it costs less; returns what the one taken
  /// costs.
  private long keepCheaper(long cost, boolean otherNarrow, boolean otherSparse, int size) {
    boolean wasNarrow = narrow;
    take(otherNarrow, otherSparse, size);
    long other = cost(size);
    if (other < cost) {
      return other;
    }
    take(wasNarrow, false, size);
    return cost;
  }

  private void take(boolean asNarrow, boolean asSparse, int size) {
    narrow = asNarrow;
    sparse = asSparse;
    Vector dense = asNarrow ? narrowing.vector() : vector;
    values = asSparse ? list().others() : dense.dimension();
    if (values > 0) {
      Vector sounded = asSparse ? list().vectorOfOthers(dense) : dense;
      sound().choose(sounded, size + outerBytes());
    }
  }

  private VectorSound sound() {
    return narrow ? ofNarrow : asItIs;
  }

  private SparseChoice list() {
    return narrow ? placesOfNarrow : places;
  }

  /// What the record costs in bits, about, without its payload.
  private long cost(int size) {
    if (values > 0) {
      return sound().cost(size + outerBytes());
    }
    layout.planHeader(size + outerBytes());
    return layout.headerCost();
  }

  /// The codes of the representations chosen, the outermost first, as digits.
  String codes() {
    return (narrow ? "" + RecordFormat.NARROW : "")
        + (sparse ? "" + RecordFormat.SPARSE : "")
        + (values > 0 ? "" + sound().code() : "");
  }

  /// How many components have samples.
  int values() {
    return values;
  }

  private int outerBytes() {
    return (narrow ? 1 : 0) + (sparse ? list().headerBytes() : 0);
  }

  /// How many bytes [#writeHeader] writes.
  int headerBytes() {
    return outerBytes() + (values > 0 ? sound().headerBytes() : 0);
  }

  /// Writes the vector's header; returns where it ends.
  int writeHeader(byte[] out, int offset) {
    int at = narrow ? narrowing.writeHeader(out, offset) : offset;
    at = sparse ? list().writeHeader(out, at) : at;
    return values > 0 ? sound().writeHeader(out, at) : at;
  }

  /// Lays the record out.
  ///
  /// @param size the bytes of its whole header
  void plan(int size) {
    if (values > 0) {
      sound().plan(size);
    } else {
      layout.planHeader(size);
    }
  }

  /// Whether a payload costs less in the header than in parts of its own.
  ///
  /// @param size the bytes of the header without it
  boolean isCheaperInline(int size, int payloadBytes) {
    return values == 0 || sound().isCheaperInline(size, payloadBytes);
  }

  /// Makes the samples of `count` components from `from` on.
  void sound(int from, int count, int[][] pcm, int at) {
    if (count > 0) {
      sound().sound(from, count, pcm, at);
    }
  }

  /// Whether the samples are small numbers, among which it pays to look for a code; all others are
  /// noise.
  boolean isWorthSearching() {
    return values > 0 && sound().isWorthSearching();
  }

  /// Whether the vector knew the step of which its components are whole multiples.
  boolean isOfKnownStep() {
    return values > 0 && sound().isOfKnownStep();
  }
}
