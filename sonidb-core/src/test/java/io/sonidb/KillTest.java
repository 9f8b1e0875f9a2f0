package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.VectorId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A second process writes and is killed, time and again on the same folder; whatever it said was
/// written must be there.
class KillTest {
  private static final int WRITERS = 4;
  private static final int LIVES = 3;

  @TempDir Path folder;

  static LongStream fewSeeds() {
    return Seeds.seeds(1);
  }

  static LongStream manySeeds() {
    return Seeds.seeds(17);
  }

  @ParameterizedTest
  @MethodSource("fewSeeds")
  void keepsWhatAKilledProcessAcknowledged(long seed) throws Exception {
    run(seed);
  }

  // 17 seeds of three lives each: 51 kills.
  @Tag("slow")
  @ParameterizedTest
  @MethodSource("manySeeds")
  void keepsWhatAKilledProcessAcknowledgedOf51Kills(long seed) throws Exception {
    run(seed);
  }

  @Test
  void refusesAFolderThatAnotherProcessHasOpen() throws Exception {
    Process other = start(folder, 1, 0);
    try (BufferedReader lines = output(other)) {
      assertThat(lines.readLine()).isEqualTo("open");
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> SoniDb.open(folder))
          .isInstanceOf(FolderLockedException.class)
          .hasMessageContaining("in use by another process");
    } finally {
      other.destroyForcibly().waitFor();
    }
    SoniDb.open(folder).close();
  }

  private void run(long seed) throws Exception {
    Random random = Seeds.random(seed);
    TreeMap<VectorId, Model.Value> held = new TreeMap<>();
    try {
      for (int life = 0; life < LIVES; life++) {
        live(seed, life, random, held);
      }
    } catch (Throwable e) {
      throw new AssertionError(Seeds.again(seed), e);
    }
  }

  private void live(long seed, int life, Random random, Map<VectorId, Model.Value> held)
      throws Exception {
    long[] acknowledged = new long[WRITERS];
    Process process = start(folder, seed, life);
    long killAfter = 1L + random.nextInt(random.nextInt(4) == 0 ? 20 : 700);
    long lines = 0;
    try (BufferedReader output = output(process)) {
      assertThat(output.readLine()).isEqualTo("open");
      for (String line; (line = output.readLine()) != null; ) {
        String[] words = line.split(" ");
        assertThat(words).as(line).hasSize(2);
        acknowledged[Integer.parseInt(words[0])] = Long.parseLong(words[1]);
        if (++lines == killAfter) {
          // At any moment of a write, not only just after an acknowledgement.
          TimeUnit.MICROSECONDS.sleep(random.nextInt(3000));
          // Not through the process itself, which would close the pipe with what is still in it.
          process.toHandle().destroyForcibly();
        }
      }
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as("killed").isEqualTo(137);
    } finally {
      process.destroyForcibly();
    }
    try (SoniDb db = SoniDb.open(folder)) {
      PowerLossTest.assertNothingIsDamaged(db);
      Collection songs = db.collection(KillTestWriter.COLLECTION);
      Model model = new Model();
      held.forEach((id, value) -> model.acknowledge(put(id, value)));
      for (int writer = 0; writer < WRITERS; writer++) {
        KillTestWriter.Writes writes = new KillTestWriter.Writes(seed, life, writer);
        for (long i = 0; i < acknowledged[writer]; i++) {
          model.acknowledge(writes.next());
        }
        model.begin(writes.next());
      }
      model.assertIsIn(songs);
      held.clear();
      held.putAll(model.acknowledged());
      LogNumbers.assertHaveNoGaps(songs);
      PowerLossTest.assertIsWhole(songs);
    }
  }

  private static Model.Write put(VectorId id, Model.Value value) {
    return new Model.Write(Map.of(id, Optional.of(value)));
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process start(Path folder, long seed, int life) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx512m");
    command.add("-XX:TieredStopAtLevel=1"); // it does not live long
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(KillTestWriter.class.getName());
    command.add(folder.toString());
    command.add(Long.toString(seed));
    command.add(Integer.toString(life));
    command.add(Integer.toString(WRITERS));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }
}
