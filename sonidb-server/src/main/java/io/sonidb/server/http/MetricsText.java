package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionStats;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/// Figures in the text form of Prometheus.
final class MetricsText {
  private final Catalog catalog;
  private final LongSupplier requestsNow;
  private final LongSupplier connectionsNow;
  private final LongSupplier streamsNow;
  private volatile List<Route> routes = List.of();

  MetricsText(
      Catalog catalog,
      LongSupplier requestsNow,
      LongSupplier connectionsNow,
      LongSupplier streamsNow) {
    this.catalog = catalog;
    this.requestsNow = requestsNow;
    this.connectionsNow = connectionsNow;
    this.streamsNow = streamsNow;
  }

  void routes(List<Route> all) {
    routes = List.copyOf(all);
  }

  String write(Caller caller) {
    StringBuilder text = new StringBuilder(1 << 14);
    head(text, "sonidb_info", "gauge", "Version of the node.");
    text.append("sonidb_info{version=").append(quoted(ServiceApi.version())).append("} 1\n");
    requests(text);
    gauge(text, "sonidb_http_requests_in_progress", "Requests that are answered.", requestsNow);
    gauge(text, "sonidb_http_connections", "Connections that are open.", connectionsNow);
    gauge(text, "sonidb_streams", "Audio streams and change feeds under way.", streamsNow);
    collections(text, caller);
    process(text);
    return text.toString();
  }

  private static void head(StringBuilder text, String name, String type, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static void gauge(StringBuilder text, String name, String help, LongSupplier value) {
    head(text, name, "gauge", help);
    text.append(name).append(' ').append(value.getAsLong()).append('\n');
  }

  private static String labels(Route route) {
    return "method=" + quoted(route.method()) + ",route=" + quoted(route.path());
  }

  private void requests(StringBuilder text) {
    head(text, "sonidb_http_requests_total", "counter", "Requests that were answered.");
    for (Route route : routes) {
      for (int status = 100; status < Meter.statuses(); status++) {
        long count = route.meter().count(status);
        if (count > 0) {
          text.append("sonidb_http_requests_total{")
              .append(labels(route))
              .append(",status=\"")
              .append(status)
              .append("\"} ")
              .append(count)
              .append('\n');
        }
      }
    }
    String name = "sonidb_http_request_seconds";
    head(text, name, "histogram", "Time from the head of a request to the end of its answer.");
    for (Route route : routes) {
      histogram(text, name, route);
    }
  }

  private static void histogram(StringBuilder text, String name, Route route) {
    long sum = 0;
    String labels = labels(route);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i <= Meter.BUCKETS.length; i++) {
      sum += route.meter().bucket(i);
      String end = i == Meter.BUCKETS.length ? "+Inf" : number(Meter.BUCKETS[i]);
      lines.append(name).append("_bucket{").append(labels).append(",le=\"").append(end);
      lines.append("\"} ").append(sum).append('\n');
    }
    if (sum == 0) {
      return;
    }
    text.append(lines);
    text.append(name).append("_sum{").append(labels).append("} ");
    text.append(number(route.meter().seconds())).append('\n');
    text.append(name).append("_count{").append(labels).append("} ").append(sum).append('\n');
  }

