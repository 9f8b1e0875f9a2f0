package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class FolderLockTest extends SmallSegments {
  @Test
  void keepsOthersOutAfterASecondAttemptInTheSameProcess() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      assertThat(otherProcessOpens()).as("before").isFalse();
      assertThatThrownBy(() -> SoniDb.open(data)).isInstanceOf(FolderLockedException.class);
      assertThat(otherProcessOpens()).as("after a refused second open").isFalse();
      assertThat(db.collections()).isEmpty();
    }
  }

  private boolean otherProcessOpens() throws Exception {
    return new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FolderLockProbe.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }
}
