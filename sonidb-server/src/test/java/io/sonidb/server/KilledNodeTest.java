package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledNodeTest {
  private static final int ROUNDS = 3;
  private static final int WRITERS = 8;
  private static final int BATCH = 5;
  private static final int ENOUGH = 60;

  @TempDir Path folder;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private int send(String method, String url, String body) throws IOException {
    try {
      return client
          .send(
              HttpRequest.newBuilder(URI.create(url))
                  .method(method, HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .statusCode();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void losesNothingThatItAcknowledgedWhenItIsKilledUnderLoad() throws Exception {
    ConcurrentSkipListSet<Integer> acknowledged = new ConcurrentSkipListSet<>();
    AtomicInteger next = new AtomicInteger();
    for (int round = 0; round < ROUNDS; round++) {
      try (NodeProcess node = NodeProcess.start(folder)) {
        String collection = node.url() + "/collections/songs";
        if (round == 0) {
          assertThat(send("PUT", collection, "{\"vectors\":{\"size\":4,\"distance\":\"Dot\"}}"))
              .isEqualTo(200);
        }
        areThere(collection, acknowledged);
        int before = acknowledged.size();
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
          writers.add(Thread.startVirtualThread(() -> write(collection, next, acknowledged)));
        }
        while (acknowledged.size() < before + ENOUGH) {
          Thread.sleep(5);
        }
        node.kill();
        for (Thread writer : writers) {
          writer.join();
        }
      }
    }
    try (NodeProcess node = NodeProcess.start(folder)) {
      areThere(node.url() + "/collections/songs", acknowledged);
    }
  }

  private void write(
      String collection, AtomicInteger next, ConcurrentSkipListSet<Integer> acknowledged) {
    while (true) {
      int first = next.getAndAdd(BATCH);
      StringBuilder points = new StringBuilder();
      for (int id = first; id < first + BATCH; id++) {
        points
            .append(id == first ? "" : ",")
            .append("{\"id\":")
            .append(id)
            .append(",\"vector\":[1,2,3,")
            .append(id)
            .append("]}");
      }
      try {
        // Nobody waits, and yet what is acknowledged must be there.
        if (send("PUT", collection + "/points", "{\"points\":[" + points + "]}") == 200) {
          for (int id = first; id < first + BATCH; id++) {
            acknowledged.add(id);
          }
        }
      } catch (IOException killed) {
        return;
      }
    }
  }

  private void areThere(String collection, ConcurrentSkipListSet<Integer> acknowledged)
      throws IOException {
    for (int id : acknowledged) {
      assertThat(send("GET", collection + "/points/" + id, "")).as("point " + id).isEqualTo(200);
    }
  }
}
