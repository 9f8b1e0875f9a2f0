package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InsertCommandTest {

  @TempDir Path folder;
  private Cli cli = new Cli(Path.of(""));

  @BeforeEach
  void useOwnFolder() {
    cli = new Cli(folder.resolve("data"));
  }

  // ---- refused ----

  @Test
  void refusesFileThatIsMissing() {
    assertFails(4, "no such file", "insert", "a", folder.resolve("none.npy").toString());
    assertThat(cli.ok("list").out()).isEmpty();
  }

  @Test
  void refusesFolderAndUnknownFormat() throws IOException {
    assertFails(1, "is a folder", "insert", "a", folder.toString());
    Path file = Files.write(folder.resolve("a.bin"), new byte[] {2, 0, 0, 0, 1, 1});
    assertFails(1, "format cannot be told", "insert", "a", file.toString());
    assertFails(2, "parquet", "insert", "a", file.toString(), "--format", "parquet");
  }

  @Test
  void refusesTruncatedArrayAndCreatesNothing() throws IOException {
    Path whole = array(10);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(bytes, bytes.length - 1));
    assertFails(
        1, "cut.npy, byte " + (bytes.length - 1) + ": truncated", "insert", "a", cut.toString());
    assertThat(cli.ok("list").out()).isEmpty();
  }

  @Test
  void keepsWholeBatchesBeforeTheBrokenLine() throws IOException {
    StringBuilder lines = new StringBuilder(Files.readString(Cli.threeDimensional(folder, 2500)));
    Path file = Files.writeString(folder.resolve("broken.jsonl"), lines.append("{\"vector\":[1,2"));
    assertFails(1, "broken.jsonl, line 2501, column", "insert", "a", file.toString());
    assertThat(cli.run("insert", "b", file.toString()).err())
        .contains("2,000 vectors before it inserted");
    assertThat(cli.ok("stats", "a", "--json").json().get("vectors").asInt()).isEqualTo(2000);
  }

  @Test
  void refusesOtherDimension() throws IOException {
    cli.ok("create", "a", "--dimension", "4");
    assertFails(1, "dimension 3", "insert", "a", Cli.threeDimensional(folder, 1).toString());
    assertThat(cli.ok("stats", "a", "--json").json().get("vectors").asInt()).isZero();
  }

  @Test
  void refusesNotANumberAndZeroForCosineAndNamesThem() throws IOException {
    Path nan = Files.writeString(folder.resolve("nan.jsonl"), "{\"id\":5,\"vector\":[1,\"NaN\"]}");
    assertFails(
        1, "nan.jsonl, line 1: vector 5: component 1 is NaN", "insert", "a", nan.toString());
    Path zero = Files.writeString(folder.resolve("zero.csv"), "id,x,y\nz,0,0\n");
    assertFails(1, "zero.csv, line 2: vector z", "insert", "b", zero.toString());
    cli.ok("insert", "c", nan.toString(), "--metric", "dot");
    assertThat(cli.ok("get", "c", "5").out()).contains("[1.0,\"NaN\"]");
  }

  @Test
  void refusesIdThatIsTooLong() throws IOException {
    String id = "x".repeat(513);
    Path file = Files.writeString(folder.resolve("a.csv"), "id,x\n" + id + ",1\n");
    assertFails(1, "a.csv, line 2, column 1", "insert", "a", file.toString());
  }

  @Test
  void refusesPayloadThatIsNoObject() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "id,x,payload\n1,1,[]\n");
    assertFails(1, "a.csv, line 2: payload must be a JSON object", "insert", "a", file.toString());
  }

  @Test
  void refusesFileOfIdsThatDoesNotFit() throws IOException {
    Path ids = Files.writeString(folder.resolve("ids.txt"), "a\nb\n");
    assertFails(1, "no id for row 2", "insert", "a", array(3).toString(), "--ids", ids.toString());
    assertFails(1, "an id more", "insert", "b", array(1).toString(), "--ids", ids.toString());
    String jsonl = Cli.threeDimensional(folder, 1).toString();
    assertFails(1, "leave out --ids", "insert", "c", jsonl, "--ids", ids.toString());
  }

  @Test
  void refusesRowsSomeOfWhichHaveIds() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("a.jsonl"), "{\"id\":1,\"vector\":[1]}\n{\"vector\":[1]}\n");
    assertFails(1, "line 2: the row has no id", "insert", "a", file.toString());
  }

  @Test
  void refusesToChangeACollectionThatExists() throws IOException {
    cli.ok("create", "a", "--dimension", "3");
    assertFails(
        2,
        "--metric (is cosine)",
        "insert",
        "a",
        Cli.threeDimensional(folder, 1).toString(),
        "--metric",
        "dot");
  }

  @Test
  void refusesToRoundFloat64() throws IOException {
    cli.ok("create", "a", "--dimension", "2");
    Path file = Files.write(folder.resolve("d.npy"), doubles(0.5, 0.1));
    assertFails(1, "component 1: float64 value 0.1", "insert", "a", file.toString());
  }

  @Test
  void refusesEmptyFile() throws IOException {
    Path file = Files.writeString(folder.resolve("a.jsonl"), "");
    assertFails(1, "has no vectors", "insert", "a", file.toString());
    assertThat(cli.ok("list").out()).isEmpty();
  }

  @Test
  void failsInFolderThatCannotBeWritten() throws IOException {
    // Where not even root may write.
    Path system = Path.of("/sys");
    assumeTrue(Files.isDirectory(system), "no /sys here");
    Cli.Outcome outcome = new Cli(system.resolve("sonidb")).run("insert", "a", array(1).toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("/sys/sonidb").hasLineCount(1);
  }

  @Test
  void failsWhereAFileIsInTheWay() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    Cli.Outcome outcome = new Cli(file).run("insert", "a", array(1).toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains(file.toString()).hasLineCount(1);
  }

  @Test
  void stopsBetweenBatchesWhenInterrupted() throws IOException {
    cli.interruption().request();
    Cli.Outcome outcome = cli.run("insert", "a", array(10).toString());
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err()).contains("interrupted", "0 vectors before it inserted");
  }

  // ---- inserted ----

  @Test
  void answersWithEveryKeyOfTheContract() throws IOException {
    var answer = cli.ok("insert", "a", array(10).toString(), "--json").json();
    assertThat(answer.get("inserted").asInt()).isEqualTo(10);
    for (String key : new String[] {"seconds", "vectors_per_s", "bytes_per_vector"}) {
      assertThat(answer.get(key).asDouble()).as(key).isPositive();
    }
  }

  @Test
  void takesIdsFromAFileOfTheirOwn() throws IOException {
    Path ids = Files.writeString(folder.resolve("ids.txt"), "a\n7\n");
    cli.ok("insert", "a", array(2).toString(), "--ids", ids.toString());
    assertThat(cli.ok("get", "a", "a", "7").out()).hasLineCount(2);
  }

  @Test
  void replacesVectorsOfTheSameIdAndSaysSo() throws IOException {
    cli.ok("insert", "a", array(10).toString());
    Cli.Outcome outcome = cli.ok("insert", "a", array(4).toString());
    assertThat(outcome.err()).contains("4 of them took the place");
    assertThat(cli.ok("stats", "a", "--json").json().get("vectors").asInt()).isEqualTo(10);
  }

  @Test
  void lastOfTheSameIdCountsWithinABatch() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "id,x\n1,1\n1,2\n");
    cli.ok("insert", "a", file.toString());
    assertThat(cli.ok("get", "a", "1").out()).contains("[2.0]");
  }

  @Test
  void readsStandardInputAndKnowsItsFormat() throws IOException {
    cli.input(Files.readAllBytes(array(3))).ok("insert", "npy", "-");
    cli.input(Files.readAllBytes(Cli.threeDimensional(folder, 3))).ok("insert", "jsonl", "-");
    cli.input("1,2\n3,4\n".getBytes(StandardCharsets.UTF_8)).ok("insert", "csv", "-");
    byte[] fvecs = {1, 0, 0, 0, 0, 0, (byte) 0x80, 0x3F};
    cli.input(fvecs).ok("insert", "fvecs", "-", "--format", "fvecs");
    assertThat(cli.ok("list").out()).hasLineCount(4);
  }

  @Test
  void readsNamedPipes() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(RealFiles.tool(folder.resolve("log"), "mkfifo", pipe.toString())).isZero();
    byte[] npy = Files.readAllBytes(array(3));
    Thread writer = Thread.ofVirtual().start(() -> write(pipe, npy));
    cli.ok("insert", "a", pipe.toString());
    writer.join();
    assertThat(cli.ok("list").out()).contains("3 vectors");
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes, java.nio.file.StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void saysThatValuesWereWidened() throws IOException {
    Path file = Files.write(folder.resolve("a.bvecs"), new byte[] {2, 0, 0, 0, 1, (byte) 255});
    Cli.Outcome outcome = cli.ok("insert", "a", file.toString());
    assertThat(outcome.err()).contains("uint8 values became float32, each exactly");
    assertThat(cli.ok("get", "a", "0").out()).contains("[1.0,255.0]");
    assertThat(cli.ok("insert", "b", file.toString(), "--quiet").err()).isEmpty();
  }

  @Test
  void readsDecimalsAsTheElementTypeOfTheCollection() throws IOException {
    Path file = Files.writeString(folder.resolve("a.csv"), "0.1,0.2\n");
    cli.ok("insert", "a", file.toString(), "--element", "float64");
    cli.ok("insert", "a", file.toString());
    assertThat(cli.ok("get", "a", "0").out()).contains("[0.1,0.2]");
  }

  @Test
  void insertsLargeVectorsAndPayloadsInBatchesThatFit() throws IOException {
    StringBuilder lines = new StringBuilder();
    String big = "x".repeat(900_000);
    for (int i = 0; i < 40; i++) {
      lines.append("{\"vector\":[1,%d],\"payload\":{\"t\":\"%s\"}}\n".formatted(i, big));
    }
    Path file = Files.writeString(folder.resolve("big.jsonl"), lines);
    assertThat(cli.ok("insert", "a", file.toString(), "--json").json().get("inserted").asInt())
        .isEqualTo(40);
  }

  private Path array(int rows) throws IOException {
    StringBuilder csv = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      csv.append(i + 1).append(",0.5\n");
    }
    Path npy = folder.resolve("rows-" + rows + ".npy");
    Cli maker = new Cli(folder.resolve("maker-" + rows + "-" + System.nanoTime()));
    maker
        .input(csv.toString().getBytes(StandardCharsets.UTF_8))
        .ok("insert", "a", "-", "--format", "csv");
    maker.ok("export", "a", npy.toString());
    return npy;
  }

  private static byte[] doubles(double... values) {
    byte[] head =
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, " + values.length + ")}\n")
            .getBytes(StandardCharsets.US_ASCII);
    java.nio.ByteBuffer file =
        java.nio.ByteBuffer.allocate(10 + head.length + 8 * values.length)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    file.putShort((short) head.length).put(head);
    for (double value : values) {
      file.putDouble(value);
    }
    return file.array();
  }

  private void assertFails(int exitCode, String message, String... arguments) {
    Cli.Outcome outcome = cli.run(arguments);
    assertThat(outcome.err()).startsWith("sonidb: ").contains(message).hasLineCount(1);
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
  }
}
