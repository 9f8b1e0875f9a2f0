package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import io.sonidb.server.TestNode.Reply;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Offers to a node without the module for WebRTC; that module tests the rest.
class WhepApiTest {
  private static final String OFFER =
      """
      v=0
      o=- 1 2 IN IP4 127.0.0.1
      s=-
      t=0 0
      m=application 9 UDP/DTLS/SCTP webrtc-datachannel
      c=IN IP4 0.0.0.0
      a=ice-ufrag:abcd
      a=ice-pwd:abcdefghijklmnopqrstuvwx
      a=fingerprint:sha-256 %s00
      a=setup:actpass
      a=mid:0
      """
          .formatted("00:".repeat(31));

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws IOException {
    node = TestNode.start(folder.resolve("data"));
    node.put("/collections/songs", "{'vectors': {'size': 2, 'distance': 'Dot'}}").result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static Reply offer(String path, String type, String offer) {
    return node.send(
        HttpRequest.newBuilder(node.uri().resolve(path))
            .header("content-type", type)
            .POST(HttpRequest.BodyPublishers.ofString(offer))
            .build());
  }

  private static Reply offer(String offer) {
    return offer("/collections/songs/whep", "application/sdp", offer);
  }

  @Test
  void saysWhatToInstallWithoutTheModule() {
    Reply reply = offer(OFFER);
    assertThat(reply.status()).isEqualTo(501);
    assertThat(reply.error()).contains("sonidb-webrtc", "mvn");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "v=1\n", "v=0\nhello\n", "v=0\ns=\u0001\n", "a=b\n", "{}"})
  void refusesWhatIsNoSessionDescription(String offer) {
    assertThat(offer(offer).status()).isEqualTo(400);
  }

  @Test
  void refusesLinesWithoutEndAndTooManyOfThem() {
    assertThat(offer(OFFER + "a=x:" + "x".repeat(2000) + "\n").status()).isEqualTo(400);
    assertThat(offer(OFFER + "a=x\n".repeat(600)).status()).isEqualTo(400);
    assertThat(offer(OFFER + "a=x\n".repeat(20_000)).status()).isEqualTo(413);
  }

  @Test
  void refusesWhatIsNoOfferOfOneChannel() {
    String audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\n";
    assertThat(offer(OFFER + audio).status()).isEqualTo(422);
    assertThat(offer(OFFER + OFFER.lines().skip(4).findFirst().orElseThrow() + "\n").status())
        .isEqualTo(422);
    assertThat(offer(OFFER + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\n".repeat(65)).status())
        .isEqualTo(422);
    for (String needed :
        new String[] {"m=", "a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"}) {
      String without =
          String.join("\n", OFFER.lines().filter(line -> !line.startsWith(needed)).toList());
      assertThat(offer(without).status()).as(needed).isEqualTo(422);
    }
  }

  @Test
  void refusesOtherBodiesAndWhatIsNotThere() {
    assertThat(offer("/collections/songs/whep", "text/plain", OFFER).status()).isEqualTo(400);
    assertThat(offer("/collections/none/whep", "application/sdp", OFFER).status()).isEqualTo(404);
    assertThat(offer("/collections/songs/whep?from=x", "application/sdp", OFFER).status())
        .isEqualTo(400);
    assertThat(offer("/collections/songs/whep?from=99", "application/sdp", OFFER).status())
        .isEqualTo(422);
    assertThat(node.delete("/collections/songs/whep/nobody").status()).isEqualTo(404);
    assertThat(node.get("/metrics").text()).contains("sonidb_webrtc_viewers 0");
  }
}
