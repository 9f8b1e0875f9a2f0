package io.sonidb.cli;

import io.sonidb.IntegrityReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    sortOptions = false,
    description = {
      "Check that everything is as it was written.",
      "Lists what is damaged: file, time position, id, reason. Exit code 3 if anything is."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb --url http://a:7664 verify songs --repair-from sonidb://b",
      "  sonidb verify songs          # sizes and checksums of the files",
      "  sonidb verify songs --deep   # and every frame, hash and MD5"
    })
final class VerifyCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(names = "--deep", description = "Decode every frame and check its hash.")
  private boolean deep;

  @Option(
      names = "--repair-from",
      paramLabel = "PEER",
      description = {
        "Fetch damaged segments from another node, sonidb://HOST:PORT, that has the same ones. For a",
        "node (--url) only."
      })
  private Optional<String> peer = Optional.empty();

  VerifyCommand(SonidbCommand sonidb) {
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
          IntegrityReport report;
          try (ProgressBar progress = output().progress("verify")) {
            report =
                peer.isPresent()
                    ? collection.repairFrom(peer.get(), deep, progress)
                    : collection.verifyIntegrity(deep, progress);
          }
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("ok", report.ok());
          answer.put("vectors", report.vectors());
          answer.put("segments", report.segments());
          answer.put("bytes", report.bytes());
          answer.put("seconds", report.seconds());
          answer.put("damaged", report.damaged().stream().map(DamageText::json).toList());
          if (peer.isPresent()) {
            answer.put("repaired", report.repaired());
          }
          output().json(answer);
          report.repaired().forEach(segment -> output().line("repaired: " + segment));
          report.damaged().forEach(damage -> output().line("damaged: " + DamageText.line(damage)));
          output()
              .line(
                  "%s: %s in %s, %s read in %s s"
                      .formatted(
                          report.ok()
                              ? "ok"
                              : "NOT ok, " + Quantity.count(report.damaged().size(), "damage"),
                          Quantity.count(report.vectors(), "vector"),
                          Quantity.count(report.segments(), "segment"),
                          Quantity.bytes(report.bytes()),
                          Quantity.decimal(report.seconds())));
          return report.ok() ? ExitCode.OK : ExitCode.DAMAGED;
        });
  }
}
