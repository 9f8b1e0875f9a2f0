package io.sonidb.server.http;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncManifest;
import io.sonidb.ftp.CallGuard;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FtpNode;
import io.sonidb.ftp.LocalNode;
import io.sonidb.ftp.Peer;
import io.sonidb.ftp.RemoteNode;
import io.sonidb.ftp.SignedCall;
import io.sonidb.ftp.SignedManifest;
import io.sonidb.ftp.SyncNode;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.ElementType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/// Calls from node to node: who are you, make me a login, end it. Each is signed with the secret
/// that both have, and so is its answer.
final class ClusterApi {
  private static final int NO_DIMENSION = 16;
  private static final int MAX_PEERS = 1000;

  private final Optional<Cluster> cluster;
  private final Catalog catalog;
  private final Optional<LocalNode> node;

  ClusterApi(Optional<Cluster> cluster, Catalog catalog) {
    this.cluster = cluster;
    this.catalog = catalog;
    this.node =
        cluster.map(
            here -> new LocalNode(catalog.database(), here.ftp(), here.secret(), catalog::adopt));
  }

  /// What this node does for a sync.
  ///
  /// @throws ApiException if it takes no part in that
  LocalNode node() {
    return node.orElseThrow(ClusterApi::disabled);
  }

  /// Another node, by its address in a body.
  RemoteNode nodeAt(Body address) {
    ClusterSecret secret = cluster.orElseThrow(ClusterApi::disabled).secret();
    try {
      return RemoteNode.at(address.text(), secret);
    } catch (IllegalArgumentException e) {
      throw ApiException.wrongInput(address.path() + ": " + e.getMessage());
    } catch (IOException e) {
      throw ApiException.wrongInput(address.path() + ": there is no such host: " + e.getMessage());
    }
  }

  private static ApiException disabled() {
    return ApiException.notFound("this node takes no part in syncing: it has ftp.enabled false");
  }

