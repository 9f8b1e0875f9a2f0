package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.IntegrityReport;
import io.sonidb.SoniDb;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    sortOptions = false,
    description = {
      "See the main job from end to end.",
      "Inserts generated realistic vectors, gets, streams, indexes, verifies and searches them;"
          + " prints what was measured beside the goals, and what to try next. The data stays, in"
          + " collections demo-768 and demo-256, which the next demo replaces."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb demo", "  sonidb demo --vectors 100000 --data /tmp/demo"})
final class DemoCommand extends DatabaseCommand {

  private static final int LARGE = 768;
  private static final int SMALL = 256;
  private static final int GETS = 5000;
  private static final int SEARCHES = 50;
  private static final int RECALL_QUERIES = 20;

  @Option(
      names = "--vectors",
      paramLabel = "N",
      description = "How many vectors for each collection, 1000 or more (default: 20000).")
  private long count = 20_000;

  DemoCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    if (count < 1000) {
      throw new CommandFailure(ExitCode.USAGE, "--vectors must be 1000 or more, was " + count);
    }
    output()
        .line(
            "%s vectors of dimension %d, made up but realistic: clusters, unit length; in folder %s"
                .formatted(Quantity.count(count), LARGE, sonidb().folder()));
    try (SoniDb database = sonidb().open(BenchCommand.WITHOUT_INDEX)) {
      DemoResult large = measure(database, LARGE);
      output().line("The same with dimension " + SMALL + ":");
      DemoResult small = measure(database, SMALL);
      DemoTable table = new DemoTable(large, small);
      output().json(table.json());
      table.lines().forEach(output()::line);
      nextSteps(large);
      return ExitCode.OK;
    }
  }

  private DemoResult measure(SoniDb database, int dimension) throws IOException {
    String name = "demo-" + dimension;
    if (database.find(name).isPresent()) {
      database.drop(name);
    }
    Collection collection = database.create(name, CollectionSpec.dimension(dimension));
    GeneratedVectors vectors = new GeneratedVectors(dimension);
    Measurement measurement = new Measurement(collection, vectors, interruption());

    Measurement.Ingest ingest;
    try (ProgressBar progress = output().progress("insert")) {
      ingest = measurement.ingest(count, 1, progress);
    }
    step(
        "insert",
        "%s vectors into \"%s\", each batch of 1,000 durable (fsync), sealed, indexed"
            .formatted(Quantity.count(count), name));
    Latencies gets = measurement.gets(GETS);
    step(
        "get",
        "%s random vectors; every bit is as it was inserted".formatted(Quantity.count(GETS)));
    long one = audioBytes(collection);
    Measurement.Work stream = measurement.stream();
    step(
        "stream",
        "all as one FLAC stream, %s; vector 42 alone is a FLAC file of %s"
            .formatted(Quantity.bytes(stream.amount()), Quantity.bytes(one)));
    Measurement.Work decode = measurement.decode();
    IntegrityReport verified;
    try (ProgressBar progress = output().progress("verify")) {
      verified = collection.verifyIntegrity(true, progress);
    }
    if (!verified.ok()) {
      throw new CommandFailure(
          ExitCode.DAMAGED, "verify found damage: " + verified.damaged().getFirst());
    }
    step(
        "verify",
        "every frame, hash and checksum: ok, %s MB/s"
            .formatted(Quantity.decimal(verified.bytes() / 1e6 / verified.seconds())));
    Latencies searches = measurement.searches(SEARCHES);
    RecallCheck.Result recall;
    try (ProgressBar progress = output().progress("search")) {
      recall = RecallCheck.run(new LocalPoints(collection), RECALL_QUERIES, 10, 0, progress);
    }
    step(
        "search",
        "the 10 nearest by exact scan, median %s ms, recall %s"
            .formatted(Quantity.decimal(searches.millis(0.5)), Quantity.decimal(recall.recall())));
    return new DemoResult(
        dimension,
        ingest.vectorsPerSecond(),
        gets.millis(0.5),
        gets.millis(0.99),
        stream.perSecond() / 1e6,
        decode.perSecond(),
        collection.stats().bytesPerVector(),
        recall.recall(),
        searches.millis(0.5),
        ingest.index().sfv());
  }

  private void step(String verb, String text) {
    output().line("  %-8s%s".formatted(verb, text));
  }

  private static long audioBytes(Collection collection) throws IOException {
    try (InputStream audio = collection.streamVector(VectorId.of(42))) {
      return audio.readAllBytes().length;
    }
  }

  private void nextSteps(DemoResult large) {
    String data =
        sonidb().folder().equals(Path.of("sonidb-data")) ? "" : "--data " + sonidb().folder() + " ";
    String program = "./sonidb " + data;
    Map<String, String> next = new LinkedHashMap<>();
    next.put(program + "search demo-768 --id 42 -k 5", "its neighbours");
    next.put(program + "stream demo-768 42 -o 42.flac", "one vector as sound: ffplay 42.flac");
    next.put(program + "export demo-768 demo.npy", "all of them, for numpy.load");
    next.put(program + "verify demo-768 --deep", "change a byte of a segment: it names the vector");
    next.put(program + "insert mine vectors.npy", "your own");
    next.put("cksfv -g " + large.sfv(), "the checksums, by a tool that knows nothing of SoniDB");
    next.put(
        "flac -t " + large.sfv().resolveSibling("segments") + "/*.flac",
        "the sound, by any FLAC decoder");
    output().line("");
    output().line("Try next:");
    next.forEach((command, why) -> output().line("  # " + why + "\n  " + command));
  }
}
