package io.sonidb.payload;

import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/// What an index says of a condition: which records fulfil it, and of which it does not know. All
/// others do not. No record is in both.
///
/// @param yes fulfil it
/// @param maybe must be looked into
public record Answer(RoaringBitmap yes, RoaringBitmap maybe) {
  static final Answer NO = new Answer(new RoaringBitmap(), new RoaringBitmap());

  static Answer yes(RoaringBitmap yes) {
    return new Answer(yes, new RoaringBitmap());
  }

  static Answer maybe(RoaringBitmap maybe) {
    return new Answer(new RoaringBitmap(), maybe);
  }

  /// @param maybe may have some of `yes` in it, which count as such
  static Answer of(RoaringBitmap yes, RoaringBitmap maybe) {
    return new Answer(yes, RoaringBitmap.andNot(maybe, yes));
  }

  RoaringBitmap possible() {
    return RoaringBitmap.or(yes, maybe);
  }

  Answer not(RoaringBitmap all) {
    RoaringBitmap no = RoaringBitmap.andNot(all, yes);
    no.andNot(maybe);
    return new Answer(no, maybe);
  }

  Answer and(Answer other) {
    return of(RoaringBitmap.and(yes, other.yes), RoaringBitmap.and(possible(), other.possible()));
  }

  Answer or(Answer other) {
    return of(RoaringBitmap.or(yes, other.yes), RoaringBitmap.or(maybe, other.maybe));
  }

  /// So many or more of several answers.
  static Answer atLeast(int count, List<Answer> answers, RoaringBitmap all) {
    return of(
        inAtLeast(count, answers.stream().map(Answer::yes).toList(), all),
        inAtLeast(count, answers.stream().map(Answer::possible).toList(), all));
  }

  private static RoaringBitmap inAtLeast(int count, List<RoaringBitmap> sets, RoaringBitmap all) {
    if (count > sets.size()) {
      return new RoaringBitmap();
    }
    if (count == 0 || all.isEmpty()) {
      return all;
    }
    int[] sums = new int[all.last() + 1];
    RoaringBitmap reached = new RoaringBitmap();
    for (RoaringBitmap set : sets) {
      RoaringBitmap.and(all, set)
          .forEach((int record) -> {
            if (++sums[record] == count) {
              reached.add(record);
            }
          });
    }
    return reached;
  }
}
