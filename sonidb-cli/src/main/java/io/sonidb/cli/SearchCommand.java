package io.sonidb.cli;

import io.sonidb.Damage;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.PayloadSelection;
import io.sonidb.Query;
import io.sonidb.SearchResult;
import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
    description = {
      "Find the vectors most like a given one.",
      "Several --id, or --negative, ask for what is like the average of the ones and unlike that of"
          + " the others. --filter takes the JSON form of Qdrant, and finds k vectors whenever k"
          + " fulfil it. On fields without an index (`payload-index`) it reads all payloads."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb search songs --id 42",
      "  sonidb search songs --id 42 --id 43 --negative 7",
      "  sonidb search songs --id 42 --filter '{\"must\": [{\"key\": \"year\", \"range\": {\"gte\":"
          + " 1959}}]}'",
      "  sonidb search songs --id 42 --group-by artist --group-size 2",
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
        description = "Like the vector of this id, without it; may be given several times.")
    private List<VectorId> ids = List.of();

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
      return ids.isEmpty() && vector.isEmpty() && file.isEmpty() && check.isEmpty();
    }
  }

  private static final long MANY_PAYLOADS = 10_000;

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

  @Option(
      names = "--negative",
      paramLabel = "ID",
      description = "Unlike the vector of this id, without it; may be given several times.")
  private List<VectorId> negatives = List.of();

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Only among points that fulfil this filter.")
  private Filter filter = Filter.ALL;

  @Option(
      names = "--offset",
      paramLabel = "N",
      description = "Skip so many of the best (default: 0).")
  private int offset;

  @Option(
      names = "--score-threshold",
      paramLabel = "X",
      description = "Leave out what is less alike: below X or, by a distance, above it.")
  private Optional<Double> scoreThreshold = Optional.empty();

  @Option(names = "--with-vector", description = "Show the vectors as well.")
  private boolean withVector;

  @Option(names = "--no-payload", description = "Leave out the payloads.")
  private boolean noPayload;

  @Option(
      names = "--group-by",
      paramLabel = "FIELD",
      description = "Show the k groups, by the values of this field, that have the best hits.")
  private Optional<String> groupBy = Optional.empty();

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description = "Most hits of a group (default: 3).")
  private int groupSize = 3;

  @Option(
      names = "--ef",
      paramLabel = "N",
      description =
          "How far the search index is searched (default: 120, or twice k): more finds more, and"
              + " takes longer.")
  private int ef;

  @Option(names = "--exact", description = "Compare with every vector, without the search index.")
  private boolean exact;

  SearchCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (wanted.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE, "one of --id, --vector, --file and --check is needed");
    }
    return reach(
        name,
        collection ->
            wanted.check.isPresent() ? check(collection, wanted.check.get()) : search(collection));
  }

  private ExitCode search(Points collection) throws IOException {
    Query query = query(collection.spec().element());
    return groupBy.isPresent()
        ? showGroups(collection.searchGroups(query, new Grouping(groupBy.get(), k, groupSize)))
        : show(collection.search(query));
  }

  private Query query(ElementType element) throws IOException {
    Query wantedQuery = target(element);
    if (scoreThreshold.isPresent()) {
      wantedQuery = wantedQuery.scoreThreshold(scoreThreshold.get());
    }
    return wantedQuery
        .offset(offset)
        .filter(filter)
        .exact(exact)
        .ef(ef)
        .payload(noPayload ? PayloadSelection.NONE : PayloadSelection.ALL)
        .withVector(withVector);
  }

  private Query target(ElementType element) throws IOException {
    if (wanted.ids.size() == 1 && negatives.isEmpty()) {
      return Query.nearest(wanted.ids.getFirst(), k);
    }
    if (!wanted.ids.isEmpty()) {
      return Query.recommend(wanted.ids, negatives, k);
    }
    Vector like = vector(element);
    return negatives.isEmpty()
        ? Query.nearest(like, k)
        : Query.recommend(
            List.of(new Query.Example.OfVector(like)),
            negatives.stream().<Query.Example>map(Query.Example.OfId::new).toList(),
            Query.Strategy.AVERAGE_VECTOR,
            k);
  }

  private ExitCode show(Points.Found found) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("hits", found.hits().stream().map(SearchCommand::json).toList());
    found.details().ifPresent(details -> put(details, answer));
    output().json(answer);
    output().line("rank       score  id");
    int rank = offset + 1;
    for (Hit hit : found.hits()) {
      output().line(line(rank++, hit));
    }
    found.details().ifPresent(details -> remark(details.filtering()));
    return damaged(found.details().map(SearchResult::damaged).orElse(List.of()));
  }

  private void put(SearchResult details, Map<String, Object> answer) {
    answer.put("exact", details.exact());
    answer.put("sequence", details.sequence());
    answer.put("generation", details.generation());
    if (!filter.isEmpty()) {
      answer.put("matched", details.filtering().matched());
      answer.put("payloads_read", details.filtering().payloadsRead());
      answer.put("unindexed", details.filtering().unindexed());
    }
  }

  private void remark(SearchResult.Filtering filtering) {
    if (filtering.payloadsRead() > MANY_PAYLOADS && !filtering.unindexed().isEmpty()) {
      output()
          .note(
              "%s had no index, so %s were read: see `sonidb payload-index --help`"
                  .formatted(
                      String.join(", ", filtering.unindexed()),
                      Quantity.count(filtering.payloadsRead(), "payload")));
    }
  }

  /// A hit may be missing that is damaged: the search is answered, and that is said.
  private ExitCode damaged(List<Damage> damaged) {
    damaged.forEach(damage ->
        output()
            .warn(
                "left out: "
                    + damage.id().map(Object::toString).orElse("a record")
                    + ": "
                    + damage.reason()));
    return ExitCode.OK;
  }

  private static String line(int rank, Hit hit) {
    String payload = hit.payload().isEmpty() ? "" : "  " + hit.payload().toJson();
    String vector =
        hit.vector()
            .map(each -> "  " + Output.text(Map.of("vector", PointJson.vector(each))))
            .orElse("");
    return String.format(
        Locale.ROOT, "%4d  %10.6f  %s%s%s", rank, hit.score(), hit.id(), payload, vector);
  }

  private ExitCode showGroups(Points.FoundGroups result) {
    List<Map<String, Object>> groups = new ArrayList<>();
    for (GroupResult.Group group : result.groups()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("value", PointJson.value(group.value()));
      json.put("hits", group.hits().stream().map(SearchCommand::json).toList());
      groups.add(json);
      output().line(PointJson.value(group.value()).toString());
      int rank = 1;
      for (Hit hit : group.hits()) {
        output().line(line(rank++, hit));
      }
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("groups", groups);
    result.sequence().ifPresent(sequence -> answer.put("sequence", sequence));
    output().json(answer);
    return damaged(result.damaged());
  }

  private static Map<String, Object> json(Hit hit) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", PointJson.id(hit.id()));
    json.put("score", hit.score());
    json.put("payload", PointJson.payload(hit.payload()));
    hit.vector().ifPresent(vector -> json.put("vector", PointJson.vector(vector)));
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

  private ExitCode check(Points collection, int queries) {
    RecallCheck.Result result;
    try (ProgressBar progress = output().progress("check")) {
      result = RecallCheck.run(collection, queries, k, ef, progress);
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("queries", result.queries());
    answer.put("k", k);
    answer.put("recall", result.recall());
    answer.put("search_p50_ms", result.p50Millis());
    answer.put("exact_p50_ms", result.exactMillis());
    output().json(answer);
    output()
        .line(
            "recall@%d of %s: %s (search p50 %s ms, by comparing all %s ms)"
                .formatted(
                    k,
                    Quantity.count(result.queries()) + " random queries",
                    String.format(Locale.ROOT, "%.4f", result.recall()),
                    Quantity.decimal(result.p50Millis()),
                    Quantity.decimal(result.exactMillis())));
    return ExitCode.OK;
  }
}
