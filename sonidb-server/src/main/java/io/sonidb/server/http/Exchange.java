package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.ElementType;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Fields;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.node.JsonNodeFactory;

/// A request, as the routes see it.
///
/// @param request as it came
/// @param response of which headers may be set
/// @param variables of the path
/// @param caller who sent it
/// @param node what all requests share
record Exchange(
    Request request, Response response, Map<String, String> variables, Caller caller, Shared node) {
  private static final int NO_DIMENSION = 16;

  /// What all requests share.
  ///
  /// @param catalog collections by their names and aliases
  /// @param formats JSON and CBOR
  /// @param budget room for bodies
  /// @param bodyBytes largest body
  /// @param requestSeconds in which a request must arrive
  /// @param stallSeconds in which a piece of a long answer must be taken
  record Shared(
      Catalog catalog,
      Formats formats,
      BodyBudget budget,
      long bodyBytes,
      int requestSeconds,
      int stallSeconds) {
    /// The bytes of a body, which must not be more than that.
    BodyStream stream(Request request, long most) {
      return new BodyStream(
          Request.asInputStream(request),
          most,
          request.getHeadersNanoTime() + requestSeconds * 1_000_000_000L);
    }
  }

  String variable(String name) {
    return Objects.requireNonNull(variables.get(name), name);
  }

  /// The name in the path, which may be an alias.
  String collectionName() {
    return variable("collection");
  }

  /// The collection that the path names.
  Collection collection() {
    return node.catalog().collection(collectionName());
  }

  Optional<String> parameter(String name) {
    Fields fields = Request.extractQueryParameters(request);
    return Optional.ofNullable(fields.getValue(name));
  }

  /// A parameter that is true or false.
  boolean isTrue(String name, boolean fallback) {
    Optional<String> text = parameter(name);
    if (text.isEmpty()) {
      return fallback;
    }
    return switch (text.get()) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw ApiException.of(
              400, "Deserialize error in query parameters: " + name + " must be true or false");
    };
  }

  /// Reads the parameters that make no difference on a single node, so that wrong ones are noticed.
  void checkParameters() {
    parameter("ordering")
        .filter(text -> !text.matches("weak|medium|strong"))
        .ifPresent(_ -> {
          throw ApiException.of(
              400,
              "Deserialize error in query parameters: ordering must be weak, medium or strong");
        });
    parameter("timeout")
        .filter(text -> !text.matches("[1-9][0-9]{0,8}"))
        .ifPresent(_ -> {
          throw ApiException.of(
              422, "Validation error in query parameters: [timeout: must be 1 or larger]");
        });
  }

  /// The body, in which there are no vectors.
  Body body() {
    return read(new VectorJson(ElementType.FLOAT32, NO_DIMENSION));
  }

  /// The body; nothing at all is an empty object.
  Body bodyIfAny() {
    return hasBody() ? body() : new Body("", JsonNodeFactory.instance.objectNode());
  }

  /// The body, in which there may be vectors for a collection.
  Body body(Collection collection) {
    return read(new VectorJson(collection.spec().element(), collection.spec().dimension()));
  }

  /// The bytes of a body of any length, which may come as slowly as the connection's idle time lets
  /// them.
  InputStream endlessBody() {
    return Request.asInputStream(request);
  }

  /// Sets a header of the answer; what is no visible ASCII is percent-encoded.
  void header(String name, String value) {
    response
        .getHeaders()
        .put(name, URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
  }

  private boolean hasBody() {
    return request.getLength() > 0
        || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)
        || (request.getLength() < 0
            && request.getConnectionMetaData().getHttpVersion().getVersion() >= 20);
  }

  private Body read(VectorJson vectors) {
    long length = request.getLength();
    if (length > node.bodyBytes()) {
      throw BodyStream.tooLarge(node.bodyBytes());
    }
    String type = Objects.requireNonNullElse(request.getHeaders().get(HttpHeader.CONTENT_TYPE), "");
    try (BodyBudget.Room _ = node.budget().take(length < 0 ? node.bodyBytes() : length);
        JsonParser parser =
            node.formats()
                .reader(node.stream(request, node.bodyBytes()), length, Formats.isCbor(type))) {
      return new Body("", BodyTree.read(parser, vectors));
    }
  }
}
