package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionExistsException;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbException;
import io.sonidb.SoniDbOptions;
import io.sonidb.server.config.KeySpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Snapshots in a folder of their own: of links where the file system can, so that making one takes
/// no space and little time. A snapshot becomes a tar file only on its way to a client.
///
/// ```
/// HASH/                     of the collection's name: no name of a user is one of a file
///   NAME/snapshot.json      when it was made, size and SHA-256 of the tar file
///   NAME/files/             a data folder with the one collection
///   NAME/files.json         names, sizes and SHA-256 of those files, once somebody asked for them
/// .new-UUID/                being made, or received; with replace.json, about to take a collection's place
/// ```
final class SnapshotStore {
  private static final String FRESH = ".new-";
  private static final String DOOMED = ".gone-";
  private static final String ABOUT = "snapshot.json";
  private static final String FILES = "files";
  private static final String PARTS = "files.json";
  private static final String REPLACE = "replace.json";
  private static final String LOCK = "sonidb.lock";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final DateTimeFormatter NAMED =
      DateTimeFormatter.ofPattern("uuuu-MM-dd-HH-mm-ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter SHOWN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Path root;
  private final Catalog catalog;
  private final ReentrantLock recovering = new ReentrantLock();

  /// A snapshot.
  ///
  /// @param size of the tar file
  /// @param checksum of the tar file, SHA-256
  record Snapshot(String name, Instant made, long size, String checksum, Path folder) {
    String shownTime() {
      return SHOWN.format(made);
    }

    TarWriter tar() throws IOException {
      return TarWriter.of(folder.resolve(FILES), LOCK);
    }
  }

  private SnapshotStore(Path root, Catalog catalog) {
    this.root = root;
    this.catalog = catalog;
  }

  /// Opens the folder, and finishes what a crash interrupted.
  static SnapshotStore open(Path root, Catalog catalog, Logs logs) throws IOException {
    Files.createDirectories(root);
    SnapshotStore store = new SnapshotStore(root, catalog);
    for (Path each : children(root)) {
      String name = String.valueOf(each.getFileName());
      if (name.startsWith(FRESH) || name.startsWith(DOOMED)) {
        store.finish(each, logs);
      }
    }
    return store;
  }

  /// A snapshot that was to take a collection's place does so now, if that one is gone already.
  private void finish(Path folder, Logs logs) throws IOException {
    Path note = folder.resolve(REPLACE);
    if (Files.exists(note)) {
      try {
        String name = JSON.readTree(Files.readAllBytes(note)).path("collection").stringValue();
        if (catalog.find(name).isEmpty()) {
          takeIn(folder.resolve(FILES), name, Progress.NONE);
          logs.say("restored collection " + name + ", which a crash had interrupted");
        }
      } catch (JacksonException | SoniDbException e) {
        logs.say(folder + " was to be restored and cannot be: " + e.getMessage());
        return;
      }
    }
    deleteAll(folder);
  }

  private static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }

