package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.sound.ElementType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "insert",
    sortOptions = false,
    description = {
      "Insert the vectors of a file.",
      "Reads .npy .fvecs .bvecs .fbin .u8bin .i8bin .jsonl .csv, and .flac or .wav that hold records."
          + " Creates the collection if it is missing. A vector whose id is there already replaces the"
          + " old one. Writes in batches of 1,000, each all or nothing."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb insert songs songs.npy",
      "  sonidb insert songs songs.npy --ids names.txt --metric dot",
      "  sonidb insert songs songs.jsonl     # {\"id\": 1, \"vector\": [...], \"payload\": {...}} a line",
      "  cat songs.csv | sonidb insert songs - --format csv",
      "  sonidb insert pages pages.npy --quantize 5     # rounded to about 5 bits a component",
      "  sonidb insert sessions today.jsonl --ttl 12h",
      "  sonidb insert copy recording.flac"
    })
final class InsertCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "File, or - for standard input.")
  private String file = "";

  @Option(
      names = "--ids",
      paramLabel = "FILE",
      description = "Ids of the rows, one a line (default: those of the file, else 0, 1, 2, ...).")
  private Optional<Path> ids = Optional.empty();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "Format of the file, if its name and its first bytes do not tell.")
  private Optional<String> format = Optional.empty();

  @ArgGroup(exclusive = true)
  private ExpiryOptions expiry = new ExpiryOptions();

  @Mixin private CollectionOptions options = new CollectionOptions();

  InsertCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    expiry.check();
    try (InputFile input = InputFile.open(file, format, sonidb().terminal().in())) {
      VectorSupply supply =
          input.isAudio()
              ? new AudioSupply(input.sound(sonidb().terminal()), ids)
              : new FileSupply(input, ids);
      try (Database database = sonidb().reach()) {
        return insert(supply, database);
      }
    }
  }

  private ExitCode insert(VectorSupply supply, Database database) throws IOException {
    Optional<CollectionSpec> there = database.find(name).map(Points::spec);
    there.ifPresent(spec -> options.checkAgainst(name, spec));
    Optional<ElementType> element =
        there.isPresent() ? elementToRead(there.get()) : options.elementToRead();
    VectorSupply.Target target =
        (dimension, natural) ->
            new BatchInserter(collection(database, dimension, natural), expiry::ofNow);
    long start = System.nanoTime();
    VectorSupply.Outcome outcome;
    try (ProgressBar progress = output().progress("insert")) {
      outcome = supply.insert(target, element, progress, interruption());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    outcome.remarks().forEach(output()::note);
    report(outcome, seconds);
    return ExitCode.OK;
  }

  /// What must be stored exactly must be of the collection's type; what is rounded need not.
  private static Optional<ElementType> elementToRead(CollectionSpec spec) {
    return spec.quantize().isRounding() ? Optional.empty() : Optional.of(spec.element());
  }

  private Points collection(Database database, int dimension, ElementType natural) {
    Optional<Points> there = database.find(name);
    if (there.isEmpty()) {
      return database.create(name, options.spec(dimension, natural));
    }
    CollectionSpec spec = there.get().spec();
    if (spec.dimension() != dimension) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "%s: its vectors have dimension %d, those of collection \"%s\" %d"
              .formatted(file, dimension, name, spec.dimension()));
    }
    return there.get();
  }

  private void report(VectorSupply.Outcome outcome, double seconds) {
    double rate = outcome.inserted() / seconds;
    double bytesPerVector = outcome.bytesPerVector();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("inserted", outcome.inserted());
    answer.put("replaced", outcome.replaced());
    answer.put("seconds", seconds);
    answer.put("vectors_per_s", rate);
    answer.put("bytes_per_vector", bytesPerVector);
    output().json(answer);
    output()
        .line(
            "inserted %s into \"%s\" in %s s, %s vectors/s, %s bytes per vector"
                .formatted(
                    Quantity.count(outcome.inserted(), "vector"),
                    name,
                    Quantity.decimal(seconds),
                    Quantity.decimal(rate),
                    Quantity.decimal(bytesPerVector)));
    if (outcome.replaced() > 0) {
      output().note(Quantity.count(outcome.replaced()) + " of them took the place of older ones");
    }
  }
}
