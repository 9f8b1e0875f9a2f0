package io.sonidb.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// User and system time, of a thread and of whole processes.
final class CpuTime {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private CpuTime() {}

  /// Nanoseconds of the current thread.
  static long ofThread() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /// Runs a program and gives its seconds, by the shell, which tells milliseconds.
  static double ofProcess(List<String> command) throws IOException, InterruptedException {
    List<String> timed = new ArrayList<>();
    String script = "TIMEFORMAT='%3U %3S'; time \"$@\" >/dev/null 2>/dev/null";
    timed.addAll(List.of("bash", "-c", script, "bash"));
    timed.addAll(command);
    Process process = new ProcessBuilder(timed).start();
    String text = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    String[] times = text.trim().split(" ", -1);
    if (status != 0 || times.length != 2) {
      throw new IOException(command + " ended with status " + status + ": " + text.trim());
    }
    return Double.parseDouble(times[0]) + Double.parseDouble(times[1]);
  }
}
