package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.filter.FieldType;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "payload-index",
    sortOptions = false,
    description = {
      "Index a payload field, so that filters need not read payloads.",
      "Types: keyword, integer, float, boolean, datetime, geo, uuid, text. Values of other types are found"
          + " as well, but not as fast. Without FIELD: show the indexes there are. --automatic indexes, from"
          + " then on, what filters ask for at the price of reading many payloads."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb payload-index songs genre keyword",
      "  sonidb payload-index songs genre --drop",
      "  sonidb payload-index songs",
      "  sonidb payload-index songs --automatic on"
    })
final class PayloadIndexCommand extends DatabaseCommand {

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FIELD",
      description = "Path, such as genre, artist.name or a[].b.")
  private Optional<String> field = Optional.empty();

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "TYPE",
      description = "Type of the values that the index knows.")
  private Optional<FieldType> type = Optional.empty();

  @Option(names = "--drop", description = "Remove the index of the field.")
  private boolean drop;

  @Option(
      names = "--automatic",
      paramLabel = "on|off",
      description = "Whether what filters ask for gets indexed.")
  private Optional<String> automatic = Optional.empty();

  PayloadIndexCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    checkUsage();
    if (automatic.isPresent()) {
      sonidb().checkIsFolder("--automatic");
      with(
          name,
          collection -> {
            setAutomatic(collection, automatic.get().equals("on"));
            return ExitCode.OK;
          });
    }
    return reach(
        name,
        collection -> {
          if (drop && !collection.dropPayloadIndex(field.orElseThrow())) {
            throw new CommandFailure(
                ExitCode.NOT_FOUND,
                "field " + field.get() + " of collection \"" + name + "\" has no index");
          }
          if (type.isPresent()) {
            collection.createPayloadIndex(field.orElseThrow(), type.get());
          }
          show(collection);
          return ExitCode.OK;
        });
  }

  private void checkUsage() {
    if (field.isPresent() && drop == type.isPresent() || field.isEmpty() && drop) {
      throw new CommandFailure(ExitCode.USAGE, "a FIELD needs a TYPE, or --drop");
    }
    if (automatic.isPresent() && !automatic.get().matches("on|off")) {
      throw new CommandFailure(
          ExitCode.USAGE, "--automatic must be on or off, was \"" + automatic.get() + "\"");
    }
  }

  private static void setAutomatic(Collection collection, boolean on) {
    if (collection.spec().indexesWhatIsAsked() != on) {
      collection.alter(collection.spec().indexesWhatIsAsked(on), (_, _, _) -> {});
    }
  }

  private void show(Points collection) {
    Map<String, String> indexes = new TreeMap<>();
    collection
        .spec()
        .payloadIndexes()
        .forEach((path, indexed) -> indexes.put(path, indexed.toString()));
    Map<String, Object> answer = new TreeMap<>();
    answer.put("payload_indexes", indexes);
    answer.put("automatic", collection.spec().indexesWhatIsAsked());
    output().json(answer);
    indexes.forEach((path, indexed) -> output().line(path + "  " + indexed));
    if (indexes.isEmpty()) {
      output().note("no field is indexed");
    }
    if (collection.spec().indexesWhatIsAsked()) {
      output().note("what filters ask for gets indexed");
    }
  }
}
