package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// ProFTPD, with one user, who may have it connect to other servers. The folder `home` is what the
/// user sees.
final class Proftpd implements AutoCloseable {
  static final String USER = "sonidb";
  static final String PASSWORD = "pass word";

  private static final Path PROGRAM = Path.of("/usr/sbin/proftpd");
  private static final String HASH =
      "$6$sonidb$uVU4f8absF2vZUmqxB.7wrKN9hBhEuYVuoeTBgyE7zNkGCcox35Y8adLyTwA3gQKFG021nSAYNl9EjVnRjTRx/";
  private static final String STORE_PASSWORD = "not a secret";

  private final Process process;
  private final Path folder;
  private final int port;
  private final String certificate;

  private Proftpd(Process process, Path folder, int port, String certificate) {
    this.process = process;
    this.folder = folder;
    this.port = port;
    this.certificate = certificate;
  }

  /// Starts it, or skips the test.
  ///
  /// @param tls whether it takes connections for commands in TLS only
  static Proftpd start(Path folder, boolean tls) throws Exception {
    assumeThat(PROGRAM)
        .as("proftpd is needed: apt-get install proftpd-core proftpd-mod-crypto")
        .isExecutable();
    Path home = Files.createDirectories(folder.resolve("home"));
    int uid = (Integer) Files.getAttribute(home, "unix:uid");
    int gid = (Integer) Files.getAttribute(home, "unix:gid");
    Path users =
        Files.writeString(
            folder.resolve("users"),
            USER + ":" + HASH + ":" + uid + ":" + gid + "::" + home + ":/bin/sh\n");
    Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
    String certificate = certificate(folder);
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path config =
        Files.writeString(folder.resolve("proftpd.conf"), config(folder, users, port, tls));
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "--nodaemon", "--config", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    Proftpd started = new Proftpd(process, folder, port, certificate);
    started.awaitStart();
    return started;
  }

  private static String config(Path folder, Path users, int port, boolean tls) throws IOException {
    String common =
        """
        ModulePath /usr/lib/proftpd
        LoadModule mod_digest.c
        %1$s
        ServerType standalone
        ServerName test
        Port %2$d
        DefaultAddress 127.0.0.1
        SocketBindTight on
        UseIPv6 off
        UseReverseDNS off
        User %3$s
        Group %4$s
        RootLogin on
        AuthOrder mod_auth_file.c
        AuthUserFile %5$s
        AuthPAM off
        RequireValidShell off
        WtmpLog off
        TransferLog none
        SystemLog %6$s/log
        PidFile %6$s/pid
        ScoreboardFile %6$s/scoreboard
        DelayEngine off
        AllowOverwrite on
        AllowStoreRestart on
        AllowRetrieveRestart on
        <Class fxp>
          From 127.0.0.0/8
        </Class>
        AllowForeignAddress fxp
        DigestEngine on
        """
            .formatted(
                tls ? "LoadModule mod_tls.c" : "",
                port,
                Files.getAttribute(folder, "posix:owner"),
                Files.getAttribute(folder, "posix:group"),
                users,
                folder);
    String secure =
        """
        TLSEngine on
        TLSRequired ctrl
        TLSProtocol TLSv1.2 TLSv1.3
        TLSECCertificateFile %1$s/certificate.pem
        TLSECCertificateKeyFile %1$s/key.pem
        TLSOptions NoSessionReuseRequired
        TLSLog %1$s/tls.log
        """
            .formatted(folder);
    return tls ? common + secure : common;
  }

  private static String certificate(Path folder) throws Exception {
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
                "-storetype",
                "PKCS12",
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
    Path key = folder.resolve("key.pem");
    Files.writeString(
        key, pem("PRIVATE KEY", keys.getKey("a", STORE_PASSWORD.toCharArray()).getEncoded()));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        folder.resolve("certificate.pem"),
        pem("CERTIFICATE", keys.getCertificate("a").getEncoded()));
    return NodeCertificate.fingerprint(keys.getCertificate("a"));
  }

  private static String pem(String what, byte[] bytes) {
    byte[] end = {'\n'};
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(what, Base64.getMimeEncoder(64, end).encodeToString(bytes));
  }

  private void awaitStart() throws Exception {
    while (process.isAlive()) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return;
      } catch (IOException notYet) {
        process.waitFor(20, TimeUnit.MILLISECONDS);
      }
    }
    throw new AssertionError(Files.readString(folder.resolve("output"), StandardCharsets.UTF_8));
  }

  /// Where the user's files are.
  Path home() {
    return folder.resolve("home");
  }

  /// SHA-256 of its certificate.
  String certificate() {
    return certificate;
  }

  /// Its user, with files in a folder.
  FxpEnd end(FxpEnd.Trust trust, String in) {
    return new FxpEnd("127.0.0.1", port, USER, PASSWORD, trust, in, Optional.empty(), false);
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
