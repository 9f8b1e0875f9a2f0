package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// `sync` to ProFTPD, which knows nothing of collections, and `restore` from there.
class ColdReplicaCommandsTest {
  private static final Path PROGRAM = Path.of("/usr/sbin/proftpd");
  private static final String PASSWORD = "pass word";
  private static final String HASH =
      "$6$sonidb$uVU4f8absF2vZUmqxB.7wrKN9hBhEuYVuoeTBgyE7zNkGCcox35Y8adLyTwA3gQKFG021nSAYNl9EjVnRjTRx/";
  private static final String STORE_PASSWORD = "not a secret";

  @TempDir Path folder;
  private Process server;
  private String address;
  private String wrongPassword;
  private String gone;
  private Node a;
  private Node b;

  @BeforeEach
  void start() throws Exception {
    assumeThat(PROGRAM)
        .as("needed: apt-get install proftpd-core proftpd-mod-crypto")
        .isExecutable();
    int port = freePort();
    String certificate = makeCertificate();
    startServer(port);
    address = "ftps://sonidb@127.0.0.1:" + port + "/backup/songs";
    wrongPassword = "ftps://sonidb@127.0.0.1:" + port + "/wrong";
    gone = "ftps://sonidb@127.0.0.1:" + freePort() + "/gone";
    String pinned = " sha256:" + certificate + "\n";
    Path replicas =
        Files.writeString(
            folder.resolve("replicas"),
            address
                + " "
                + PASSWORD
                + pinned
                + wrongPassword
                + " wrong"
                + pinned
                + gone
                + " none"
                + pinned);
    Files.setPosixFilePermissions(replicas, PosixFilePermissions.fromString("rw-------"));
    a = node("a", replicas);
    b = node("b", replicas);
  }

  @AfterEach
  void stop() {
    if (a != null) {
      a.close();
    }
    if (b != null) {
      b.close();
    }
    if (server != null) {
      server.destroy();
      server.onExit().join();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  private Node node(String name, Path replicas) throws IOException {
    Map<String, String> settings =
        Map.of(
            "http.port", "0",
            "ftp.enabled", "true",
            "ftp.port", "0",
            "cluster.replicas_file", replicas.toString(),
            "cluster.secret_file", folder.resolve("cluster.secret").toString());
    return Node.start(
        NodeConfig.load(folder.resolve(name), Optional.empty(), Map.of(), settings),
        new PrintStream(OutputStream.nullOutputStream()));
  }

  private Cli on(Node node) {
    return new Cli(folder.resolve("none")).environment("SONIDB_URL", node.uri().toString());
  }

  // The server -------------------------------------------------------------------------------

  private void startServer(int port) throws Exception {
    Path home = Files.createDirectories(folder.resolve("home/backup/songs"));
    Files.createDirectories(folder.resolve("home/wrong"));
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "sonidb:%s:%s:%s::%s:/bin/sh\n"
                .formatted(
                    HASH,
                    Files.getAttribute(home, "unix:uid"),
                    Files.getAttribute(home, "unix:gid"),
                    folder.resolve("home")));
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
    Path config =
        Files.writeString(
            folder.resolve("proftpd.conf"),
            """
            ModulePath /usr/lib/proftpd
            LoadModule mod_digest.c
            LoadModule mod_tls.c
            ServerType standalone
            Port %1$d
            DefaultAddress 127.0.0.1
            SocketBindTight on
            UseIPv6 off
            UseReverseDNS off
            User %2$s
            Group %3$s
            RootLogin on
            DefaultRoot ~
            AuthOrder mod_auth_file.c
            AuthUserFile %4$s/users
            AuthPAM off
            RequireValidShell off
            WtmpLog off
            TransferLog none
            SystemLog %4$s/log
            PidFile %4$s/pid
            ScoreboardFile %4$s/scoreboard
            DelayEngine off
            AllowOverwrite on
            AllowStoreRestart on
            <Class fxp>
              From 127.0.0.0/8
            </Class>
            AllowForeignAddress fxp
            DigestEngine on
            TLSEngine on
            TLSRequired ctrl
            TLSProtocol TLSv1.2 TLSv1.3
            TLSECCertificateFile %4$s/certificate.pem
            TLSECCertificateKeyFile %4$s/key.pem
            TLSOptions NoSessionReuseRequired
            """
                .formatted(
                    port,
                    Files.getAttribute(folder, "posix:owner"),
                    Files.getAttribute(folder, "posix:group"),
                    folder));
    server =
        new ProcessBuilder(PROGRAM.toString(), "--nodaemon", "--config", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    while (server.isAlive()) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return;
      } catch (IOException notYet) {
        server.waitFor(20, TimeUnit.MILLISECONDS);
      }
    }
    throw new AssertionError(Files.readString(folder.resolve("output")));
  }

