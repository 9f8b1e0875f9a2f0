package io.sonidb.cli;

import io.sonidb.AlterReport;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "alter",
    sortOptions = false,
    description = {
      "Change the settings of a collection.",
      "They count at once; the heads of the files are rewritten then. If that is interrupted, it goes on"
          + " when the data folder is opened again. Dimension and type of the components stay: import into"
          + " a new collection for others."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb alter songs --metric dot",
      "  sonidb alter sessions --ttl 12h     # of vectors that are inserted from now on; 0 for never",
      "  sonidb alter songs --quantize 6     # of vectors that are inserted from now on",
      "  sonidb alter songs --retention 30d --durability os"
    })
final class AlterCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "How vectors compare: cosine, dot, euclid or manhattan.")
  private Optional<Metric> metric = Optional.empty();

  @Option(
      names = "--sonification",
      paramLabel = "NAME",
      description = "How vectors sound: amplitude, frequency or pulse; those there are made anew.")
  private Optional<Sonification> sonification = Optional.empty();

  @Option(
      names = "--quantize",
      paramLabel = "BITS",
      description =
          "Round vectors that are inserted from now on to about 8, 6, 5 or 4 bits a component; none stores them exactly.")
  private Optional<Quantisation> quantize = Optional.empty();

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      description =
          "Vectors expire so long after they were inserted: 30s, 15m, 12h, 7d; 0 for never.")
  private Optional<Duration> timeToLive = Optional.empty();

  @Option(
      names = "--retention",
      paramLabel = "DURATION",
      description = "How long deletes are kept for those who follow the changes.")
  private Optional<Duration> retention = Optional.empty();

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      description =
          "When a write counts as done: fsync, when it survives a power loss; os, when the system has it.")
  private Optional<Durability> durability = Optional.empty();

  @Option(
      names = "--segment-bytes",
      paramLabel = "N",
      description = "Size at which a file is sealed, 1 MiB to 1 GiB.")
  private Optional<Long> segmentBytes = Optional.empty();

  AlterCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (metric.isEmpty()
        && sonification.isEmpty()
        && quantize.isEmpty()
        && timeToLive.isEmpty()
        && retention.isEmpty()
        && durability.isEmpty()
        && segmentBytes.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "nothing to change: give --metric, --sonification, --quantize, --ttl, --retention, --durability or --segment-bytes");
    }
    return reach(
        name,
        collection -> {
          AlterReport report;
          try (ProgressBar progress = output().progress("alter")) {
            report = collection.alter(changed(collection.spec()), progress);
          }
          report(collection, report);
          return ExitCode.OK;
        });
  }

  private CollectionSpec changed(CollectionSpec spec) {
    return spec.metric(metric.orElse(spec.metric()))
        .sonification(sonification.orElse(spec.sonification()))
        .quantize(quantize.orElse(spec.quantize()))
        .timeToLive(timeToLive.orElse(spec.timeToLive()))
        .retention(retention.orElse(spec.retention()))
        .durability(durability.orElse(spec.durability()))
        .segmentBytes(segmentBytes.orElse(spec.segmentBytes()));
  }

  private void report(Points collection, AlterReport report) {
    CollectionSpec spec = collection.spec();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("name", name);
    answer.put("metric", spec.metric().toString());
    answer.put("sonification", spec.sonification().toString());
    answer.put("quantize", spec.quantize().toString());
    answer.put("time_to_live", TimeSpan.seconds(spec.timeToLive()));
    answer.put("retention", TimeSpan.seconds(spec.retention()));
    answer.put("durability", spec.durability().toString());
    answer.put("segment_bytes", spec.segmentBytes());
    answer.put("segments_rewritten", report.segmentsRewritten());
    answer.put("seconds", report.seconds());
    output().json(answer);
    output()
        .line(
            "\"%s\" is now: %s, %s, quantize %s, time to live %s, retention %s, durability %s, segments of %s; rewrote %s in %s s"
                .formatted(
                    name,
                    spec.metric(),
                    spec.sonification(),
                    spec.quantize(),
                    TimeSpan.timeToLive(spec.timeToLive()),
                    TimeSpan.text(spec.retention()),
                    spec.durability(),
                    Quantity.bytes(spec.segmentBytes()),
                    Quantity.count(report.segmentsRewritten(), "segment"),
                    Quantity.decimal(report.seconds())));
  }
}
