package io.sonidb.cli;

import io.sonidb.Damage;
import io.sonidb.IntegrityReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
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
      "  sonidb verify songs          # sizes and checksums of the files",
      "  sonidb verify songs --deep   # and every frame, hash and MD5"
    })
final class VerifyCommand extends DatabaseCommand {

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(names = "--deep", description = "Decode every frame and check its hash.")
  private boolean deep;

  VerifyCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    return with(
        name,
        collection -> {
          IntegrityReport report;
          try (ProgressBar progress = output().progress("verify")) {
            report = collection.verifyIntegrity(deep, progress);
          }
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("ok", report.ok());
          answer.put("vectors", report.vectors());
          answer.put("segments", report.segments());
          answer.put("bytes", report.bytes());
          answer.put("seconds", report.seconds());
          answer.put("damaged", report.damaged().stream().map(VerifyCommand::json).toList());
          output().json(answer);
          report.damaged().forEach(damage -> output().line("damaged: " + text(damage)));
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

  private static Map<String, Object> json(Damage damage) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", damage.file());
    json.put("time", damage.timeSeconds().isPresent() ? damage.timeSeconds().getAsDouble() : null);
    json.put("offset", damage.offset().isPresent() ? damage.offset().getAsLong() : null);
    json.put("id", damage.id().map(PointJson::id).orElse(null));
    json.put("reason", damage.reason());
    return json;
  }

  private static String text(Damage damage) {
    StringBuilder text = new StringBuilder(damage.file());
    OptionalDouble time = damage.timeSeconds();
    if (time.isPresent()) {
      text.append(String.format(Locale.ROOT, ", time %.3f s", time.getAsDouble()));
    }
    damage.offset().ifPresent(offset -> text.append(", byte ").append(offset));
    damage.id().ifPresent(id -> text.append(", vector ").append(id));
    return text.append(": ").append(damage.reason()).toString();
  }
}
