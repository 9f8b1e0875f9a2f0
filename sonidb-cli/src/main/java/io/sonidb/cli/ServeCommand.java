package io.sonidb.cli;

import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.server.config.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

@Command(
    name = "serve",
    sortOptions = false,
    description = {
      "Run a node: the data folder behind HTTP, with the API of Qdrant.",
      "Each setting may stand in the file, in an environment variable or on the command line; the latter"
          + " counts before the former. It ends at Ctrl-C or SIGTERM, when the requests that are under"
          + " way are answered."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb serve",
      "  curl http://127.0.0.1:7664/collections",
      "  sonidb serve --config node.yaml                # http: {port: 7664}",
      "  SONIDB__HTTP__PORT=8000 sonidb serve",
      "  sonidb serve --http-host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem \\",
      "      --security-api-key \"$KEY\""
    })
final class ServeCommand extends DatabaseCommand {

  @Option(names = "--config", paramLabel = "FILE", description = "YAML file with settings.")
  private Optional<Path> config = Optional.empty();

  @Option(
      names = "--insecure",
      description = "Let everybody in who can reach the address: no keys, no TLS.")
  private boolean insecure;

  private final Map<String, OptionSpec> options = new LinkedHashMap<>();

  ServeCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  void describe(CommandSpec spec) {
    for (Setting setting : Setting.ALL) {
      String fallback = setting.fallback().isEmpty() ? "" : " Default: " + setting.fallback() + ".";
      OptionSpec option =
          OptionSpec.builder(setting.flag())
              .paramLabel("VALUE")
              .type(String.class)
              .description(setting.help() + fallback, setting.key() + "  " + setting.variable())
              .build();
      options.put(setting.key(), option);
      spec.addOption(option);
    }
  }

  @Override
  ExitCode run() throws IOException {
    NodeConfig node =
        NodeConfig.load(sonidb().folder(), config, sonidb().terminal().environment(), flags());
    interruption().waitFor(node.limits().shutdownSeconds() + 10L);
    CountDownLatch asked = new CountDownLatch(1);
    interruption().whenRequested(asked::countDown);
    try (Node running = Node.start(node, sonidb().terminal().err())) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("url", running.uri().toString());
      answer.put("data", node.data().toString());
      running.ftpPort().ifPresent(port -> answer.put("ftp_port", port));
      output().json(answer);
      // One line: who has read it may go, and the node stays.
      String ftp =
          running.ftpPort().isPresent() ? ", FTP port " + running.ftpPort().getAsInt() : "";
      output().line("listening on " + running.uri() + ", data folder " + node.data() + ftp);
      output().flush();
      if (node.keys().isEmpty() && !node.isLoopback()) {
        output().warn("everybody who can reach this address may read and delete everything");
      }
      asked.await();
      output().note("stopping");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.OK;
  }

  private Map<String, String> flags() {
    Map<String, String> flags = new LinkedHashMap<>();
    options.forEach((key, option) -> {
      String value = option.getValue();
      if (value != null) {
        flags.put(key, value);
      }
    });
    if (insecure) {
      flags.put("http.insecure", "true");
    }
    return flags;
  }
}
