package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.RoundingReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "stats",
    sortOptions = false,
    description = {
      "Show the figures of a collection.",
      "`bytes per vector` counts whole frames, ids and record headers included; file headers and"
          + " index are shown apart, and all of it in `disk bytes`. `space amplification` is the"
          + " bytes of all frames by those that are needed. Deletes up to `horizon` may be missing"
          + " from the history; from `complete from` on every change is there. Filters on fields"
          + " that are not among `payload indexes` read payloads. Of the vectors, those `search"
          + " linked` are in a graph, those `search coded` have codes and wait for one; `search"
          + " backlog` writes wait for codes. Where vectors are rounded, the lines of `quantize`"
          + " tell what that did to the first vectors, the `sample`, before the exact ones were"
          + " thrown away: the mean step, errors of components, and the share of the true ten"
          + " nearest that is found. With --json, times are in seconds, and 0 is never."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb stats songs", "  sonidb stats songs --json"})
final class StatsCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  StatsCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    return reach(
        name,
        collection -> {
          CollectionStats stats = collection.stats();
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("name", name);
          answer.put("vectors", stats.vectors());
          answer.put("records", stats.records());
          answer.put("segments", stats.segments());
          answer.put("sealed_segments", stats.sealedSegments());
          answer.put("outdated_segments", stats.outdatedSegments());
          answer.put("disk_bytes", stats.diskBytes());
          answer.put("bytes_per_vector", stats.bytesPerVector());
          answer.put("header_bytes", stats.headerBytes());
          answer.put("index_bytes", stats.indexBytes());
          answer.put("live_bytes", stats.liveBytes());
          answer.put("space_amplification", stats.spaceAmplification());
          answer.put("dimension", stats.dimension());
          answer.put("element", stats.element().toString());
          answer.put("sonification", stats.sonification().toString());
          answer.put("quantize", stats.quantize().toString());
          stats.rounding().ifPresent(rounding -> put(rounding, answer));
          answer.put("metric", stats.metric().toString());
          answer.put("durability", stats.durability().toString());
          answer.put("last_sequence", stats.lastSequence());
          answer.put("replica", stats.copy().isReplica());
          answer.put("epoch", stats.copy().epoch());
          stats.copy().lagSeconds().ifPresent(lag -> answer.put("lag_seconds", lag));
          stats.copy().lagWrites().ifPresent(lag -> answer.put("lag_writes", lag));
          answer.put("horizon", stats.horizon());
          answer.put("complete_from", stats.completeFrom());
          answer.put("kernels", stats.kernels());
          answer.put("codec_kernels", stats.codecKernels());
          CollectionStats.SearchIndex search = stats.search();
          answer.put("search_parts", (long) search.parts());
          answer.put("search_index_bytes", search.bytes());
          answer.put("search_linked", search.linked());
          answer.put("search_coded", search.coded());
          answer.put("search_backlog", search.backlog());
          answer.put("search_generation", search.generation());
          answer.put("payload_index_bytes", stats.payloadIndexBytes());
          Map<String, String> indexes = new TreeMap<>();
          stats.payloadIndexes().forEach((path, type) -> indexes.put(path, type.toString()));
          answer.put("payload_indexes", indexes);
          CollectionSpec spec = collection.spec();
          answer.put("time_to_live", TimeSpan.seconds(spec.timeToLive()));
          answer.put("retention", TimeSpan.seconds(spec.retention()));
          output().json(answer);
          answer.put("time_to_live", TimeSpan.timeToLive(spec.timeToLive()));
          answer.put("retention", TimeSpan.text(spec.retention()));
          answer.forEach((key, value) -> output().line(line(key, value)));
          return ExitCode.OK;
        });
  }

  private static void put(RoundingReport rounding, Map<String, Object> answer) {
    answer.put("quantize_step", rounding.step());
    answer.put("quantize_max_error", rounding.maxError());
    answer.put("quantize_rms_error", rounding.rmsError());
    answer.put("quantize_relative_error", rounding.relativeError());
    rounding.recallAt10().ifPresent(recall -> answer.put("quantize_recall_at_10", recall));
    answer.put("quantize_sample", (long) rounding.sample());
  }

  private static String line(String key, Object value) {
    String shown =
        switch (value) {
          case Long bytes when key.endsWith("_bytes") ->
              Quantity.count(bytes) + " (" + Quantity.bytes(bytes) + ")";
          case Long number -> Quantity.count(number);
          // Errors may be small; a recall of 0.996 is not 1.
          case Double number when key.startsWith("quantize_") ->
              String.format(Locale.ROOT, "%.3g", number);
          case Double number -> Quantity.decimal(number);
          default -> value.toString();
        };
    return "%-25s%s".formatted(key.replace('_', ' '), shown);
  }
}
