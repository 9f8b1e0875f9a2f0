package io.sonidb.cli;

import io.sonidb.AlterReport;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.CompactionReport;
import io.sonidb.Grouping;
import io.sonidb.IndexOptions;
import io.sonidb.IndexReport;
import io.sonidb.IntegrityReport;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.StreamOptions;
import io.sonidb.client.IntakeReport;
import io.sonidb.client.RemoteCollection;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.io.InputStream;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// A collection of a node. How many points a write found is what was there just before it: the API
/// of writes does not tell.
record RemotePoints(RemoteCollection collection) implements Points {

  /// Nodes take twice as much, all or nothing.
  private static final long MAX_BATCH_BYTES = 4 << 20;

  @Override
  public String name() {
    return collection.name();
  }

  @Override
  public CollectionSpec spec() {
    return collection.spec();
  }

  @Override
  public CollectionStats stats() {
    return collection.stats();
  }

  @Override
  public long count() {
    return collection.count();
  }

  @Override
  public long maxBatchBytes() {
    return MAX_BATCH_BYTES;
  }

  @Override
  public void upsert(List<Point> batch) {
    collection.upsertAsSound(batch);
  }

  @Override
  public List<Optional<Point>> get(List<VectorId> ids) {
    return collection.get(ids);
  }

  @Override
  public long delete(List<VectorId> ids) {
    long there = collection.present(ids).size();
    collection.delete(ids);
    return there;
  }

  @Override
  public long delete(Filter filter) {
    long there = collection.count(filter);
    collection.delete(filter);
    return there;
  }

  @Override
  public long setPayload(List<VectorId> ids, Payload payload) {
    long there = collection.present(ids).size();
    collection.setPayload(ids, payload);
    return there;
  }

  @Override
  public long overwritePayload(List<VectorId> ids, Payload payload) {
    long there = collection.present(ids).size();
    collection.overwritePayload(ids, payload);
    return there;
  }

  @Override
  public long deletePayloadKeys(List<VectorId> ids, Set<String> keys) {
    long there = collection.present(ids).size();
    collection.deletePayloadKeys(ids, keys);
    return there;
  }

  @Override
  public Found search(Query query) {
    return new Found(collection.search(query), Optional.empty());
  }

  @Override
  public FoundGroups searchGroups(Query query, Grouping grouping) {
    return new FoundGroups(
        collection.searchGroups(query, grouping), OptionalLong.empty(), List.of());
  }

  @Override
  public PointsView view() {
    return new RemoteView(collection);
  }

  @Override
  public InputStream streamVector(VectorId id) {
    return collection.streamVector(id);
  }

  @Override
  public InputStream stream(long from, boolean follow) {
    return collection.stream(from, follow, StreamOptions.ALL);
  }

  @Override
  public ChangeFeed changes(long from, boolean follow) {
    return NodeChanges.of(collection.changes(from, follow));
  }

  @Override
  public OptionalLong lastSequence() {
    return OptionalLong.empty();
  }

  @Override
  public void createPayloadIndex(String field, FieldType type) {
    collection.createPayloadIndex(field, type);
  }

  @Override
  public boolean dropPayloadIndex(String field) {
    boolean was = collection.spec().payloadIndexes().containsKey(FieldPath.parse(field).toString());
    collection.dropPayloadIndex(field);
    return was;
  }

  @Override
  public IndexReport buildIndex(IndexOptions options, Progress progress) {
    return collection.buildIndex(options, progress);
  }

  @Override
  public IntegrityReport verifyIntegrity(boolean deep, Progress progress) {
    return collection.verifyIntegrity(deep, progress);
  }

  @Override
  public IntegrityReport repairFrom(String peer, boolean deep, Progress progress) {
    return collection.repairFrom(peer, deep, progress);
  }

  @Override
  public CompactionReport compact(boolean purge, Progress progress) {
    return collection.compact(purge, progress);
  }

  @Override
  public AlterReport alter(CollectionSpec changed, Progress progress) {
    return collection.alter(changed, progress);
  }

  /// Takes in points as they were elsewhere, with their times.
  IntakeReport take(Iterator<Point> points) {
    return collection.insert(points, true);
  }
}
