package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.SoniDb;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
    name = "list",
    sortOptions = false,
    description = "List the collections.",
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb list", "  sonidb list --json"})
final class ListCommand extends DatabaseCommand {

  ListCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() {
    Output output = output();
    List<Map<String, Object>> found = new ArrayList<>();
    if (Files.isDirectory(sonidb().folder())) {
      try (SoniDb database = sonidb().open()) {
        for (String name : database.collections()) {
          Collection collection = database.collection(name);
          found.add(describe(collection));
          output.line(line(collection));
        }
      }
    }
    output.json(Map.of("collections", found));
    if (found.isEmpty()) {
      output.note("no collections in " + sonidb().folder());
    }
    return ExitCode.OK;
  }

  private static String line(Collection collection) {
    CollectionSpec spec = collection.spec();
    return "%s  %s of dimension %d, %s, %s"
        .formatted(
            collection.name(),
            Quantity.count(collection.count(), "vector"),
            spec.dimension(),
            spec.element(),
            spec.metric());
  }

  private static Map<String, Object> describe(Collection collection) {
    CollectionSpec spec = collection.spec();
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("name", collection.name());
    description.put("vectors", collection.count());
    description.put("dimension", spec.dimension());
    description.put("element", spec.element().toString());
    description.put("metric", spec.metric().toString());
    return description;
  }
}
