package io.sonidb.server.http;

import io.sonidb.SoniDb;
import io.sonidb.server.config.ConfigException;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.server.hls.Broadcasts;
import io.sonidb.server.hls.LiveClock;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// The listener: Jetty with a virtual thread per request, HTTP/1.1 and HTTP/2 on one port.
public final class HttpListener implements AutoCloseable {
  private static final int MAX_THREADS = 64;
  private static final int MIN_THREADS = 4;

  // Held, because a logger that nobody holds forgets its level.
  private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

  private final Server server;
  private final ServerConnector connector;
  private final AtomicBoolean ready;
  private final Streams streams;
  private final Broadcasts broadcasts;
  private final Viewers viewers;
  private final Optional<TlsKeys> tls;
  private final Optional<Cluster> cluster;
  private final Logs logs;
  private final String host;

  private HttpListener(
      Server server,
      ServerConnector connector,
      AtomicBoolean ready,
      Streams streams,
      Broadcasts broadcasts,
      Viewers viewers,
      Optional<TlsKeys> tls,
      Optional<Cluster> cluster,
      Logs logs,
      String host) {
    this.server = server;
    this.connector = connector;
    this.ready = ready;
    this.streams = streams;
    this.broadcasts = broadcasts;
    this.viewers = viewers;
    this.tls = tls;
    this.cluster = cluster;
    this.logs = logs;
    this.host = host;
  }

  /// Begins to listen.
  ///
  /// @param clock by which live sound is cut
  /// @throws IOException if the address is in use, or a file cannot be read or written
  public static HttpListener start(
      NodeConfig config, SoniDb database, PrintStream err, LiveClock clock) throws IOException {
    JETTY.setLevel(Level.WARNING);
    Logs logs = Logs.open(config, err);
    Optional<Cluster> cluster = Optional.empty();
    try {
      cluster = Cluster.start(config, database, logs);
      return start(config, database, cluster, logs, clock);
    } catch (IOException | RuntimeException e) {
      cluster.ifPresent(Cluster::close);
      logs.close();
      throw e;
    }
  }

  private static HttpListener start(
      NodeConfig config, SoniDb database, Optional<Cluster> cluster, Logs logs, LiveClock clock)
      throws IOException {
    Catalog catalog = new Catalog(database, Aliases.open(config.data()));
    SnapshotStore snapshots = SnapshotStore.open(config.snapshots(), catalog, logs);
    Optional<TlsKeys> tls =
        config.tls().isPresent()
            ? Optional.of(TlsKeys.open(config.tls().get(), logs))
            : Optional.empty();

    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
    threads.setName("sonidb-http");
    threads.setVirtualThreadsExecutor(
        VirtualThreads.getNamedVirtualThreadsExecutor("sonidb-request-"));
    Server server = new Server(threads);
    ServerConnector connector = connector(server, config, tls);
    GracefulHandler graceful = new GracefulHandler();

    AtomicBoolean ready = new AtomicBoolean(true);
    Streams streams =
        new Streams(config.streams(), Duration.ofSeconds(config.http().idleSeconds()));
    Broadcasts broadcasts = new Broadcasts(clock);
    Viewers viewers = new Viewers(config.webRtc(), config.streams());
    MetricsText metrics =
        new MetricsText(
            catalog,
            graceful::getCurrentRequestCount,
            () -> connector.getConnectedEndPoints().size(),
            streams::count,
            viewers::count);
    ClusterApi calls = new ClusterApi(cluster, catalog);
    MaintenanceApi maintenance = new MaintenanceApi(logs, calls);
    List<Route> routes =
        Routes.of(
            new CollectionsApi(catalog),
            new VectorBodies(),
            maintenance,
            new SnapshotsApi(snapshots, config.limits().uploadBytes(), logs),
            new AudioApi(streams),
            new WhepApi(viewers),
            new ChangesApi(streams),
            new HlsApi(broadcasts, streams),
            new ServiceApi(metrics, ready),
            calls,
            new SyncApi(cluster, calls, maintenance, logs),
            new ConsoleApi(),
            new ProjectionApi(logs),
            new ActivityApi(streams));
    metrics.routes(routes);
    ApiKeys keys = new ApiKeys(config.keys());
    Exchange.Shared shared =
        new Exchange.Shared(
            catalog,
            new Formats(config.limits().nesting()),
            new BodyBudget(config.limits().bodiesBytes()),
            config.limits().bodyBytes(),
            config.limits().requestSeconds(),
            config.streams().stallSeconds());
    graceful.setHandler(
        new Dispatcher(
            new Router(routes), keys, new Visitors(config.http(), keys.areNeeded()), shared, logs));
    server.setHandler(graceful);
    server.setErrorHandler(new PlainErrors());
    server.setStopTimeout(config.limits().shutdownSeconds() * 1000L);
    HttpListener listener =
        new HttpListener(
            server,
            connector,
            ready,
            streams,
            broadcasts,
            viewers,
            tls,
            cluster,
            logs,
            config.http().host());
    listener.start(config);
    return listener;
  }

