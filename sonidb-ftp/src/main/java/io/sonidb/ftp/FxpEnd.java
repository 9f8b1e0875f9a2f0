package io.sonidb.ftp;

import java.net.InetAddress;
import java.util.Optional;

/// A server at one end of a transfer, and who logs in there. It may be a node or any FTP server
/// that takes part in FXP.
///
/// @param host name or address at which the controller reaches it
/// @param port of its connections for commands
/// @param user who logs in
/// @param password of the user; it is in no message and no text of this record
/// @param trust how it is known that this is the server
/// @param folder in which the files are, without a slash at its end; empty for where a login begins
/// @param dataAddress at which the other server reaches it, if that is not where the controller
///   does
/// @param isNode whether it is one of ours, which confirms no upload before all checksums are right
public record FxpEnd(
    String host,
    int port,
    String user,
    String password,
    Trust trust,
    String folder,
    Optional<InetAddress> dataAddress,
    boolean isNode) {
  /// How a server is known on the connection for commands.
  public sealed interface Trust {}

  /// By one certificate.
  ///
  /// @param certificate SHA-256 of it, 64 hexadecimal digits in lower case
  public record Pinned(String certificate) implements Trust {
    /// Checks the form.
    ///
    /// @throws IllegalArgumentException if it is no SHA-256
    public Pinned {
      Peer.checkCertificate(certificate);
    }
  }

  /// By a certificate for its name, from an authority that the JDK trusts.
  public record Authorities() implements Trust {}

  /// Not at all: commands, password and files travel for everybody to read.
  public record Nobody() implements Trust {}

  /// Checks what would end a command, or be another one.
  ///
  /// @throws IllegalArgumentException naming the value that is wrong
  public FxpEnd {
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new IllegalArgumentException("there is no FTP server at " + host + ":" + port);
    }
    checkLine("user", user);
    checkLine("password", password);
    checkLine("folder", folder);
    if (folder.endsWith("/")) {
      throw new IllegalArgumentException("a folder has no slash at its end, was '" + folder + "'");
    }
  }

  private static void checkLine(String what, String text) {
    if (text.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == 0xff)) {
      throw new IllegalArgumentException("there is a control character in the " + what);
    }
  }

  /// A node.
  ///
  /// @param login that it has made
  /// @param certificate SHA-256 of the one that it shows
  public static FxpEnd node(
      String host, int port, String login, ClusterSecret secret, String certificate) {
    return new FxpEnd(
        host,
        port,
        login,
        secret.password(login),
        new Pinned(certificate),
        "",
        Optional.empty(),
        true);
  }

  /// The same, with another address for the other server.
  public FxpEnd reachedAt(InetAddress address) {
    return new FxpEnd(host, port, user, password, trust, folder, Optional.of(address), isNode);
  }

  /// The same, in a folder of its folder.
  FxpEnd in(String child) {
    return new FxpEnd(host, port, user, password, trust, path(child), dataAddress, isNode);
  }

  String path(String name) {
    return folder.isEmpty() ? name : folder + "/" + name;
  }

  /// Where it is, without who logs in.
  @Override
  public String toString() {
    return host + ":" + port + (folder.isEmpty() ? "" : " " + folder);
  }
}
