package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.Progress;
import io.sonidb.server.config.KeySpec.Access;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartConfig;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import tools.jackson.core.JsonGenerator;

/// Snapshots: made, listed, downloaded, deleted, put in the place of a collection.
final class SnapshotsApi {
  private final SnapshotStore store;
  private final long uploadBytes;
  private final Logs logs;

  SnapshotsApi(SnapshotStore store, long uploadBytes, Logs logs) {
    this.store = store;
    this.uploadBytes = uploadBytes;
    this.logs = logs;
  }

  Answer create(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    return ToldWork.answer(
        exchange,
        logs,
        progress -> {
          SnapshotStore.Snapshot made = store.create(collection, progress);
          return to -> write(made, to);
        });
  }

  Answer list(Exchange exchange) throws IOException {
    List<SnapshotStore.Snapshot> all = store.list(exchange.collection().name());
    return Answer.result(to -> {
      to.writeStartArray();
      all.forEach(each -> write(each, to));
      to.writeEndArray();
    });
  }

  private static void write(SnapshotStore.Snapshot snapshot, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("name", snapshot.name());
    to.writeStringProperty("creation_time", snapshot.shownTime());
    to.writeNumberProperty("size", snapshot.size());
    to.writeStringProperty("checksum", snapshot.checksum());
    to.writeEndObject();
  }

  Answer download(Exchange exchange) throws IOException {
    SnapshotStore.Snapshot snapshot = find(exchange);
    TarWriter tar = snapshot.tar();
    return new Answer.Download("application/x-tar", tar.size(), snapshot.name(), tar::write);
  }

  /// The files of a snapshot, so that who has an older one need fetch only what is new.
  Answer files(Exchange exchange) throws IOException {
    List<SnapshotStore.Part> parts = store.parts(find(exchange));
    return Answer.result(to -> {
      to.writeStartArray();
      for (SnapshotStore.Part part : parts) {
        to.writeStartObject();
        to.writeStringProperty("name", part.name());
        to.writeNumberProperty("size", part.size());
        to.writeStringProperty("checksum", part.sha256());
        to.writeEndObject();
      }
      to.writeEndArray();
    });
  }

  Answer file(Exchange exchange) throws IOException {
    Path file = store.part(find(exchange), exchange.variable("file"));
    return new Answer.Download(
        "application/octet-stream",
        Files.size(file),
        String.valueOf(file.getFileName()),
        to -> Files.copy(file, to));
  }

  Answer delete(Exchange exchange) throws IOException {
    store.delete(find(exchange));
    return Answer.yes();
  }

  private SnapshotStore.Snapshot find(Exchange exchange) throws IOException {
    return store.find(exchange.collection().name(), exchange.variable("snapshot"));
  }

  /// From a form with the file in it, as Qdrant's clients send it, or from the bare file.
  Answer upload(Exchange exchange) throws IOException {
    Request request = exchange.request();
    String name = exchange.node().catalog().resolveNew(exchange.collectionName());
    Optional<String> checksum = exchange.parameter("checksum");
    String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data")) {
      try (InputStream in = new BodyStream(Request.asInputStream(request), uploadBytes, never())) {
        store.recover(in, checksum, name, Progress.NONE);
      }
      return Answer.yes();
    }
    MultiPartConfig config =
        new MultiPartConfig.Builder()
            .location(store.folder())
            .maxParts(1)
            .maxSize(uploadBytes)
            .maxPartSize(uploadBytes)
            .maxMemoryPartSize(0)
            .useFilesForPartsWithoutFileName(true)
            .build();
    try (MultiPartFormData.Parts parts =
            MultiPartFormData.getParts(request, request, type, config);
        MultiPart.Part part = snapshotIn(parts);
        InputStream in = Content.Source.asInputStream(part.createContentSource())) {
      store.recover(in, checksum, name, Progress.NONE);
    }
    return Answer.yes();
  }

  private static MultiPart.Part snapshotIn(MultiPartFormData.Parts parts) {
    MultiPart.Part part = parts.getFirst("snapshot");
    if (part == null) {
      throw ApiException.wrongInput("the form must have a part named snapshot");
    }
    return part;
  }

  private static long never() {
    return System.nanoTime() + Long.MAX_VALUE / 2;
  }

  /// From a snapshot that is here, by its address. Nothing is fetched from anywhere.
  Answer recover(Exchange exchange) throws Exception {
    Body body = exchange.body().only("location", "priority", "checksum", "api_key");
    List<String> path = segments(body.at("location"));
    int size = path.size();
    if (size < 4
        || !path.get(size - 4).equals("collections")
        || !path.get(size - 2).equals("snapshots")) {
      throw ApiException.wrongInput(
          "location must be .../collections/NAME/snapshots/SNAPSHOT of this node; a file is sent to"
              + " POST /collections/NAME/snapshots/upload");
    }
    String from = exchange.node().catalog().resolve(Router.decode(path.get(size - 3)));
    if (!exchange.caller().sees(from) || !exchange.caller().access().allows(Access.MANAGE)) {
      throw ApiException.forbidden("this key is not for that collection");
    }
    SnapshotStore.Snapshot snapshot = store.find(from, Router.decode(path.get(size - 1)));
    if (body.has("checksum") && !body.at("checksum").text().equalsIgnoreCase(snapshot.checksum())) {
      throw ApiException.of(
          400,
          "Checksum mismatch: expected "
              + body.at("checksum").text()
              + ", actual "
              + snapshot.checksum());
    }
    String name = exchange.node().catalog().resolveNew(exchange.collectionName());
    return ToldWork.answer(
        exchange,
        logs,
        progress -> {
          store.recover(snapshot, name, progress);
          return to -> to.writeBoolean(true);
        });
  }

  private static List<String> segments(Body location) {
    try {
      String path = URI.create(location.text()).getRawPath();
      return path == null || !path.startsWith("/") ? List.of() : Route.split(path);
    } catch (IllegalArgumentException e) {
      throw location.wrong("must be an address");
    }
  }
}
