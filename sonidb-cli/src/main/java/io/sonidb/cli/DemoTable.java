package io.sonidb.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The goals beside what the demo measured, the misses too.
///
/// @param large of dimension 768
/// @param small of dimension 256
record DemoTable(DemoResult large, DemoResult small) {

  private static final double MIN_INGEST = 1000;
  private static final double MAX_GET_MILLIS = 10;
  private static final double MIN_STREAM_MEGABYTES = 10;
  private static final double MAX_BYTES = 1000;

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ingest_vectors_per_s", large.ingestedPerSecond());
    json.put("get_p50_ms", large.getP50Millis());
    json.put("get_p99_ms", large.getP99Millis());
    json.put("stream_mb_per_s", large.streamMegabytesPerSecond());
    json.put("decode_vectors_per_s", large.decodedPerSecond());
    json.put("bytes_per_vector", large.bytesPerVector());
    json.put("search_recall_at_10", large.recallAt10());
    json.put("search_p50_ms", large.searchP50Millis());
    json.put("dimension", large.dimension());
    json.put("bytes_per_vector_256", small.bytesPerVector());
    json.put("max_dimension_under_1_kb", maxDimensionUnderGoal());
    return json;
  }

  List<String> lines() {
    Table table = new Table("goal", "wanted", "dimension 768", "dimension 256", "");
    table.row(
        "ingest, durable and sealed",
        "> 1,000 vectors/s",
        Quantity.decimal(large.ingestedPerSecond()),
        Quantity.decimal(small.ingestedPerSecond()),
        verdict(Math.min(large.ingestedPerSecond(), small.ingestedPerSecond()) > MIN_INGEST));
    table.row(
        "retrieval by id, median",
        "< 10 ms",
        Quantity.decimal(large.getP50Millis()),
        Quantity.decimal(small.getP50Millis()),
        verdict(Math.max(large.getP50Millis(), small.getP50Millis()) < MAX_GET_MILLIS));
    table.row(
        "retrieval by id, 99 of 100",
        "< 10 ms",
        Quantity.decimal(large.getP99Millis()),
        Quantity.decimal(small.getP99Millis()),
        verdict(Math.max(large.getP99Millis(), small.getP99Millis()) < MAX_GET_MILLIS));
    table.row(
        "streaming",
        "> 10 MB/s",
        Quantity.decimal(large.streamMegabytesPerSecond()),
        Quantity.decimal(small.streamMegabytesPerSecond()),
        verdict(
            Math.min(large.streamMegabytesPerSecond(), small.streamMegabytesPerSecond())
                > MIN_STREAM_MEGABYTES));
    table.row(
        "size, bytes per vector",
        "< 1,000",
        sized(large),
        sized(small),
        "met up to dimension " + maxDimensionUnderGoal());
    table.row("distribution to other nodes", "< 5 min", "-", "-", "needs nodes: sync --help");
    List<String> lines = new ArrayList<>(List.of(""));
    lines.addAll(table.lines());
    lines.add("");
    lines.add(
        "Exact storage of float32 noise needs about 27 bits a component, whoever stores it; what is");
    lines.add("on a coarser grid (integers, fp16, many embedding services) takes less.");
    return lines;
  }

  private static String verdict(boolean met) {
    return met ? "met" : "MISSED";
  }

  private static String sized(DemoResult result) {
    return Quantity.decimal(result.bytesPerVector())
        + (result.bytesPerVector() < MAX_BYTES ? "" : " (missed)");
  }

  /// Size grows with the dimension along a line: through the two that were measured.
  private long maxDimensionUnderGoal() {
    double perComponent =
        (large.bytesPerVector() - small.bytesPerVector()) / (large.dimension() - small.dimension());
    return (long) (small.dimension() + (MAX_BYTES - small.bytesPerVector()) / perComponent);
  }
}
