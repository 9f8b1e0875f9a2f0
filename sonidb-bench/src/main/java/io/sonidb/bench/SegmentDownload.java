package io.sonidb.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Downloads a sealed segment from a running node and, in turn, the same file from nginx with
/// sendfile; curl is the client of both.
///
/// Arguments: the collection's folder `.../collections/c-.../segments`, the address of the
/// collection on the node, such as `http://127.0.0.1:7664/collections/songs`, rounds (15). nginx is
/// started here, on a free port, and must be installed.
final class SegmentDownload {
  private static final int WARM_ROUNDS = 5;

  private SegmentDownload() {}

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException, InterruptedException {
    if (args.length < 2) {
      throw new IllegalArgumentException("usage: SegmentDownload FOLDER URL [ROUNDS]");
    }
    Path folder = Path.of(args[0]).toAbsolutePath();
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 15;
    Path file = largest(folder);
    URI node = URI.create(args[1] + "/segments/" + file.getFileName());
    Path work = Files.createTempDirectory("sonidb-nginx");
    int port = freePort();
    Process nginx = nginx(work, folder, port);
    try {
      await(port);
      URI other = URI.create("http://127.0.0.1:" + port + "/" + file.getFileName());
      double[] ours = new double[rounds];
      double[] theirs = new double[rounds];
      for (int round = -WARM_ROUNDS; round < rounds; round++) {
        double a = curl(node, Files.size(file));
        double b = curl(other, Files.size(file));
        if (round >= 0) {
          ours[round] = a;
          theirs[round] = b;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "%s, %.0f MB: node %.0f MB/s, nginx %.0f MB/s (medians of %d), ratio %.2f%n",
          file.getFileName(),
          Files.size(file) / 1e6,
          median(ours),
          median(theirs),
          rounds,
          median(ours) / median(theirs));
    } finally {
      nginx.destroy();
      nginx.waitFor();
    }
  }

  private static Path largest(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".flac"))
          .max(Comparator.comparingLong(file -> file.toFile().length()))
          .orElseThrow(() -> new IOException(folder + " has no segments"));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Process nginx(Path work, Path folder, int port) throws IOException {
    Path configuration = work.resolve("nginx.conf");
    Files.writeString(
        configuration,
        """
        daemon off; worker_processes 1; pid %1$s/pid; error_log %1$s/error.log; user root;
        events {}
        http {
          access_log off; sendfile on; tcp_nopush on;
          client_body_temp_path %1$s; proxy_temp_path %1$s; fastcgi_temp_path %1$s;
          uwsgi_temp_path %1$s; scgi_temp_path %1$s;
          server { listen 127.0.0.1:%2$d; root %3$s; }
        }
        """
            .formatted(work, port, folder));
    return new ProcessBuilder("nginx", "-p", work.toString(), "-c", configuration.toString())
        .redirectErrorStream(true)
        .redirectOutput(work.resolve("said").toFile())
        .start();
  }

  private static void await(int port) throws IOException, InterruptedException {
    IOException last = new IOException("nginx does not listen");
    for (int i = 0; i < 100; i++) {
      try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        last = e;
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
    throw last;
  }

  /// @return MB/s
  private static double curl(URI address, long bytes) throws IOException, InterruptedException {
    Process curl =
        new ProcessBuilder(
                List.of(
                    "curl",
                    "-sS",
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code} %{size_download} %{time_total}",
                    address.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String[] said =
        new String(curl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
            .split(" ", -1);
    curl.waitFor();
    if (said.length != 3 || !said[0].equals("200") || Long.parseLong(said[1]) != bytes) {
      throw new IOException(address + ": " + Arrays.toString(said));
    }
    return bytes / Double.parseDouble(said[2]) / 1e6;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
