package io.sonidb.client;

import io.sonidb.AlterReport;
import io.sonidb.Change;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.CompactionReport;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.IndexOptions;
import io.sonidb.IndexReport;
import io.sonidb.IntegrityReport;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.Progress;
import io.sonidb.Query;
import io.sonidb.Scroll;
import io.sonidb.StreamOptions;
import io.sonidb.SyncReport;
import io.sonidb.ValueCount;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
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
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;

/// A collection of a node.
///
/// Writes have become durable when they return, as the collection promises. Vectors come back with
/// the bits that went in; of NaNs only that they are, unless they travel as sound or arrays. What
/// the API does not tell is not there: when a point was written that was searched for.
///
/// It knows the element type and the dimension that the collection had when it was opened: open it
/// again when somebody has dropped it and made another one of the same name.
public final class RemoteCollection {
  /// Most bytes of vectors of one page of [#points].
  private static final int PAGE_BYTES = 4 << 20;

  private static final int MAX_PAGE = 1_000;
  private static final int MAX_IDS = 10_000;
  private static final String FLAC = "audio/flac";
  private static final String NPY = "application/x-npy";

  /// An upload may be a live stream.
  private static final Duration UPLOAD_TIMEOUT = Duration.ofDays(7);

  /// A snapshot of much data takes its time.
  static final Duration SNAPSHOT_TIMEOUT = Duration.ofHours(1);

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

  /// The point with a vector of the collection's element type. The node takes any number for the
  /// nearest that it holds, so exactness is looked after here.
  private Point fit(Point point) {
    Vector vector = point.vector();
    if (vector.elementType() == opened.element()) {
      return point;
    }
    Vector fitting =
        opened.element() == ElementType.FLOAT64 ? widened(vector) : narrowed(point.id(), vector);
    return new Point(
        point.id(),
        fitting,
        point.payload(),
        point.sequence(),
        point.insertedAt(),
        point.expiresAt());
  }

