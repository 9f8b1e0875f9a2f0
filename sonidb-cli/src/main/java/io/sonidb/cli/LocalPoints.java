package io.sonidb.cli;

import io.sonidb.AlterReport;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.CompactionReport;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
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

/// A collection of an opened folder.
record LocalPoints(Collection collection) implements Points {

  /// The database takes about 64 MiB at once.
  private static final long MAX_BATCH_BYTES = 16 << 20;

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
    collection.upsert(batch);
  }

  @Override
  public List<Optional<Point>> get(List<VectorId> ids) {
    return collection.get(ids);
  }

  @Override
  public long delete(List<VectorId> ids) {
    return collection.delete(ids);
  }

  @Override
  public long delete(Filter filter) {
    return collection.delete(filter);
  }

  @Override
  public long setPayload(List<VectorId> ids, Payload payload) {
    return collection.setPayload(ids, payload);
  }

  @Override
  public long overwritePayload(List<VectorId> ids, Payload payload) {
    return collection.overwritePayload(ids, payload);
  }

  @Override
  public long deletePayloadKeys(List<VectorId> ids, Set<String> keys) {
    return collection.deletePayloadKeys(ids, keys);
  }

  @Override
  public Found search(Query query) {
    SearchResult result = collection.search(query);
    return new Found(result.hits(), Optional.of(result));
  }

  @Override
  public FoundGroups searchGroups(Query query, Grouping grouping) {
    GroupResult result = collection.searchGroups(query, grouping);
    return new FoundGroups(result.groups(), OptionalLong.of(result.sequence()), result.damaged());
  }

  @Override
  public PointsView view() {
    return new LocalView(collection.view());
  }

  @Override
  public InputStream streamVector(VectorId id) {
    return collection.streamVector(id);
  }

  @Override
  public InputStream stream(long from, boolean follow) {
    return collection.stream(from, follow);
  }

  @Override
  public ChangeFeed changes(long from, boolean follow) {
    return ChangeFeed.of(collection.subscribe(from), follow);
  }

  @Override
  public OptionalLong lastSequence() {
    return OptionalLong.of(collection.lastSequence());
  }

  @Override
  public void createPayloadIndex(String field, FieldType type) {
    collection.createPayloadIndex(field, type);
  }

  @Override
  public boolean dropPayloadIndex(String field) {
    return collection.dropPayloadIndex(field);
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
    throw new CommandFailure(
        ExitCode.USAGE, "--repair-from is for a node: serve the folder, and give its --url");
  }

  @Override
  public CompactionReport compact(boolean purge, Progress progress) {
    return collection.compact(purge, progress);
  }

  @Override
  public AlterReport alter(CollectionSpec changed, Progress progress) {
    return collection.alter(changed, progress);
  }
}
