package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.Hit;
import io.sonidb.Query;
import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "search",
    sortOptions = false,
    description = "Find the vectors most like a given one.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb search songs --id 42",
      "  sonidb search songs --vector '[0.1, 0.2, 0.3]' -k 3",
      "  sonidb search songs --file queries.npy --row 7 --json",
      "  sonidb search songs --check 100   # recall of 100 random queries"
    })
final class SearchCommand extends DatabaseCommand {

  /// What to search for: exactly one of these.
  static final class Wanted {
    @Option(
        names = "--id",
        paramLabel = "ID",
        description = "Like the vector of this id, without it.")
    private Optional<VectorId> id = Optional.empty();

    @Option(
        names = "--vector",
        paramLabel = "JSON",
        description = "Like this vector, a JSON array.")
    private Optional<String> vector = Optional.empty();

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "Like a vector of this file, - for standard input.")
    private Optional<String> file = Optional.empty();

    @Option(
        names = "--check",
        paramLabel = "N",
        description =
            "Compare N random searches with an exact scan in double precision; print the recall.")
    private Optional<Integer> check = Optional.empty();

    boolean isEmpty() {
      return id.isEmpty() && vector.isEmpty() && file.isEmpty() && check.isEmpty();
    }
  }

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Wanted wanted = new Wanted();

  @Option(
      names = "--row",
      paramLabel = "N",
      description = "Row of --file, from 0; needed if it has several.")
  private Optional<Long> row = Optional.empty();

  @Option(names = "-k", paramLabel = "N", description = "How many to find (default: 10).")
  private int k = 10;

  @Option(names = "--exact", description = "Compare with every vector. This version always does.")
  @SuppressWarnings(
      "UnusedVariable") // Accepted, because it will make a difference once there is a graph.
  private boolean exact;

  SearchCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    if (wanted.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE, "one of --id, --vector, --file and --check is needed");
    }
    return with(
        name,
        collection ->
            wanted.check.isPresent() ? check(collection, wanted.check.get()) : search(collection));
  }

  private ExitCode search(Collection collection) throws IOException {
    Query query =
        wanted.id.isPresent()
            ? Query.nearest(wanted.id.get(), k)
            : Query.nearest(vector(collection.spec().element()), k);
    List<Hit> hits = collection.search(query).hits();
    output().json(Map.of("hits", hits.stream().map(SearchCommand::json).toList()));
    output().line("rank       score  id");
    int rank = 1;
    for (Hit hit : hits) {
      String payload = hit.payload().isEmpty() ? "" : "  " + hit.payload().toJson();
      output()
          .line(
              String.format(
                  Locale.ROOT, "%4d  %10.6f  %s%s", rank++, hit.score(), hit.id(), payload));
    }
    return ExitCode.OK;
  }

  private static Map<String, Object> json(Hit hit) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", PointJson.id(hit.id()));
    json.put("score", hit.score());
    json.put("payload", PointJson.payload(hit.payload()));
    return json;
  }

  private Vector vector(ElementType element) throws IOException {
    if (wanted.vector.isPresent()) {
      // The line's reader knows every spelling and every error of a vector in JSON.
      byte[] line =
          ("{\"vector\":" + wanted.vector.get().replace('\n', ' ') + "}")
              .getBytes(StandardCharsets.UTF_8);
      ReadOptions options = ReadOptions.DEFAULT.format(VectorFormat.JSONL).element(element);
      try (VectorReader reader =
          VectorReader.of(new ByteArrayInputStream(line), "--vector", options)) {
        return reader.next().orElseThrow().vector();
      }
    }
    String file = wanted.file.orElseThrow();
    try (InputFile input = InputFile.open(file, Optional.empty(), sonidb().terminal().in())) {
      if (input.isAudio()) {
        throw new CommandFailure(
            ExitCode.USAGE, file + ": is sound; insert it, and search by --id");
      }
      try (VectorReader reader = input.vectors(Optional.of(element))) {
        return row(reader, input.name());
      }
    }
  }

  private Vector row(VectorReader reader, String file) throws IOException {
    if (row.isEmpty() && reader.count().orElse(1) != 1) {
      throw new CommandFailure(
          ExitCode.USAGE,
          file + ": has " + reader.count().getAsLong() + " vectors; choose one with --row N");
    }
    long number = row.orElse(0L);
    for (Optional<VectorRow> next = reader.next(); next.isPresent(); next = reader.next()) {
      if (next.get().number() == number) {
        return next.get().vector();
      }
    }
    throw new CommandFailure(ExitCode.NOT_FOUND, file + ": has no row " + number);
  }

  private ExitCode check(Collection collection, int queries) {
    RecallCheck.Result result;
    try (ProgressBar progress = output().progress("check")) {
      result = RecallCheck.run(collection, queries, k, progress);
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("queries", result.queries());
    answer.put("k", k);
    answer.put("recall", result.recall());
    answer.put("search_p50_ms", result.p50Millis());
    output().json(answer);
    output()
        .line(
            "recall@%d of %s: %s (search p50 %s ms)"
                .formatted(
                    k,
                    Quantity.count(result.queries()) + " random queries",
                    String.format(Locale.ROOT, "%.4f", result.recall()),
                    Quantity.decimal(result.p50Millis())));
    return ExitCode.OK;
  }
}