  /// @return SHA-256 of it
  private String makeCertificate() throws Exception {
    Path store = folder.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-alias",
                "a",
                "-dname",
                "CN=127.0.0.1",
                "-storepass",
                STORE_PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool").toFile())
            .start();
    assertThat(keytool.waitFor()).as(Files.readString(folder.resolve("keytool"))).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, STORE_PASSWORD.toCharArray());
    }
    Certificate certificate = keys.getCertificate("a");
    writePem("certificate.pem", "CERTIFICATE", certificate.getEncoded());
    writePem("key.pem", "PRIVATE KEY", keys.getKey("a", STORE_PASSWORD.toCharArray()).getEncoded());
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
  }

  private void writePem(String file, String what, byte[] bytes) throws IOException {
    byte[] end = {'\n'};
    Path path =
        Files.writeString(
            folder.resolve(file),
            "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
                .formatted(what, Base64.getMimeEncoder(64, end).encodeToString(bytes)));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
  }

  // The commands -----------------------------------------------------------------------------

  @Test
  void writesACollectionThereAndBringsItBackToAnotherNode() throws Exception {
    on(a).ok("insert", "songs", Cli.threeDimensional(folder, 20).toString(), "--metric", "dot");
    JsonNode sent =
        on(a).ok("sync", "songs", address, "--seal", "--json").json().path("targets").path(0);
    assertThat(sent.path("files").asInt(0)).isPositive();
    assertThat(sent.path("bytes").asLong(-1)).isEqualTo(sent.path("total_bytes").asLong(0));
    assertThat(sent.path("checked_by").asString("")).isEqualTo("sha256");
    assertThat(folder.resolve("home/backup/songs/sonidb.manifest")).isNotEmptyFile();
    JsonNode again =
        on(a).ok("sync", "songs", address, "--seal", "--json").json().path("targets").path(0);
    assertThat(again.path("bytes").asLong(-1)).isZero();
    JsonNode back = on(b).ok("restore", address, "--json").json().path("restored").path(0);
    assertThat(back.path("vectors").asLong(0)).isEqualTo(20);
    on(b).ok("verify", "songs", "--deep");
    on(b).ok("promote", "songs");
    on(b).ok("delete", "songs", "7");
  }

  @Test
  void saysWhatIsWrongWithTheServerAndNotThePassword() throws Exception {
    on(a).ok("insert", "songs", Cli.threeDimensional(folder, 20).toString(), "--metric", "dot");
    Cli.Outcome refused = on(a).run("sync", "songs", wrongPassword);
    assertThat(refused.exitCode()).isEqualTo(6);
    assertThat(refused.err()).contains("refuses the login").doesNotContain(PASSWORD);
    Cli.Outcome none = on(a).run("sync", "songs", gone);
    assertThat(none.exitCode()).isEqualTo(6);
    assertThat(none.err()).contains("cannot be used: Connection refused");
    Cli.Outcome nothing = on(b).run("restore", address);
    assertThat(nothing.exitCode()).isEqualTo(6);
    assertThat(nothing.err()).contains("there is no sonidb.manifest");
  }
}