  private static ServerConnector connector(
      Server server, NodeConfig config, Optional<TlsKeys> tls) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(config.limits().headerBytes());
    http.setIdleTimeout(config.http().idleSeconds() * 1000L);
    // Names may have any characters; a path is cut at its slashes before it is decoded.
    http.setUriCompliance(
        UriCompliance.DEFAULT.with(
            "names",
            UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR,
            UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING,
            UriCompliance.Violation.SUSPICIOUS_PATH_CHARACTERS));
    List<ConnectionFactory> factories = new ArrayList<>();
    SlowHeads.Http1 http1 = new SlowHeads.Http1(http);
    if (tls.isPresent()) {
      http.addCustomizer(new org.eclipse.jetty.server.SecureRequestCustomizer(false));
      ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory();
      alpn.setDefaultProtocol(HttpVersion.HTTP_1_1.asString());
      factories.add(new SslConnectionFactory(tls.get().factory(), alpn.getProtocol()));
      factories.add(alpn);
      factories.add(new HTTP2ServerConnectionFactory(http));
      factories.add(http1);
    } else {
      factories.add(http1);
      factories.add(new HTTP2CServerConnectionFactory(http));
    }
    ClosingConnector connector =
        new ClosingConnector(server, factories.toArray(ConnectionFactory[]::new));
    connector.setHost(config.http().host());
    connector.setPort(config.http().port());
    connector.setIdleTimeout(config.http().idleSeconds() * 1000L);
    connector.setShutdownIdleTimeout(1000);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(config.http().maxConnections(), connector));
    server.addBean(new SlowHeads(connector, http1, config.limits().requestSeconds()));
    return connector;
  }

  private void start(NodeConfig config) throws IOException {
    try {
      server.start();
    } catch (Exception e) {
      streams.close();
      stop();
      if (e instanceof IOException io) {
        throw new ConfigException(
            "cannot listen on "
                + config.http().host()
                + " port "
                + config.http().port()
                + ": "
                + io.getMessage()
                + "; give another --http-port",
            io);
      }
      throw new IOException("the HTTP listener cannot be started: " + e.getMessage(), e);
    }
  }

  /// Where it is reached.
  public URI uri() {
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return URI.create(
        (tls.isPresent() ? "https" : "http") + "://" + name + ":" + connector.getLocalPort());
  }

  /// The port of the FTP server, by which other nodes move files, if there is one.
  public OptionalInt ftpPort() {
    return cluster.isPresent() ? OptionalInt.of(cluster.get().ftp().port()) : OptionalInt.empty();
  }

  /// Accepts nothing any more, ends streams, waits for the requests that are under way, and stops.
  @Override
  public void close() {
    ready.set(false);
    connector.close();
    streams.close();
    broadcasts.close();
    stop();
    viewers.close();
    cluster.ifPresent(Cluster::close);
    logs.close();
  }

  private void stop() {
    tls.ifPresent(TlsKeys::close);
    try {
      server.stop();
    } catch (Exception e) {
      logs.say("the HTTP listener did not stop as it should: " + e.getMessage());
    }
  }
}
