package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What is changed, as server-sent events.
class ChangesApiTest {
  private static final String C = "/collections/songs";

  @TempDir static Path folder;
  private static TestNode node;

  @BeforeAll
  static void start() throws Exception {
    node =
        TestNode.start(
            folder.resolve("data"),
            Map.of("http.heartbeat_seconds", "1", "http.idle_seconds", "1"));
    node.put(C, "{'vectors': {'size': 2, 'distance': 'Dot'}, 'sonidb': {'durability': 'os'}}")
        .result();
    node.put(C + "/points", "{'points': [{'id': 1, 'vector': [1, 2], 'payload': {'a': 'b'}}]}")
        .result();
    node.post(C + "/points/payload", "{'payload': {'c': 1}, 'points': [1]}").result();
    node.post(C + "/points/delete", "{'points': [1]}").result();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private record Event(String id, String kind, JsonNode data) {}

  private static BufferedReader open(String path, String... headers) throws Exception {
    return open(node.client(), path, headers);
  }

  private static BufferedReader open(HttpClient client, String path, String... headers)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.uri() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  private static List<Event> events(BufferedReader from, int count) throws Exception {
    List<Event> events = new ArrayList<>();
    while (events.size() < count) {
      String line = from.readLine();
      assertThat(line).as("after %s", events).isNotNull();
      if (line.startsWith("id: ")) {
        String kind = from.readLine().substring("event: ".length());
        String data = from.readLine().substring("data: ".length());
        events.add(new Event(line.substring(4), kind, JsonMapper.shared().readTree(data)));
      }
    }
    return events;
  }

  @Test
  void refusesANumberThatIsNone() {
    TestNode.Reply reply =
        node.send("GET", C + "/changes", java.util.Optional.empty(), Map.of("Last-Event-ID", "a"));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).contains("Last-Event-ID must be a sequence number");
  }

  @Test
  void tellsEveryChangeInOrderAndThenWhatComes() throws Exception {
    try (BufferedReader feed = open(C + "/changes?with_vector=true")) {
      assertThat(feed.readLine()).isEqualTo("retry: 1000");
      List<Event> events = events(feed, 3);
      assertThat(events.stream().map(Event::id)).containsExactly("1", "2", "3");
      assertThat(events.stream().map(Event::kind)).containsExactly("upsert", "payload", "delete");
      assertThat(events.get(0).data().toString())
          .startsWith(
              "{\"sequence\":1,\"change\":\"upsert\",\"id\":1,\"payload\":{\"a\":\"b\"},"
                  + "\"vector\":[1.0,2.0],\"inserted_at\":\"");
      assertThat(events.get(1).data())
          .hasToString(
              "{\"sequence\":2,\"change\":\"payload\",\"id\":1,\"payload\":{\"a\":\"b\",\"c\":1}}");
      node.put(C + "/points", "{'points': [{'id': 2, 'vector': [3, 4]}]}").result();
      assertThat(events(feed, 1).getFirst().id()).isEqualTo("4");
    }
  }

  @Test
  void breaksNoFeedWhoseConnectionBecomesIdleAsItSaysThatItIsAlive() throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      List<BufferedReader> feeds = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        feeds.add(open(client, C + "/changes?from=3"));
      }
      for (BufferedReader feed : feeds) {
        for (int alive = 0; alive < 2; ) {
          String line = feed.readLine();
          assertThat(line).isNotNull();
          alive += line.equals(": alive") ? 1 : 0;
        }
        feed.close();
      }
    }
  }

  @Test
  void goesOnBehindWhatTheClientHad() throws Exception {
    try (BufferedReader feed = open(C + "/changes?from=1", "Last-Event-ID", "2")) {
      assertThat(events(feed, 1).getFirst().id()).isEqualTo("3");
    }
    try (BufferedReader all = open(C + "/changes?follow=false")) {
      assertThat(all.lines().filter(line -> line.startsWith("id: "))).hasSizeGreaterThan(2);
    }
  }
}
