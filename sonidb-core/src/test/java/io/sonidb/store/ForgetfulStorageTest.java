package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.SyncFailedException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The file system that the crash tests stand on must itself forget what it may and keep what it
/// must.
class ForgetfulStorageTest {
  private static final Path FOLDER = Path.of("/a");
  private static final Path FILE = FOLDER.resolve("file");
  private static final int SIZE = 3 * 4096;

  private final ForgetfulStorage storage = new ForgetfulStorage(1);

  private static ByteBuffer all(int value, int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private Storage.File synced() throws IOException {
    storage.createFolders(FOLDER);
    Storage.File file = storage.create(FILE);
    file.write(0, all(1, SIZE));
    file.sync();
    storage.syncFolder(FOLDER);
    return file;
  }

  @Test
  void keepsWhatWasSynced() throws IOException {
    synced();
    for (int seed = 0; seed < 20; seed++) {
      assertThat(storage.copy().powerLoss(seed).bytes(FILE)).isEqualTo(all(1, SIZE).array());
    }
  }

  @Test
  void keepsAnyMixtureOfSectorsThatWereWrittenAndNotSynced() throws IOException {
    Storage.File file = synced();
    file.write(0, all(2, SIZE));
    file.write(0, all(3, 4096));
    Set<Byte> seen = new HashSet<>();
    boolean tornInPage = false;
    for (int seed = 0; seed < 50; seed++) {
      byte[] left = storage.powerLoss(seed).bytes(FILE);
      for (int sector = 0; sector < SIZE; sector += 512) {
        byte value = left[sector];
        seen.add(value);
        for (int i = sector; i < sector + 512; i++) {
          assertThat(left[i]).isEqualTo(value);
        }
        tornInPage |= sector % 4096 > 0 && left[sector - 1] != value;
      }
    }
    assertThat(seen).containsExactlyInAnyOrder((byte) 1, (byte) 2, (byte) 3);
    assertThat(tornInPage).isTrue();
  }

  @Test
  void keepsAnySizeThatTheFileHadSinceItWasSynced() throws IOException {
    Storage.File file = synced();
    file.truncate(100);
    file.write(100, all(2, 5000));
    Set<Integer> sizes = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      sizes.add(storage.powerLoss(seed).bytes(FILE).length);
    }
    assertThat(sizes).containsExactlyInAnyOrder(100, 5100, SIZE);
  }

  @Test
  void forgetsCreationsRenamesAndDeletionsOneByOneUnlessTheFolderIsSynced() throws IOException {
    synced().close();
    Path other = Path.of("/a/other");
    Path third = Path.of("/a/third");
    storage.create(other).close();
    storage.rename(FILE, third);
    Set<Object> seen = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      seen.add(storage.powerLoss(seed).list(Path.of("/a")));
    }
    assertThat(seen).hasSize(4);
    ForgetfulStorage again = storage.kill();
    again.syncFolder(Path.of("/a"));
    assertThat(again.powerLoss(3).list(Path.of("/a"))).containsExactly("other", "third");
  }

  @Test
  void savesNothingAtASecondSyncAfterAFailedOne() throws IOException {
    Storage.File file = synced();
    file.write(0, all(2, SIZE));
    storage.failIf(operation -> operation.kind() == ForgetfulStorage.Kind.SYNC);
    assertThatThrownBy(file::sync).isInstanceOf(SyncFailedException.class);
    storage.failIf(operation -> false);
    file.sync();
    assertThat(storage.bytes(FILE)).isEqualTo(all(2, SIZE).array());
    assertThat(storage.powerLoss(1).bytes(FILE)).isNotEqualTo(all(2, SIZE).array());
  }

  @Test
  void fillsUpInTheMiddleOfAWrite() throws IOException {
    Storage.File file = synced();
    storage.setCapacity(SIZE + 10);
    assertThatThrownBy(() -> file.write(SIZE, all(2, 20)))
        .hasMessageContaining("No space left on device");
    assertThat(file.size()).isEqualTo(SIZE + 10);
  }

  @Test
  void isSwitchedOffInTheMiddleOfAnOperation() throws IOException {
    Storage.File file = synced();
    storage.powerOffAt(storage.operations() + 1);
    assertThatThrownBy(() -> file.write(0, all(2, SIZE))).hasMessageContaining("power");
    assertThatThrownBy(file::sync).hasMessageContaining("power");
    assertThat(storage.isOff()).isTrue();
  }

  @Test
  void notesWhatARealFileSystemWouldLetPass() throws IOException {
    Storage.File file = synced();
    assertThatThrownBy(() -> file.map(SIZE - 1, 2, Arena.ofAuto())).isInstanceOf(IOException.class);
    assertThat(storage.openFiles()).hasSize(1);
    file.close();
    assertThatThrownBy(file::size).isInstanceOf(IOException.class);
    assertThat(storage.openFiles()).isEmpty();
    assertThat(storage.violations()).hasSize(2);
  }
}
