package io.sonidb.cli;

import io.sonidb.filter.Filter;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "count",
    sortOptions = false,
    description = "Count the vectors, or those that fulfil a filter.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb count songs",
      "  sonidb count songs --filter '{\"must\": [{\"key\": \"genre\", \"match\": {\"value\": \"jazz\"}}]}'"
    })
final class CountCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Only vectors that fulfil this filter, in the JSON form of Qdrant.")
  private Filter filter = Filter.ALL;

  CountCommand(SonidbCommand sonidb) {
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
            long count = view.count(filter);
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("count", count);
            view.sequence().ifPresent(sequence -> answer.put("sequence", sequence));
            output().json(answer);
            output().line(Quantity.count(count));
          }
          return ExitCode.OK;
        });
  }
}
