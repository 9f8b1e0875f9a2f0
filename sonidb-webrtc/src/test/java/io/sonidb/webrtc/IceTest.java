package io.sonidb.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.SoniDb;
import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import java.net.DatagramSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// STUN and TURN servers that a node, or who comes to it, is told to ask.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class IceTest {
  private static final String NAME = "sonidb";
  private static final String PASSWORD = "open sesame";

  @TempDir Path folder;

  @BeforeEach
  void fill() {
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      db.create("songs", CollectionSpec.dimension(4).durability(Durability.OS))
          .upsert("1", new float[] {1, 2, 3, 4}, Payload.EMPTY);
    }
  }

  private Node start(String servers, String password) throws Exception {
    Map<String, String> settings = new HashMap<>();
    settings.put("http.port", "0");
    settings.put("webrtc.ice_servers", servers);
    settings.put("webrtc.connect_seconds", "3600");
    settings.put("webrtc.ice_username", NAME);
    settings.put(
        "webrtc.ice_password_file",
        Files.writeString(folder.resolve("password"), password).toString());
    return Node.start(
        NodeConfig.load(folder.resolve("data"), Optional.empty(), Map.of(), settings), System.err);
  }

  /// The answer to somebody who is nowhere to be reached: with others a node is done as soon as one
  /// way is found.
  private static String answer(Node node) throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      String offer =
          viewer
              .offer()
              .replaceAll(
                  "(a=candidate:\\S+ \\d udp \\d+) \\S+ \\d+", "$1 " + IceServer.NOWHERE + " 9");
      HttpResponse<String> answer =
          TestViewer.post(node.uri().resolve("/collections/songs/whep"), offer);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
      URI viewing = node.uri().resolve(answer.headers().firstValue("location").orElseThrow());
      assertThat(TestViewer.delete(viewing).statusCode()).isEqualTo(200);
      return answer.body();
    }
  }

  @Test
  void answersWithTheAddressesThatItsServersGiveIt() throws Exception {
    try (IceServer ice = new IceServer(NAME, PASSWORD);
        Node node = start("stun:" + ice.address() + ",turn:" + ice.address(), PASSWORD)) {
      assertThat(answer(node))
          .containsPattern("a=candidate:.* " + IceServer.REFLEXIVE + " 4242 typ srflx ")
          .containsPattern("a=candidate:.* " + IceServer.RELAYED + " 4242 typ relay ");
      assertThat(ice.asked()).contains("address", "relay of " + NAME);
    }
  }

  @Test
  void doesWithoutServersThatRefuseOrSayNothing() throws Exception {
    try (IceServer ice = new IceServer(NAME, PASSWORD);
        DatagramSocket silent = new DatagramSocket()) {
      String mute = ice.address().replaceFirst(":\\d+$", ":" + silent.getLocalPort());
      try (Node node = start("stun:" + mute + ",turn:" + ice.address(), "wrong")) {
        assertThat(answer(node)).contains("typ host").doesNotContain("typ relay");
        assertThat(ice.asked()).contains("relay").doesNotContain("relay of " + NAME);
        try (TestViewer viewer = new TestViewer()) {
          viewer.watch(node.uri().resolve("/collections/songs/whep?follow=false"), 1).takeAll();
          assertThat(viewer.records()).hasSize(1);
        }
      }
    }
  }

  @Test
  void endsOneWhoNeverConnectsAsSoonAsItIsTold() throws Exception {
    try (Node node = start("", "")) {
      answer(node);
      while (!TestViewer.get(node.uri().resolve("/metrics"))
          .contains("sonidb_webrtc_viewers 0\n")) {
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }

  @Test
  void takesTheServersThatWhoComesHasAsked() throws Exception {
    try (IceServer ice = new IceServer(NAME, PASSWORD);
        Node node = start("", "");
        TestViewer viewer = new TestViewer(List.of("stun:" + ice.address()))) {
      String offer = viewer.offer();
      assertThat(offer).containsPattern(IceServer.REFLEXIVE + " 4242 typ srflx ");
      HttpResponse<String> answer =
          TestViewer.post(node.uri().resolve("/collections/songs/whep"), offer);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    }
  }
}
