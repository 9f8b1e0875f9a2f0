package io.sonidb;

import io.sonidb.search.Score;
import io.sonidb.search.SearchPart;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// The parts of a search index at one moment, kept until it is closed.
final class PinnedParts implements AutoCloseable {
  private final List<MappedPart> mapped;
  private final List<SearchPart> parts;
  private final Score score;
  private final String generation;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PinnedParts(List<MappedPart> mapped, Score score, String generation) {
    this.mapped = mapped;
    this.parts = mapped.stream().map(MappedPart::part).toList();
    this.score = score;
    this.generation = generation;
  }

  /// Pins parts, unless one of them was retired meanwhile.
  static Optional<PinnedParts> of(List<MappedPart> parts, Score score, String generation) {
    for (int i = 0; i < parts.size(); i++) {
      if (!parts.get(i).pin()) {
        parts.subList(0, i).forEach(MappedPart::unpin);
        return Optional.empty();
      }
    }
    return Optional.of(new PinnedParts(parts, score, generation));
  }

  /// In the order of their sequence numbers; no two cover the same.
  List<SearchPart> parts() {
    return parts;
  }

  /// Whether they can tell what is near by a metric.
  boolean serve(Score wanted) {
    return score == wanted && !parts.isEmpty();
  }

  /// Tells them from others.
  String generation() {
    return generation;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      mapped.forEach(MappedPart::unpin);
    }
  }
}
