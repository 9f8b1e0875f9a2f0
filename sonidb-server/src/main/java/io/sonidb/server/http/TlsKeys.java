package io.sonidb.server.http;

import io.sonidb.server.config.ConfigException;
import io.sonidb.server.config.NodeConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/// The certificate and the key, read again when their files change. Connections that are open go on
/// with the old ones. New ones that cannot be used are reported, and the old ones stay.
final class TlsKeys implements AutoCloseable {
  private static final long LOOK_MILLIS = 2000;
  private static final String NAME = "sonidb";
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  private final NodeConfig.Tls config;
  private final Logs logs;
  private final SslContextFactory.Server factory = new SslContextFactory.Server();
  private final Thread watcher;
  private volatile boolean closed;

  private TlsKeys(NodeConfig.Tls config, Logs logs) {
    this.config = config;
    this.logs = logs;
    this.watcher = Thread.ofPlatform().daemon().name("sonidb-tls").unstarted(this::watch);
  }

  /// @throws ConfigException naming what is wrong with the files
  static TlsKeys open(NodeConfig.Tls config, Logs logs) {
    TlsKeys keys = new TlsKeys(config, logs);
    keys.configure(keys.factory, keys.load());
    keys.watcher.start();
    return keys;
  }

  SslContextFactory.Server factory() {
    return factory;
  }

  private void configure(SslContextFactory to, KeyStore keys) {
    to.setKeyStore(keys);
    to.setKeyStorePassword(config.password());
    to.setKeyManagerPassword(config.password());
  }

  // Watching -----------------------------------------------------------------------------------

  private String state() {
    List<Path> files = new ArrayList<>(List.of(config.certificate()));
    config.key().ifPresent(files::add);
    StringBuilder state = new StringBuilder();
    for (Path file : files) {
      try {
        state.append(Files.getLastModifiedTime(file)).append(Files.size(file)).append(';');
      } catch (IOException e) {
        state.append("missing;");
      }
    }
    return state.toString();
  }

  private void watch() {
    String used = state();
    String before = used;
    while (!closed) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      String now = state();
      // Only when they rest: two files are not replaced at once.
      if (now.equals(before) && !now.equals(used)) {
        used = now;
        reload();
      }
      before = now;
    }
  }

  private void reload() {
    try {
      KeyStore keys = load();
      factory.reload(with -> configure(with, keys));
      logs.say("uses the new certificate " + config.certificate());
    } catch (Exception e) {
      logs.say("goes on with the old certificate: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
  }

  // Reading ------------------------------------------------------------------------------------

  private KeyStore load() {
    String name = config.certificate().toString().toLowerCase(Locale.ROOT);
    try {
      return name.endsWith(".p12") || name.endsWith(".pfx") || config.key().isEmpty()
          ? pkcs12()
          : pem(config.key().get());
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new ConfigException(
          config.certificate()
              + config.key().map(key -> " and " + key).orElse("")
              + " cannot be used: "
              + e.getMessage(),
          e);
    }
  }

  private KeyStore pkcs12() throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(config.certificate())) {
      keys.load(in, config.password().toCharArray());
    }
    return keys;
  }

  private KeyStore pem(Path keyFile) throws IOException, GeneralSecurityException {
    Collection<? extends Certificate> chain =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(
                new ByteArrayInputStream(Files.readAllBytes(config.certificate())));
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("there is no certificate");
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        NAME,
        privateKey(keyFile, chain.iterator().next().getPublicKey().getAlgorithm()),
        config.password().toCharArray(),
        chain.toArray(Certificate[]::new));
    return keys;
  }

  private PrivateKey privateKey(Path file, String algorithm)
      throws IOException, GeneralSecurityException {
    Optional<PKCS8EncodedKeySpec> spec = Optional.empty();
    Matcher blocks = PEM.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    while (blocks.find() && spec.isEmpty()) {
      byte[] bytes = Base64.getMimeDecoder().decode(blocks.group(2));
      spec =
          switch (blocks.group(1)) {
            case "PRIVATE KEY" -> Optional.of(new PKCS8EncodedKeySpec(bytes));
            case "ENCRYPTED PRIVATE KEY" -> Optional.of(decrypted(bytes));
            case "RSA PRIVATE KEY", "EC PRIVATE KEY" ->
                throw new IllegalArgumentException(
                    "the key is of the older form; convert it: openssl pkcs8 -topk8 -nodes -in "
                        + file.getFileName()
                        + " -out key.pem");
            default -> Optional.empty();
          };
    }
    return KeyFactory.getInstance(algorithm)
        .generatePrivate(
            spec.orElseThrow(() -> new IllegalArgumentException("there is no private key")));
  }

  private PKCS8EncodedKeySpec decrypted(byte[] bytes) throws IOException, GeneralSecurityException {
    EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(bytes);
    Cipher cipher = Cipher.getInstance(info.getAlgName());
    cipher.init(
        Cipher.DECRYPT_MODE,
        SecretKeyFactory.getInstance(info.getAlgName())
            .generateSecret(new PBEKeySpec(config.password().toCharArray())),
        info.getAlgParameters());
    return info.getKeySpec(cipher);
  }
}
