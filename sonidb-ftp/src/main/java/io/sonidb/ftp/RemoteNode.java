package io.sonidb.ftp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Another node that has the same secret, by signed calls.
public final class RemoteNode implements SyncNode {
  /// The usual port of a node.
  public static final int PORT = 7664;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final JsonMapper JSON = new JsonMapper();
  private static final int MAX_ANSWER = 512 << 20;
  private static final int MAX_SHOWN = 500;
  private static final int LOOKS = 3;
  private static final int SERVER_ERROR = 500; // and above: another time it may go
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration WHO = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofMinutes(10);
  private static final Duration PUBLISH = Duration.ofHours(6);
  private static final Duration TELL = Duration.ofMillis(250);

  private final URI uri;
  private final InetAddress address;
  private final ClusterSecret secret;
  private final Duration look;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
  private final AtomicLong bytes = new AtomicLong();
  private Optional<String> node = Optional.empty();

  private RemoteNode(URI uri, InetAddress address, ClusterSecret secret, Duration look) {
    this.look = look;
    this.uri = uri;
    this.address = address;
    this.secret = secret;
  }

  /// A node at an address.
  ///
  /// @param target `sonidb://host:port` or the address of its HTTP
  /// @throws IllegalArgumentException if it is no such address
  /// @throws IOException if there is no such host
  public static RemoteNode at(String target, ClusterSecret secret) throws IOException {
    return at(target, secret, Duration.ofSeconds(10));
  }

  /// As [#at(String, ClusterSecret)].
  ///
  /// @param look how often it is asked whether it is still there, while an answer takes its time
  static RemoteNode at(String target, ClusterSecret secret, Duration look) throws IOException {
    URI given;
    try {
      given = URI.create(target);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(target + " is no address of a node", e);
    }
    String scheme = given.getScheme() == null ? "" : given.getScheme();
    boolean fits = List.of("sonidb", "http", "https").contains(scheme);
    if (!fits
        || given.getHost() == null
        || given.getUserInfo() != null
        || given.getQuery() != null
        || !(given.getPath().isEmpty() || given.getPath().equals("/"))) {
      throw new IllegalArgumentException(
          "a node's address is sonidb://HOST or sonidb://HOST:PORT, not " + shown(given));
    }
    int port = given.getPort() < 0 ? PORT : given.getPort();
    URI uri =
        URI.create(
            (scheme.equals("https") ? "https" : "http") + "://" + given.getHost() + ":" + port);
    return new RemoteNode(uri, InetAddress.getByName(given.getHost()), secret, look);
  }

  /// Without what may be a password.
  private static String shown(URI given) {
    return given.getScheme() + "://" + given.getHost();
  }

  InetAddress address() {
    return address;
  }

  /// Bytes of calls and answers, without those of HTTP itself.
  public long bytes() {
    return bytes.get();
  }

  @Override
  public String name() {
    return "sonidb://" + uri.getAuthority();
  }

  // Calls ------------------------------------------------------------------------------------

  private JsonNode call(String method, String path, ObjectNode body) throws IOException {
    return call(method, path, body, ANSWER, Progress.NONE);
  }

  /// @param progress hears nothing but that it takes its time, and may throw to end it
  private JsonNode call(
      String method, String path, ObjectNode body, Duration timeout, Progress progress)
      throws IOException {
    return send(method, path, JSON.writeValueAsString(body), theirName(), timeout, progress);
  }

  private synchronized String theirName() throws IOException {
    if (node.isEmpty()) {
      node = Optional.of(askName(WHO));
    }
    return node.get();
  }

  private String askName(Duration timeout) throws IOException {
    return send("GET", "/cluster", "", "", timeout, Progress.NONE).path("node").asString("");
  }

