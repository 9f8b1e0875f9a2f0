package io.sonidb.ftp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.commons.net.ftp.FTPSClient;

/// Somebody who gives commands to a node.
final class ControlSession implements AutoCloseable {
  private static final Executor THREADS = command -> Thread.ofVirtual().start(command);

  private final FTPSClient client = new FTPSClient("TLSv1.3", false);

  /// @param fingerprint of the node's certificate
  ControlSession(int port, String fingerprint) throws IOException {
    client.setTrustManager(new NodeCertificate.Pinned(Set.of(fingerprint)));
    client.setDefaultTimeout(20_000);
    client.setDataTimeout(Duration.ofSeconds(20));
    client.connect("127.0.0.1", port);
    client.setSoTimeout(20_000);
  }

  ControlSession login(String user, String password) throws IOException {
    expect(230, "PASS " + password, expect(331, "USER " + user, ""));
    expect(200, "PBSZ 0", "");
    expect(200, "PROT P", "");
    expect(200, "TYPE I", "");
    return this;
  }

  private String expect(int code, String command, String before) throws IOException {
    String answer = say(command);
    if (!answer.startsWith(Integer.toString(code))) {
      throw new AssertionError(before + answer);
    }
    return answer;
  }

  /// The last line of the answer to a command, and, if there are more, those before.
  String say(String command) throws IOException {
    client.sendCommand(command);
    return client.getReplyString().strip();
  }

  /// What comes as the second answer.
  String hear() throws IOException {
    client.getReply();
    return client.getReplyString().strip();
  }

  /// Says a command that moves a file, and gives the last answer when the file has moved.
  CompletableFuture<String> move(String command) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            String first = say(command);
            return first.startsWith("1") ? hear() : first;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        THREADS);
  }

  /// The address in the answer to PASV or CPSV.
  InetSocketAddress passive(String command) throws IOException {
    String[] numbers = say(command).replaceAll(".*\\(|\\).*", "").split(",", -1);
    return new InetSocketAddress(
        String.join(".", numbers[0], numbers[1], numbers[2], numbers[3]),
        Integer.parseInt(numbers[4]) << 8 | Integer.parseInt(numbers[5]));
  }

  static String port(InetSocketAddress to) {
    return "PORT "
        + to.getAddress().getHostAddress().replace('.', ',')
        + ","
        + (to.getPort() >> 8)
        + ","
        + (to.getPort() & 255);
  }

  @Override
  public void close() throws IOException {
    client.disconnect();
  }
}
