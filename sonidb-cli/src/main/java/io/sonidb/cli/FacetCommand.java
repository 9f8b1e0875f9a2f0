package io.sonidb.cli;

import io.sonidb.ValueCount;
import io.sonidb.filter.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "facet",
    sortOptions = false,
    description = {
      "Show the values of a payload field, and how many vectors have each.",
      "Most vectors first. Strings, whole numbers, true and false; of an array each element."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb facet songs genre", "  sonidb facet songs artist.country --limit 3 --json"})
final class FacetCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "FIELD", description = "Path, such as genre or a[].b.")
  private String field = "";

  @Option(names = "--limit", paramLabel = "N", description = "Most values (default: 10).")
  private int limit = 10;

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Only vectors that fulfil this filter, in the JSON form of Qdrant.")
  private Filter filter = Filter.ALL;

  FacetCommand(SonidbCommand sonidb) {
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
          try (PointsView view = collection.view()) {
            List<Map<String, Object>> hits = new ArrayList<>();
            for (ValueCount each : view.facet(field, filter, limit)) {
              Object value = PointJson.value(each.value());
              Map<String, Object> hit = new LinkedHashMap<>();
              hit.put("value", value);
              hit.put("count", each.count());
              hits.add(hit);
              output().line("%10s  %s".formatted(Quantity.count(each.count()), Output.text(value)));
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("hits", hits);
            view.sequence().ifPresent(sequence -> answer.put("sequence", sequence));
            output().json(answer);
          }
          return ExitCode.OK;
        });
  }
}
