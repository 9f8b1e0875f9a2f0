package io.sonidb;

import io.sonidb.filter.Condition;
import io.sonidb.filter.Filter;
import io.sonidb.index.Directory;
import io.sonidb.payload.Answer;
import io.sonidb.payload.BlockQuery;
import io.sonidb.payload.PayloadBlock;
import io.sonidb.payload.PayloadCheck;
import io.sonidb.search.AcceptBits;
import io.sonidb.search.Crew;
import io.sonidb.sound.VectorId;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.roaringbitmap.PeekableIntIterator;
import org.roaringbitmap.RoaringBitmap;

/// The points of a view that fulfil a filter.
///
/// The payload indexes tell for most of them; the rest is looked into. Either way it is found
/// before any vector is compared, so a search among them gives as many hits as are wanted, if there
/// are so many.
final class Matching implements AcceptBits {
  private static final int PIECE = 1024;

  private final PresentRecords present;
  private final List<RoaringBitmap> records;
  private final List<RoaringBitmap> vectors;
  private final long count;
  private final long payloadsRead;
  private final Set<Damage> damaged;

  private Matching(
      PresentRecords present, List<RoaringBitmap> records, long payloadsRead, Set<Damage> damaged) {
    this.present = present;
    this.records = records;
    this.vectors = present.vectorsOf(records);
    this.count = vectors.stream().mapToLong(RoaringBitmap::getLongCardinality).sum();
    this.payloadsRead = payloadsRead;
    this.damaged = Set.copyOf(damaged);
  }

  static Matching of(CollectionView view, Filter filter) {
    return new Finder(view, filter).find();
  }

  @Override
  public boolean accepts(int segment, int ordinal) {
    return vectors.get(segment).contains(ordinal);
  }

  @Override
  public long count() {
    return count;
  }

  /// Their vectors, by segment of the view.
  List<RoaringBitmap> vectors() {
    return vectors;
  }

  /// The records that have their payloads, by segment of the view.
  List<RoaringBitmap> records() {
    return records;
  }

  PresentRecords present() {
    return present;
  }

  /// How many payloads had to be looked into.
  long payloadsRead() {
    return payloadsRead;
  }

  /// Payloads that are not as they were written, so that nobody knows whether they match.
  Set<Damage> damaged() {
    return damaged;
  }

  private static final class Finder {
    private final CollectionView view;
    private final LogView log;
    private final Filter filter;
    private final PresentRecords present;
    private final Map<Condition.HasId, List<RoaringBitmap>> ids = new HashMap<>();
    private final Set<Damage> damaged = new HashSet<>(); // guarded by itself

    private static final class Piece {
      private final int segment;
      private final int[] ordinals;

      Piece(int segment, int[] ordinals) {
        this.segment = segment;
        this.ordinals = ordinals;
      }
    }

    Finder(CollectionView view, Filter filter) {
      this.view = view;
      this.log = view.log();
      this.filter = filter;
      this.present = view.present();
      lookUp(filter);
    }

    private void lookUp(Filter part) {
      part.conditions()
          .forEach(condition -> {
            if (condition instanceof Condition.HasId hasId) {
              ids.computeIfAbsent(hasId, this::recordsOf);
            } else if (condition instanceof Filter inner) {
              lookUp(inner);
            }
          });
    }

    private List<RoaringBitmap> recordsOf(Condition.HasId condition) {
      List<RoaringBitmap> found = new ArrayList<>();
      Map<Integer, Integer> places = new HashMap<>();
      for (Segment segment : log.segments()) {
        places.put(segment.number(), found.size());
        found.add(new RoaringBitmap());
      }
      for (VectorId id : condition.ids()) {
        long location = view.newestOf(id);
        Integer place = location == Directory.NONE ? null : places.get(Directory.segment(location));
        if (place != null) {
          found.get(place).add(Directory.ordinal(location));
        }
      }
      return found;
    }

    Matching find() {
      int count = log.segments().size();
      RoaringBitmap[] yes = new RoaringBitmap[count];
      RoaringBitmap[] maybe = new RoaringBitmap[count];
      Crew.run(
          IntStream.range(0, count).boxed().toList(),
          () ->
              segment -> {
                Answer answer = ask(segment);
                RoaringBitmap there = present.records(segment);
                yes[segment] = RoaringBitmap.and(answer.yes(), there);
                maybe[segment] = RoaringBitmap.and(answer.maybe(), there);
              },
          view.cores().scanning(),
          view.cores().count());
      long read = lookInto(yes, maybe);
      return new Matching(present, List.of(yes), read, damaged);
    }

    /// What the index says of a segment; of records that it does not have yet, nothing.
    private Answer ask(int segment) {
      int count = log.count(segment);
      SegmentPayloads.Index index =
          view.engine().payloads().index(log.segments().get(segment), count);
      RoaringBitmap yes = new RoaringBitmap();
      RoaringBitmap maybe = new RoaringBitmap();
      for (PayloadBlock block : index.blocks()) {
        Answer answer =
            BlockQuery.ask(
                block, filter, hasId -> Objects.requireNonNull(ids.get(hasId)).get(segment));
        yes.or(answer.yes());
        maybe.or(answer.maybe());
      }
      if (index.to() < count) {
        maybe.add((long) index.to(), count);
      }
      return new Answer(yes, maybe);
    }

    private long lookInto(RoaringBitmap[] yes, RoaringBitmap[] maybe) {
      List<Piece> pieces = new ArrayList<>();
      long read = 0;
      for (int segment = 0; segment < maybe.length; segment++) {
        int[] all = maybe[segment].toArray();
        for (int from = 0; from < all.length; from += PIECE) {
          int to = Math.min(all.length, from + PIECE);
          pieces.add(new Piece(segment, Arrays.copyOfRange(all, from, to)));
        }
        read += all.length;
      }
      Crew.run(
          pieces,
          () ->
              piece -> {
                RoaringBitmap found = fulfilling(piece);
                synchronized (yes) {
                  yes[piece.segment].or(found);
                }
              },
          view.cores().scanning(),
          view.cores().count());
      return read;
    }

    private RoaringBitmap fulfilling(Piece piece) {
      RoaringBitmap found = new RoaringBitmap();
      Segment segment = log.segments().get(piece.segment);
      for (int ordinal : piece.ordinals) {
        VectorId id = segment.table().id(ordinal).orElseThrow();
        try {
          Payload payload = view.engine().payloadAt(segment, ordinal);
          if (PayloadCheck.fulfils(filter, id, payload.tree())) {
            found.add(ordinal);
          }
        } catch (DamagedRecordException e) {
          synchronized (damaged) {
            damaged.add(e.damage());
          }
        }
      }
      return found;
    }
  }

  /// Goes through the vectors that match, in the order of the files.
  void forEachVector(KeyConsumer consumer) {
    for (int segment = 0; segment < vectors.size(); segment++) {
      PeekableIntIterator each = vectors.get(segment).getIntIterator();
      while (each.hasNext()) {
        consumer.accept((long) segment << 32 | each.next());
      }
    }
  }

  /// Takes the key of a vector.
  @FunctionalInterface
  interface KeyConsumer {
    void accept(long key);
  }
}
