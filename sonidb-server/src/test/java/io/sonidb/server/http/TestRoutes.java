package io.sonidb.server.http;

import io.sonidb.SoniDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// The table of routes, without a node.
final class TestRoutes {
  private TestRoutes() {}

  static List<Route> all() throws IOException {
    Path folder = Files.createTempDirectory("sonidb-routes");
    try (SoniDb database = SoniDb.open(folder)) {
      Catalog catalog = new Catalog(database, Aliases.open(folder));
      MetricsText metrics = new MetricsText(catalog, () -> 0, () -> 0, () -> 0, () -> 0);
      Streams streams =
          new Streams(
              io.sonidb.server.config.NodeConfig.of(folder).streams(), Duration.ofMinutes(1));
      Logs logs = Logs.open(io.sonidb.server.config.NodeConfig.of(folder), System.err);
      ClusterApi calls = new ClusterApi(Optional.empty(), catalog);
      MaintenanceApi maintenance = new MaintenanceApi(logs, calls);
      return Routes.of(
          new CollectionsApi(catalog),
          new VectorBodies(),
          maintenance,
          new SnapshotsApi(
              SnapshotStore.open(Files.createTempDirectory("sonidb-snapshots"), catalog, logs),
              1,
              logs),
          new AudioApi(streams),
          new WhepApi(
              new Viewers(
                  io.sonidb.server.config.NodeConfig.of(folder).webRtc(),
                  io.sonidb.server.config.NodeConfig.of(folder).streams())),
          new ChangesApi(streams),
          new HlsApi(
              new io.sonidb.server.hls.Broadcasts(io.sonidb.server.hls.LiveClock.SYSTEM), streams),
          new ServiceApi(metrics, new AtomicBoolean()),
          calls,
          new SyncApi(Optional.empty(), calls, maintenance, logs),
          new ConsoleApi(),
          new ProjectionApi(logs),
          new ActivityApi(streams));
    }
  }

  static List<String> names() throws IOException {
    return all().stream().map(route -> route.method() + " " + route.path()).toList();
  }
}
