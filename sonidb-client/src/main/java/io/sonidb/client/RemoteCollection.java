package io.sonidb.client;

import io.sonidb.Change;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.Scroll;
import io.sonidb.StreamOptions;
import io.sonidb.ValueCount;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;

/// A collection of a node.
///
/// Writes have become durable when they return, as the collection promises. Vectors come back with
/// the bits that went in; of NaNs only that they are. What the API does not tell is not there: when
/// a point was written that was searched for.
///
/// It knows the element type and the dimension that the collection had when it was opened: open it
/// again when somebody has dropped it and made another one of the same name.
public final class RemoteCollection {
  /// Most bytes of vectors of one page of [#points].
  private static final int PAGE_BYTES = 4 << 20;

  private static final int MAX_PAGE = 1_000;
  private static final int MAX_IDS = 10_000;

  /// A snapshot of much data takes its time.
  private static final Duration SNAPSHOT_TIMEOUT = Duration.ofHours(1);

  private final Connection connection;
  private final String name;
  private final CollectionSpec opened;
  private final BodyReader reader;

  private RemoteCollection(Connection connection, String name, CollectionSpec opened) {
    this.connection = connection;
    this.name = name;
    this.opened = opened;
    this.reader = new BodyReader(opened.element(), opened.dimension());
  }

  static RemoteCollection open(Connection connection, String name) {
    return new RemoteCollection(connection, name, info(connection, name).spec());
  }

  private static CollectionInfo info(Connection connection, String name) {
    return connection.get(
        Connection.path("/collections/", name), from -> CollectionInfo.of(tree(from)));
  }

  private static JsonNode tree(JsonParser from) {
    return from.readValueAsTree();
  }

  /// Its name, or the alias that it was asked for by.
  public String name() {
    return name;
  }

  /// What it is now; without asking, dimension and element type are known.
  public CollectionSpec spec() {
    return info(connection, name).spec();
  }

  /// What it was when it was opened.
  public CollectionSpec openedSpec() {
    return opened;
  }

  /// Its figures.
  public CollectionStats stats() {
    return info(connection, name).stats();
  }

  private String path(String rest) {
    return Connection.path("/collections/", name, rest);
  }

  // Writing ----------------------------------------------------------------------------------

  /// Writes points, all or none; those whose ids are there already take their place.
  ///
  /// @throws IllegalArgumentException if a float64 component is no float32 and the collection holds
  ///   float32
  /// @throws BadRequestException if the node refuses one, or they are more than it takes at once
  public void upsert(List<Point> batch) {
    if (batch.isEmpty()) {
      return;
    }
    List<Point> fitting = batch.stream().map(this::fit).toList();
    write(
        "PUT",
        "/points",
        to -> {
          to.writeStartObject();
          to.writeArrayPropertyStart("points");
          fitting.forEach(point -> BodyWriter.point(point, to));
          to.writeEndArray();
          to.writeEndObject();
        });
  }

  /// Gives points new vectors, and leaves their payloads.
  ///
  /// @throws NotFoundException if one of them is not there
  public void replaceVectors(Map<VectorId, Vector> vectors) {
    if (vectors.isEmpty()) {
      return;
    }
    List<Point> fitting =
        vectors.entrySet().stream()
            .map(each -> fit(Point.of(each.getKey(), each.getValue())))
            .toList();
    write(
        "PUT",
        "/points/vectors",
        to -> {
          to.writeStartObject();
          to.writeArrayPropertyStart("points");
          fitting.forEach(point -> BodyWriter.point(point, to));
          to.writeEndArray();
          to.writeEndObject();
        });
  }

  /// The node takes any number for the nearest that it holds, so exactness is looked after here.
  private Point fit(Point point) {
    Vector vector = point.vector();
    if (opened.element() == ElementType.FLOAT64 || vector.elementType() == ElementType.FLOAT32) {
      return point;
    }
    float[] narrow = new float[vector.dimension()];
    for (int i = 0; i < narrow.length; i++) {
      double wide = vector.doubleAt(i);
      narrow[i] = (float) wide;
      boolean mayDiffer = opened.quantize().isRounding() && Double.isFinite(wide);
      if (!mayDiffer && Double.compare(narrow[i], wide) != 0) {
        throw new IllegalArgumentException(
            "vector "
                + point.id()
                + ": component "
                + i
                + " is "
                + wide
                + ", which is no float32: round it, or create the collection with float64");
      }
    }
    return new Point(
        point.id(),
        Vector.sharing(narrow),
        point.payload(),
        point.sequence(),
        point.insertedAt(),
        point.expiresAt());
  }

