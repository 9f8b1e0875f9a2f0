package io.sonidb.client;

import io.sonidb.CollectionSpec;
import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A node, and the collections it has.
///
/// ```java
/// try (SoniDbClient node = SoniDbClient.of("http://127.0.0.1:7664")) {
///   RemoteCollection songs = node.create("songs", CollectionSpec.dimension(768));
///   songs.upsert(List.of(Point.of("42", vector)));
///   List<Hit> hits = songs.search(Query.nearest(vector, 10));
/// }
/// ```
///
/// Nothing is sent until something is asked for. Several threads may share one. What fails is a
/// [NodeException].
public final class SoniDbClient implements AutoCloseable {
  private final Connection connection;

  private SoniDbClient(Connection connection) {
    this.connection = connection;
  }

  /// A node without keys, such as `http://127.0.0.1:7664`.
  ///
  /// @throws IllegalArgumentException if it is no address of a node
  public static SoniDbClient of(String uri) {
    return of(ClientOptions.of(uri));
  }

  /// A node.
  public static SoniDbClient of(ClientOptions options) {
    return new SoniDbClient(new Connection(options));
  }

  /// Where it is.
  public URI uri() {
    return connection.options().uri();
  }

  /// Names of its collections, sorted; only those that the key is for.
  public List<String> collections() {
    return connection
        .get(
            "/collections",
            from ->
                BodyReader.at(
                    "collections",
                    from,
                    list ->
                        BodyReader.list(
                            list, each -> BodyReader.at("name", each, name -> name.getString()))))
        .stream()
        .sorted()
        .toList();
  }

  /// A collection, by its name or alias, if it is there.
  public Optional<RemoteCollection> find(String name) {
    try {
      return Optional.of(collection(name));
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  /// A collection, by its name or alias.
  ///
  /// @throws NotFoundException if it is not there
  public RemoteCollection collection(String name) {
    return RemoteCollection.open(connection, name);
  }

  /// A new collection.
  ///
  /// @throws AlreadyExistsException if there is one of that name
  public RemoteCollection create(String name, CollectionSpec spec) {
    Duration timeout = connection.options().timeout();
    connection.send(
        new Connection.Call(
            "PUT",
            Connection.path("/collections/", name),
            Optional.of(to -> BodyWriter.spec(spec, to)),
            false,
            timeout),
        _ -> true);
    RemoteCollection created = collection(name);
    spec.payloadIndexes().forEach(created::createPayloadIndex);
    return created;
  }

  /// Deletes a collection with all its points.
  ///
  /// @return whether it was there
  public boolean drop(String name) {
    Duration timeout = connection.options().timeout();
    return connection.send(
        new Connection.Call(
            "DELETE", Connection.path("/collections/", name), Optional.empty(), false, timeout),
        from -> from.getBooleanValue());
  }

  /// Puts the collection of a snapshot's file in the place of one, or makes it.
  ///
  /// @param name of the collection here
  /// @param tar as [RemoteCollection#download] wrote it
  /// @throws BadRequestException if it is no snapshot, or damaged; nothing was changed
  public void restore(String name, Path tar) throws IOException {
    if (!Files.isReadable(tar)) {
      throw new NoSuchFileException(tar.toString());
    }
    connection.upload(
        "POST",
        Connection.path("/collections/", name, "/snapshots/upload"),
        "application/x-tar",
        BodyPublishers.ofFile(tar),
        false,
        RemoteCollection.SNAPSHOT_TIMEOUT,
        _ -> true);
  }

  /// Has a collection brought back from an FTP server that is no node, as a read-only replica.
  ///
  /// @param address as [RemoteCollection#writeReplica]
  /// @param progress hears how far it is, and may end it
  public ReceiveReport restore(String address, Progress progress) {
    return connection.work(
        "POST",
        "/restore",
        Optional.of(to -> {
          to.writeStartObject();
          to.writeStringProperty("source", address);
          to.writeEndObject();
        }),
        progress,
        Reports::received);
  }

  /// Ends what is under way, and closes its connections.
  @Override
  public void close() {
    connection.close();
  }
}
