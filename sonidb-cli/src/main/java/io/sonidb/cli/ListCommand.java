package io.sonidb.cli;

import io.sonidb.CollectionSpec;
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
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() {
    Output output = output();
    List<Map<String, Object>> found = new ArrayList<>();
    String place = sonidb().folder().toString();
    if (sonidb().node().isPresent() || Files.isDirectory(sonidb().folder())) {
      try (Database database = sonidb().reach()) {
        place = database.place();
        for (String name : database.names()) {
          // Somebody may drop one meanwhile.
          database.find(name).ifPresent(collection -> show(collection, found));
        }
      }
    }
    output.json(Map.of("collections", found));
    if (found.isEmpty()) {
      output.note("no collections in " + place);
    }
    return ExitCode.OK;
  }

  private void show(Points collection, List<Map<String, Object>> found) {
    CollectionSpec spec = collection.spec();
    long vectors = collection.count();
    found.add(describe(collection.name(), vectors, spec));
    output().line(line(collection.name(), vectors, spec));
  }

  private static String line(String name, long vectors, CollectionSpec spec) {
    String rounded =
        spec.quantize().isRounding() ? ", rounded to " + spec.quantize() + " bits a component" : "";
    return "%s  %s of dimension %d, %s, %s%s"
        .formatted(
            name,
            Quantity.count(vectors, "vector"),
            spec.dimension(),
            spec.element(),
            spec.metric(),
            rounded);
  }

  private static Map<String, Object> describe(String name, long vectors, CollectionSpec spec) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("name", name);
    description.put("vectors", vectors);
    description.put("dimension", spec.dimension());
    description.put("element", spec.element().toString());
    description.put("metric", spec.metric().toString());
    description.put("quantize", spec.quantize().toString());
    return description;
  }
}