  /// Deletes points by their ids; those that are not there are none the worse for it.
  public void delete(List<VectorId> ids) {
    write("POST", "/points/delete", chosen(ids, _ -> {}));
  }

  /// Deletes all points that fulfil a filter.
  public void delete(Filter filter) {
    write("POST", "/points/delete", chosen(filter, _ -> {}));
  }

  /// Sets top-level keys of payloads, and leaves the others.
  public void setPayload(List<VectorId> ids, Payload payload) {
    write("POST", "/points/payload", chosen(ids, payload(payload)));
  }

  /// Sets top-level keys of the payloads of all points that fulfil a filter.
  public void setPayload(Filter filter, Payload payload) {
    write("POST", "/points/payload", chosen(filter, payload(payload)));
  }

  /// Replaces payloads.
  public void overwritePayload(List<VectorId> ids, Payload payload) {
    write("PUT", "/points/payload", chosen(ids, payload(payload)));
  }

  /// Replaces the payloads of all points that fulfil a filter.
  public void overwritePayload(Filter filter, Payload payload) {
    write("PUT", "/points/payload", chosen(filter, payload(payload)));
  }

  /// Removes top-level keys of payloads.
  public void deletePayloadKeys(List<VectorId> ids, Set<String> keys) {
    write("POST", "/points/payload/delete", chosen(ids, keys(keys)));
  }

  /// Removes top-level keys of the payloads of all points that fulfil a filter.
  public void deletePayloadKeys(Filter filter, Set<String> keys) {
    write("POST", "/points/payload/delete", chosen(filter, keys(keys)));
  }

  /// Removes payloads.
  public void clearPayload(List<VectorId> ids) {
    write("POST", "/points/payload/clear", chosen(ids, _ -> {}));
  }

  private static Consumer<JsonGenerator> payload(Payload payload) {
    return to -> {
      to.writeName("payload");
      BodyWriter.payload(payload, to);
    };
  }

  /// A key may hold dots and brackets, which in a path lead further.
  private static Consumer<JsonGenerator> keys(Set<String> keys) {
    return to -> {
      to.writeArrayPropertyStart("keys");
      keys.stream()
          .sorted()
          .map(key -> new FieldPath(List.of(new FieldPath.Step.Key(key))))
          .forEach(path -> to.writeString(path.toString()));
      to.writeEndArray();
    };
  }

  private static Consumer<JsonGenerator> chosen(List<VectorId> ids, Consumer<JsonGenerator> more) {
    return to -> {
      to.writeStartObject();
      BodyWriter.ids("points", ids, to);
      more.accept(to);
      to.writeEndObject();
    };
  }

  /// An empty filter must be seen: it means every point.
  private static Consumer<JsonGenerator> chosen(Filter filter, Consumer<JsonGenerator> more) {
    return to -> {
      to.writeStartObject();
      if (filter.isEmpty()) {
        to.writeObjectPropertyStart("filter");
        to.writeEndObject();
      } else {
        BodyWriter.filter(filter, to);
      }
      more.accept(to);
      to.writeEndObject();
    };
  }

  private void write(String method, String rest, Consumer<JsonGenerator> body) {
    connection.send(method, path(rest) + "?wait=true", body, _ -> true);
  }

  // Reading ----------------------------------------------------------------------------------

  /// A point, if it is there.
  public Optional<Point> get(VectorId id) {
    return get(List.of(id)).getFirst();
  }

  /// Points in the order of their ids; empty for each that is not there.
  public List<Optional<Point>> get(List<VectorId> ids) {
    Map<VectorId, Point> found = new HashMap<>();
    retrieve(ids, true).forEach(row -> found.put(row.knownId(), row.point()));
    return ids.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
  }

  /// Those of some ids whose points are there.
  public Set<VectorId> present(List<VectorId> ids) {
    Set<VectorId> present = new HashSet<>();
    for (int from = 0; from < ids.size(); from += MAX_IDS) {
      List<VectorId> some = ids.subList(from, Math.min(ids.size(), from + MAX_IDS));
      retrieve(some, false).forEach(row -> present.add(row.knownId()));
    }
    return present;
  }

  private List<BodyReader.Row> retrieve(List<VectorId> ids, boolean whole) {
    return connection.send(
        "POST",
        path("/points") + (whole ? "?with_version=true" : ""),
        to -> {
          to.writeStartObject();
          BodyWriter.ids("ids", ids, to);
          to.writeBooleanProperty("with_payload", whole);
          to.writeBooleanProperty("with_vector", whole);
          to.writeEndObject();
        },
        reader::rows);
  }

