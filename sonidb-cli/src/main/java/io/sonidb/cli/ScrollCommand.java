package io.sonidb.cli;

import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Scroll;
import io.sonidb.client.Page;
import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "scroll",
    sortOptions = false,
    description = {
      "Show a page of the points, or of those that fulfil a filter.",
      "By ascending id; or with --order-by in the order of a field's numbers or times, where points"
          + " without are left out. A JSON object a line."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb scroll songs --limit 100",
      "  sonidb scroll songs --limit 100 --from 4711   # the next page, as the last one says",
      "  sonidb scroll songs --order-by year --desc --start-from 1969"
    })
final class ScrollCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Only points that fulfil this filter, in the JSON form of Qdrant.")
  private Filter filter = Filter.ALL;

  @Option(names = "--limit", paramLabel = "N", description = "Most points (default: 10).")
  private int limit = 10;

  @Option(names = "--from", paramLabel = "ID", description = "Begin with this id.")
  private Optional<VectorId> from = Optional.empty();

  @Option(
      names = "--order-by",
      paramLabel = "FIELD",
      description = "In the order of this field, lowest first.")
  private Optional<String> orderBy = Optional.empty();

  @Option(names = "--desc", description = "With --order-by: highest first.")
  private boolean descending;

  @Option(
      names = "--start-from",
      paramLabel = "VALUE",
      description = "With --order-by: begin with this number or time.")
  private Optional<String> startFrom = Optional.empty();

  @Option(names = "--with-vector", description = "Show the vectors as well.")
  private boolean withVector;

  @Option(names = "--no-payload", description = "Leave out the payloads.")
  private boolean noPayload;

  ScrollCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (orderBy.isEmpty() && (descending || startFrom.isPresent())) {
      throw new CommandFailure(ExitCode.USAGE, "--desc and --start-from need --order-by");
    }
    if (orderBy.isPresent() && from.isPresent()) {
      throw new CommandFailure(
          ExitCode.USAGE, "--from is an id; with --order-by, begin with --start-from VALUE");
    }
    Scroll scroll =
        new Scroll(
            filter,
            limit,
            from,
            orderBy.map(field -> new Scroll.Order(field, descending, startFrom)),
            noPayload ? PayloadSelection.NONE : PayloadSelection.ALL);
    return reach(
        name,
        collection -> {
          try (PointsView view = collection.view()) {
            return show(view.scroll(scroll), view.sequence());
          }
        });
  }

  private ExitCode show(Page page, OptionalLong sequence) {
    List<Map<String, Object>> points = page.points().stream().map(this::json).toList();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("points", points);
    page.next().ifPresent(id -> answer.put("next", PointJson.id(id)));
    sequence.ifPresent(number -> answer.put("sequence", number));
    output().json(answer);
    points.forEach(point -> output().line(Output.text(point)));
    page.next().ifPresent(id -> output().note("go on with --from " + id));
    return ExitCode.OK;
  }

  private Map<String, Object> json(Point point) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", PointJson.id(point.id()));
    if (withVector) {
      json.put("vector", PointJson.vector(point.vector()));
    }
    if (!noPayload) {
      json.put("payload", PointJson.payload(point.payload()));
    }
    return json;
  }
}
