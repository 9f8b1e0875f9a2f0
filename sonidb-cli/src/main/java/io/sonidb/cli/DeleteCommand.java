package io.sonidb.cli;

import io.sonidb.filter.Filter;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "delete",
    sortOptions = false,
    description = "Delete vectors by id, or all that fulfil a filter.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb delete songs 42",
      "  sonidb delete songs 1 2 3 track-7",
      "  sonidb delete songs --filter '{\"must\": [{\"key\": \"genre\", \"match\": {\"value\": \"jazz\"}}]}'",
      "  sonidb delete songs 42 --if-sequence 1007   # only if nobody changed it since"
    })
final class DeleteCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "ID", description = "Ids.")
  private List<VectorId> ids = List.of();

  @Option(
      names = "--if-sequence",
      paramLabel = "N",
      description =
          "Only if N is the number of the vector's newest change, as `get --json` shows it; for one id.")
  private Optional<Long> expected = Optional.empty();

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Delete every vector that fulfils this filter, in the JSON form of Qdrant.")
  private Optional<Filter> filter = Optional.empty();

  DeleteCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (filter.isPresent() == !ids.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "either ids or --filter is needed");
    }
    if (filter.isPresent()) {
      return deleteFiltered(filter.get());
    }
    if (expected.isPresent()) {
      Condition.check(expected.get(), ids);
      sonidb().checkIsFolder("--if-sequence");
      return with(
          name,
          collection -> {
            collection.deleteIf(ids.getFirst(), expected.get());
            return report(List.of());
          });
    }
    return reach(
        name,
        points -> {
          List<VectorId> missing = new ArrayList<>();
          for (VectorId id : ids) {
            if (points.delete(List.of(id)) == 0) {
              missing.add(id);
            }
          }
          return report(missing);
        });
  }

  private ExitCode report(List<VectorId> missing) {
    int deleted = ids.size() - missing.size();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("deleted", deleted);
    answer.put("missing", missing.stream().map(PointJson::id).toList());
    output().json(answer);
    output().line("deleted " + Quantity.count(deleted, "vector"));
    if (missing.isEmpty()) {
      return ExitCode.OK;
    }
    output()
        .warn(
            missing.stream().map(VectorId::toString).collect(Collectors.joining(", "))
                + ": no such vector in \""
                + name
                + "\"");
    return ExitCode.NOT_FOUND;
  }

  private ExitCode deleteFiltered(Filter wanted) throws IOException {
    if (expected.isPresent()) {
      throw new CommandFailure(ExitCode.USAGE, "--if-sequence is about one id, not a --filter");
    }
    return reach(
        name,
        points -> {
          long deleted = points.delete(wanted);
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("deleted", deleted);
          answer.put("missing", List.of());
          output().json(answer);
          output().line("deleted " + Quantity.count(deleted, "vector"));
          return ExitCode.OK;
        });
  }
}
