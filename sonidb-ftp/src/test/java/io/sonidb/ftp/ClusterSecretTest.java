package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSecretTest {
  @TempDir Path folder;

  @Test
  void refusesWhatIsTooShortOrCanBeReadByOthers() throws IOException {
    Path file = folder.resolve("cluster.secret");
    Files.writeString(file, "secret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(() -> ClusterSecret.open(file)).hasMessageContaining("too short");
    Files.writeString(file, "0123456789".repeat(5));
    ClusterSecret.open(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> ClusterSecret.open(file)).hasMessageContaining("chmod 600");
    assertThatThrownBy(() -> ClusterSecret.read(folder.resolve("none")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void makesOneForTheOwnerAloneHoweverManyAskAtOnce() throws IOException {
    Path file = folder.resolve("new/cluster.secret");
    List<String> passwords =
        IntStream.range(0, 20).parallel().mapToObj(_ -> open(file).password("x")).toList();
    assertThat(passwords).containsOnly(passwords.getFirst());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  private static ClusterSecret open(Path file) {
    try {
      return ClusterSecret.open(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void liesInTheUsersConfigurationFolder() {
    assertThat(ClusterSecret.defaultFile(Map.of("XDG_CONFIG_HOME", "/c")))
        .hasToString("/c/sonidb/cluster.secret");
    assertThat(ClusterSecret.defaultFile(Map.of()))
        .hasToString(System.getProperty("user.home") + "/.config/sonidb/cluster.secret");
  }

  @Test
  void givesOtherPasswordsForOtherNamesAndSecrets() throws IOException {
    ClusterSecret one = ClusterSecret.open(folder.resolve("one"));
    ClusterSecret two = ClusterSecret.open(folder.resolve("two"));
    assertThat(one.password("a")).hasSize(64).isNotEqualTo(one.password("b"));
    assertThat(one.password("a")).isNotEqualTo(two.password("a"));
  }
}
