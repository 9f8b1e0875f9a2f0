package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.server.Node;
import io.sonidb.server.config.NodeConfig;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands with `--url`: on a node they do what they do in a folder.
class NodeCommandsTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());
  private static final String KEY = "the-key-of-the-node";

  @TempDir static Path nodeFolder;
  private static Node node;
  private static String url;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws Exception {
    node = start(nodeFolder.resolve("data"), Map.of("security.api_key", KEY));
    url = node.uri().toString();
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      rows.append(
          "{\"id\":%d,\"vector\":[%d,1.5,-0.25],\"payload\":{\"n\":%d,\"even\":%b}}\n"
              .formatted(i, i, i, i % 2 == 0));
    }
    Path file = Files.writeString(nodeFolder.resolve("same.jsonl"), rows);
    for (Cli cli : new Cli[] {inFolderOfTheSame(), onNode(inFolderOfTheSame())}) {
      cli.ok("insert", "same", file.toString(), "--metric", "euclid");
      cli.ok("payload-index", "same", "n", "integer");
    }
  }

  /// A folder with a collection that is on the node as well.
  private static Cli inFolderOfTheSame() {
    return new Cli(nodeFolder.resolve("same"));
  }

  private static Cli onNode(Cli cli) {
    return cli.environment("SONIDB_URL", url).environment("SONIDB_API_KEY", KEY);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static Node start(Path data, Map<String, String> settings) throws Exception {
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("http.port", "0");
    all.putIfAbsent("ftp.enabled", "false");
    return Node.start(
        NodeConfig.load(data, Optional.empty(), Map.of(), all),
        new PrintStream(OutputStream.nullOutputStream()));
  }

  private Cli local() {
    return new Cli(folder.resolve("data"));
  }

  private Cli remote() {
    return onNode(local());
  }

  // Failures -----------------------------------------------------------------------------------

  @Test
  void refusesAFolderAndANodeAtTheSameTime() {
    Cli.Outcome outcome = local().run("list", "--data", "x", "--url", url);
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("--url is a node and --data a folder").hasLineCount(1);
    assertThat(local().run("list", "--api-key", KEY).exitCode()).isEqualTo(2);
    assertThat(local().run("list", "--url", "localhost:7664").exitCode()).isEqualTo(2);
    assertThat(local().environment("SONIDB_URL", "nonsense").run("list").err())
        .startsWith("sonidb: SONIDB_URL: the URL must be like http://127.0.0.1:7664");
  }

  @Test
  void takesTheFolderThatIsNamedThoughANodeIsInTheEnvironment() {
    assertThat(remote().ok("list", "--data", folder.resolve("other").toString(), "--json").json())
        .hasToString("{\"collections\":[]}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "play songs 1",
        "picture songs 1 -o a.png",
        "demo",
        "serve",
        "payload songs 1 --clear --if-sequence 1",
        "delete songs 1 --if-sequence 1",
        "payload-index songs --automatic on",
        "export songs a.flac",
        "export songs a.wav --acoustic --id 1",
        "export songs a.npy --slice 0/2",
        "export songs a.npy --skip-damaged",
      })
  void saysWhatNeedsTheFolder(String line) {
    Cli.Outcome outcome = local().run((line + " --url " + url).split(" "));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("sonidb: --url: ")
        .contains("works on a data folder only yet")
        .hasLineCount(1);
  }

  @Test
  void namesTheNodeThatIsNotThere() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Cli.Outcome outcome = local().run("list", "--url", "http://127.0.0.1:" + port, "--json");
    assertThat(outcome.exitCode()).isEqualTo(6);
    assertThat(outcome.json().get("exit_code").asInt()).isEqualTo(6);
    assertThat(outcome.err())
        .contains("http://127.0.0.1:" + port, "connection refused", "`sonidb serve`")
        .hasLineCount(1);
  }

  @Test
  void neverShowsTheKey() {
    for (String wrong : new String[] {"wrong-key-7f3a", "with space 7f3a"}) {
      Cli.Outcome outcome = local().run("list", "--url", url, "--api-key", wrong, "--stacktrace");
      assertThat(outcome.exitCode()).isIn(2, 6);
      assertThat(outcome.err() + outcome.out()).doesNotContain("7f3a");
    }
    assertThat(local().run("list", "--url", url).exitCode()).isEqualTo(6);
  }

  @Test
  void endsWithTheExitCodesOfTheFolder() throws Exception {
    String three = Cli.threeDimensional(folder, 3).toString();
    for (Cli cli : new Cli[] {local(), remote()}) {
      assertThat(cli.run("create", "codes", "--dimension", "3").exitCode()).isZero();
      assertThat(cli.run("create", "codes", "--dimension", "3").exitCode()).isEqualTo(5);
      assertThat(cli.run("insert", "codes", three).exitCode()).isZero();
      assertThat(cli.run("insert", "codes", three, "--metric", "dot").exitCode()).isEqualTo(2);
      assertThat(cli.run("stats", "nothing").exitCode()).isEqualTo(4);
      assertThat(cli.run("get", "codes", "99").exitCode()).isEqualTo(4);
      assertThat(cli.run("delete", "codes", "2", "99", "--json").out())
          .isEqualTo("{\"deleted\":1,\"missing\":[99]}\n");
      assertThat(cli.run("payload", "codes", "1", "99", "--set", "{\"a\":1}").exitCode())
          .isEqualTo(4);
      assertThat(cli.run("payload-index", "codes", "n", "--drop").exitCode()).isEqualTo(4);
      assertThat(cli.run("search", "codes", "--id", "99").exitCode()).isEqualTo(4);
      assertThat(cli.run("search", "codes", "--vector", "[1]").exitCode()).isEqualTo(2);
      Path other = Files.writeString(folder.resolve("two.csv"), "id,x,y\n1,2,3\n");
      assertThat(cli.run("insert", "codes", other.toString()).exitCode()).isEqualTo(1);
      assertThat(cli.run("drop", "codes", "--yes").exitCode()).isZero();
      assertThat(cli.run("drop", "codes", "--yes").exitCode()).isEqualTo(4);
    }
  }

  @Test
  void saysHowManyAreInWhenTheNodeStops() throws Exception {
    Node victim = start(folder.resolve("victim"), Map.of());
    String address = victim.uri().toString();
    Cli cli = local().environment("SONIDB_URL", address);
    cli.ok("create", "a", "--dimension", "2");
    Cli.Outcome outcome;
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        PipedInputStream in = new PipedInputStream(1 << 16)) {
      Future<Cli.Outcome> insert;
      try (PipedOutputStream rows = new PipedOutputStream(in)) {
        insert = executor.submit(() -> cli.input(in).run("insert", "a", "-", "--format", "csv"));
        write(rows, 0, 1500);
        Cli other = local().environment("SONIDB_URL", address);
        while (!other.ok("count", "a").out().equals("1,000\n")) {
          Thread.sleep(20);
        }
        victim.close();
        write(rows, 1500, 2500);
      }
      outcome = insert.get();
    }
    assertThat(outcome.exitCode()).isEqualTo(6);
    assertThat(outcome.err())
        .contains(address, "connection refused", "1,000 vectors before it inserted")
        .hasLineCount(1);
    assertThat(new Cli(folder.resolve("victim")).ok("count", "a").out()).isEqualTo("1,000\n");
  }

  private static void write(OutputStream out, int from, int to) throws Exception {
    StringBuilder rows = new StringBuilder(from == 0 ? "id,x,y\n" : "");
    for (int i = from; i < to; i++) {
      rows.append(i).append(",1,").append(i).append('\n');
    }
    out.write(rows.toString().getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  // The same as in a folder ----------------------------------------------------------------------

  @Test
  void givesBackFilesBitForBit() throws Exception {
    for (ElementType element : ElementType.values()) {
      Path npy = random(folder.resolve("in.npy"), element);
      String name = "exact-" + element;
      remote().ok("insert", name, npy.toString(), "--metric", "dot");
      for (String extension : new String[] {".npy", ".jsonl", ".csv"}) {
        Path file = folder.resolve("first" + extension);
        remote().ok("export", name, file.toString());
        String other = name + extension.replace('.', '-');
        String type = element.toString();
        remote().ok("insert", other, file.toString(), "--metric", "dot", "--element", type);
        Path again = folder.resolve("again.npy");
        remote().ok("export", other, again.toString());
        assertThat(again).as("seed %d", SEED).hasSameBinaryContentAs(npy);
      }
    }
  }

  /// Random bits, without NaN and infinities; several pages of them.
  private static Path random(Path file, ElementType element) throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    try (VectorWriter writer = VectorWriter.create(file, VectorFormat.NPY, 7, element)) {
      for (int i = 0; i < 1200; i++) {
        double[] wide = new double[7];
        float[] narrow = new float[7];
        for (int j = 0; j < 7; j++) {
          double any = Double.longBitsToDouble(random.nextLong());
          wide[j] = Double.isFinite(any) ? any : -0.0;
          float small = Float.intBitsToFloat(random.nextInt());
          narrow[j] = Float.isFinite(small) ? small : -0.0f;
        }
        Vector vector =
            element == ElementType.FLOAT32 ? Vector.sharing(narrow) : Vector.sharing(wide);
        writer.write(VectorId.of(i), vector, Optional.empty());
      }
      writer.finish();
    }
    return file;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "count same",
        "count same --filter FILTER",
        "get same 3 7",
        "get same 3 --json",
        "search same --id 3 -k 4",
        "search same --id 3 --id 5 --negative 7 -k 3",
        "search same --vector [4,1,0.5] -k 5 --filter FILTER --offset 1 --with-vector",
        "search same --vector [4,1,0.5] --score-threshold 0.9 --exact --ef 100 --no-payload",
        "search same --id 3 --group-by even -k 2 --group-size 2",
        "search same --check 5",
        "scroll same --limit 4 --with-vector",
        "scroll same --limit 4 --from 10 --no-payload",
        "scroll same --order-by n --desc --start-from 7 --limit 3",
        "facet same even",
        "payload-index same",
        "export same - --format jsonl --filter FILTER",
      })
  void printsTheSameAsOfAFolder(String line) {
    String filter = "{\"must\":[{\"key\":\"n\",\"range\":{\"gte\":9}}]}";
    String[] words = line.split(" ");
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i].equals("FILTER") ? filter : words[i];
    }
    String expected = text(inFolderOfTheSame().ok(words));
    assertThat(text(remote().ok(words))).isEqualTo(expected).isNotEmpty();
  }

  /// Without what a node does not tell, and without how long it took.
  private static String text(Cli.Outcome outcome) {
    return outcome
        .out()
        .replaceAll(",\"inserted_at\":\"[^\"]*\"", "")
        .replaceAll(",\"sequence\":[0-9]+", "")
        .replaceAll(" [0-9.]+ ms", "");
  }

  @Test
  void showsTheFiguresOfTheContract() throws Exception {
    remote().ok("insert", "figures", Cli.threeDimensional(folder, 3).toString(), "--ttl", "12h");
    var stats = remote().ok("stats", "figures", "--json").json();
    assertThat(stats.propertyNames())
        .contains(
            "vectors",
            "segments",
            "disk_bytes",
            "bytes_per_vector",
            "header_bytes",
            "index_bytes",
            "dimension",
            "element",
            "sonification",
            "metric");
    assertThat(remote().ok("stats", "figures").out()).contains("bytes per vector");
    assertThat(remote().ok("get", "figures", "1").out()).contains("\"expires_at\":\"");
    remote().ok("drop", "figures", "--yes");
  }

  @Test
  void makesListsAndDownloadsSnapshots() throws Exception {
    remote().ok("insert", "kept", Cli.threeDimensional(folder, 3).toString());
    Path backup = folder.resolve("backup");
    var made = remote().ok("snapshot", "kept", backup.toString(), "--json").json();
    assertThat(Path.of(made.get("file").asString())).hasSize(made.get("bytes").asLong());
    try (var files = Files.list(backup)) {
      assertThat(files).hasSize(1);
    }
    var listed = remote().ok("snapshot", "kept", "--list", "--json").json().get("snapshots");
    assertThat(listed.size()).isEqualTo(1);
    assertThat(listed.get(0).get("sha256")).isEqualTo(made.get("sha256"));
    assertThat(local().run("snapshot", "kept", "--list").exitCode()).isEqualTo(2);
    assertThat(remote().run("snapshot", "kept", "x", "--copy").exitCode()).isEqualTo(2);
    remote().ok("drop", "kept", "--yes");
  }

  @Test
  void measuresANodeAndLeavesNothingThere() {
    var figures = remote().ok("bench", "--vectors", "1000", "--dimension", "8", "--json").json();
    for (String key :
        new String[] {
          "ingest_vectors_per_s",
          "ingest_json_vectors_per_s",
          "get_p50_ms",
          "get_p99_ms",
          "gets_per_s",
          "bytes_per_vector",
          "search_p50_ms"
        }) {
      assertThat(figures.get(key).asDouble()).as(key).isPositive();
    }
    assertThat(figures.get("search_recall_at_10").asDouble()).isEqualTo(1);
    assertThat(remote().ok("list").out())
        .contains("same  20 vectors of dimension 3, float32, euclid")
        .doesNotContain("bench");
  }

  // Streams ------------------------------------------------------------------------------------

  @Test
  void streamsAndListensAsInAFolder() {
    byte[] local = inFolderOfTheSame().ok("stream", "same").bytes();
    byte[] remote = onNode(inFolderOfTheSame()).ok("stream", "same").bytes();
    String heard = local().input(local).ok("listen", "-").out();
    assertThat(heard.lines()).hasSize(20);
    assertThat(withoutTimes(local().input(remote).ok("listen", "-").out()))
        .isEqualTo(withoutTimes(heard));
    String address = url + "/collections/same/audio";
    assertThat(withoutTimes(remote().ok("listen", address).out())).isEqualTo(withoutTimes(heard));
    assertThat(local().run("listen", address).err()).contains("the server answered 401");
    byte[] one = remote().ok("stream", "same", "3").bytes();
    assertThat(local().input(one).ok("listen", "-").out()).contains("\"id\":3,");
    assertThat(remote().run("stream", "same", "nobody").exitCode()).isEqualTo(4);
    assertThat(remote().run("stream", "same", "--from", "1000").exitCode()).isEqualTo(2);
  }

  @Test
  void showsTheSameChanges() {
    Cli.Outcome remote = onNode(inFolderOfTheSame()).ok("changes", "same", "--with-vectors");
    assertThat(withoutTimes(remote.out()))
        .isEqualTo(withoutTimes(inFolderOfTheSame().ok("changes", "same", "--with-vectors").out()));
    assertThat(remote.err()).contains("go on with --from 21");
    assertThat(remote().run("changes", "same", "--from", "1000").exitCode()).isEqualTo(2);
  }

  private static String withoutTimes(String lines) {
    return lines.replaceAll("\"inserted_at\":\"[^\"]*\"", "");
  }
}
