package io.sonidb.ftp;

import io.sonidb.Outgoing;
import io.sonidb.StorageException;
import io.sonidb.SyncFile;
import io.sonidb.TailIntake;
import io.sonidb.TailSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.apache.ftpserver.ConnectionConfigFactory;
import org.apache.ftpserver.DataConnectionConfigurationFactory;
import org.apache.ftpserver.FtpServer;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.ftplet.FtpException;
import org.apache.ftpserver.listener.Listener;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.ssl.ClientAuth;
import org.apache.ftpserver.ssl.SslConfiguration;
import org.jspecify.annotations.Nullable;

/// A node's FTP server: lets two nodes move files of a collection between them while a third party
/// only gives the commands (FXP). It has no accounts. A login is made by a call that is signed with
/// the [ClusterSecret], for one collection, one direction, some files, one peer and a while; nobody
/// else gets anything.
///
/// Commands travel in TLS 1.3; files do, unless [FtpOptions#allowsPlainData] says otherwise. A data
/// connection is with the login's peer only, by address, port and certificate.
public final class FtpNode implements AutoCloseable {
  /// Longest time that a login may live.
  public static final int MAX_LOGIN_SECONDS = 86_400;

  /// Longer than any login lives: what has not changed since then nobody is at.
  static final Duration LEFTOVERS = Duration.ofDays(2);

  private static final int LOGIN_FAILURES = 3;
  private static final int LOGIN_FAILURE_MILLIS = 500;
  private static final int NAME_BYTES = 16;
  private static final int SPARE_THREADS = 4;
  private static final String LISTENER = "default";

  // Held, because loggers that nobody holds forget their levels.
  private static final List<Logger> LIBRARIES =
      List.of(Logger.getLogger("org.apache.ftpserver"), Logger.getLogger("org.apache.mina"));

  private final FtpOptions options;
  private final Path inboxes;
  private final Consumer<String> log;
  private final Logins logins;
  private final Map<UUID, Inbox> inbox = new ConcurrentHashMap<>();
  private final Set<DataChannel> transfers = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sonidb-ftp-watch").factory());
  private final FtpServer server;
  private final Listener listener;
  private @Nullable NodeCertificate certificate; // guarded by this

  private FtpNode(
      FtpOptions options, int port, Path inboxes, ClusterSecret secret, Consumer<String> log) {
    this.options = options;
    this.inboxes = inboxes;
    this.log = log;
    this.logins = new Logins(secret, log);
    this.listener = listener(port);
    FtpServerFactory factory = new FtpServerFactory();
    factory.addListener(LISTENER, listener);
    factory.setUserManager(logins);
    factory.setFileSystem(user -> new VirtualFolder((Login) user));
    factory.setCommandFactory(new Commands(this));
    ConnectionConfigFactory connections = new ConnectionConfigFactory();
    connections.setAnonymousLoginEnabled(false);
    connections.setMaxLogins(options.maxSessions());
    connections.setMaxThreads(options.maxSessions() + SPARE_THREADS); // a transfer blocks its own
    connections.setMaxLoginFailures(LOGIN_FAILURES);
    connections.setLoginFailureDelay(LOGIN_FAILURE_MILLIS);
    factory.setConnectionConfig(connections.createConnectionConfig());
    this.server = factory.createServer();
  }

  private Listener listener(int port) {
    ListenerFactory factory = new ListenerFactory();
    factory.setServerAddress(options.host());
    factory.setPort(port);
    factory.setIdleTimeout(options.idleSeconds());
    factory.setSslConfiguration(new Tls());
    factory.setSessionFilter(
        session -> session.getService().getManagedSessionCount() <= options.maxSessions());
    DataConnectionConfigurationFactory data = new DataConnectionConfigurationFactory();
    data.setIdleTime(options.idleSeconds());
    data.setActiveEnabled(true);
    factory.setDataConnectionConfiguration(data.createDataConnectionConfiguration());
    return factory.createListener();
  }

