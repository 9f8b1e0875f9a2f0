package io.sonidb.ftp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A node that says who it is, and never answers anything else.
class RemoteNodeTest {
  private static final Duration LOOK = Duration.ofMillis(100);

  @TempDir Path folder;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private ClusterSecret secret;
  private ServerSocket server;
  private volatile String name = "one";
  private volatile boolean silent;

  @BeforeEach
  void start() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.startVirtualThread(() -> {
      try {
        while (true) {
          Socket socket = server.accept();
          open.add(socket);
          Thread.startVirtualThread(() -> serve(socket));
        }
      } catch (IOException closed) {
        // The test is over.
      }
    });
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    for (Socket each : open) {
      each.close();
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
      for (String line; (line = in.readLine()) != null; ) {
        boolean isWho = line.startsWith("GET /cluster ");
        String nonce = "";
        String header = in.readLine();
        while (header != null && !header.isEmpty()) {
          if (header.toLowerCase(Locale.ROOT).startsWith("sonidb-nonce:")) {
            nonce = header.substring(header.indexOf(':') + 1).strip();
          }
          header = in.readLine();
        }
        if (isWho && !silent) {
          answer(socket, nonce);
        } else {
          var _ = in.skip(Long.MAX_VALUE); // until the other end has enough
        }
      }
    } catch (IOException gone) {
      // So it is over.
    }
  }

  private void answer(Socket socket, String nonce) throws IOException {
    byte[] body = ("{\"node\":\"" + name + "\"}").getBytes(UTF_8);
    SignedCall call = new SignedCall("", "GET", "/cluster", SignedCall.Digest.of(body), 0, nonce);
    String head =
        "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%s: %s\r\n\r\n"
            .formatted(body.length, SignedCall.SIGNATURE, call.signature(secret, 200, body));
    socket.getOutputStream().write(head.getBytes(ISO_8859_1));
    socket.getOutputStream().write(body);
  }

  private RemoteNode node() throws IOException {
    return RemoteNode.at("sonidb://127.0.0.1:" + server.getLocalPort(), secret, LOOK);
  }

  @Test
  void waitsForNoAnswerOfANodeThatWasStartedAnew() throws IOException {
    RemoteNode node = node();
    assertThatThrownBy(() -> node.publish("login", 1, (_, _, _) -> name = "two"))
        .isInstanceOfSatisfying(SyncFailedException.class, RemoteNodeTest::isUnreachable)
        .hasMessageContaining("was started anew");
  }

  @Test
  void waitsForNoAnswerOfANodeThatHasFallenSilent() throws IOException {
    RemoteNode node = node();
    assertThatThrownBy(() -> node.publish("login", 1, (_, _, _) -> silent = true))
        .isInstanceOfSatisfying(SyncFailedException.class, RemoteNodeTest::isUnreachable)
        .hasMessageContaining("does not answer");
  }

  @Test
  void waitsNoLongerThanItsCaller() throws IOException {
    RemoteNode node = node();
    Progress enough =
        (_, _, _) -> {
          throw new CancellationException("enough");
        };
    assertThatThrownBy(() -> node.publish("login", 1, enough))
        .isInstanceOf(CancellationException.class);
  }

  private static void isUnreachable(SyncFailedException e) {
    assertThat(e.kind()).isEqualTo(SyncFailedException.Kind.UNREACHABLE);
  }
}
