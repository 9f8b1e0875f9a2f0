package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStorageTest {
  private static final FileStorage STORAGE = FileStorage.INSTANCE;

  @TempDir Path folder;

  @Test
  void refusesWhatIsNoFile() throws Exception {
    assertThatThrownBy(() -> STORAGE.open(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a regular file");
    assertThatThrownBy(() -> STORAGE.open(folder.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
    Path pipe = folder.resolve("pipe");
    assumeTrue(isMade(pipe), "no named pipe can be made here");
    assertThatThrownBy(() -> STORAGE.openToWrite(pipe))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a regular file");
  }

  private static boolean isMade(Path pipe) throws InterruptedException {
    try {
      return new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void refusesToCreateAFileThatIsThere() throws IOException {
    Path file = folder.resolve("file");
    STORAGE.create(file).close();
    assertThatThrownBy(() -> STORAGE.create(file)).isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void createsFoldersAboveAFolder() throws IOException {
    Path deep = folder.resolve("a").resolve("b").resolve("c");
    STORAGE.createFolders(deep);
    STORAGE.createFolders(deep);
    assertThat(deep).isDirectory();
    assertThat(STORAGE.list(folder)).containsExactly("a");
    assertThat(STORAGE.list(folder.resolve("missing"))).isEmpty();
    Files.write(folder.resolve("file"), new byte[1]);
    assertThatThrownBy(() -> STORAGE.createFolders(folder.resolve("file").resolve("x")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void replacesAFileAndLeavesNothingBeside() throws IOException {
    Path file = folder.resolve("file");
    STORAGE.replace(file, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    MemorySegment mapped;
    try (Storage.File open = STORAGE.open(file)) {
      mapped = open.map(1, 2, Arena.ofAuto());
    }
    STORAGE.replace(file, ByteBuffer.wrap(new byte[] {4, 5}));
    assertThat(STORAGE.list(folder)).containsExactly("file");
    assertThat(STORAGE.readUpTo(file, 2).orElseThrow()).containsExactly(4, 5);
    assertThat(STORAGE.readUpTo(file, 1)).isEqualTo(Optional.empty());
    // Whoever has mapped the old one goes on reading it.
    assertThat(mapped.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
  }

  @Test
  void keepsTheFileWhenOnlyAPrivateMappingIsChanged() throws IOException {
    Path file = folder.resolve("file");
    STORAGE.replace(file, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    try (Storage.File open = STORAGE.openToWrite(file)) {
      open.mapPrivately().set(ValueLayout.JAVA_BYTE, 0, (byte) 9);
      open.truncate(2);
      open.sync();
    }
    assertThat(Files.readAllBytes(file)).containsExactly(1, 2);
  }
}
