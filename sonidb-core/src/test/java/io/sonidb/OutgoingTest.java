package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutgoingTest extends SmallSegments {
  @TempDir Path elsewhere;

  private static List<String> names(Outgoing outgoing) {
    return outgoing.files().stream().map(SyncFile::name).toList();
  }

  /// Opens the files in another data folder.
  private long countElsewhere(Outgoing outgoing) throws IOException {
    Path there = elsewhere.resolve("collections").resolve("c-" + outgoing.uuid());
    for (SyncFile file : outgoing.files()) {
      Path to = there.resolve(file.name());
      Files.createDirectories(to.getParent());
      Files.copy(outgoing.folder().resolve(file.name()), to);
    }
    try (SoniDb db = SoniDb.open(elsewhere, BY_HAND)) {
      assertThat(db.warnings()).isEmpty();
      Collection songs = db.collection("songs");
      assertThat(songs.verifyIntegrity().damaged()).isEmpty();
      return songs.count();
    }
  }

  @Test
  void refusesNamesThatLeaveTheFolder() {
    for (String name : List.of("../a.flac", "/a.flac", "segments/../a.flac", ".a", "a", "a/b.c")) {
      assertThatThrownBy(() -> new SyncFile(name, 1, 1, "0".repeat(64)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + name + "'");
    }
  }

  @Test
  void keepsWhatThereWasWhateverBecomesOfTheCollection() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      upsert(songs, 100, 150);
      Outgoing outgoing = db.outgoing("songs", true, Progress.NONE);
      assertThat(outgoing.sequence()).isEqualTo(songs.lastSequence());
      delete(songs, 0, 140);
      songs.compact(true, Progress.NONE);
      assertThat(songs.count()).isEqualTo(10);
      for (SyncFile file : outgoing.files()) {
        byte[] bytes = Files.readAllBytes(outgoing.folder().resolve(file.name()));
        CRC32 crc = new CRC32();
        crc.update(bytes);
        assertThat(file)
            .isEqualTo(
                new SyncFile(
                    file.name(),
                    bytes.length,
                    (int) crc.getValue(),
                    HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))));
      }
      assertThat(countElsewhere(outgoing)).isEqualTo(150);
      outgoing.close();
      assertThat(outgoing.folder()).doesNotExist();
    }
  }

  @Test
  void leavesTheOpenSegmentOutUnlessItIsAskedForOrNeeded() throws Exception {
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      Collection songs = db.create("songs", SPEC);
      segment(songs, 0, 100);
      upsert(songs, 0, 10);
      try (Outgoing sealed = db.outgoing("songs", false, Progress.NONE)) {
        assertThat(sealed.sequence()).isEqualTo(100);
        assertThat(names(sealed))
            .containsExactly(
                "segments/0001-00000001.flac",
                "segments/0001-00000001.idx",
                "index.sfv",
                "collection.json",
                "index.sha256");
        assertThat(countElsewhere(sealed)).isEqualTo(100);
      }
      songs.compact(true, Progress.NONE); // drops what the ten have superseded
      upsert(songs, 10, 20);
      try (Outgoing whole = db.outgoing("songs", false, Progress.NONE)) {
        assertThat(whole.sequence()).isEqualTo(120);
      }
    }
  }

  @Test
  void leavesNothingBehindWhenAProcessHasEnded() throws Exception {
    Path folder;
    try (SoniDb db = SoniDb.open(data, BY_HAND)) {
      segment(db.create("songs", SPEC), 0, 10);
      folder = db.outgoing("songs", false, Progress.NONE).folder();
      assertThat(folder).exists();
    }
    SoniDb.open(data, BY_HAND).close();
    assertThat(folder).doesNotExist();
  }
}
