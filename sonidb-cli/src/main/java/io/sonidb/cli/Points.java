package io.sonidb.cli;

import io.sonidb.AlterReport;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.CompactionReport;
import io.sonidb.Damage;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.IndexOptions;
import io.sonidb.IndexReport;
import io.sonidb.IntegrityReport;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// A collection, in an opened folder or on a node.
sealed interface Points permits LocalPoints, RemotePoints {

  String name();

  CollectionSpec spec();

  CollectionStats stats();

  long count();

  /// Most bytes of vectors and payloads that are written at once.
  long maxBatchBytes();

  void upsert(List<Point> batch);

  List<Optional<Point>> get(List<VectorId> ids);

  /// @return how many were there
  long delete(List<VectorId> ids);

  /// @return how many fulfilled it
  long delete(Filter filter);

  /// @return how many were there
  long setPayload(List<VectorId> ids, Payload payload);

  /// @return how many were there
  long overwritePayload(List<VectorId> ids, Payload payload);

  /// @return how many were there
  long deletePayloadKeys(List<VectorId> ids, Set<String> keys);

  Found search(Query query);

  FoundGroups searchGroups(Query query, Grouping grouping);

  PointsView view();

  /// A FLAC file of one vector.
  InputStream streamVector(VectorId id);

  /// The records from a sequence number on as one FLAC stream.
  InputStream stream(long from, boolean follow);

  /// The changes from a sequence number on.
  ChangeFeed changes(long from, boolean follow);

  /// Number of the newest write, where that is told.
  OptionalLong lastSequence();

  void createPayloadIndex(String field, FieldType type);

  /// @return whether there was one
  boolean dropPayloadIndex(String field);

  IndexReport buildIndex(IndexOptions options, Progress progress);

  IntegrityReport verifyIntegrity(boolean deep, Progress progress);

  IntegrityReport repairFrom(String peer, boolean deep, Progress progress);

  CompactionReport compact(boolean purge, Progress progress);

  AlterReport alter(CollectionSpec changed, Progress progress);

  /// What a search found.
  ///
  /// @param details what only the database itself tells
  record Found(List<Hit> hits, Optional<SearchResult> details) {
    public Found {
      hits = List.copyOf(hits);
    }
  }

  /// What a search for groups found.
  ///
  /// @param sequence number of the newest write that was there, where that is told
  record FoundGroups(List<GroupResult.Group> groups, OptionalLong sequence, List<Damage> damaged) {
    public FoundGroups {
      groups = List.copyOf(groups);
      damaged = List.copyOf(damaged);
    }
  }
}