  private static Vector widened(Vector vector) {
    double[] wide = new double[vector.dimension()];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = vector.floatAt(i);
    }
    return Vector.sharing(wide);
  }

  private Vector narrowed(VectorId id, Vector vector) {
    float[] narrow = new float[vector.dimension()];
    for (int i = 0; i < narrow.length; i++) {
      double wide = vector.doubleAt(i);
      narrow[i] = (float) wide;
      boolean mayDiffer = opened.quantize().isRounding() && Double.isFinite(wide);
      if (!mayDiffer && Double.compare(narrow[i], wide) != 0) {
        throw new IllegalArgumentException(
            "vector "
                + id
                + ": component "
                + i
                + " is "
                + wide
                + ", which is no float32: round it, or create the collection with float64");
      }
    }
    return Vector.sharing(narrow);
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

  // Sound and arrays -------------------------------------------------------------------------

  /// Writes points as sound, which is the fastest way and keeps every bit: all or none, if their
  /// vectors and payloads take 8 MiB at most; else batch by batch. It is sent again if the
  /// connection breaks.
  ///
  /// @throws IllegalArgumentException if a float64 component is no float32 and the collection holds
  ///   float32
  /// @throws BadRequestException if the node refuses one
  public void upsertAsSound(List<Point> batch) {
    if (batch.isEmpty()) {
      return;
    }
    List<Point> fitting = batch.stream().map(this::fit).toList();
    connection.upload(
        "PUT",
        path("/points?wait=true&keep_times=false"),
        FLAC,
        BodyPublishers.ofInputStream(() -> new PointSound(opened, fitting.iterator())),
        true,
        connection.options().timeout(),
        _ -> true);
  }

  /// Writes any number of points as one sound, which the node takes in as it comes. Points that the
  /// collection cannot hold are named in the report, and the others are in. If it breaks off, what
  /// had come is in; it can be done again.
  ///
  /// @param points are encoded as they are asked for, on another thread
  /// @param keepsTimes whether they keep the times at which they were inserted elsewhere, and get
  ///   no time of expiry from the collection
  public IntakeReport insert(Iterator<Point> points, boolean keepsTimes) {
    Fitting fitting = new Fitting(points);
    try {
      return insertFlac(new PointSound(opened, fitting), keepsTimes);
    } catch (UnreachableException e) {
      fitting.throwFailure(); // it broke off here, not there
      throw e;
    }
  }

  /// Points made fit for the collection as they are asked for, by another thread, which would not
  /// tell what was wrong.
  private final class Fitting implements Iterator<Point> {
    private final Iterator<Point> points;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    Fitting(Iterator<Point> points) {
      this.points = points;
    }

    @Override
    public boolean hasNext() {
      return noting(points::hasNext);
    }

    @Override
    public Point next() {
      return noting(() -> fit(points.next()));
    }

    private <T> T noting(Supplier<T> step) {
      try {
        return step.get();
      } catch (RuntimeException e) {
        failure = Optional.of(e);
        throw e;
      }
    }

    void throwFailure() {
      if (failure.isPresent()) {
        throw failure.get();
      }
    }
  }

  /// Has the node take in the records of a FLAC, Ogg FLAC or WAV stream of any length, as it comes:
  /// upserts, deletes and payload changes in their order. Damaged ones are named in the report, and
  /// the others are in. If it breaks off, what had come is in.
  ///
  /// @param sound from its beginning; closed
  public IntakeReport insertFlac(InputStream sound) {
    return insertFlac(sound, false);
  }

  private IntakeReport insertFlac(InputStream sound, boolean keepsTimes) {
    return connection.upload(
        "POST",
        path("/audio?keep_times=" + keepsTimes),
        "application/octet-stream",
        BodyPublishers.ofInputStream(() -> sound),
        false,
        UPLOAD_TIMEOUT,
        from -> IntakeReport.of(tree(from)));
  }

  /// Writes the rows of a matrix as an array of NumPy: all or none up to 8 MiB, else batch by
  /// batch. It is sent again if the connection breaks.
  ///
  /// @param firstId the id of the first row, an unsigned number; the next ones follow
  /// @param rows `float[rows][dimension]`
  /// @throws BadRequestException if the node refuses one
  public void upsertRows(long firstId, float[][] rows) {
    if (rows.length == 0) {
      return;
    }
    connection.upload(
        "PUT",
        path("/points?wait=true&first_id=" + Long.toUnsignedString(firstId)),
        NPY,
        BodyPublishers.ofByteArray(npy(rows)),
        true,
        connection.options().timeout(),
        _ -> true);
  }

  private byte[] npy(float[][] rows) {
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream(rows.length * opened.dimension() * Float.BYTES + (1 << 8));
    try (VectorWriter writer =
        VectorWriter.of(
            bytes, VectorFormat.NPY, opened.dimension(), ElementType.FLOAT32, rows.length)) {
      for (float[] row : rows) {
        writer.write(VectorId.of(0), Vector.sharing(row), Optional.empty());
      }
      writer.finish();
    } catch (IOException e) {
      throw new IllegalStateException("memory takes every byte", e);
    }
    return bytes.toByteArray();
  }

  /// Has the node take in a file of vectors of any length, as it comes, batch by batch.
  ///
  /// @param file closed
  /// @param firstId the id of the first row, if the file has no ids
  /// @return how many vectors were inserted
  /// @throws BadRequestException if a row is malformed or refused; those before it, as far as it
  ///   says, are in
  public long importFile(InputStream file, VectorFormat format, long firstId) {
    return connection.upload(
        "POST",
        path(
            "/import?format=" + format.extension() + "&first_id=" + Long.toUnsignedString(firstId)),
        "application/octet-stream",
        BodyPublishers.ofInputStream(() -> file),
        false,
        UPLOAD_TIMEOUT,
        from -> BodyReader.at("inserted", from, JsonParser::getLongValue));
  }

  // Work on the whole ------------------------------------------------------------------------

  /// Has every index file brought up to date, or made again from the audio alone.
  ///
  /// @param progress hears how far it is, and may end it
  public IndexReport buildIndex(IndexOptions options, Progress progress) {
    return connection.work(
        "POST",
        path("/index"),
        Optional.of(to -> {
          to.writeStartObject();
          to.writeBooleanProperty("full", options.full());
          to.writeBooleanProperty("json_file", options.jsonFile());
          to.writeEndObject();
        }),
        progress,
        Reports::index);
  }

  /// Has everything checked against what was written. Of damages the first 1,000 are named.
  ///
  /// @param deep whether every frame is decoded as well
  /// @param progress hears how far it is, and may end it
  public IntegrityReport verifyIntegrity(boolean deep, Progress progress) {
    return connection.work(
        "POST", path("/verify"), Optional.of(flag("deep", deep)), progress, Reports::integrity);
  }

  /// Has everything checked, and damaged segments fetched from another node that has the same ones.
  ///
  /// @param peer `sonidb://host:port`
  /// @param deep whether every frame is decoded as well
  /// @param progress hears how far it is, and may end it
  /// @return how it is afterwards
  public IntegrityReport repairFrom(String peer, boolean deep, Progress progress) {
    return connection.work(
        "POST",
        path("/verify"),
        Optional.of(to -> {
          to.writeStartObject();
          to.writeBooleanProperty("deep", deep);
          to.writeStringProperty("repair_from", peer);
          to.writeEndObject();
        }),
        progress,
        Reports::integrity);
  }

  /// Has segments rewritten without what is superseded.
  ///
  /// @param purge whether to erase everything superseded and deleted for good
  /// @param progress hears how far it is, and may end it
  public CompactionReport compact(boolean purge, Progress progress) {
    return connection.work(
        "POST", path("/compact"), Optional.of(flag("purge", purge)), progress, Reports::compaction);
  }

  /// Has it brought to another node, where it becomes a read-only replica; only what is missing
  /// there is moved, from node to node.
  ///
  /// @param target `sonidb://host:port`
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears how far it is, and may end it
  public SyncReport syncNode(String target, boolean seal, Progress progress) {
    return sync(target, seal, OptionalInt.empty(), progress);
  }

  /// Has it written to an FTP server that is no node and takes part in FXP; only what is missing
  /// there is moved. [SoniDbClient#restore(String, Progress)] brings it back.
  ///
  /// @param address `ftps://user@host:port/path`, as it stands in the node's
  ///   `cluster.replicas_file`
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears how far it is, and may end it
  public ColdReport writeReplica(String address, boolean seal, Progress progress) {
    return connection.work(
        "POST",
        path("/sync"),
        Optional.of(to -> {
          to.writeStartObject();
          to.writeStringProperty("target", address);
          to.writeBooleanProperty("seal", seal);
          to.writeEndObject();
        }),
        progress,
        Reports::cold);
  }

  /// Has it brought to many nodes at once, as [#syncNode]. They pass on to each other what they
  /// have got, so the node itself sends everything about once. One that fails is left out; the
  /// others finish.
  ///
  /// @param targets two or more, each once
  /// @return what became of each, in the same order
  public List<SpreadReport> syncNodes(List<String> targets, boolean seal, Progress progress) {
    return connection.work(
        "POST",
        path("/sync"),
        Optional.of(to -> {
          to.writeStartObject();
          to.writeStringProperty("target", targets.getFirst());
          to.writeArrayPropertyStart("to");
          targets.stream().skip(1).forEach(to::writeString);
          to.writeEndArray();
          to.writeBooleanProperty("seal", seal);
          to.writeEndObject();
        }),
        progress,
        Reports::spread);
  }

  /// Has it brought to another node, as [#syncNode], again and again, until `progress` ends that.
  ///
  /// @param everySeconds how long after a round the next one begins
  public void followNode(String target, boolean seal, int everySeconds, Progress progress) {
    sync(target, seal, OptionalInt.of(everySeconds), progress);
  }

  private SyncReport sync(
      String target, boolean seal, OptionalInt everySeconds, Progress progress) {
    return connection.work(
        "POST",
        path("/sync"),
        Optional.of(to -> {
          to.writeStartObject();
          to.writeStringProperty("target", target);
          to.writeBooleanProperty("seal", seal);
          everySeconds.ifPresent(seconds -> to.writeNumberProperty("every_seconds", seconds));
          to.writeEndObject();
        }),
        progress,
        Reports::sync);
  }

  /// Makes it writable, if it is a replica, in an epoch of its own.
  ///
  /// @return the epoch
  public int promote() {
    return connection.work(
        "POST", path("/promote"), Optional.empty(), Progress.NONE, Reports::epoch);
  }

  private static Consumer<JsonGenerator> flag(String key, boolean value) {
    return to -> {
      to.writeStartObject();
      to.writeBooleanProperty(key, value);
      to.writeEndObject();
    };
  }

  /// Changes its settings; dimension, element type and payload indexes stay.
  ///
  /// @param progress hears how far it is, and may end it
  public AlterReport alter(CollectionSpec changed, Progress progress) {
    return connection.work(
        "PATCH",
        path(""),
        Optional.of(to -> BodyWriter.alteration(changed, to)),
        progress,
        Reports::alter);
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

  /// Brings a copy of the collection in a data folder up to date, or makes it there: the node makes
  /// a snapshot, and of its files only those are fetched that the folder does not have. Each is
  /// compared with its checksum. The folder is an ordinary data folder, that nobody may have open.
  ///
  /// @param folder made if it is missing
  /// @return bytes that were fetched
  /// @throws UnexpectedAnswerException if the bytes of a file are not those that the node has
  /// @throws IOException if the folder cannot be written, or is in use
  public long updateCopy(Path folder, Progress progress) throws IOException {
    RemoteSnapshot snapshot = createSnapshot();
    try {
      return new FolderCopy(folder)
          .update(parts(snapshot), (part, to) -> fetch(snapshot, part, to), progress);
    } finally {
      deleteSnapshot(snapshot.name());
    }
  }

  private List<FolderCopy.Part> parts(RemoteSnapshot snapshot) {
    return connection.get(
        Connection.path("/collections/", name, "/snapshots/", snapshot.name(), "/files"),
        from -> BodyReader.list(from, each -> FolderCopy.Part.of(tree(each))));
  }

  private void fetch(RemoteSnapshot snapshot, FolderCopy.Part part, OutputStream to)
      throws IOException {
    MessageDigest digest = sha256();
    connection.download(
        Connection.path(
            "/collections/", name, "/snapshots/", snapshot.name(), "/files/", part.name()),
        SNAPSHOT_TIMEOUT,
        new DigestOutputStream(to, digest));
    if (!HexFormat.of().formatHex(digest.digest()).equalsIgnoreCase(part.checksum())) {
      throw connection.unexpected(
          part.name() + " of snapshot " + snapshot.name() + " came with another checksum");
    }
  }

  static MessageDigest sha256() {
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