  /// Begins to listen.
  ///
  /// @param inboxes folder for what other nodes send, made when it is needed
  /// @param secret of the nodes that may ask for logins
  /// @param log hears what was refused
  /// @throws IOException if the address or the port cannot be used
  public static FtpNode start(
      FtpOptions options, Path inboxes, ClusterSecret secret, Consumer<String> log)
      throws IOException {
    LIBRARIES.forEach(logger -> logger.setLevel(Level.OFF)); // they log names and refused clients
    try {
      return start(options, options.port().orElse(FtpOptions.PORT), inboxes, secret, log);
    } catch (BindException taken) {
      if (options.port().isPresent()) {
        throw taken;
      }
      return start(options, 0, inboxes, secret, log);
    }
  }

  private static FtpNode start(
      FtpOptions options, int port, Path inboxes, ClusterSecret secret, Consumer<String> log)
      throws IOException {
    FtpNode node = new FtpNode(options, port, inboxes, secret, log);
    try {
      node.server.start();
    } catch (FtpException | FtpServerConfigurationException e) {
      node.watch.shutdownNow();
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof BindException taken) {
          throw taken;
        }
      }
      throw new IOException("the FTP server cannot be started: " + e.getMessage(), e);
    }
    var _ = node.watch.scheduleWithFixedDelay(node::sweep, 1, 1, TimeUnit.SECONDS);
    var _ = node.watch.scheduleWithFixedDelay(node::tidy, 0, 1, TimeUnit.HOURS);
    return node;
  }

  /// The port that it listens on.
  public int port() {
    return listener.getPort();
  }

  /// How it was asked to be.
  public FtpOptions options() {
    return options;
  }

  /// SHA-256 of the certificate that it shows, 64 hexadecimal digits.
  ///
  /// @throws IOException if none can be made
  public String fingerprint() throws IOException {
    return certificate().fingerprint();
  }

  synchronized NodeCertificate certificate() throws IOException {
    NodeCertificate made = certificate;
    if (made == null) {
      made = NodeCertificate.make();
      certificate = made;
    }
    return made;
  }

  // Logins -----------------------------------------------------------------------------------

  /// Makes a login that gets files from this node.
  ///
  /// @param outgoing is closed when the login ends, or when there is none
  /// @param seconds that it lives, 1 to [#MAX_LOGIN_SECONDS]
  /// @return its name; [ClusterSecret#password] tells the password
  /// @throws IllegalStateException if there are too many
  public String sending(Outgoing outgoing, Peer peer, int seconds) {
    return sending(outgoing, List.of(peer), seconds);
  }

  /// As [#sending(Outgoing, Peer, int)], to any of some peers.
  public String sending(Outgoing outgoing, List<Peer> peers, int seconds) {
    return login(new FileSource.Sending(outgoing), outgoing.files(), peers, seconds);
  }

  /// Makes a login that sends files to this node, where they lie in an inbox.
  ///
  /// @param collection whose inbox
  /// @param files that may be sent, with what they must be; no others may
  /// @param seconds that it lives, 1 to [#MAX_LOGIN_SECONDS]
  /// @return its name; [ClusterSecret#password] tells the password
  /// @throws IllegalStateException if there are too many
  public String receiving(UUID collection, List<SyncFile> files, Peer peer, int seconds) {
    return receiving(collection, files, List.of(peer), false, seconds);
  }

  /// As [#receiving(UUID, List, Peer, int)], from any of some peers.
  ///
  /// @param passesOn whether they get from here what has arrived whole
  public String receiving(
      UUID collection, List<SyncFile> files, List<Peer> peers, boolean passesOn, int seconds) {
    Inbox to =
        inbox.computeIfAbsent(collection, uuid -> new Inbox(inboxes.resolve(uuid.toString())));
    return login(new FileSource.Receiving(to, passesOn), files, peers, seconds);
  }

  /// Makes a login that gets what is written to a collection.
  ///
  /// @param tail is closed when the login ends, or when there is none
  /// @return its name; [ClusterSecret#password] tells the password
  /// @throws IllegalStateException if there are too many
  public String sending(TailSource tail, Peer peer, int seconds) {
    return login(new FileSource.TailOut(tail), List.of(), List.of(peer), seconds);
  }

  /// Makes a login that sends what is written to the source of a collection here.
  ///
  /// @return its name; [ClusterSecret#password] tells the password
  /// @throws IllegalStateException if there are too many
  public String receiving(TailIntake tail, Peer peer, int seconds) {
    return login(new FileSource.TailIn(tail), List.of(), List.of(peer), seconds);
  }

  private String login(FileSource source, List<SyncFile> files, List<Peer> peers, int seconds) {
    if (seconds < 1 || seconds > MAX_LOGIN_SECONDS) {
      throw new IllegalArgumentException(
          "a login lives for 1 to " + MAX_LOGIN_SECONDS + " seconds, not " + seconds);
    }
    byte[] random = new byte[NAME_BYTES];
    new SecureRandom().nextBytes(random);
    String name = HexFormat.of().formatHex(random);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    if (!logins.add(new Login(name, peers, end, options.idleSeconds(), source, files))) {
      source.close();
      throw new IllegalStateException("there are " + Logins.MAX + " logins already: end some");
    }
    return name;
  }

  /// Ends a login, and the transfers that it has under way.
  ///
  /// @return whether there was one
  public boolean end(String name) {
    boolean was = logins.end(name);
    sweep();
    return was;
  }

  // Watching ---------------------------------------------------------------------------------

  void watch(DataChannel transfer) {
    transfers.add(transfer);
  }

  void unwatch(DataChannel transfer) {
    transfers.remove(transfer);
  }

  void log(String text) {
    log.accept(text);
  }

  /// Ends what stands still, and whatever belongs to a login that has ended. The library's own
  /// timeouts wait for the end of the transfer that they should end.
  private void sweep() {
    long now = System.nanoTime();
    try {
      logins.sweep(now);
    } catch (StorageException e) {
      log(String.valueOf(e.getMessage())); // and go on watching
    }
    for (DataChannel each : transfers) {
      boolean stands = now - each.lastProgress() > TimeUnit.SECONDS.toNanos(options.idleSeconds());
      if (stands || each.isForsaken() || !logins.has(each.login())) {
        each.abort();
      }
    }
  }

  /// Ends every transfer, and stops.
  @Override
  public void close() {
    logins.endAll();
    sweep();
    watch.shutdownNow();
    server.stop();
  }

  /// Deletes what came in half and nobody goes on with.
  private void tidy() {
    try {
      Instant before = Instant.now().minus(LEFTOVERS);
      Leftovers.delete(inboxes, before).forEach(name -> log("FTP inbox given up: " + name));
    } catch (IOException | UncheckedIOException e) {
      log("FTP inboxes cannot be tidied up: " + e.getMessage());
    }
  }

  /// What the library asks for TLS on the connections for commands.
  private final class Tls implements SslConfiguration {
    @Override
    public SSLSocketFactory getSocketFactory() {
      return getSSLContext().getSocketFactory();
    }

    @Override
    public SSLContext getSSLContext() {
      try {
        return certificate().open();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public SSLContext getSSLContext(String protocol) {
      return getSSLContext();
    }

    @Override
    public String[] getEnabledCipherSuites() {
      return DataChannel.suites();
    }

    @Override
    public String getEnabledProtocol() {
      return NodeCertificate.TLS;
    }

    @Override
    public String[] getEnabledProtocols() {
      return new String[] {NodeCertificate.TLS};
    }

    @Override
    public ClientAuth getClientAuth() {
      return ClientAuth.NONE;
    }
  }
}
