package io.sonidb.ftp;

import io.sonidb.SyncFile;
import io.sonidb.ftp.Fxp.Certainty;
import io.sonidb.ftp.FxpException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPSClient;

/// A connection for commands to a server at one end of transfers, as the controller has it. One
/// thread at a time gives commands; any thread may [#cut] it.
final class FxpSession implements AutoCloseable {
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3},\\d{1,3},\\d{1,3},\\d{1,3},(\\d{1,3}),(\\d{1,3})");
  private static final Pattern EXTENDED_ADDRESS = Pattern.compile("\\(\\|\\|\\|(\\d{1,5})\\|\\)");
  private static final Pattern SHA256 = Pattern.compile("(?<![0-9A-Za-z])[0-9A-Fa-f]{64}(?!\\w)");
  private static final Pattern CRC32 = Pattern.compile("^250[ -]\\s*([0-9A-Fa-f]{1,8})(?!\\w)");
  private static final Duration FRESH = Duration.ofSeconds(10);
  // A server that sums up a large file says nothing meanwhile.
  private static final long LEAST_BYTES_A_SECOND = 20_000_000;

  private final FxpEnd end;
  private final FxpOptions options;
  private final AtomicLong counted;
  private final CountedSockets sockets;
  private final FTPClient client;
  private final Set<String> features = new HashSet<>();
  private boolean isClientOfTls; // by SSCN
  private String protection = "";
  private volatile boolean dead;
  private long lastUsed = System.nanoTime();

  /// What a server answered.
  record Reply(int code, String text) {
    boolean isPositive() {
      return code >= 200 && code < 400;
    }
  }

  private FxpSession(FxpEnd end, FxpOptions options, AtomicLong bytes) throws FxpException {
    this.end = end;
    this.options = options;
    this.counted = bytes;
    this.sockets = new CountedSockets(bytes);
    this.client = client(end);
    client.setSocketFactory(sockets);
    client.setControlEncoding(StandardCharsets.UTF_8);
    client.setConnectTimeout(Math.toIntExact(options.connect().toMillis()));
    client.setDefaultTimeout(Math.toIntExact(options.connect().toMillis()));
  }

  private static FTPClient client(FxpEnd end) throws FxpException {
    try {
      return switch (end.trust()) {
        case FxpEnd.Nobody() -> new FTPClient();
        case FxpEnd.Pinned(String certificate) -> {
          SSLContext context = SSLContext.getInstance("TLS");
          context.init(
              null, new TrustManager[] {new NodeCertificate.Pinned(Set.of(certificate))}, null);
          yield secured(context);
        }
        case FxpEnd.Authorities() -> {
          SSLContext context = SSLContext.getInstance("TLS");
          context.init(null, null, null);
          FTPSClient client = secured(context);
          client.setEndpointCheckingEnabled(true);
          yield client;
        }
      };
    } catch (GeneralSecurityException e) {
      throw new FxpException(Kind.UNABLE, end, "TLS cannot be used: " + e.getMessage(), e);
    }
  }

  /// The library's client, which does not tell what certificate it was shown.
  private static final class TlsClient extends FTPSClient {
    TlsClient(SSLContext context) {
      super(false, context);
    }

    Certificate certificate() throws SSLPeerUnverifiedException {
      if (_socket_ instanceof SSLSocket tls) {
        return tls.getSession().getPeerCertificates()[0];
      }
      throw new SSLPeerUnverifiedException("there is no TLS");
    }
  }

  private static FTPSClient secured(SSLContext context) {
    FTPSClient client = new TlsClient(context);
    client.setEnabledProtocols(new String[] {NodeCertificate.TLS, "TLSv1.2"});
    return client;
  }

  /// Connects and logs in.
  ///
  /// @param bytes gets what goes through the connection added
  static FxpSession open(FxpEnd end, FxpOptions options, AtomicLong bytes) throws FxpException {
    FxpSession session = new FxpSession(end, options, bytes);
    try {
      session.connect();
      session.login();
      return session;
    } catch (FxpException | RuntimeException e) {
      session.cut();
      throw e;
    }
  }

  private void connect() throws FxpException {
    try {
      client.connect(end.host(), end.port());
      client.setTcpNoDelay(true);
      client.setKeepAlive(true);
      client.setSoTimeout(Math.toIntExact(options.reply().toMillis()));
    } catch (IOException e) {
      throw new FxpException(
          Kind.UNREACHABLE,
          end,
          "the FTP server at " + end + " cannot be used: " + e.getMessage(),
          e);
    }
  }

  private void login() throws FxpException {
    Reply answer = say("USER " + end.user());
    if (answer.code() == 331) {
      answer = say("PASS " + end.password());
    }
    if (answer.code() != 230) {
      throw refused("the login", answer);
    }
    for (String line : say("FEAT").text().split("\r?\n", -1)) {
      if (line.startsWith(" ")) {
        features.add(line.strip().split(" ", -1)[0].toUpperCase(Locale.ROOT));
      }
    }
    if (!(end.trust() instanceof FxpEnd.Nobody)) {
      need(say("PBSZ 0"), "PBSZ");
    }
    need(say("TYPE I"), "TYPE I");
  }

  /// SHA-256 of the certificate that the server has shown, if there is TLS.
  Optional<String> certificate() throws FxpException {
    if (!(client instanceof TlsClient tls)) {
      return Optional.empty();
    }
    try {
      return Optional.of(NodeCertificate.fingerprint(tls.certificate()));
    } catch (SSLPeerUnverifiedException | CertificateException e) {
      throw new FxpException(
          Kind.UNREACHABLE, end, "the FTP server at " + end + " shows no certificate", e);
    }
  }

  boolean has(String feature) {
    return features.contains(feature);
  }

  // Commands ---------------------------------------------------------------------------------

  /// Gives a command.
  Reply say(String command) throws FxpException {
    try {
      int code = client.sendCommand(command);
      lastUsed = System.nanoTime();
      if (code == 421) {
        dead = true;
      }
      return new Reply(code, client.getReplyString().strip());
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    }
  }

  /// Gives a command that moves a file, and hears the end of it.
  Reply move(String command) throws FxpException {
    try {
      client.setSoTimeout(0); // whoever watches over the transfer cuts it
      Reply first = say(command);
      if (first.code() >= 200) {
        return first;
      }
      int code = client.getReply();
      lastUsed = System.nanoTime();
      return new Reply(code, client.getReplyString().strip());
    } catch (FxpException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    } finally {
      waitFor(options.reply());
    }
  }

  private void waitFor(Duration time) {
    try {
      client.setSoTimeout(Math.toIntExact(time.toMillis()));
    } catch (SocketException e) {
      dead = true;
    }
  }

  private FxpException broken(Exception e) {
    dead = true;
    return new FxpException(
        Kind.BROKEN,
        end,
        e instanceof SocketTimeoutException
            ? "the FTP server at " + end + " does not answer"
            : "the connection to the FTP server at " + end + " broke off: " + e.getMessage(),
        e);
  }

  /// That a command was refused.
  FxpException refused(String what, Reply answer) {
    Kind kind = answer.code() >= 500 || answer.code() == 332 ? Kind.REFUSED : Kind.BROKEN;
    return new FxpException(
        kind, end, "the FTP server at " + end + " refuses " + what + ": " + answer.text());
  }

  private void need(Reply answer, String what) throws FxpException {
    if (!answer.isPositive()) {
      throw refused(what, answer);
    }
  }

  // Data connections -------------------------------------------------------------------------

  /// Says whether data connections have TLS.
  void protect(boolean secure) throws FxpException {
    String wanted = secure ? "P" : "C";
    boolean hasTls = !(end.trust() instanceof FxpEnd.Nobody);
    if (secure && !hasTls) {
      throw new FxpException(
          Kind.UNABLE,
          end,
          "files cannot travel in TLS to or from " + end + ", which is used without");
    }
    if (hasTls && !protection.equals(wanted)) {
      need(say("PROT " + wanted), "PROT " + wanted);
      protection = wanted;
    }
  }

  /// Makes this end the client of TLS on data connections, or not.
  void beClientOfTls(boolean client) throws FxpException {
    if (client != isClientOfTls) {
      need(say(client ? "SSCN ON" : "SSCN OFF"), "SSCN");
      isClientOfTls = client;
    }
  }

  /// Whether the server is reached by version 6 of IP, for which there is no PASV.
  boolean isInVersion6() {
    return reached() instanceof Inet6Address;
  }

  private InetAddress reached() {
    return end.dataAddress().orElseGet(client::getRemoteAddress);
  }

  /// Has the server listen for a data connection.
  ///
  /// @param command PASV, or CPSV
  /// @return where; the address is the one where it is known to be, never one that it tells, so it
  ///   cannot send the other server elsewhere
  InetSocketAddress listen(String command) throws FxpException {
    boolean isExtended = isInVersion6();
    Reply answer = say(isExtended ? "EPSV" : command);
    Matcher found = (isExtended ? EXTENDED_ADDRESS : ADDRESS).matcher(answer.text());
    if (answer.code() / 10 != 22 || !found.find()) {
      throw refused(isExtended ? "EPSV" : command, answer);
    }
    int port =
        isExtended
            ? Integer.parseInt(found.group(1))
            : Integer.parseInt(found.group(1)) << 8 | Integer.parseInt(found.group(2));
    if (port < 1 || port > 65_535) {
      throw new FxpException(
          Kind.UNABLE, end, "the FTP server at " + end + " listens at port " + port);
    }
    return new InetSocketAddress(reached(), port);
  }

  /// Has the server connect to where the other one listens.
  void connectTo(InetSocketAddress there) throws FxpException {
    String address = there.getAddress().getHostAddress().replaceFirst("%.*", "");
    if (there.getAddress() instanceof Inet6Address) {
      need(say("EPRT |2|" + address + "|" + there.getPort() + "|"), "EPRT");
    } else {
      need(
          say(
              "PORT "
                  + address.replace('.', ',')
                  + ","
                  + (there.getPort() >> 8)
                  + ","
                  + (there.getPort() & 0xff)),
          "PORT");
    }
  }

  /// Says where in the file to begin.
  void restart(long offset) throws FxpException {
    if (offset > 0) {
      need(say("REST " + offset), "REST");
    }
  }

  // Files ------------------------------------------------------------------------------------

  /// Bytes of a file, if the server has it and tells.
  OptionalLong size(String name) throws FxpException {
    Reply answer = say("SIZE " + end.path(name));
    return answer.code() == 213 && answer.text().matches("213 \\d{1,18}")
        ? OptionalLong.of(Long.parseLong(answer.text().substring(4)))
        : OptionalLong.empty();
  }

  /// Compares a file with what it should be, as well as the server can.
  ///
  /// @throws FxpException if it is another one
  Certainty check(SyncFile file) throws FxpException {
    OptionalLong size = size(file.name());
    if (size.isPresent() && size.getAsLong() != file.size()) {
      throw wrong(file, "has " + size.getAsLong() + " bytes, not " + file.size());
    }
    Certainty sum = checkSum(file);
    return sum == Certainty.NONE && size.isPresent() ? Certainty.SIZE : sum;
  }

  private Certainty checkSum(SyncFile file) throws FxpException {
    String path = end.path(file.name());
    waitFor(options.reply().plusSeconds(file.size() / LEAST_BYTES_A_SECOND));
    try {
      if (has("XSHA256")) {
        Matcher found = sum(SHA256, say("XSHA256 " + path));
        if (found.find()) {
          return same(file, file.sha256(), found.group(), Certainty.SHA256);
        }
      }
      if (has("HASH") && say("OPTS HASH SHA-256").isPositive()) {
        Matcher found = sum(SHA256, say("HASH " + path));
        if (found.find()) {
          return same(file, file.sha256(), found.group(), Certainty.SHA256);
        }
      }
      if (has("XCRC")) {
        Matcher found = sum(CRC32, say("XCRC " + path));
        if (found.find()) {
          return same(
              file,
              HexFormat.of().toHexDigits(file.crc32()),
              "0".repeat(8 - found.group(1).length()) + found.group(1),
              Certainty.CRC32);
        }
      }
      return Certainty.NONE;
    } finally {
      waitFor(options.reply());
    }
  }

  private static Matcher sum(Pattern pattern, Reply answer) {
    return pattern.matcher(answer.isPositive() ? answer.text() : "");
  }

  private Certainty same(SyncFile file, String expected, String found, Certainty kind)
      throws FxpException {
    if (!found.equalsIgnoreCase(expected)) {
      throw wrong(file, "has the " + kind + " " + found + ", not " + expected);
    }
    return kind;
  }

  private FxpException wrong(SyncFile file, String what) {
    return new FxpException(Kind.WRONG, end, file.name() + " at " + end + " " + what);
  }

  // Small files through the controller ----------------------------------------------------------

  /// Makes a folder, and those that it is in, unless they are there.
  void makeFolder(String name) throws FxpException {
    String path = end.path(name);
    for (int slash = 0; slash >= 0; ) {
      slash = path.indexOf('/', slash + 1);
      // Refused if it is there; what goes into it tells.
      say("MKD " + (slash < 0 ? path : path.substring(0, slash)));
    }
  }

  /// Reads a small file through a data connection with the controller.
  ///
  /// @param most bytes that it may have
  /// @return empty if it is not there
  Optional<byte[]> get(String name, int most) throws FxpException {
    if (!say("SIZE " + end.path(name)).isPositive()) {
      return Optional.empty();
    }
    beReadyForData();
    try {
      byte[] bytes;
      try (InputStream in = client.retrieveFileStream(end.path(name))) {
        if (in == null) {
          throw refused("to send " + name, lastReply());
        }
        bytes = in.readNBytes(most + 1);
      }
      if (bytes.length > most) {
        dead = true;
        throw new FxpException(
            Kind.WRONG, end, name + " at " + end + " has more than " + most + " bytes");
      }
      if (!client.completePendingCommand()) {
        throw refused("to send " + name, lastReply());
      }
      counted.addAndGet(bytes.length);
      return Optional.of(bytes);
    } catch (FxpException e) {
      throw e;
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private Reply lastReply() {
    return new Reply(client.getReplyCode(), client.getReplyString().strip());
  }

  /// Writes a small file through a data connection with the controller, first under another name:
  /// whoever reads it reads the old one or the new one.
  void put(String name, byte[] bytes) throws FxpException {
    String fresh = end.path(name + ".new");
    beReadyForData();
    try {
      if (!client.storeFile(fresh, new ByteArrayInputStream(bytes))) {
        throw refused("to take " + name, lastReply());
      }
    } catch (FxpException e) {
      throw e;
    } catch (IOException e) {
      throw broken(e);
    }
    counted.addAndGet(bytes.length);
    need(say("RNFR " + fresh), "RNFR");
    need(say("RNTO " + end.path(name)), "RNTO");
  }

  /// Deletes a file, or an empty folder, if the server lets that happen.
  void delete(String name) throws FxpException {
    if (!say("DELE " + end.path(name)).isPositive()) {
      say("RMD " + end.path(name));
    }
  }

  private void beReadyForData() throws FxpException {
    if (has("SSCN")) {
      beClientOfTls(false);
    }
    try {
      if (client instanceof FTPSClient tls) {
        tls.execPROT("P");
        protection = "P";
      }
    } catch (IOException e) {
      throw broken(e);
    }
    client.setDataTimeout(options.reply());
    client.enterLocalPassiveMode();
  }

  // The end ----------------------------------------------------------------------------------

  /// Whether the server still answers.
  boolean isAlive() {
    if (!dead && System.nanoTime() - lastUsed > FRESH.toNanos()) {
      try {
        dead = !say("NOOP").isPositive();
      } catch (FxpException e) {
        dead = true;
      }
    }
    return !dead;
  }

  /// Cuts the connection; whoever waits for an answer gets an exception.
  void cut() {
    dead = true;
    try {
      sockets.cut();
    } catch (IOException e) {
      // It is cut for all that matters.
    }
  }

  /// Says goodbye.
  @Override
  public void close() {
    if (!dead) {
      waitFor(options.connect());
      try {
        client.quit();
      } catch (IOException e) {
        // Gone before.
      }
    }
    cut();
  }
}
