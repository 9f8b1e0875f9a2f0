package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.server.TestNode;
import io.sonidb.server.config.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir static Path folder;
  private static Path first;
  private static Path second;

  @BeforeAll
  static void makeKeys() throws Exception {
    first = makeKey("first");
    second = makeKey("second");
  }

  private static Path makeKey(String name) throws Exception {
    Path file = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.txt").toFile())
            .start();
    assertThat(keytool.waitFor()).isZero();
    return file;
  }

  private static KeyStore keys(Path file) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  private static void pem(Path to, String what, byte[] bytes) throws IOException {
    Files.writeString(
        to,
        "-----BEGIN "
            + what
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
            + "\n-----END "
            + what
            + "-----\n");
  }

  /// Somebody who trusts both certificates.
  private static HttpClient client() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("first", keys(first).getCertificate("first"));
    trusted.setCertificateEntry("second", keys(second).getCertificate("second"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static HttpResponse<String> ask(URI node) throws Exception {
    try (HttpClient client = client()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(node + "/healthz")).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String certificate(HttpResponse<String> response) throws Exception {
    X509Certificate found =
        (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
    return found.getSubjectX500Principal().getName();
  }

  private static TestNode start(String name, Map<String, String> settings) throws IOException {
    return TestNode.start(folder.resolve(name), settings);
  }

  @Test
  void rejectsWrongPasswordAndKeysOfOlderForm() throws Exception {
    assertThatThrownBy(() ->
            start("wrong", Map.of("tls.certificate", first.toString(), "tls.password", "nonsense")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cannot be used");
    Path certificate = folder.resolve("old.pem");
    Path key = folder.resolve("old-key.pem");
    pem(certificate, "CERTIFICATE", keys(first).getCertificate("first").getEncoded());
    pem(key, "EC PRIVATE KEY", new byte[100]);
    assertThatThrownBy(() ->
            start(
                "old",
                Map.of("tls.certificate", certificate.toString(), "tls.key", key.toString())))
        .hasMessageContaining("openssl pkcs8 -topk8");
  }

  @Test
  void speaksHttp2OverTlsWithPkcs12() throws Exception {
    try (TestNode node =
        start("pkcs12", Map.of("tls.certificate", first.toString(), "tls.password", PASSWORD))) {
      HttpResponse<String> response = ask(node.uri());
      assertThat(node.uri().getScheme()).isEqualTo("https");
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(certificate(response)).isEqualTo("CN=first");
    }
  }

  @Test
  void takesPemAndReadsItAgainWhenItChanges() throws Exception {
    Path certificate = folder.resolve("cert.pem");
    Path key = folder.resolve("key.pem");
    pem(certificate, "CERTIFICATE", keys(first).getCertificate("first").getEncoded());
    pem(key, "PRIVATE KEY", keys(first).getKey("first", PASSWORD.toCharArray()).getEncoded());
    try (TestNode node =
        start(
            "pem", Map.of("tls.certificate", certificate.toString(), "tls.key", key.toString()))) {
      assertThat(certificate(ask(node.uri()))).isEqualTo("CN=first");
      Path fresh = folder.resolve("fresh");
      pem(fresh, "PRIVATE KEY", keys(second).getKey("second", PASSWORD.toCharArray()).getEncoded());
      Files.move(fresh, key, StandardCopyOption.REPLACE_EXISTING);
      pem(fresh, "CERTIFICATE", keys(second).getCertificate("second").getEncoded());
      Files.move(fresh, certificate, StandardCopyOption.REPLACE_EXISTING);
      for (int tries = 0; !node.said().contains("uses the new certificate"); tries++) {
        assertThat(tries).as(node.said()).isLessThan(600);
        Thread.sleep(50);
      }
      assertThat(certificate(ask(node.uri()))).isEqualTo("CN=second");
    }
  }
}
