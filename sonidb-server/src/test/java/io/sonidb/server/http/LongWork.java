package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.SoniDb;
import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// A listener with one route, `POST /work`, that does what a test wants, as work on a collection.
final class LongWork implements AutoCloseable {
  private final SoniDb database;
  private final Logs logs;
  private final Server server;
  private final ServerConnector connector;

  private LongWork(SoniDb database, Logs logs, Server server, ServerConnector connector) {
    this.database = database;
    this.logs = logs;
    this.server = server;
    this.connector = connector;
  }

  static LongWork start(Path folder, ToldWork.Task task) throws Exception {
    NodeConfig config = NodeConfig.of(folder);
    SoniDb database = SoniDb.open(folder);
    Collection collection = database.create("songs", CollectionSpec.dimension(2));
    Logs logs = Logs.open(config, new PrintStream(PrintStream.nullOutputStream()));
    ClusterApi cluster =
        new ClusterApi(Optional.empty(), new Catalog(database, Aliases.open(folder)));
    MaintenanceApi maintenance = new MaintenanceApi(logs, cluster);
    Router router =
        new Router(
            List.of(
                Route.open(
                    "POST",
                    "/work",
                    exchange -> maintenance.once(exchange, "work", collection, task))));
    QueuedThreadPool threads = new QueuedThreadPool(8);
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    Server server = new Server(threads);
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(
        new Dispatcher(
            router,
            new ApiKeys(List.of()),
            new Visitors(config.http(), false),
            new Exchange.Shared(
                new Catalog(database, Aliases.open(folder)),
                new Formats(8),
                new BodyBudget(1 << 20),
                1 << 20,
                60,
                30),
            logs));
    server.start();
    return new LongWork(database, logs, server, connector);
  }

  int port() {
    return connector.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IOException(e);
    } finally {
      database.close();
      logs.close();
    }
  }
}
