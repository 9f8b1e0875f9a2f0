package io.sonidb.server.config;

import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FtpOptions;
import io.sonidb.server.webrtc.PeerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a node is to be.
///
/// @param data folder of the database
/// @param snapshots folder of the snapshots
/// @param http where it listens, and to whom
/// @param tls its certificate; without, it speaks plainly
/// @param keys who may do what; without any, everybody may do everything
/// @param ftp how other nodes sync with it; empty if they may not
/// @param limits of requests
/// @param streams limits of answers without end
/// @param webRtc limits of viewers, and how they find the node
/// @param accessLog where requests are noted; empty for nowhere, `-` for standard error
/// @param auditLog where administrative calls are noted, likewise
public record NodeConfig(
    Path data,
    Path snapshots,
    Http http,
    Optional<Tls> tls,
    List<KeySpec> keys,
    Optional<Ftp> ftp,
    Limits limits,
    Streams streams,
    WebRtc webRtc,
    Optional<String> accessLog,
    String auditLog) {

  /// As RFC 7064 and RFC 7065 have it; the first group is the port.
  private static final Pattern ICE_SERVER =
      Pattern.compile(
          "(?:stun|turns?):(?:[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])(?::(\\d{1,5}))?"
              + "(?:\\?transport=(?:udp|tcp))?");

  /// Where a node listens, and to whom.
  ///
  /// @param host address to listen on
  /// @param port 0 for any that is free
  /// @param allowedHosts names by which clients may call it, beside IP addresses and localhost
  /// @param allowedOrigins web pages that may call it
  /// @param idleSeconds after which a connection is closed
  /// @param maxConnections more are not accepted
  public record Http(
      String host,
      int port,
      Set<String> allowedHosts,
      Set<String> allowedOrigins,
      int idleSeconds,
      int maxConnections) {}

  /// Where certificate and key are.
  ///
  /// @param certificate PEM, or PKCS#12 with the key
  /// @param key PEM; empty for PKCS#12
  /// @param password of the key; empty for none
  public record Tls(Path certificate, Optional<Path> key, String password) {}

  /// How other nodes sync with it.
  ///
  /// @param options of the FTP server
  /// @param secretFile what the nodes know each other by; made if it is not there
  /// @param replicasFile FTP servers that are no nodes and may hold cold replicas; empty for none
  public record Ftp(FtpOptions options, Path secretFile, Optional<Path> replicasFile) {}

  /// Limits of requests.
  ///
  /// @param bodyBytes largest body
  /// @param uploadBytes largest snapshot
  /// @param bodiesBytes bodies that are read at the same time
  /// @param headerBytes largest head
  /// @param nesting objects and arrays within one another
  /// @param requestSeconds time in which a request must arrive
  /// @param shutdownSeconds time that requests get to finish at the end
  public record Limits(
      long bodyBytes,
      long uploadBytes,
      long bodiesBytes,
      int headerBytes,
      int nesting,
      int requestSeconds,
      int shutdownSeconds) {}

  /// Limits of answers without end: audio that is followed, and change feeds.
  ///
  /// @param most more are not begun
  /// @param stallSeconds a reader that takes none of what is there for so long is disconnected
  /// @param heartbeatSeconds after which a change feed without changes says that it is alive
  public record Streams(int most, int stallSeconds, int heartbeatSeconds) {}

  /// Viewers by WebRTC.
  ///
  /// @param maxViewers more are not begun
  /// @param connectSeconds in which a viewer must connect
  /// @param peers how they find each other
  public record WebRtc(int maxViewers, int connectSeconds, PeerOptions peers) {}

  /// Copies the lists.
  public NodeConfig {
    keys = List.copyOf(keys);
  }

  /// A node of a data folder, as it is when nothing else is said.
  public static NodeConfig of(Path data) {
    return load(data, Optional.empty(), Map.of(), Map.of());
  }

  /// Reads a configuration: flags count before the environment, that before the file, that before
  /// the defaults.
  ///
  /// @param data folder of the database
  /// @param file YAML; empty for none
  /// @param environment variables such as `SONIDB__HTTP__PORT`; others are left alone
  /// @param flags values by the keys of their settings
  /// @throws ConfigException naming what is wrong, where it was said, and the fix
  public static NodeConfig load(
      Path data, Optional<Path> file, Map<String, String> environment, Map<String, String> flags) {
    Map<String, Said> said = new HashMap<>();
    Setting.ALL.forEach(each -> said.put(each.key(), new Said(each.fallback(), each, "default")));
    file.ifPresent(path -> fromFile(path, said));
    environment.forEach((name, value) -> {
      if (name.startsWith("SONIDB__")) {
        Setting setting =
            Setting.ofVariable(name)
                .orElseThrow(() -> new ConfigException("environment: there is no setting " + name));
        said.put(setting.key(), new Said(value, setting, "environment variable " + name));
      }
    });
    flags.forEach((key, value) -> {
      Setting setting =
          Setting.of(key).orElseThrow(() -> new ConfigException("there is no setting " + key));
      said.put(key, new Said(value, setting, setting.flag()));
    });
    return make(data, said, environment);
  }

  private static void fromFile(Path path, Map<String, Said> said) {
    Map<String, String> values;
    try {
      values = ConfigFile.read(path);
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage(), e);
    }
    values.forEach((key, value) -> {
      Setting setting =
          Setting.of(key)
              .orElseThrow(() ->
                  new ConfigException(
                      path
                          + ": there is no setting "
                          + key
                          + "; there are "
                          + String.join(", ", Setting.ALL.stream().map(Setting::key).toList())));
      said.put(key, new Said(value, setting, path.toString()));
    });
  }

  private static NodeConfig make(
      Path data, Map<String, Said> said, Map<String, String> environment) {
    Values values = new Values(said);
    Http http =
        new Http(
            values.text("http.host"),
            (int) values.whole("http.port", 0, 65_535),
            Set.copyOf(values.list("http.allowed_hosts", ",")),
            Set.copyOf(values.list("http.allowed_origins", ",")),
            (int) values.whole("http.idle_seconds", 1, 86_400),
            (int) values.whole("http.max_connections", 1, 1_000_000));
    Limits limits =
        new Limits(
            values.whole("limits.max_body_mb", 1, 1024) << 20,
            values.whole("limits.max_upload_mb", 1, 1 << 24) << 20,
            values.whole("limits.max_bodies_mb", 1, 1 << 20) << 20,
            (int) values.whole("limits.max_header_bytes", 1024, 1 << 20),
            (int) values.whole("limits.max_nesting", 8, 500),
            (int) values.whole("limits.request_seconds", 1, 86_400),
            (int) values.whole("limits.shutdown_seconds", 0, 3_600));
    Streams streams =
        new Streams(
            (int) values.whole("http.max_streams", 1, 1_000_000),
            (int) values.whole("http.stall_seconds", 1, 86_400),
            (int) values.whole("http.heartbeat_seconds", 1, 86_400));
    String snapshots = values.text("storage.snapshots");
    String audit = values.text("log.audit");
    NodeConfig config =
        new NodeConfig(
            data,
            snapshots.isEmpty() ? beside(data) : Path.of(snapshots),
            http,
            tls(values),
            KeySpec.of(values),
            ftp(values, environment),
            limits,
            streams,
            webRtc(values),
            Optional.of(values.text("log.access")).filter(text -> !text.isEmpty()),
            audit.isEmpty() ? data.resolve("audit.log").toString() : audit);
    config.checkIsSafe(values.isTrue("http.insecure"));
    return config;
  }

  private static Path beside(Path data) {
    Path whole = data.toAbsolutePath().normalize();
    return whole.resolveSibling(Objects.requireNonNull(whole.getFileName(), "/") + "-snapshots");
  }

  private static Optional<Tls> tls(Values values) {
    String certificate = values.text("tls.certificate");
    String key = values.text("tls.key");
    if (certificate.isEmpty()) {
      if (!key.isEmpty()) {
        throw new ConfigException("tls.key is set and tls.certificate is not: set both");
      }
      return Optional.empty();
    }
    return Optional.of(
        new Tls(
            Path.of(certificate),
            key.isEmpty() ? Optional.empty() : Optional.of(Path.of(key)),
            values.text("tls.password")));
  }

  private static WebRtc webRtc(Values values) {
    List<String> servers = values.list("webrtc.ice_servers", ",");
    if (!servers.stream().allMatch(NodeConfig::isIceServer)) {
      throw values
          .said("webrtc.ice_servers")
          .wrong("addresses such as stun:stun.example.com:3478 or turn:turn.example.com");
    }
    String username = values.text("webrtc.ice_username");
    String password = contents(values, "webrtc.ice_password_file");
    if (servers.stream().anyMatch(server -> server.startsWith("turn"))
        && (username.isEmpty() || password.isEmpty())) {
      throw new ConfigException(
          "webrtc.ice_servers has a TURN server, which wants a name and a password: set"
              + " webrtc.ice_username and webrtc.ice_password_file");
    }
    List<String> ports = values.list("webrtc.ports", "-");
    if (!ports.isEmpty()
        && (ports.size() != 2
            || !ports.stream().allMatch(port -> port.matches("\\d{4,5}"))
            || Integer.parseInt(ports.getFirst()) > Integer.parseInt(ports.getLast())
            || Integer.parseInt(ports.getLast()) > 65_535)) {
      throw values.said("webrtc.ports").wrong("two ports such as 40000-40999");
    }
    return new WebRtc(
        (int) values.whole("webrtc.max_viewers", 1, 100_000),
        (int) values.whole("webrtc.connect_seconds", 1, 3_600),
        new PeerOptions(
            servers,
            username,
            password,
            ports.isEmpty() ? 0 : Integer.parseInt(ports.getFirst()),
            ports.isEmpty() ? 0 : Integer.parseInt(ports.getLast())));
  }

  private static boolean isIceServer(String address) {
    Matcher matcher = ICE_SERVER.matcher(address);
    if (!matcher.matches() || (address.startsWith("stun") && address.contains("?"))) {
      return false;
    }
    int port = matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
    return port >= 1 && port <= 65_535;
  }

  private static String contents(Values values, String key) {
    if (values.text(key).isEmpty()) {
      return "";
    }
    try {
      return Files.readString(Path.of(values.text(key))).strip();
    } catch (IOException e) {
      throw new ConfigException(
          values.said(key).where() + ": " + key + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<Ftp> ftp(Values values, Map<String, String> environment) {
    if (!values.isTrue("ftp.enabled")) {
      return Optional.empty();
    }
    List<String> ports = values.list("ftp.passive_ports", "-");
    if (ports.size() != 2 || !ports.stream().allMatch(port -> port.matches("\\d{4,5}"))) {
      throw values.said("ftp.passive_ports").wrong("two ports such as 7622-7721");
    }
    String secret = values.text("cluster.secret_file");
    String replicas = values.text("cluster.replicas_file");
    try {
      FtpOptions options =
          new FtpOptions(
              values.text("http.host"),
              values.text("ftp.port").isEmpty()
                  ? OptionalInt.empty()
                  : OptionalInt.of((int) values.whole("ftp.port", 0, 65_535)),
              Integer.parseInt(ports.get(0)),
              Integer.parseInt(ports.get(1)),
              (int) values.whole("ftp.max_sessions", 1, 10_000),
              (int) values.whole("ftp.idle_seconds", 1, 86_400),
              values.isTrue("ftp.plain_data"));
      return Optional.of(
          new Ftp(
              options,
              secret.isEmpty() ? ClusterSecret.defaultFile(environment) : Path.of(secret),
              replicas.isEmpty() ? Optional.empty() : Optional.of(Path.of(replicas))));
    } catch (IllegalArgumentException e) {
      throw values.said("ftp.passive_ports").wrong("ports from 1024 to 65535, the first one first");
    }
  }

  private void checkIsSafe(boolean insecure) {
    if (isLoopback() || insecure || (tls.isPresent() && !keys.isEmpty())) {
      return;
    }
    throw new ConfigException(
        "listening on "
            + http.host
            + " lets others in, so it needs "
            + (keys.isEmpty() ? "security.api_key" : "")
            + (keys.isEmpty() && tls.isEmpty() ? " and " : "")
            + (tls.isEmpty() ? "tls.certificate" : "")
            + "; or say --http-insecure true to let everybody in");
  }

  /// Whether only this machine can reach it.
  public boolean isLoopback() {
    try {
      return InetAddress.getByName(http.host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new ConfigException("http.host: there is no address " + http.host, e);
    }
  }

  /// A value, of what, and where it was said.
  record Said(String value, Setting setting, String where) {
    ConfigException wrong(String needed) {
      return new ConfigException(
          where
              + ": "
              + setting.key()
              + " must be "
              + needed
              + (setting.isSecret() ? "" : ", was '" + value + "'"));
    }
  }

  /// Reads what was said.
  record Values(Map<String, Said> said) {
    Values {
      said = new LinkedHashMap<>(said);
    }

    Said said(String key) {
      return Objects.requireNonNull(said.get(key), key);
    }

    String text(String key) {
      return said(key).value().strip();
    }

    List<String> list(String key, String separator) {
      return Setting.parts(text(key), separator);
    }

    long whole(String key, long least, long most) {
      try {
        long value = Long.parseLong(text(key));
        if (value >= least && value <= most) {
          return value;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw said(key).wrong("a whole number, " + least + " to " + most);
    }

    boolean isTrue(String key) {
      return switch (text(key)) {
        case "true" -> true;
        case "false" -> false;
        default -> throw said(key).wrong("true or false");
      };
    }
  }
}
