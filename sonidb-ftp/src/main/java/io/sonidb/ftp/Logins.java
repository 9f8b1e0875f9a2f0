package io.sonidb.ftp;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.ftpserver.ftplet.Authentication;
import org.apache.ftpserver.ftplet.AuthenticationFailedException;
import org.apache.ftpserver.ftplet.User;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.usermanager.UsernamePasswordAuthentication;
import org.jspecify.annotations.Nullable;

/// The logins that there are. They are made by calls from other nodes, and end by themselves.
final class Logins implements UserManager {
  /// No more than that at a time.
  static final int MAX = 1000;

  private final ClusterSecret secret;
  private final Consumer<String> log;
  private final Map<String, Login> all = new ConcurrentHashMap<>();

  /// @param log hears who was refused
  Logins(ClusterSecret secret, Consumer<String> log) {
    this.secret = secret;
    this.log = log;
  }

  /// @return whether there was room for one more
  synchronized boolean add(Login login) {
    if (all.size() >= MAX) {
      return false;
    }
    all.put(login.getName(), login);
    return true;
  }

  /// Ends a login.
  ///
  /// @return whether there was one
  boolean end(String name) {
    Login was = all.remove(name);
    if (was != null) {
      was.source().close();
    }
    return was != null;
  }

  /// Ends those whose time is up.
  void sweep(long nanos) {
    all.values().stream().filter(each -> each.hasEnded(nanos)).forEach(each -> end(each.getName()));
  }

  void endAll() {
    all.keySet().forEach(this::end);
  }

  /// Whether a login has not ended.
  boolean has(Login login) {
    return all.get(login.getName()) == login;
  }

  @Override
  public User authenticate(Authentication authentication) throws AuthenticationFailedException {
    if (!(authentication instanceof UsernamePasswordAuthentication said)) {
      throw new AuthenticationFailedException("a name and a password are needed");
    }
    String name = said.getUsername() == null ? "" : said.getUsername();
    String password = said.getPassword() == null ? "" : said.getPassword();
    Login login = all.get(name);
    // Compared in any case, so that the time does not tell which names there are.
    boolean isRight = ClusterSecret.isSame(secret.password(printable(name)), password);
    if (login == null || !isRight || login.hasEnded(System.nanoTime())) {
      log.accept(
          "FTP login refused: "
              + (login == null ? "no such name" : isRight ? "its time is up" : "wrong password")
              + ", from "
              + (said.getUserMetadata() == null
                  ? "somewhere"
                  : said.getUserMetadata().getInetAddress()));
      throw new AuthenticationFailedException("wrong name or password");
    }
    return login;
  }

  private static String printable(String name) {
    return name.replaceAll("[^0-9a-z]", "?");
  }

  @Override
  public @Nullable User getUserByName(String name) {
    return all.get(name);
  }

  @Override
  public String[] getAllUserNames() {
    return all.keySet().toArray(String[]::new);
  }

  @Override
  public void delete(String name) {
    end(name);
  }

  @Override
  public void save(User user) {
    throw new UnsupportedOperationException("logins are made by signed calls alone");
  }

  @Override
  public boolean doesExist(String name) {
    return all.containsKey(name);
  }

  @Override
  public String getAdminName() {
    return ""; // nobody is
  }

  @Override
  public boolean isAdmin(String name) {
    return false;
  }
}
