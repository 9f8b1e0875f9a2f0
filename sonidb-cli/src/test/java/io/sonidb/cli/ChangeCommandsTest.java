package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Collection;
import io.sonidb.SoniDb;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `payload`, `changes`, conditions, and vectors that expire.
class ChangeCommandsTest {

  private static final String LATER = "2999-01-31T12:00:00Z";

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void insertVectors() throws IOException {
    cli = new Cli(folder.resolve("data"));
    cli.ok("insert", "a", Cli.threeDimensional(folder, 5).toString());
  }

  // ---- payload ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "payload a 1",
        "payload a --clear",
        "payload a 1 --clear --set {}",
        "payload a 1 --set [1]",
        "payload a 1 --set {",
        "payload a 1 --overwrite 7",
        "payload a 1 --clear --if-sequence 0",
        "payload a 1 2 --clear --if-sequence 5",
        "delete a 1 2 --if-sequence 5",
        "delete a 1 --if-sequence -1",
        "changes a --from -1",
        "changes a --from x",
      })
  void refusesWhatCannotBeMeant(String line) {
    Cli.Outcome outcome = cli.run(line.split(" "));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("sonidb: ").hasLineCount(1);
    assertThat(sequence("1")).isEqualTo(sequenceOf(1));
  }

  @Test
  void namesVectorsWhosePayloadIsNotThere() {
    Cli.Outcome outcome = cli.run("payload", "a", "1", "99", "--set", "{\"x\":1}", "--json");
    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(outcome.out()).isEqualTo("{\"changed\":1,\"missing\":[99]}\n");
    assertThat(outcome.err()).contains("99: no such vector in \"a\"");
    assertThat(payload("1")).isEqualTo("{\"n\":1,\"x\":1}");
  }

  @Test
  void changesPayloadsInEveryWay() {
    assertThat(cli.ok("payload", "a", "1", "2", "1", "--set", "{\"x\":[1],\"n\":null}").out())
        .isEqualTo("changed 2 payloads\n");
    assertThat(payload("1")).isEqualTo("{\"n\":null,\"x\":[1]}");
    cli.ok("payload", "a", "1", "--delete-keys", "n,none");
    assertThat(payload("1")).isEqualTo("{\"x\":[1]}");
    cli.ok("payload", "a", "1", "--overwrite", "{\"y\":2}");
    assertThat(payload("1")).isEqualTo("{\"y\":2}");
    cli.ok("payload", "a", "1", "--clear");
    assertThat(payload("1")).isEqualTo("{}");
    assertThat(payload("2")).isEqualTo("{\"n\":null,\"x\":[1]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--set {\"x\":1}", "--overwrite {\"x\":1}", "--delete-keys n", "--clear"})
  void changesNothingWhenTheConditionFails(String how) {
    for (String line :
        new String[] {"payload a 1 " + how + " --if-sequence 77", "delete a 1 --if-sequence 77"}) {
      Cli.Outcome outcome = cli.run(line.split(" "));
      assertThat(outcome.exitCode()).as(line).isEqualTo(1);
      assertThat(outcome.err()).as(line).contains("vector 1", "77", "has " + sequenceOf(1));
    }
    Cli.Outcome missing = cli.run(("payload a 99 " + how + " --if-sequence 77").split(" "));
    assertThat(missing.exitCode()).isEqualTo(1);
    assertThat(missing.err()).contains("vector 99", "is not there");
    assertThat(payload("1")).isEqualTo("{\"n\":1}");
    cli.ok(("payload a 1 " + how + " --if-sequence " + sequenceOf(1)).split(" "));
    assertThat(sequence("1")).isGreaterThan(sequenceOf(4));
  }

  @Test
  void keepsOtherKeysWhenItSetsOnCondition() {
    String there = Long.toString(sequence("1"));
    cli.ok("payload", "a", "1", "--set", "{\"x\":1}", "--if-sequence", there);
    assertThat(payload("1")).isEqualTo("{\"n\":1,\"x\":1}");
    String now = Long.toString(sequence("1"));
    cli.ok("payload", "a", "1", "--delete-keys", "n", "--if-sequence", now);
    assertThat(payload("1")).isEqualTo("{\"x\":1}");
    assertThat(cli.run("delete", "a", "1", "--if-sequence", now).exitCode()).isEqualTo(1);
    cli.ok("delete", "a", "1", "--if-sequence", Long.toString(sequence("1")));
    assertThat(cli.run("get", "a", "1").exitCode()).isEqualTo(4);
  }

  // ---- expiry ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--ttl 0",
        "--ttl -5s",
        "--ttl 7",
        "--expires-at tomorrow",
        "--expires-at 2027-01-31",
        "--expires-at 2020-01-31T12:00:00Z",
        "--ttl 1h --expires-at 2999-01-31T12:00:00Z"
      })
  void refusesExpiryThatCannotBeMeant(String options) throws IOException {
    String file = Cli.threeDimensional(folder, 1).toString();
    Cli.Outcome outcome = cli.run(("insert b " + file + " " + options).split(" "));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("sonidb: ")
        .contains(options.substring(0, options.indexOf(' ')))
        .hasLineCount(1);
    assertThat(cli.run("stats", "b").exitCode()).isEqualTo(4);
  }

  @Test
  void refusesRowWhoseExpiryIsNoTime() throws IOException {
    for (String time : new String[] {"\"soon\"", "7", "null", "\"+99999-01-01T00:00:00Z\""}) {
      Path file =
          Files.writeString(
              folder.resolve("e.jsonl"), "{\"vector\":[1],\"expires_at\":" + time + "}\n");
      Cli.Outcome outcome = cli.run("insert", "b", file.toString());
      assertThat(outcome.exitCode()).as(time).isEqualTo(1);
      assertThat(outcome.err()).as(time).contains("e.jsonl, line 1", "expire").hasLineCount(1);
    }
  }

  @Test
  void keepsWhenVectorsExpireThroughFilesAndSound() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("e.jsonl"),
            """
            {"id":1,"vector":[1],"expires_at":"2998-01-01T01:00:00+01:00"}
            {"id":2,"vector":[1]}
            """);
    cli.ok("insert", "e", file.toString(), "--expires-at", LATER);
    String rows = cli.ok("get", "e", "1", "2").out();
    assertThat(rows).contains("\"expires_at\":\"2998-01-01T00:00:00Z\"}", LATER);
    for (String format : List.of("jsonl", "flac", "wav")) {
      Path copy = folder.resolve("copy." + format);
      cli.ok("export", "e", copy.toString());
      cli.ok("insert", format, copy.toString(), "--ttl", "1h");
      assertThat(cli.ok("get", format, "1", "2").out()).as(format).isEqualTo(rows);
    }
    assertThat(cli.ok("export", "e", folder.resolve("copy.npy").toString()).err())
        .contains("2 vectors will expire", ".jsonl");
    JsonNode heard = cli.ok("listen", folder.resolve("copy.wav").toString(), "--json").json();
    assertThat(heard.get("heard").get(0).get("expires_at").asString())
        .isEqualTo("2998-01-01T00:00:00Z");
    assertThat(heard.get("heard").get(0).get("inserted_at").asString()).startsWith("20");
  }

  @Test
  void stampsVectorsWithATimeToLive() throws IOException {
    String file = Cli.threeDimensional(folder, 1).toString();
    Instant before = Instant.now();
    cli.ok("insert", "b", file, "--ttl", "12h");
    cli.ok("create", "c", "--dimension", "3", "--ttl", "12h", "--retention", "1d12h");
    cli.ok("insert", "c", file);
    for (String name : List.of("b", "c")) {
      JsonNode point = cli.ok("get", name, "0", "--json").json().get("points").get(0);
      Instant expires = Instant.parse(point.get("expires_at").asString());
      assertThat(expires)
          .isBetween(
              before.plus(Duration.ofHours(12)).minusMillis(1),
              Instant.now().plus(Duration.ofHours(12)));
      assertThat(point.get("sequence").asLong()).isPositive();
    }
    assertThat(cli.ok("stats", "c").out()).contains("12h", "1d12h");
    JsonNode stats = cli.ok("stats", "c", "--json").json();
    assertThat(stats.get("time_to_live").asLong()).isEqualTo(43_200);
    assertThat(stats.get("retention").asLong()).isEqualTo(129_600);
    assertThat(cli.ok("stats", "a").out()).contains("never", "7d");
  }

  // ---- changes ----

  @Test
  void saysHowToStartAgainWhenDeletesAreMissing() {
    cli.ok("delete", "a", "1");
    cli.ok("compact", "a", "--purge");
    long last = cli.ok("stats", "a", "--json").json().get("last_sequence").asLong();
    Cli.Outcome outcome = cli.run("changes", "a", "--from", "3");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .contains("sonidb export a FILE.jsonl", "go on with --from " + (last + 1))
        .hasLineCount(1);
    JsonNode exported = cli.ok("export", "a", folder.resolve("x.npy").toString(), "--json").json();
    assertThat(exported.get("sequence").asLong()).isEqualTo(last);
    assertThat(cli.ok("changes", "a", "--from", Long.toString(last + 1)).out()).isEmpty();
    Cli.Outcome future = cli.run("changes", "a", "--from", Long.toString(last + 7));
    assertThat(future.exitCode()).isEqualTo(1);
    assertThat(future.err()).contains("go on with --from " + (last + 1));
    assertThat(cli.run("changes", "none").exitCode()).isEqualTo(4);
  }

  @Test
  void showsEveryKindOfChangeInOrder() {
    cli.ok("payload", "a", "1", "--set", "{\"x\":1}");
    cli.ok("delete", "a", "2");
    Cli.Outcome outcome = cli.ok("changes", "a", "--from", Long.toString(sequenceOf(4)));
    List<JsonNode> lines =
        outcome.out().lines().map(line -> JsonMapper.shared().readTree(line)).toList();
    assertThat(lines)
        .extracting(line -> line.get("change").asString())
        .containsExactly("upsert", "payload", "delete");
    assertThat(lines).extracting(line -> line.get("id").asInt()).containsExactly(4, 1, 2);
    assertThat(lines.get(0).has("vector")).isFalse();
    assertThat(lines.get(0).has("inserted_at")).isTrue();
    assertThat(lines.get(1).get("payload").toString()).isEqualTo("{\"n\":1,\"x\":1}");
    long next = lines.get(2).get("sequence").asLong() + 1;
    assertThat(outcome.err()).contains("--from " + next);
    assertThat(cli.ok("changes", "a", "--with-vectors").out())
        .contains("\"vector\":[4.0,1.5,-0.25]");
  }

  @Test
  void showsChangesAsOneObjectWhenAskedForJson() {
    JsonNode answer = cli.ok("changes", "a", "--json").json();
    assertThat(answer.get("changes").size()).isEqualTo(5);
    long next = answer.get("next").asLong();
    assertThat(next).isEqualTo(sequenceOf(4) + 1);
    assertThat(cli.ok("changes", "a", "--json", "--from", Long.toString(next)).out())
        .isEqualTo("{\"changes\":[],\"next\":" + next + "}\n");
  }

  @Test
  void showsThatAVectorExpired() throws Exception {
    Path file = Cli.threeDimensional(folder, 1);
    cli.ok("insert", "e", file.toString(), "--ttl", "1ms");
    awaitNoVectorIn("e");
    assertThat(cli.ok("changes", "e").out()).contains("\"change\":\"expired\",\"id\":0}");
    cli.ok("stream", "e", "-o", folder.resolve("e.flac").toString());
    assertThat(cli.ok("listen", folder.resolve("e.flac").toString()).out())
        .contains("\"expired\":true");
  }

  @Test
  void followsUntilInterrupted() throws Exception {
    Interruption interruption = new Interruption();
    try (PipedOutputStream out = new PipedOutputStream();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new PipedInputStream(out), StandardCharsets.UTF_8))) {
      Terminal terminal =
          new Terminal(
              InputStream.nullInputStream(),
              out,
              new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
              Set.of(),
              Map.of("SONIDB_DATA", folder.resolve("data").toString()));
      CompletableFuture<Integer> exitCode =
          CompletableFuture.supplyAsync(
              () -> Main.run(terminal, interruption, "changes", "a", "--follow"));
      for (int i = 0; i < 5; i++) {
        assertThat(lines.readLine()).startsWith("{\"sequence\":" + (i + 1) + ",");
      }
      assertThat(exitCode).isNotDone();
      interruption.request();
      assertThat(exitCode.get(60, TimeUnit.SECONDS)).isZero();
    }
  }

  /// Opens the data folder until its sweeper has written that everything expired.
  private void awaitNoVectorIn(String name) throws InterruptedException {
    try (SoniDb database = SoniDb.open(folder.resolve("data"))) {
      Collection collection = database.collection(name);
      for (int i = 0; collection.count() > 0; i++) {
        assertThat(i).as("seconds / 100 without a sweep").isLessThan(6000);
        Thread.sleep(10);
      }
    }
  }

  private String payload(String id) {
    return cli.ok("get", "a", id, "--json").json().get("points").get(0).get("payload").toString();
  }

  private long sequence(String id) {
    return cli.ok("get", "a", id, "--json").json().get("points").get(0).get("sequence").asLong();
  }

  /// The number that a vector of the file got.
  private long sequenceOf(int id) {
    return cli.ok("changes", "a", "--json").json().get("changes").get(0).get("sequence").asLong()
        + id;
  }
}