  private JsonNode send(
      String method, String path, String body, String to, Duration timeout, Progress progress)
      throws IOException {
    byte[] random = new byte[16];
    RANDOM.nextBytes(random);
    byte[] sent = body.getBytes(UTF_8);
    SignedCall call =
        new SignedCall(
            to,
            method,
            path,
            SignedCall.Digest.of(sent),
            System.currentTimeMillis(),
            HexFormat.of().formatHex(random));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri.resolve(path))
            .timeout(timeout)
            .header(SignedCall.NODE, call.node())
            .header(SignedCall.TIME, Long.toString(call.timeMillis()))
            .header(SignedCall.NONCE, call.nonce())
            .header(SignedCall.SIGNATURE, call.signature(secret));
    if (sent.length > 0) {
      request.header("content-type", "application/json");
    }
    HttpResponse<byte[]> response =
        answer(
            request.method(method, HttpRequest.BodyPublishers.ofByteArray(sent)).build(),
            to,
            progress);
    byte[] answer = response.body();
    bytes.addAndGet(sent.length + answer.length);
    if (response.statusCode() != 200) {
      throw refused(response.statusCode(), answer);
    }
    String signature = response.headers().firstValue(SignedCall.SIGNATURE).orElse("");
    if (!ClusterSecret.isSame(call.signature(secret, 200, answer), signature)) {
      throw new SyncFailedException(
          SyncFailedException.Kind.REFUSED,
          name() + " has not the same cluster.secret: both need the same file");
    }
    try {
      return JSON.readTree(answer);
    } catch (JacksonException e) {
      throw new SyncFailedException(
          SyncFailedException.Kind.UNREACHABLE, name() + " answers no JSON", e);
    }
  }

  /// Waits for an answer. Whoever has lost power or the network says nothing, so a node that lets
  /// one wait is asked whether it is still there, and still the same.
  ///
  /// @param to the node's name; empty where that is being asked for, which nobody waits for long
  private HttpResponse<byte[]> answer(HttpRequest request, String to, Progress progress)
      throws IOException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER));
    try {
      long looked = System.nanoTime();
      while (true) {
        try {
          return answer.get(TELL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          progress.update(0, 0, "waiting for " + name());
          if (!to.isEmpty() && System.nanoTime() - looked > look.toNanos()) {
            checkIsThere(to);
            looked = System.nanoTime();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw unreachable(
          cause instanceof ConnectException
              ? " cannot be reached"
              : cause instanceof HttpTimeoutException
                  ? " does not answer"
                  : cause instanceof SSLException
                      ? " cannot be talked to in TLS: " + cause.getMessage()
                      : ": " + cause.getMessage(),
          cause);
    } finally {
      answer.cancel(true);
    }
  }

  private void checkIsThere(String asked) throws IOException {
    for (int tries = LOOKS; ; tries--) {
      try {
        if (askName(look).equals(asked)) {
          return;
        }
        break;
      } catch (SyncFailedException e) {
        if (tries == 1 || e.kind() != SyncFailedException.Kind.UNREACHABLE) {
          throw e;
        }
      }
    }
    throw new SyncFailedException(
        SyncFailedException.Kind.UNREACHABLE, name() + " was started anew before it had answered");
  }

  private SyncFailedException unreachable(String what, Throwable cause) {
    return new SyncFailedException(SyncFailedException.Kind.UNREACHABLE, name() + what, cause);
  }

  private SyncFailedException refused(int status, byte[] answer) {
    String reason = "status " + status;
    try {
      reason = JSON.readTree(answer).path("status").path("error").asString(reason);
    } catch (JacksonException e) {
      // Then the status must do.
    }
    return new SyncFailedException(
        status >= SERVER_ERROR ? SyncFailedException.Kind.BROKEN : SyncFailedException.Kind.REFUSED,
        name() + ": " + reason.substring(0, Math.min(MAX_SHOWN, reason.length())));
  }

  private static String text(JsonNode from, String key) throws IOException {
    return from.path(key)
        .asStringOpt()
        .orElseThrow(() -> new IOException("a node's answer lacks " + key));
  }

  @Override
  public Contact contact(SyncNode other) throws IOException {
    return contact(address);
  }

  @Override
  public Contact contact(InetAddress other) throws IOException {
    JsonNode told = send("GET", "/cluster", "", "", WHO, Progress.NONE);
    synchronized (this) {
      node = Optional.of(text(told, "node"));
    }
    return new Contact(
        address,
        told.path("ftp_port").asInt(0),
        told.path("first_passive_port").asInt(0),
        told.path("last_passive_port").asInt(0),
        text(told, "certificate"),
        told.path("plain_data").asBoolean(false));
  }

  private static void put(List<Peer> peers, ObjectNode into) {
    ArrayNode all = into.putArray("peers");
    for (Peer peer : peers) {
      all.addObject()
          .put("address", peer.address().getHostAddress())
          .put("first_passive_port", peer.firstPort())
          .put("last_passive_port", peer.lastPort())
          .put("certificate", peer.certificate());
    }
  }

  @Override
  public Sending send(String collection, boolean seal, List<Peer> peers) throws IOException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("direction", "send")
            .put("collection", collection)
            .put("seal", seal);
    put(peers, body);
    JsonNode told = call("POST", "/cluster/logins", body);
    return new Sending(text(told, "login"), text(told, "manifest"), told.path("newest").asLong(0));
  }

  @Override
  public Receiving receive(String manifest, List<Peer> peers, boolean passesOn) throws IOException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("direction", "receive")
            .put("manifest", manifest)
            .put("pass_on", passesOn);
    put(peers, body);
    JsonNode told = call("POST", "/cluster/logins", body);
    if (told.has("newer_epoch")) {
      return new OutOfDate(told.path("newer_epoch").asInt(0), text(told, "reason"));
    }
    SyncManifest state = SignedManifest.read(manifest, secret);
    List<SyncFile> missing = new ArrayList<>();
    for (JsonNode name : told.path("missing")) {
      missing.add(
          state
              .file(name.asString(""))
              .orElseThrow(() -> new IOException("a node asks for a file that is not announced")));
    }
    return new Welcome(text(told, "login"), missing, told.path("changes").asBoolean(true));
  }

  @Override
  public ReceiveReport publish(String login, long newest, Progress progress) throws IOException {
    JsonNode told =
        call(
            "POST",
            "/cluster/logins/" + login + "/publish",
            JSON.createObjectNode().put("newest", newest),
            PUBLISH,
            progress);
    List<String> diverging = new ArrayList<>();
    told.path("diverging").forEach(each -> diverging.add(each.asString("")));
    return new ReceiveReport(
        text(told, "name"),
        told.path("created").asBoolean(false),
        told.path("changed").asBoolean(false),
        told.path("vectors").asLong(0),
        told.path("sequence").asLong(0),
        told.path("epoch").asInt(0),
        diverging,
        told.path("aside").asStringOpt().map(Path::of),
        told.path("seconds").asDouble(0));
  }

  @Override
  public String sendTail(UUID collection, int epoch, long from, Peer peer) throws IOException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("direction", "send_tail")
            .put("uuid", collection.toString())
            .put("epoch", epoch)
            .put("from", from);
    put(List.of(peer), body);
    return text(call("POST", "/cluster/logins", body), "login");
  }

  @Override
  public Hearing receiveTail(UUID collection, int epoch, Peer peer) throws IOException {
    ObjectNode body =
        JSON.createObjectNode()
            .put("direction", "receive_tail")
            .put("uuid", collection.toString())
            .put("epoch", epoch);
    put(List.of(peer), body);
    JsonNode told = call("POST", "/cluster/logins", body);
    return new Hearing(text(told, "login"), told.path("next").asLong(0));
  }

  @Override
  public void end(String login) throws IOException {
    call("DELETE", "/cluster/logins/" + login, JSON.createObjectNode());
  }

  @Override
  public boolean demote(UUID collection, int metEpoch) throws IOException {
    ObjectNode body =
        JSON.createObjectNode().put("uuid", collection.toString()).put("epoch", metEpoch);
    return call("POST", "/cluster/demotions", body).path("demoted").asBoolean(false);
  }
}