  /// How many points there are.
  public long count() {
    return count(Filter.ALL);
  }

  /// How many points fulfil a filter.
  public long count(Filter filter) {
    return connection.send(
        "POST",
        path("/points/count"),
        to -> {
          to.writeStartObject();
          BodyWriter.filter(filter, to);
          to.writeBooleanProperty("exact", true);
          to.writeEndObject();
        },
        from -> BodyReader.at("count", from, JsonParser::getLongValue));
  }

  /// Values of a field and how many points have each, most points first.
  public List<ValueCount> facet(String field, Filter filter, int limit) {
    return connection.send(
        "POST",
        path("/facet"),
        to -> {
          to.writeStartObject();
          to.writeStringProperty("key", field);
          to.writeNumberProperty("limit", limit);
          BodyWriter.filter(filter, to);
          to.writeBooleanProperty("exact", true);
          to.writeEndObject();
        },
        from -> BodyReader.at("hits", from, list -> BodyReader.list(list, BodyReader::valueCount)));
  }

  /// A page of points, with their vectors.
  public Page scroll(Scroll scroll) {
    return connection.send(
        "POST",
        path("/points/scroll") + "?with_version=true",
        to -> BodyWriter.scroll(scroll, to),
        from -> {
          BodyReader.Rows page = reader.page(from);
          return new Page(page.rows().stream().map(BodyReader.Row::point).toList(), page.next());
        });
  }

  /// All points that fulfil a filter, by ascending id, fetched a page at a time. What is written
  /// meanwhile may be among them or not.
  public Iterator<Point> points(Filter filter) {
    int bytes = opened.element() == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    int limit = Math.clamp(PAGE_BYTES / ((long) bytes * opened.dimension()), 1, MAX_PAGE);
    return new Paging(Scroll.of(limit).filter(filter).payload(PayloadSelection.ALL));
  }

  /// Fetches the next page when it is asked for more.
  private final class Paging implements Iterator<Point> {
    private final Deque<Point> fetched = new ArrayDeque<>();
    private Optional<Scroll> next;

    Paging(Scroll first) {
      next = Optional.of(first);
    }

    @Override
    public boolean hasNext() {
      while (fetched.isEmpty() && next.isPresent()) {
        Scroll asked = next.get();
        Page page = scroll(asked);
        fetched.addAll(page.points());
        next = page.next().map(asked::from);
      }
      return !fetched.isEmpty();
    }

