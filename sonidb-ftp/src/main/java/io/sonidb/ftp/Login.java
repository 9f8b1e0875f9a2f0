package io.sonidb.ftp;

import io.sonidb.SyncFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.ftpserver.ftplet.Authority;
import org.apache.ftpserver.ftplet.AuthorizationRequest;
import org.apache.ftpserver.ftplet.User;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginRequest;

/// Somebody who may send or receive some files of one collection, to or from one peer, for a while.
final class Login implements User {
  /// How many connections may use a login at the same time.
  static final int MAX_SESSIONS = 16;

  private final String name;
  private final Peer peer;
  private final long endsAtNanos;
  private final int idleSeconds;
  private final FileSource source;
  private final Map<String, SyncFile> files;

  /// @param endsAtNanos by [System#nanoTime]
  /// @param files that it sees, and no others
  Login(
      String name,
      Peer peer,
      long endsAtNanos,
      int idleSeconds,
      FileSource source,
      List<SyncFile> files) {
    this.name = name;
    this.peer = peer;
    this.endsAtNanos = endsAtNanos;
    this.idleSeconds = idleSeconds;
    this.source = source;
    this.files =
        files.stream().collect(Collectors.toUnmodifiableMap(SyncFile::name, Function.identity()));
  }

  Peer peer() {
    return peer;
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