  private void collections(StringBuilder text, Caller caller) {
    Map<String, CollectionStats> all = new TreeMap<>();
    for (String name : catalog.names()) {
      catalog
          .find(name)
          .filter(collection -> caller.sees(collection.name()))
          .map(Collection::stats)
          .ifPresent(stats -> all.put(name, stats));
    }
    figure(text, all, "sonidb_vectors", "Vectors that are live.", CollectionStats::vectors);
    figure(text, all, "sonidb_disk_bytes", "Bytes of all files.", CollectionStats::diskBytes);
    figure(text, all, "sonidb_live_bytes", "Bytes that are needed.", CollectionStats::liveBytes);
    figure(text, all, "sonidb_segments", "Files of vectors.", CollectionStats::segments);
    figure(
        text,
        all,
        "sonidb_sealed_segments",
        "Files of vectors that are complete.",
        CollectionStats::sealedSegments);
    figure(
        text,
        all,
        "sonidb_last_sequence",
        "Number of the newest write.",
        CollectionStats::lastSequence);
    figure(
        text,
        all,
        "sonidb_search_index_linked_vectors",
        "Vectors that are in a graph.",
        stats -> stats.search().linked());
    figure(
        text,
        all,
        "sonidb_search_index_coded_vectors",
        "Vectors that have codes, and wait for a graph.",
        stats -> stats.search().coded());
    figure(
        text,
        all,
        "sonidb_search_index_backlog",
        "Writes that wait for codes.",
        stats -> stats.search().backlog());
    figure(
        text,
        all,
        "sonidb_replica",
        "1 for a copy of a collection elsewhere, which is not written to here.",
        stats -> stats.copy().isReplica() ? 1 : 0);
    figure(text, all, "sonidb_epoch", "Epoch of the history.", stats -> stats.copy().epoch());
    Map<String, CollectionStats> followed = new TreeMap<>(all);
    followed.values().removeIf(stats -> stats.copy().lagSeconds().isEmpty());
    figure(
        text,
        followed,
        "sonidb_replica_lag_seconds",
        "Time since a replica was found to have its source's state.",
        stats -> stats.copy().lagSeconds().orElseThrow());
    figure(
        text,
        followed,
        "sonidb_replica_lag_writes",
        "Writes of its source that a replica had not then.",
        stats -> stats.copy().lagWrites().orElseThrow());
    String syncs = "sonidb_fsync_seconds";
    head(text, syncs, "summary", "Time that it took to sync what was written.");
    line(text, all, syncs + "_sum", CollectionStats::syncSeconds);
    line(text, all, syncs + "_count", CollectionStats::syncs);
  }

  private static void figure(
      StringBuilder text,
      Map<String, CollectionStats> all,
      String name,
      String help,
      ToDoubleFunction<CollectionStats> value) {
    head(text, name, "gauge", help);
    line(text, all, name, value);
  }

  private static void line(
      StringBuilder text,
      Map<String, CollectionStats> all,
      String name,
      ToDoubleFunction<CollectionStats> value) {
    all.forEach((collection, stats) ->
        text.append(name)
            .append("{collection=")
            .append(quoted(collection))
            .append("} ")
            .append(number(value.applyAsDouble(stats)))
            .append('\n'));
  }

  private static void process(StringBuilder text) {
    Runtime runtime = Runtime.getRuntime();
    gauge(
        text,
        "sonidb_jvm_heap_used_bytes",
        "Heap that is in use.",
        () -> runtime.totalMemory() - runtime.freeMemory());
    gauge(text, "sonidb_jvm_heap_max_bytes", "Heap that may be used.", runtime::maxMemory);
    gauge(
        text,
        "sonidb_jvm_threads",
        "Platform threads.",
        () -> ManagementFactory.getThreadMXBean().getThreadCount());
    head(text, "sonidb_uptime_seconds", "gauge", "Time since the start.");
    text.append("sonidb_uptime_seconds ")
        .append(number(ManagementFactory.getRuntimeMXBean().getUptime() / 1e3))
        .append('\n');
    List<String> collectors = new ArrayList<>();
    ManagementFactory.getGarbageCollectorMXBeans()
        .forEach(bean ->
            collectors.add(
                "sonidb_jvm_gc_seconds_total{gc="
                    + quoted(bean.getName())
                    + "} "
                    + number(bean.getCollectionTime() / 1e3)));
    head(text, "sonidb_jvm_gc_seconds_total", "counter", "Time that collectors took.");
    collectors.forEach(line -> text.append(line).append('\n'));
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.format(Locale.ROOT, "%s", value);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}
