package io.sonidb.server.http;

import io.sonidb.Outgoing;
import io.sonidb.Progress;
import io.sonidb.SyncFile;
import io.sonidb.ftp.CallGuard;
import io.sonidb.ftp.FtpNode;
import io.sonidb.ftp.Peer;
import io.sonidb.ftp.SignedCall;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.ElementType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
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
  private static final int LOGIN_SECONDS = 3600;

  private final Optional<Cluster> cluster;
  private final Catalog catalog;

  ClusterApi(Optional<Cluster> cluster, Catalog catalog) {
    this.cluster = cluster;
    this.catalog = catalog;
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
    Cluster here =
        cluster.orElseThrow(() ->
            ApiException.notFound("this node takes no part in syncing: it has ftp.enabled false"));
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
        call.body().only("direction", "collection", "seal", "uuid", "peer", "files", "seconds");
    Peer peer =
        peer(
            body.at("peer")
                .only("address", "first_passive_port", "last_passive_port", "certificate"));
    int seconds = body.at("seconds").whole(1, FtpNode.MAX_LOGIN_SECONDS, LOGIN_SECONDS);
    return body.at("direction").word("send", "receive").equals("send")
        ? send(call, body, peer, seconds)
        : receive(call, body, peer, seconds);
  }

  /// A call that has no effect on another node, or on this one after its next start.
  private Call addressed(Exchange exchange) throws IOException {
    if (header(exchange.request(), SignedCall.NODE).isEmpty()) {
      throw ApiException.of(
          400, "Bad request: " + SignedCall.NODE + " must be the node that GET /cluster names");
    }
    return call(exchange);
  }

  private Answer send(Call call, Body body, Peer peer, int seconds) {
    String name = catalog.collection(body.at("collection").text()).name();
    Outgoing outgoing =
        catalog.database().outgoing(name, body.at("seal").isTrue(false), Progress.NONE);
    String login = made(ftp -> ftp.sending(outgoing, peer, seconds), call);
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("login", login);
      to.writeStringProperty("uuid", outgoing.uuid().toString());
      to.writeNumberProperty("epoch", outgoing.epoch());
      to.writeNumberProperty("sequence", outgoing.sequence());
      to.writeArrayPropertyStart("files");
      outgoing.files().forEach(file -> write(file, to));
      to.writeEndArray();
      to.writeEndObject();
    });
  }

  private Answer receive(Call call, Body body, Peer peer, int seconds) {
    UUID uuid = read(body.at("uuid"), UUID::fromString, "a UUID");
    List<SyncFile> files = body.at("files").array().stream().map(ClusterApi::file).toList();
    if (files.stream().map(SyncFile::name).distinct().count() < files.size()) {
      throw ApiException.wrongInput("files: two have the same name");
    }
    String login = made(ftp -> ftp.receiving(uuid, files, peer, seconds), call);
    return call.answer(to -> {
      to.writeStartObject();
      to.writeStringProperty("login", login);
      to.writeEndObject();
    });
  }

  private static String made(Function<FtpNode, String> maker, Call call) {
    try {
      return maker.apply(call.cluster().ftp());
    } catch (IllegalStateException full) {
      throw ApiException.of(503, "Service unavailable: " + full.getMessage());
    }
  }

  /// Ends a login and what it has under way.
  Answer end(Exchange exchange) throws IOException {
    Call call = addressed(exchange);
    if (!call.cluster().ftp().end(exchange.variable("login"))) {
      throw ApiException.notFound("there is no such login, or its time was up");
    }
    return call.answer(to -> {
      to.writeStartObject();
      to.writeEndObject();
    });
  }

  // Reading and writing ----------------------------------------------------------------------

  private static Peer peer(Body body) {
    InetAddress address = read(body.at("address"), InetAddress::ofLiteral, "an IP address");
    return new Peer(
        address,
        body.at("first_passive_port").whole(1024, 65_535),
        body.at("last_passive_port").whole(1024, 65_535),
        body.at("certificate").text());
  }

  private static SyncFile file(Body body) {
    body.only("name", "size", "crc32", "sha256");
    if (!body.at("size").node().isIntegralNumber() || !body.at("size").node().canConvertToLong()) {
      throw body.at("size").wrong("must be a whole number");
    }
    int crc32 =
        read(
            body.at("crc32"),
            text -> {
              if (text.length() != 8) {
                throw new IllegalArgumentException("length");
              }
              return HexFormat.fromHexDigits(text);
            },
            "8 hexadecimal digits");
    return new SyncFile(
        body.at("name").text(),
        body.at("size").node().longValue(),
        crc32,
        body.at("sha256").text());
  }

  private static <T> T read(Body body, Function<String, T> reader, String needed) {
    try {
      return reader.apply(body.text());
    } catch (IllegalArgumentException e) {
      throw body.wrong("must be " + needed);
    }
  }

  private static void write(SyncFile file, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("name", file.name());
    to.writeNumberProperty("size", file.size());
    to.writeStringProperty("crc32", HexFormat.of().toHexDigits(file.crc32()));
    to.writeStringProperty("sha256", file.sha256());
    to.writeEndObject();
  }
}
