package io.sonidb.server;

import io.sonidb.server.SyncProcesses.Place;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Two places with a network of their own (Linux namespaces) and a line between them that can be
/// cut. This process reaches both by other lines, which stay. Needs root.
final class CutNetwork implements AutoCloseable {
  private static final String DATA = "10.213.0.";

  private final String first;
  private final String second;
  private final int net;

  private CutNetwork(long unique) {
    this.first = "sonidb" + unique + "a";
    this.second = "sonidb" + unique + "b";
    this.net = (int) (1 + unique % 100) * 2;
  }

  /// Whether this process may make one.
  static boolean isPossible() {
    try {
      String probe = "sonidb" + ProcessHandle.current().pid();
      run("tc", "-V");
      run("ip", "netns", "add", probe);
      run("ip", "netns", "del", probe);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// @param rate of the line, as `tc` writes it
  static CutNetwork make(String rate) throws IOException {
    CutNetwork made = new CutNetwork(ProcessHandle.current().pid());
    try {
      made.make(made.first, 1);
      made.make(made.second, 2);
      words(
          "ip -n %s link add line type veth peer name line netns %s"
              .formatted(made.first, made.second));
      for (int i = 1; i <= 2; i++) {
        String in = i == 1 ? made.first : made.second;
        words("ip -n %s addr add %s/24 dev line".formatted(in, DATA + i));
        words("ip -n %s link set line up".formatted(in));
        words(
            "tc -n %s qdisc add dev line root tbf rate %s burst 64k latency 50ms"
                .formatted(in, rate));
      }
      return made;
    } catch (IOException e) {
      made.close();
      throw e;
    }
  }

  private void make(String name, int number) throws IOException {
    words("ip netns add %s".formatted(name));
    words("ip -n %s link set lo up".formatted(name));
    words("ip link add %s type veth peer name here netns %s".formatted(name, name));
    words("ip addr add %s/24 dev %s".formatted(here(number, 1), name));
    words("ip link set %s up".formatted(name));
    words("ip -n %s addr add %s/24 dev here".formatted(name, here(number, 2)));
    words("ip -n %s link set here up".formatted(name));
  }

  private String here(int number, int end) {
    return "10.213." + (net + number - 1) + "." + end;
  }

  Place first() {
    return place(first, 1);
  }

  Place second() {
    return place(second, 2);
  }

  private Place place(String name, int number) {
    return new Place(
        List.of("ip", "netns", "exec", name), "0.0.0.0", here(number, 2), DATA + number);
  }

  /// From now on nothing that one sends arrives at the other, and neither is told.
  void cut() throws IOException {
    run("ip", "-n", first, "link", "set", "line", "down");
  }

  void mend() throws IOException {
    run("ip", "-n", first, "link", "set", "line", "up");
  }

  @Override
  public void close() throws IOException {
    // What still runs there keeps a namespace, but not its name.
    for (String each : List.of(first, second)) {
      try {
        run("ip", "netns", "del", each);
      } catch (IOException e) {
        if (!String.valueOf(e.getMessage()).contains("No such file")) {
          throw e;
        }
      }
    }
  }

  /// @param command words with one space between them
  private static void words(String command) throws IOException {
    run(command.split(" ", -1));
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
