package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFileException;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.Vector;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Queries whose vectors are rows of an array. The rest of the query, the same for all rows, stands
/// in the parameter `request` as the JSON that would be the body.
final class ArrayQueries {
  private ArrayQueries() {}

  /// The body of a query by the one row that there is.
  static Body one(Exchange exchange, Collection collection) throws IOException {
    List<Body> all = several(exchange, collection);
    if (all.size() != 1) {
      throw ApiException.wrongInput(
          "the array must be one vector, has "
              + all.size()
              + " rows; POST .../points/query/batch takes several");
    }
    return all.getFirst();
  }

  /// The bodies of queries, one for each row.
  static List<Body> several(Exchange exchange, Collection collection) throws IOException {
    ObjectNode rest = rest(exchange, collection);
    List<Body> all = new ArrayList<>();
    for (Vector row : rows(exchange, collection)) {
      ObjectNode query = rest.deepCopy();
      query.set("query", JsonNodeFactory.instance.pojoNode(row));
      all.add(new Body("", query));
    }
    return all;
  }

  private static ObjectNode rest(Exchange exchange, Collection collection) {
    byte[] json = exchange.parameter("request").orElse("{}").getBytes(StandardCharsets.UTF_8);
    JsonNode node;
    try (JsonParser from =
        exchange.node().formats().reader(new ByteArrayInputStream(json), json.length, false)) {
      node =
          BodyTree.read(
              from, new VectorJson(collection.spec().element(), collection.spec().dimension()));
    }
    if (!(node instanceof ObjectNode object) || object.has("query")) {
      throw ApiException.of(
          400,
          "Deserialize error in query parameters: request must be a JSON object without query: the"
              + " body is the query");
    }
    return object;
  }

  private static List<Vector> rows(Exchange exchange, Collection collection) throws IOException {
    Exchange.Shared node = exchange.node();
    long length = exchange.request().getLength();
    if (length > node.bodyBytes()) {
      throw BodyStream.tooLarge(node.bodyBytes());
    }
    ReadOptions options =
        new ReadOptions(Optional.of(VectorFormat.NPY), Optional.of(collection.spec().element()));
    List<Vector> rows = new ArrayList<>();
    try (BodyBudget.Room _ = node.budget().take(length < 0 ? node.bodyBytes() : length);
        VectorReader from =
            VectorReader.of(
                node.stream(exchange.request(), node.bodyBytes()), "the body", options)) {
      for (Optional<VectorRow> row = from.next(); row.isPresent(); row = from.next()) {
        rows.add(row.get().vector());
      }
    } catch (VectorFileException e) {
      throw ApiException.wrongInput(String.valueOf(e.getMessage()));
    }
    return rows;
  }
}
