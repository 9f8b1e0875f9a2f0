package io.sonidb.cli;

import io.sonidb.SoniDb;
import io.sonidb.client.ClientOptions;
import io.sonidb.client.SoniDbClient;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "promote",
    sortOptions = false,
    description = {
      "Make a replica writable, in an epoch of its own.",
      "From then on it counts more than what it was a replica of: when the two meet by a `sync`, the other"
          + " one turns read-only, and what it wrote that has not come here is moved aside there."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sonidb --url http://b:7664 promote songs"})
final class PromoteCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  PromoteCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    int epoch;
    Optional<ClientOptions> node = sonidb().node();
    if (node.isPresent()) {
      try (SoniDbClient client = sonidb().connect(node.get())) {
        epoch = client.collection(name).promote();
      }
    } else {
      try (SoniDb database = sonidb().openExisting()) {
        epoch = database.collection(name).promote();
      }
    }
    output().json(Map.of("epoch", epoch));
    output().line("collection " + name + " is written to here now, in epoch " + epoch);
    return ExitCode.OK;
  }
}
