package io.sonidb.ftp;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// A node's key and certificate, which it signs itself. Nobody has to trust it in general: who it
/// is that one talks to is told beforehand, by the SHA-256 of the certificate.
///
/// The JDK's own `keytool`, which every runtime image has, makes it: the JDK has no other means,
/// and a library of cryptography would be five times the size of the FTP server. It takes half a
/// second, once, when somebody first asks.
final class NodeCertificate {
  static final String TLS = "TLSv1.3";

  private static final int DAYS = 3650;

  /// So that another node's clock may be behind.
  private static final int DAYS_BEFORE = 1;

  private static final int PASSWORD_BYTES = 24;
  private static final int KEYTOOL_SECONDS = 60;
  private static final String ALIAS = "sonidb";

  private final KeyManager[] keys;
  private final String fingerprint;
  private final SSLContext open;

  private NodeCertificate(KeyManager[] keys, String fingerprint) throws GeneralSecurityException {
    this.keys = keys;
    this.fingerprint = fingerprint;
    this.open = SSLContext.getInstance(TLS);
    open.init(keys, null, null);
  }

  /// Makes a new one.
  ///
  /// @throws IOException if it cannot be made
  static NodeCertificate make() throws IOException {
    return make(DAYS_BEFORE, DAYS);
  }

  /// Makes a new one that is valid from some days ago on.
  static NodeCertificate make(int daysAgo, int days) throws IOException {
    Path folder = Files.createTempDirectory("sonidb-certificate"); // for the owner alone
    Path file = folder.resolve("node.p12");
    byte[] random = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    try {
      keytool(file, password, daysAgo, days);
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, password.toCharArray());
      }
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, password.toCharArray());
      return new NodeCertificate(
          factory.getKeyManagers(), fingerprint(store.getCertificate(ALIAS)));
    } catch (GeneralSecurityException e) {
      throw new IOException("the node's certificate cannot be used: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private static void keytool(Path file, String password, int daysAgo, int days)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-alias",
                ALIAS,
                "-dname",
                "CN=SoniDB node",
                "-startdate",
                "-" + daysAgo + "d",
                "-validity",
                Integer.toString(days),
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass:env",
                "SONIDB_STORE_PASSWORD")
            .redirectErrorStream(true);
    // Not on the command line, which everybody on the machine can see.
    builder.environment().put("SONIDB_STORE_PASSWORD", password);
    Process process = builder.start();
    process.getOutputStream().close();
    try {
      if (!process.waitFor(KEYTOOL_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("keytool made no certificate within " + KEYTOOL_SECONDS + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            "keytool made no certificate: "
                + new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool made a certificate", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// SHA-256 of the certificate, 64 hexadecimal digits.
  String fingerprint() {
    return fingerprint;
  }

  /// For connections on which only this end shows who it is.
  SSLContext open() {
    return open;
  }

  /// For connections on which the other end must show one of some certificates.
  ///
  /// @param certificates SHA-256 of each
  SSLContext pinned(Set<String> certificates) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance(TLS);
    context.init(keys, new TrustManager[] {new Pinned(certificates)}, null);
    return context;
  }

  static String fingerprint(Certificate certificate) throws CertificateException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new CertificateException("a certificate cannot be read: " + e.getMessage(), e);
    }
  }

  /// Trusts these certificates alone. That the other end has its key, the handshake makes sure of.
  static final class Pinned extends X509ExtendedTrustManager {
    private final Set<String> certificates;

    Pinned(Set<String> certificates) {
      this.certificates = certificates;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      if (chain.length == 0 || !certificates.contains(fingerprint(chain[0]))) {
        throw new CertificateException("the other end shows another certificate than it should");
      }
      chain[0].checkValidity();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