    @Override
    public Point next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return fetched.removeFirst();
    }
  }

  // Searching --------------------------------------------------------------------------------

  /// What is most like the query, best first.
  public List<Hit> search(Query query) {
    return connection.send(
        "POST",
        path("/points/query"),
        to -> BodyWriter.search(query, to),
        from -> BodyReader.at("points", from, this::hits));
  }

  /// The same for several queries at once.
  public List<List<Hit>> search(List<Query> queries) {
    return connection.send(
        "POST",
        path("/points/query/batch"),
        to -> {
          to.writeStartObject();
          to.writeArrayPropertyStart("searches");
          queries.forEach(query -> BodyWriter.search(query, to));
          to.writeEndArray();
          to.writeEndObject();
        },
        from -> BodyReader.list(from, each -> BodyReader.at("points", each, this::hits)));
  }

  private List<Hit> hits(JsonParser from) {
    return reader.rows(from).stream().map(BodyReader.Row::hit).toList();
  }

  /// Groups by the values of a field, by their best hits; `k` and `offset` of the query do not
  /// count.
  public List<GroupResult.Group> searchGroups(Query query, Grouping grouping) {
    return connection.send(
        "POST",
        path("/points/query/groups"),
        to -> BodyWriter.searchGroups(query, grouping, to),
        from -> BodyReader.at("groups", from, list -> BodyReader.list(list, reader::group)));
  }

  // Payload indexes --------------------------------------------------------------------------

  /// Indexes a field of the payloads.
  public void createPayloadIndex(String field, FieldType type) {
    write(
        "PUT",
        "/index",
        to -> {
          to.writeStartObject();
          to.writeStringProperty("field_name", field);
          to.writeStringProperty(
              "field_schema", type == FieldType.BOOLEAN ? "bool" : type.toString());
          to.writeEndObject();
        });
  }

  /// Removes the index of a field, if there is one.
  public void dropPayloadIndex(String field) {
    connection.send(
        new Connection.Call(
            "DELETE",
            Connection.path("/collections/", name, "/index/", field),
            Optional.empty(),
            true,
            connection.options().timeout()),
        _ -> true);
  }

  // Streams ----------------------------------------------------------------------------------

  /// A FLAC file that holds one vector; closed by whoever asks for it.
  ///
  /// @throws NotFoundException if it is not there
  public InputStream streamVector(VectorId id) {
    return connection.open(
        Connection.path("/collections/", name, "/points/", id.toString(), "/audio"), "audio/flac");
  }

  /// The records from a sequence number on as one FLAC stream; closed by whoever asks for it. A
  /// read waits for what comes. It does not resume by itself: [#records] does.
  ///
  /// @param from sequence number of the first record, 1 for all
  /// @param follow whether it goes on with what is written from now on
  /// @param options which records, in which container
  /// @throws HistoryGoneException if deletes from there on are not in the history any more
  /// @throws BadRequestException if nothing that late was written yet
  public InputStream stream(long from, boolean follow, StreamOptions options) {
    String filter =
        options.filter().isEmpty() ? "" : "&filter=" + Connection.encode(options.filter().toJson());
    String shard =
        options.shards() == 1 ? "" : "&shard=" + options.shard() + "/" + options.shards();
    boolean isOgg = options.container() == StreamOptions.Container.OGG;
    return connection.open(
        path("/audio?from=" + from + "&follow=" + follow + shard + filter),
        isOgg ? "audio/ogg" : "audio/flac");
  }

  /// The changes from a sequence number on, history and then live, out of the FLAC stream: every
  /// bit of every vector. They come each once and in order; when the connection breaks, the node is
  /// asked again from the last one on, and what got lost on the way is noticed and asked for again.
  /// A subscriber that is busy holds up the sending. Its thread is a virtual one of its own.
  ///
  /// A record that is damaged on the node is left out; [#changes] names it.
  ///
  /// @param from sequence number of the first change, 1 for all
  /// @param options which records; the container does not matter
  /// @return ends with [HistoryGoneException] if deletes from there on are not in the history any
  ///   more, with [NotFoundException] if the collection is not there any more
  public Flow.Publisher<Change> records(long from, StreamOptions options) {
    StreamOptions flac = options.container(StreamOptions.Container.FLAC);
    return new Changes(
        next ->
            new AudioSource(
                stream(next, true, flac), opened.element(), next, connection::unexpected),
        from,
        true);
  }

  /// The changes from a sequence number on, history and then live, out of the change feed;
  /// otherwise as [#records]. A NaN comes as a NaN, without its payload bits.
  ///
  /// @param from sequence number of the first change, 1 for all
  /// @param follow whether it goes on with what is written from now on; else it completes
  public Flow.Publisher<Change> changes(long from, boolean follow) {
    return new Changes(
        next ->
            new EventSource(
                connection.open(
                    path("/changes?with_vector=true&follow=" + follow + "&from=" + next),
                    "text/event-stream"),
                reader,
                next),
        from,
        follow);
  }

  // Snapshots --------------------------------------------------------------------------------

  /// Has the node make a snapshot, and keep it.
  public RemoteSnapshot createSnapshot() {
    return connection.send(
        new Connection.Call("POST", path("/snapshots"), Optional.empty(), false, SNAPSHOT_TIMEOUT),
        from -> RemoteSnapshot.of(tree(from)));
  }

  /// The snapshots that the node keeps.
  public List<RemoteSnapshot> snapshots() {
    return connection.get(
        path("/snapshots"), from -> BodyReader.list(from, each -> RemoteSnapshot.of(tree(each))));
  }

  /// Writes the file of a snapshot, a tar archive, and checks it.
  ///
  /// @throws UnexpectedAnswerException if its bytes are not those that the node made
  /// @throws IOException if `out` does not take them
  public void download(RemoteSnapshot snapshot, OutputStream out) throws IOException {
    MessageDigest digest = sha256();
    connection.download(
        Connection.path("/collections/", name, "/snapshots/", snapshot.name()),
        SNAPSHOT_TIMEOUT,
        new DigestOutputStream(out, digest));
    String received = HexFormat.of().formatHex(digest.digest());
    if (!received.equalsIgnoreCase(snapshot.checksum())) {
      throw connection.unexpected(
          "snapshot "
              + snapshot.name()
              + " came with SHA-256 "
              + received
              + ", not "
              + snapshot.checksum());
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  /// Deletes a snapshot.
  ///
  /// @throws NotFoundException if it is not there
  public void deleteSnapshot(String snapshot) {
    connection.send(
        new Connection.Call(
            "DELETE",
            Connection.path("/collections/", name, "/snapshots/", snapshot),
            Optional.empty(),
            false,
            connection.options().timeout()),
        _ -> true);
  }
}
