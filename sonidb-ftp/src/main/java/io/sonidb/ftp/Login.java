package io.sonidb.ftp;

import io.sonidb.SyncFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.ftpserver.ftplet.Authority;
import org.apache.ftpserver.ftplet.AuthorizationRequest;
import org.apache.ftpserver.ftplet.User;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginRequest;

/// Somebody who may send or receive some files of one collection, to or from some peers, for a
/// while.
final class Login implements User {
  /// How many connections may use a login at the same time.
  static final int MAX_SESSIONS = 32;

  private final String name;
  private final List<Peer> peers;
  private final long endsAtNanos;
  private final int idleSeconds;
  private final FileSource source;
  private final Map<String, SyncFile> files;

  /// @param endsAtNanos by [System#nanoTime]
  /// @param files that it sees, and no others
  Login(
      String name,
      List<Peer> peers,
      long endsAtNanos,
      int idleSeconds,
      FileSource source,
      List<SyncFile> files) {
    this.name = name;
    this.peers = List.copyOf(peers);
    this.endsAtNanos = endsAtNanos;
    this.idleSeconds = idleSeconds;
    this.source = source;
    this.files =
        files.stream().collect(Collectors.toUnmodifiableMap(SyncFile::name, Function.identity()));
  }

  /// Whether data connections may go there.
  boolean mayConnectTo(InetSocketAddress target) {
    return peers.stream().anyMatch(peer -> peer.listensAt(target));
  }

  /// SHA-256 of the certificates of which one must be shown from an address; none if nobody may
  /// come from there, or go there.
  Set<String> certificates(InetAddress address) {
    return peers.stream()
        .filter(peer -> peer.address().equals(address))
        .map(Peer::certificate)
        .collect(Collectors.toUnmodifiableSet());
  }

  FileSource source() {
    return source;
  }

  boolean hasEnded(long nanos) {
    return nanos - endsAtNanos >= 0;
  }

  Optional<SyncFile> file(String path) {
    return Optional.ofNullable(files.get(path));
  }

  List<SyncFile> files() {
    return List.copyOf(files.values());
  }

  @Override
  public String getName() {
    return name;
  }

  /// Nobody needs to know it who has not the secret.
  @Override
  public String getPassword() {
    return "";
  }

  @Override
  public List<? extends Authority> getAuthorities() {
    return List.of();
  }

  @Override
  public List<? extends Authority> getAuthorities(Class<? extends Authority> type) {
    return List.of();
  }

  @Override
  public AuthorizationRequest authorize(AuthorizationRequest request) {
    // Null is the library's word for no.
    return request instanceof ConcurrentLoginRequest sessions
            && sessions.getConcurrentLogins() <= MAX_SESSIONS
        ? request
        : refused();
  }

  @SuppressWarnings("NullAway") // the library's interface
  private static AuthorizationRequest refused() {
    return null;
  }

  @Override
  public int getMaxIdleTime() {
    return idleSeconds;
  }

  @Override
  public boolean getEnabled() {
    return !hasEnded(System.nanoTime());
  }

  @Override
  public String getHomeDirectory() {
    return "/";
  }
}
