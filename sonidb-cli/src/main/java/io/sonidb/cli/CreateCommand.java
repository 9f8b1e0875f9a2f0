package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.sound.ElementType;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "create",
    sortOptions = false,
    description = {"Create a collection.", "`insert` does so by itself where there is none yet."},
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb create songs --dimension 768",
      "  sonidb create genes --dimension 50 --metric euclid --element float64",
      "  sonidb create pages --dimension 1536 --quantize 5",
      "  sonidb create sessions --dimension 128 --ttl 12h",
      "  sonidb create bells --dimension 768 --sonification frequency"
    })
final class CreateCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Name of the new collection.")
  private String name = "";

  @Option(
      names = "--dimension",
      paramLabel = "N",
      required = true,
      description = "Number of components of every vector, 1 to 16384.")
  private int dimension;

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      description =
          "Vectors expire so long after they were inserted: 30s, 15m, 12h, 7d (default: never).")
  private Duration timeToLive = Duration.ZERO;

  @Option(
      names = "--retention",
      paramLabel = "DURATION",
      description = "How long deletes are kept for those who follow the changes (default: 7d).")
  private Optional<Duration> retention = Optional.empty();

  @Mixin private CollectionOptions options = new CollectionOptions();

  CreateCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() {
    CollectionSpec defaults = options.spec(dimension, ElementType.FLOAT32);
    CollectionSpec wanted =
        defaults.timeToLive(timeToLive).retention(retention.orElse(defaults.retention()));
    try (Database database = sonidb().reach()) {
      Points created = database.create(name, wanted);
      CollectionSpec spec = created.spec();
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("name", created.name());
      answer.put("dimension", spec.dimension());
      answer.put("element", spec.element().toString());
      answer.put("metric", spec.metric().toString());
      answer.put("sonification", spec.sonification().toString());
      answer.put("quantize", spec.quantize().toString());
      answer.put("durability", spec.durability().toString());
      answer.put("time_to_live", TimeSpan.seconds(spec.timeToLive()));
      answer.put("retention", TimeSpan.seconds(spec.retention()));
      output().json(answer);
      output()
          .line(
              "created \"%s\": dimension %d, %s, %s, %s, durability %s"
                      .formatted(
                          created.name(),
                          spec.dimension(),
                          spec.element(),
                          spec.metric(),
                          spec.sonification(),
                          spec.durability())
                  + (spec.quantize().isRounding()
                      ? ", rounded to " + spec.quantize() + " bits a component"
                      : "")
                  + (spec.timeToLive().isZero()
                      ? ""
                      : ", vectors expire after " + TimeSpan.text(spec.timeToLive())));
      return ExitCode.OK;
    }
  }
}
