package io.sonidb.ftp;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The FTP servers that are no nodes and on which collections may lie as cold replicas, as an
/// administrator has written them down: a file that only its owner can read, with a line for each,
///
/// ```
/// ftps://user@host:port/folder PASSWORD [CERTIFICATE]
/// ```
///
/// PASSWORD goes to the end of the line, or to CERTIFICATE: `sha256:` and 64 hexadecimal digits, of
/// the certificate that the server shows, if no authority vouches for it. With `ftp://` instead,
/// password and files travel for everybody to read, and to change.
public final class ColdServers {
  private static final int MAX_BYTES = 1 << 20;
  private static final int PORT = 21;
  private static final String CERTIFICATE = " sha256:";

  private final Map<String, FxpEnd> servers;

  private ColdServers(Map<String, FxpEnd> servers) {
    this.servers = Map.copyOf(servers);
  }

  /// None.
  public static ColdServers none() {
    return new ColdServers(Map.of());
  }

  /// Whether a target is of this kind, and no node.
  public static boolean isAddress(String target) {
    return target.startsWith("ftps://") || target.startsWith("ftp://");
  }

  /// Reads the file.
  ///
  /// @throws IOException if it cannot be read, others can read it, or a line is wrong; the message
  ///   has no password
  public static ColdServers read(Path file) throws IOException {
    ClusterSecret.checkPrivate(file, MAX_BYTES);
    Map<String, FxpEnd> servers = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        try {
          int space = line.indexOf(' ');
          if (space < 0) {
            throw new IllegalArgumentException("there is no password behind the address");
          }
          String address = line.substring(0, space);
          servers.put(address, server(address, line.substring(space + 1).strip()));
        } catch (IllegalArgumentException e) {
          throw new IOException(file + ", line " + (i + 1) + ": " + e.getMessage(), e);
        }
      }
    }
    return new ColdServers(servers);
  }

  private static FxpEnd server(String address, String rest) {
    URI uri = URI.create(address);
    String user = uri.getUserInfo();
    if (!isAddress(address) || uri.getHost() == null || user == null || user.contains(":")) {
      throw new IllegalArgumentException(
          "an address is ftps://USER@HOST/FOLDER, or ftps://USER@HOST:PORT/FOLDER");
    }
    int at = rest.lastIndexOf(CERTIFICATE);
    Optional<String> certificate =
        at < 0 ? Optional.empty() : Optional.of(rest.substring(at + CERTIFICATE.length()));
    FxpEnd.Trust trust =
        address.startsWith("ftp://")
            ? new FxpEnd.Nobody()
            : certificate.<FxpEnd.Trust>map(FxpEnd.Pinned::new).orElseGet(FxpEnd.Authorities::new);
    String folder = uri.getPath().replaceAll("^/+|/+$", "");
    return new FxpEnd(
        uri.getHost(),
        uri.getPort() < 0 ? PORT : uri.getPort(),
        user,
        (at < 0 ? rest : rest.substring(0, at)).strip(),
        trust,
        folder,
        Optional.empty(),
        false);
  }

  /// A server that was written down.
  ///
  /// @param address exactly as it was
  public Optional<FxpEnd> find(String address) {
    return Optional.ofNullable(servers.get(address));
  }
}