  /// A call that is let in.
  private record Call(SignedCall signed, Body body, Cluster cluster, Formats formats) {
    Answer answer(Answer.Value value) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (JsonGenerator to = formats.writer(bytes, false)) {
        value.write(to);
      }
      byte[] text = bytes.toByteArray();
      return new Answer.Signed(
          new String(text, StandardCharsets.UTF_8),
          signed.signature(cluster.secret(), HttpStatus.OK_200, text));
    }
  }

  private Call call(Exchange exchange) throws IOException {
    Cluster here = cluster.orElseThrow(ClusterApi::disabled);
    Request request = exchange.request();
    byte[] bytes;
    try (BodyBudget.Room _ = exchange.node().budget().take(exchange.node().bodyBytes());
        BodyStream in = exchange.node().stream(request, exchange.node().bodyBytes())) {
      bytes = in.readAllBytes();
    }
    SignedCall signed =
        new SignedCall(
            header(request, SignedCall.NODE),
            request.getMethod(),
            Objects.requireNonNullElse(request.getHttpURI().getPathQuery(), ""),
            SignedCall.Digest.of(bytes),
            time(header(request, SignedCall.TIME)),
            header(request, SignedCall.NONCE));
    try {
      here.guard().check(signed, header(request, SignedCall.SIGNATURE));
    } catch (CallGuard.RefusedException e) {
      throw ApiException.of(401, "Unauthorized: " + e.getMessage());
    }
    return new Call(signed, body(exchange, bytes), here, exchange.node().formats());
  }

  private static String header(Request request, String name) {
    return Objects.requireNonNullElse(request.getHeaders().get(name), "");
  }

  private static long time(String text) {
    return text.matches("\\d{1,15}") ? Long.parseLong(text) : 0;
  }

  private static Body body(Exchange exchange, byte[] bytes) {
    if (bytes.length == 0) {
      return new Body("", tools.jackson.databind.node.JsonNodeFactory.instance.objectNode());
    }
    try (JsonParser parser =
        exchange.node().formats().reader(new ByteArrayInputStream(bytes), bytes.length, false)) {
      return new Body("", BodyTree.read(parser, new VectorJson(ElementType.FLOAT32, NO_DIMENSION)));
    }
  }

  // What the routes do -----------------------------------------------------------------------

  /// What this node is called until it stops, and how its FTP server is reached.
  Answer describe(Exchange exchange) throws IOException {
    Call call = call(exchange);
    FtpNode ftp = call.cluster().ftp();
    String certificate = ftp.fingerprint();
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("node", call.cluster().guard().node());
      to.writeStringProperty("version", ServiceApi.version());
      to.writeNumberProperty("ftp_port", ftp.port());
      to.writeNumberProperty("first_passive_port", ftp.options().firstPassivePort());
      to.writeNumberProperty("last_passive_port", ftp.options().lastPassivePort());
      to.writeBooleanProperty("plain_data", ftp.options().allowsPlainData());
      to.writeStringProperty("certificate", certificate);
      to.writeEndObject();
    });
  }

  /// Makes a login, in one direction.
  Answer login(Exchange exchange) throws IOException {
    Call call = addressed(exchange);
    Body body =
        call.body()
            .only(
                "direction",
                "collection",
                "seal",
                "peers",
                "pass_on",
                "manifest",
                "seconds",
                "uuid",
                "epoch",
                "from");
    List<Peer> peers = body.at("peers").array().stream().map(ClusterApi::peer).toList();
    if (peers.isEmpty() || peers.size() > MAX_PEERS) {
      throw ApiException.wrongInput("peers: must be 1 to " + MAX_PEERS);
    }
    int seconds = body.at("seconds").whole(1, FtpNode.MAX_LOGIN_SECONDS, LocalNode.LOGIN_SECONDS);
    return switch (body.at("direction").word("send", "receive", "send_tail", "receive_tail")) {
      case "send" -> send(call, body, peers, seconds);
      case "receive" -> receive(call, body, peers, seconds);
      case "send_tail" -> sendTail(call, body, peers.getFirst());
      default -> receiveTail(call, body, peers.getFirst());
    };
  }

  private Answer sendTail(Call call, Body body, Peer peer) throws IOException {
    UUID uuid = here(body.at("uuid"));
    int epoch = body.at("epoch").whole(1, Integer.MAX_VALUE);
    long from = number(body.at("from"));
    String login = made(() -> node().sendTail(uuid, epoch, from, peer));
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("login", login);
      to.writeEndObject();
    });
  }

  private UUID here(Body body) {
    UUID uuid = read(body, UUID::fromString, "a UUID");
    if (node().find(uuid).isEmpty()) {
      throw ApiException.notFound("the collection is not here");
    }
    return uuid;
  }

  private Answer receiveTail(Call call, Body body, Peer peer) throws IOException {
    UUID uuid = here(body.at("uuid"));
    int epoch = body.at("epoch").whole(1, Integer.MAX_VALUE);
    SyncNode.Hearing made = made(() -> node().receiveTail(uuid, epoch, peer));
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("login", made.login());
      to.writeNumberProperty("next", made.next());
      to.writeEndObject();
    });
  }

  /// A call that has no effect on another node, or on this one after its next start.
  private Call addressed(Exchange exchange) throws IOException {
    if (header(exchange.request(), SignedCall.NODE).isEmpty()) {
      throw ApiException.of(
          400, "Bad request: " + SignedCall.NODE + " must be the node that GET /cluster names");
    }
    return call(exchange);
  }

  private Answer send(Call call, Body body, List<Peer> peers, int seconds) throws IOException {
    String name = catalog.collection(body.at("collection").text()).name();
    boolean seal = body.at("seal").isTrue(false);
    SyncNode.Sending made = made(() -> node().send(name, seal, peers, seconds));
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("login", made.login());
      to.writeStringProperty("manifest", made.manifest());
      to.writeNumberProperty("newest", made.newest());
      to.writeEndObject();
    });
  }

  private Answer receive(Call call, Body body, List<Peer> peers, int seconds) throws IOException {
    String manifest = body.at("manifest").text();
    SyncManifest state;
    try {
      state = SignedManifest.read(manifest, call.cluster().secret());
    } catch (IOException e) {
      throw ApiException.wrongInput("manifest: " + e.getMessage());
    }
    if (node().find(state.uuid()).isEmpty()) {
      Catalog.checkNewName("manifest", state.name());
      if (catalog.aliases().collection(state.name()).isPresent()) {
        throw ApiException.of(409, "Conflict: " + state.name() + " is the name of an alias here");
      }
    }
    SyncNode.Receiving made =
        made(() -> node().receive(manifest, peers, body.at("pass_on").isTrue(false), seconds));
    return call.answer(to -> {
      to.writeStartObject();
      switch (made) {
        case SyncNode.Welcome welcome -> {
          to.writeStringProperty("login", welcome.login());
          to.writeBooleanProperty("changes", welcome.changes());
          to.writeArrayPropertyStart("missing");
          welcome.missing().forEach(file -> to.writeString(file.name()));
          to.writeEndArray();
        }
        case SyncNode.OutOfDate newer -> {
          to.writeNumberProperty("newer_epoch", newer.newerEpoch());
          to.writeStringProperty("reason", newer.reason());
        }
      }
      to.writeEndObject();
    });
  }

  @FunctionalInterface
  private interface Making<T> {
    T make() throws IOException;
  }

  private static <T> T made(Making<T> maker) throws IOException {
    try {
      return maker.make();
    } catch (IllegalStateException full) {
      throw ApiException.of(503, "Service unavailable: " + full.getMessage());
    }
  }

  /// Has what came in take its place.
  Answer publish(Exchange exchange) throws IOException {
    Call call = addressed(exchange);
    ReceiveReport report;
    try {
      long newest = number(call.body().only("newest").at("newest"));
      report = node().publish(exchange.variable("login"), newest, Progress.NONE);
    } catch (IOException e) {
      throw ApiException.of(409, "Conflict: " + e.getMessage());
    }
    return call.answer(to -> SyncApi.write(report, to));
  }

  /// Makes a collection read-only that a higher epoch was met of.
  Answer demote(Exchange exchange) throws IOException {
    Call call = addressed(exchange);
    Body body = call.body().only("uuid", "epoch");
    UUID uuid = read(body.at("uuid"), UUID::fromString, "a UUID");
    boolean demoted = node().demote(uuid, body.at("epoch").whole(1, Integer.MAX_VALUE));
    return call.answer(to -> {
      to.writeStartObject();
      to.writeBooleanProperty("demoted", demoted);
      to.writeEndObject();
    });
  }

  /// Ends a login and what it has under way.
  Answer end(Exchange exchange) throws IOException {
    Call call = addressed(exchange);
    if (!node().endIfThere(exchange.variable("login"))) {
      throw ApiException.notFound("there is no such login, or its time was up");
    }
    return call.answer(to -> {
      to.writeStartObject();
      to.writeEndObject();
    });
  }

  // Reading and writing ----------------------------------------------------------------------

  private static Peer peer(Body body) {
    body.only("address", "first_passive_port", "last_passive_port", "certificate");
    InetAddress address = read(body.at("address"), InetAddress::ofLiteral, "an IP address");
    return new Peer(
        address,
        body.at("first_passive_port").whole(1024, 65_535),
        body.at("last_passive_port").whole(1024, 65_535),
        body.at("certificate").text());
  }

  private static long number(Body body) {
    if (!body.node().isIntegralNumber() || !body.node().canConvertToLong()) {
      throw body.wrong("must be a whole number");
    }
    return body.node().longValue();
  }

  private static <T> T read(Body body, Function<String, T> reader, String needed) {
    try {
      return reader.apply(body.text());
    } catch (IllegalArgumentException e) {
      throw body.wrong("must be " + needed);
    }
  }
}
