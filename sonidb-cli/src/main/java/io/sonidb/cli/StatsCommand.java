package io.sonidb.cli;

import io.sonidb.CollectionStats;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "stats",
    sortOptions = false,
    description = {
      "Show the figures of a collection.",
      "`bytes per vector` counts whole frames, ids and record headers included; file headers and index"
          + " are shown apart, and all of it in `disk bytes`."
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
  ExitCode run() throws IOException {
    return with(
        name,
        collection -> {
          CollectionStats stats = collection.stats();
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("name", name);
          answer.put("vectors", stats.vectors());
          answer.put("records", stats.records());
          answer.put("segments", stats.segments());
          answer.put("sealed_segments", stats.sealedSegments());
          answer.put("disk_bytes", stats.diskBytes());
          answer.put("bytes_per_vector", stats.bytesPerVector());
          answer.put("header_bytes", stats.headerBytes());
          answer.put("index_bytes", stats.indexBytes());
          answer.put("dimension", stats.dimension());
          answer.put("element", stats.element().toString());
          answer.put("sonification", stats.sonification().toString());
          answer.put("metric", stats.metric().toString());
          answer.put("durability", stats.durability().toString());
          answer.put("last_sequence", stats.lastSequence());
          answer.put("kernels", stats.kernels());
          output().json(answer);
          answer.forEach((key, value) -> output().line(line(key, value)));
          return ExitCode.OK;
        });
  }

  private static String line(String key, Object value) {
    String shown =
        switch (value) {
          case Long bytes when key.endsWith("_bytes") ->
              Quantity.count(bytes) + " (" + Quantity.bytes(bytes) + ")";
          case Long number -> Quantity.count(number);
          case Double number -> Quantity.decimal(number);
          default -> value.toString();
        };
    return "%-18s%s".formatted(key.replace('_', ' '), shown);
  }
}