  private static void deleteAll(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.deleteIfExists(each);
    }
  }

  private Path folderOf(String collection) {
    return root.resolve(HexFormat.of().formatHex(KeySpec.digest(collection), 0, 16));
  }

  private Path fresh() throws IOException {
    return Files.createDirectory(root.resolve(FRESH + UUID.randomUUID()));
  }

  // Making, listing, deleting ------------------------------------------------------------------

  Snapshot create(Collection collection, Progress progress) throws IOException {
    Path fresh = fresh();
    try {
      Path files = fresh.resolve(FILES);
      collection.snapshot(files, progress);
      TarWriter tar = TarWriter.of(files, LOCK);
      MessageDigest digest = sha256();
      try (OutputStream to = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        tar.write(to);
      }
      Instant now = Instant.ofEpochSecond(Instant.now().getEpochSecond());
      String name =
          NAMED.format(now) + "-" + UUID.randomUUID().toString().substring(0, 8) + ".snapshot";
      Map<String, Object> about = new LinkedHashMap<>();
      about.put("name", name);
      about.put("collection", collection.name());
      about.put("made", now.toString());
      about.put("size", tar.size());
      about.put("sha256", HexFormat.of().formatHex(digest.digest()));
      DurableFile.replace(fresh.resolve(ABOUT), JSON.writeValueAsBytes(about));
      Path folder = folderOf(collection.name());
      Files.createDirectories(folder);
      Path made = folder.resolve(name);
      Files.move(fresh, made);
      DurableFile.syncFolder(folder);
      DurableFile.syncFolder(root);
      return read(made).orElseThrow(() -> new IOException("the snapshot is gone already"));
    } catch (IOException | RuntimeException e) {
      deleteAll(fresh);
      throw e;
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static Optional<Snapshot> read(Path folder) throws IOException {
    Path file = folder.resolve(ABOUT);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode about = JSON.readTree(Files.readAllBytes(file));
      return Optional.of(
          new Snapshot(
              about.path("name").stringValue(),
              Instant.parse(about.path("made").stringValue()),
              about.path("size").longValue(),
              about.path("sha256").stringValue(),
              folder));
    } catch (JacksonException e) {
      throw new IOException(file + " is not as it was written", e);
    }
  }

  /// The snapshots of a collection, oldest first.
  List<Snapshot> list(String collection) throws IOException {
    List<Snapshot> found = new ArrayList<>();
    for (Path each : children(folderOf(collection))) {
      read(each).ifPresent(found::add);
    }
    return found;
  }

  /// @throws ApiException if there is none of that name
  Snapshot find(String collection, String name) throws IOException {
    return list(collection).stream()
        .filter(snapshot -> snapshot.name().equals(name))
        .findFirst()
        .orElseThrow(() -> ApiException.notFound("Snapshot not found"));
  }

  /// A file of a snapshot.
  ///
  /// @param name below the snapshot's folder, with slashes
  /// @param sha256 of its bytes
  record Part(String name, long size, String sha256) {}

  /// The files of a snapshot, by their names: who has an older one fetches what is new. Their
  /// checksums are computed when they are first asked for.
  List<Part> parts(Snapshot snapshot) throws IOException {
    Path noted = snapshot.folder().resolve(PARTS);
    if (!Files.exists(noted)) {
      DurableFile.replace(noted, JSON.writeValueAsBytes(summed(snapshot.folder().resolve(FILES))));
    }
    try {
      List<Part> parts = new ArrayList<>();
      for (JsonNode each : JSON.readTree(Files.readAllBytes(noted))) {
        parts.add(
            new Part(
                each.path("name").stringValue(),
                each.path("size").longValue(),
                each.path("sha256").stringValue()));
      }
      return parts;
    } catch (JacksonException e) {
      throw new IOException(noted + " is not as it was written", e);
    }
  }

  private static List<Map<String, Object>> summed(Path files) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(files)) {
      all =
          walk.filter(Files::isRegularFile).filter(file -> !file.endsWith(LOCK)).sorted().toList();
    }
    List<Map<String, Object>> parts = new ArrayList<>();
    for (Path each : all) {
      MessageDigest digest = sha256();
      try (OutputStream to = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        Files.copy(each, to);
      }
      Map<String, Object> part = new LinkedHashMap<>();
      part.put("name", files.relativize(each).toString().replace('\\', '/'));
      part.put("size", Files.size(each));
      part.put("sha256", HexFormat.of().formatHex(digest.digest()));
      parts.add(part);
    }
    return parts;
  }

  /// A file of a snapshot, by its name.
  ///
  /// @throws ApiException if there is none of that name
  Path part(Snapshot snapshot, String name) throws IOException {
    if (parts(snapshot).stream().noneMatch(part -> part.name().equals(name))) {
      throw ApiException.notFound("Snapshot " + snapshot.name() + " has no such file");
    }
    return snapshot.folder().resolve(FILES).resolve(name);
  }

  void delete(Snapshot snapshot) throws IOException {
    Path doomed = root.resolve(DOOMED + UUID.randomUUID());
    Files.move(snapshot.folder(), doomed);
    deleteAll(doomed);
  }

  // Recovering ---------------------------------------------------------------------------------

  /// Puts the collection of a snapshot that is here in the place of one.
  void recover(Snapshot snapshot, String name, Progress progress) throws IOException {
    Path fresh = fresh();
    try {
      Path files = Files.createDirectory(fresh.resolve(FILES));
      Path from = snapshot.folder().resolve(FILES);
      try (Stream<Path> all = Files.walk(from)) {
        for (Path each : all.filter(Files::isRegularFile).toList()) {
          Path to = files.resolve(from.relativize(each).toString());
          Files.createDirectories(to.getParent());
          Files.copy(each, to);
        }
      }
      replace(fresh, name, progress);
    } finally {
      deleteAll(fresh);
    }
  }

  /// Puts the collection of a tar file in the place of one.
  ///
  /// @param checksum SHA-256 that the file must have; empty if it is not known
  void recover(InputStream tar, Optional<String> checksum, String name, Progress progress)
      throws IOException {
    Path fresh = fresh();
    try {
      MessageDigest digest = sha256();
      TarReader.unpack(
          new java.security.DigestInputStream(tar, digest),
          Files.createDirectory(fresh.resolve(FILES)));
      String actual = HexFormat.of().formatHex(digest.digest());
      if (checksum.isPresent() && !checksum.get().equalsIgnoreCase(actual)) {
        throw ApiException.of(
            400, "Checksum mismatch: expected " + checksum.get() + ", actual " + actual);
      }
      replace(fresh, name, progress);
    } finally {
      deleteAll(fresh);
    }
  }

  /// The old collection goes only when the new one was found whole; what happens in between is
  /// finished at the next start.
  private void replace(Path fresh, String name, Progress progress) throws IOException {
    recovering.lock();
    try {
      Path files = fresh.resolve(FILES);
      check(files);
      DurableFile.replace(
          fresh.resolve(REPLACE), JSON.writeValueAsBytes(Map.of("collection", name)));
      catalog.replace(name, () -> takeIn(files, name, toTheEnd(progress)));
      Files.delete(fresh.resolve(REPLACE));
    } finally {
      recovering.unlock();
    }
  }

  private static String check(Path files) {
    try (SoniDb other = SoniDb.open(files, SoniDbOptions.DEFAULT.compaction(false))) {
      List<String> names = other.collections();
      if (names.size() != 1) {
        throw ApiException.wrongInput(
            "the snapshot must hold one collection that can be opened, held " + names.size());
      }
      if (!other.collection(names.getFirst()).verifyIntegrity().ok()) {
        throw ApiException.wrongInput("the snapshot is damaged");
      }
      return names.getFirst();
    } catch (SoniDbException e) {
      throw ApiException.wrongInput("the snapshot cannot be opened");
    }
  }

  /// Once the old collection has gone, nobody can end it any more.
  private static Progress toTheEnd(Progress progress) {
    return (done, total, unit) -> {
      try {
        progress.update(done, total, unit);
      } catch (CancellationException e) {
        // Whoever asked has gone; what was begun is finished.
      }
    };
  }

  private void takeIn(Path files, String name, Progress progress) {
    SoniDb database = catalog.database();
    String there = check(files);
    try {
      database.restore(files, there, name, progress);
    } catch (CollectionExistsException e) {
      // The collection that it was taken of is here, under another name: the points are copied.
      database.importFrom(files, there, name, progress);
    }
    catalog.adopt(name);
  }

  /// A place for parts of uploads.
  Path folder() {
    return root;
  }
}
