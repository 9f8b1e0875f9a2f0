package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.store.ForgetfulStorage;
import io.sonidb.store.ForgetfulStorage.Kind;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FailedSwapTest extends SmallSegments {
  @Test
  void leavesNoFileBehindWhenTheManifestCannotBeReplaced() throws Exception {
    ForgetfulStorage disk = new ForgetfulStorage(1);
    SoniDb db = SoniDb.open(disk, Path.of("/db"), Optional.empty(), BY_HAND);
    Collection songs = db.create("songs", SPEC);
    segment(songs, 0, 1000);
    delete(songs, 0, 10);
    songs.buildIndex();
    Path segments = songs.engine().log().folder().resolve("segments");
    long before = disk.list(segments).stream().filter(file -> file.endsWith(".flac")).count();
    disk.failIf(operation ->
        operation.kind() == Kind.RENAME && operation.path().endsWith("collection.json"));
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> songs.compact(true, Progress.NONE))
          .isInstanceOf(StorageException.class);
    }
    disk.failIf(operation -> false);
    assertThat(disk.list(segments).stream().filter(file -> file.endsWith(".flac")).count())
        .as("segment files")
        .isEqualTo(before);
    db.close();
  }
}
