package io.sonidb.store;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.SyncFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// A file system in memory that is stricter than any real one, for what happens when the power
/// fails.
///
/// It remembers what was synced. A power loss forgets the rest, each piece of it on its own: a
/// creation, renaming or deletion that no [#syncFolder] of its folder followed may be there or not,
/// whatever came before or after it; of each 4 KiB page that was written and not synced, the old or
/// any later version may be there, or a mixture of them, sector by sector; and a file may have any
/// size that it had since it was last synced.
///
/// A sync that fails is as cruel as Linux: some pages have reached the disk, none is dirty any
/// more, so that a second sync would succeed and save nothing, while whoever reads sees what was
/// written.
///
/// It also fails on request, runs out of space, is switched off in the middle of any operation, and
/// notes what a real file system would let pass: use of a closed file, mappings behind the end,
/// writes through a handle that only reads.
public final class ForgetfulStorage implements Storage {
  /// What can be made to fail.
  public enum Kind {
    WRITE,
    TRUNCATE,
    SYNC,
    CREATE,
    CREATE_FOLDER,
    RENAME,
    LINK,
    DELETE,
    SYNC_FOLDER
  }

  /// One operation that changes something, or makes it last.
  ///
  /// @param number counts operations from 1
  public record Operation(long number, Kind kind, Path path) {}

  private static final int PAGE = 4096;
  private static final int SECTOR = 512;
  private static final int MAX_VERSIONS = 4;

  private sealed interface Node {}

  private sealed interface Change {
    void applyTo(Map<String, Node> entries);
  }

  private record Put(String name, Node node) implements Change {
    @Override
    public void applyTo(Map<String, Node> entries) {
      entries.put(name, node);
    }
  }

  private record Remove(String name) implements Change {
    @Override
    public void applyTo(Map<String, Node> entries) {
      entries.remove(name);
    }
  }

  private record Move(String from, String to, Node node) implements Change {
    @Override
    public void applyTo(Map<String, Node> entries) {
      entries.remove(from, node);
      entries.put(to, node);
    }
  }

  private static final class Folder implements Node {
    private final TreeMap<String, Node> entries = new TreeMap<>();
    private final TreeMap<String, Node> synced = new TreeMap<>();
    private final List<Change> unsynced = new ArrayList<>();

    void change(Change change) {
      change.applyTo(entries);
      unsynced.add(change);
    }

    void sync() {
      synced.clear();
      synced.putAll(entries);
      unsynced.clear();
    }

    Map<String, Node> afterPowerLoss(Random random) {
      TreeMap<String, Node> left = new TreeMap<>(synced);
      for (Change change : unsynced) {
        if (random.nextBoolean()) {
          change.applyTo(left);
        }
      }
      return left;
    }
  }

  private static final class Content implements Node {
    private byte[] bytes = new byte[PAGE];
    private int size;
    private byte[] synced = new byte[PAGE];
    private int syncedSize;
    private final TreeMap<Integer, List<byte[]>> unsynced = new TreeMap<>();
    private final List<Integer> unsyncedSizes = new ArrayList<>();

    void write(long position, ByteBuffer from) {
      int start = Math.toIntExact(position);
      int end = Math.addExact(start, from.remaining());
      if (end == start) {
        return;
      }
      bytes = grown(bytes, end);
      from.get(bytes, start, end - start);
      touch(start, end);
      if (end > size) {
        size = end;
        unsyncedSizes.add(size);
      }
    }

    void truncate(long newSize) {
      if (newSize < size) {
        Arrays.fill(bytes, (int) newSize, size, (byte) 0);
        touch((int) newSize, size);
        size = (int) newSize;
        unsyncedSizes.add(size);
      }
    }

    private void touch(int start, int end) {
      for (int page = start / PAGE; page <= (end - 1) / PAGE; page++) {
        List<byte[]> versions = unsynced.computeIfAbsent(page, _ -> new ArrayList<>());
        if (versions.size() == MAX_VERSIONS) {
          versions.removeFirst();
        }
        versions.add(Arrays.copyOfRange(bytes, page * PAGE, (page + 1) * PAGE));
      }
    }

    void sync() {
      unsynced.forEach((page, _) -> keep(page));
      syncedSize = size;
      forgetThatItIsDirty();
    }

    void failToSync(Random random) {
      for (int page : unsynced.keySet()) {
        if (random.nextBoolean()) {
          keep(page);
        }
      }
      if (random.nextBoolean()) {
        syncedSize = size;
      }
      forgetThatItIsDirty();
    }

    private void forgetThatItIsDirty() {
      unsynced.clear();
      unsyncedSizes.clear();
    }

    private void keep(int page) {
      synced = grown(synced, (page + 1) * PAGE);
      bytes = grown(bytes, (page + 1) * PAGE);
      System.arraycopy(bytes, page * PAGE, synced, page * PAGE, PAGE);
    }

    Content afterPowerLoss(Random random) {
      byte[] left = Arrays.copyOf(synced, Math.max(synced.length, bytes.length));
      unsynced.forEach((page, versions) -> {
        boolean torn = random.nextInt(3) == 0;
        for (int sector = page * PAGE; sector < (page + 1) * PAGE; sector += SECTOR) {
          if (torn || sector == page * PAGE) {
            versionAt = random.nextInt(versions.size() + 1);
          }
          if (versionAt < versions.size()) {
            System.arraycopy(versions.get(versionAt), sector - page * PAGE, left, sector, SECTOR);
          }
        }
      });
      int choice = random.nextInt(unsyncedSizes.size() + 1);
      int leftSize = choice == unsyncedSizes.size() ? syncedSize : unsyncedSizes.get(choice);
      Arrays.fill(left, leftSize, left.length, (byte) 0);
      return of(left, leftSize);
    }

    private int versionAt;

    static Content of(byte[] bytes, int size) {
      Content content = new Content();
      content.bytes = grown(bytes, size);
      content.size = size;
      content.synced = content.bytes.clone();
      content.syncedSize = size;
      return content;
    }

    private static byte[] grown(byte[] bytes, int needed) {
      if (needed <= bytes.length) {
        return bytes;
      }
      int pages = Math.ceilDiv(Math.max(needed, bytes.length * 2), PAGE);
      return Arrays.copyOf(bytes, pages * PAGE);
    }
  }

  private final Folder root;
  private final Random random;
  private final Map<Handle, Exception> open = new HashMap<>();
  private final Set<Path> locked = new HashSet<>(); // ends with the process
  private final List<String> violations;
  private Predicate<Operation> fault = _ -> false;
  private long capacity = Long.MAX_VALUE;
  private long operations;
  private long powerOffAt = -1;
  private boolean off;

  /// An empty disk.
  ///
  /// @param seed of what a sync that fails has kept
  public ForgetfulStorage(long seed) {
    this(new Folder(), random(seed), new ArrayList<>());
  }

  private ForgetfulStorage(Folder root, Random random, List<String> violations) {
    this.root = root;
    this.random = random;
    this.violations = violations;
  }

  // What can happen to it -----------------------------------------------------------------------

  /// The power fails: this storage refuses everything from now on, and the disk that is found
  /// afterwards is returned.
  public synchronized ForgetfulStorage powerLoss(long seed) {
    off = true;
    Random loss = random(seed);
    return new ForgetfulStorage(
        afterPowerLoss(root, loss, new IdentityHashMap<>()),
        new Random(loss.nextLong()),
        violations);
  }

  // The first numbers of seeds next to each other are alike.
  private static Random random(long seed) {
    return new Random(seed * 0x9E3779B97F4A7C15L);
  }

  /// @param met what is left of the files that were met: one file may have several links
  private static Folder afterPowerLoss(Folder folder, Random loss, Map<Content, Content> met) {
    Folder left = new Folder();
    folder
        .afterPowerLoss(loss)
        .forEach((name, node) ->
            left.entries.put(
                name,
                switch (node) {
                  case Folder inner -> afterPowerLoss(inner, loss, met);
                  case Content content ->
                      met.computeIfAbsent(content, file -> file.afterPowerLoss(loss));
                }));
    left.sync();
    return left;
  }

  /// The process dies: this storage refuses everything from now on; what it wrote is still in the
  /// machine's memory.
  public synchronized ForgetfulStorage kill() {
    off = true;
    return new ForgetfulStorage(root, new Random(random.nextLong()), violations);
  }

  /// Another disk with the same files, all of them safe.
  public synchronized ForgetfulStorage copy() {
    return new ForgetfulStorage(
        copy(root, new IdentityHashMap<>()), new Random(random.nextLong()), violations);
  }

  private static Folder copy(Folder folder, Map<Content, Content> met) {
    Folder copy = new Folder();
    folder.entries.forEach((name, node) ->
        copy.entries.put(
            name,
            switch (node) {
              case Folder inner -> copy(inner, met);
              case Content content ->
                  met.computeIfAbsent(content, file -> Content.of(file.bytes.clone(), file.size));
            }));
    copy.sync();
    return copy;
  }

  /// The power goes off in the middle of the operation with this number.
  public synchronized void powerOffAt(long operation) {
    powerOffAt = operation;
  }

  /// Operations for which `fault` holds fail, half done.
  public synchronized void failIf(Predicate<Operation> fault) {
    this.fault = fault;
  }

  /// Lets files have this many bytes together.
  public synchronized void setCapacity(long bytes) {
    capacity = bytes;
  }

  /// Bytes of all files together.
  public synchronized long used() {
    return used(root);
  }

  private static long used(Folder folder) {
    long used = 0;
    for (Node node : folder.entries.values()) {
      used +=
          switch (node) {
            case Folder inner -> used(inner);
            case Content content -> content.size;
          };
    }
    return used;
  }

  /// How many operations there were.
  public synchronized long operations() {
    return operations;
  }

  /// Whether [#powerOffAt] was reached, or the storage was left behind by [#powerLoss] or [#kill].
  public synchronized boolean isOff() {
    return off;
  }

  /// What was done that must not be, on this disk and all that it came from.
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /// Files that are still open, with where they were opened.
  public synchronized List<String> openFiles() {
    List<String> files = new ArrayList<>();
    open.forEach((handle, at) ->
        files.add(
            handle.path
                + " opened by "
                + Arrays.stream(at.getStackTrace()).skip(2).limit(4).toList()));
    return files;
  }

  /// Paths of all files, sorted.
  public synchronized List<Path> files() {
    List<Path> files = new ArrayList<>();
    collect(root, Path.of("/"), files);
    return files;
  }

  private static void collect(Folder folder, Path path, List<Path> files) {
    folder.entries.forEach((name, node) -> {
      switch (node) {
        case Folder inner -> collect(inner, path.resolve(name), files);
        case Content _ -> files.add(path.resolve(name));
      }
    });
  }

  /// The bytes of a file.
  public synchronized byte[] bytes(Path file) throws IOException {
    Content content = content(file);
    return Arrays.copyOf(content.bytes, content.size);
  }

  /// Puts a file there, safe at once.
  public synchronized void put(Path file, byte[] bytes) throws IOException {
    Folder parent = parent(file);
    Content content = Content.of(bytes.clone(), bytes.length);
    parent.entries.put(name(file), content);
    parent.synced.put(name(file), content);
  }

  /// Takes a file away, for good.
  public synchronized void take(Path file) throws IOException {
    Folder parent = parent(file);
    parent.entries.remove(name(file));
    parent.synced.remove(name(file));
  }

  /// Flips one bit of a file, on the disk itself.
  public synchronized void flip(Path file, long bit) throws IOException {
    Content content = content(file);
    int at = (int) (bit >>> 3);
    if (at >= content.size) {
      throw new IllegalArgumentException(file + " has no byte " + at);
    }
    content.bytes[at] ^= (byte) (1 << (bit & 7));
    content.synced = Content.grown(content.synced, at + 1);
    content.synced[at] ^= (byte) (1 << (bit & 7));
  }

  // Storage -------------------------------------------------------------------------------------

  @Override
  public synchronized File open(Path file) throws IOException {
    return opened(file, false);
  }

  @Override
  public synchronized File openToWrite(Path file) throws IOException {
    return opened(file, true);
  }

  private Handle opened(Path file, boolean writes) throws IOException {
    checkPower();
    return track(new Handle(file, content(file), writes));
  }

  private Handle track(Handle handle) {
    open.put(handle, new Exception("opened here"));
    return handle;
  }

  @Override
  public synchronized File create(Path file) throws IOException {
    boolean last = begin(Kind.CREATE, file);
    Folder parent = parent(file);
    if (parent.entries.containsKey(name(file))) {
      throw new FileAlreadyExistsException(file.toString());
    }
    if (used() >= capacity) {
      throw new IOException("No space left on device");
    }
    Content content = new Content();
    if (!last || random.nextBoolean()) {
      parent.change(new Put(name(file), content));
    }
    end(last);
    return track(new Handle(file, content, true));
  }

  @Override
  public synchronized boolean exists(Path path) {
    return find(path).isPresent();
  }

  @Override
  public synchronized List<String> list(Path folder) throws IOException {
    checkPower();
    return find(folder).orElse(null) instanceof Folder found
        ? List.copyOf(found.entries.keySet())
        : List.of();
  }

  @Override
  public synchronized void createFolders(Path folder) throws IOException {
    checkPower();
    Folder at = root;
    Path path = Path.of("/");
    for (Path part : folder) {
      path = path.resolve(part);
      Node there = at.entries.get(part.toString());
      if (there instanceof Content) {
        throw new FileAlreadyExistsException(path.toString());
      }
      if (there instanceof Folder inner) {
        at = inner;
        continue;
      }
      boolean last = begin(Kind.CREATE_FOLDER, path);
      Folder inner = new Folder();
      if (!last || random.nextBoolean()) {
        at.change(new Put(part.toString(), inner));
        // As the contract says: folders survive as soon as they are made.
        at.synced.put(part.toString(), inner);
        at.unsynced.removeLast();
      }
      end(last);
      at = inner;
    }
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    boolean last = begin(Kind.RENAME, to);
    Folder parent = parent(from);
    if (parent != parent(to)) {
      throw violation("renames " + from + " into another folder: " + to);
    }
    Node node = parent.entries.get(name(from));
    if (node == null) {
      throw new NoSuchFileException(from.toString());
    }
    if (!last || random.nextBoolean()) {
      parent.change(new Move(name(from), name(to), node));
    }
    end(last);
  }

  @Override
  public synchronized void link(Path file, Path name) throws IOException {
    boolean last = begin(Kind.LINK, name);
    if (parent(name).entries.containsKey(name(name))) {
      throw new FileAlreadyExistsException(name.toString());
    }
    if (!last || random.nextBoolean()) {
      parent(name).change(new Put(name(name), content(file)));
    }
    end(last);
  }

  @Override
  public synchronized void copy(Path file, Path name) throws IOException {
    byte[] bytes = bytes(file);
    try (File to = create(name)) {
      to.write(0, ByteBuffer.wrap(bytes));
    }
  }

  @Override
  public synchronized boolean isSame(Path file, Path other) throws IOException {
    checkPower();
    return content(file) == content(other);
  }

  @Override
  public synchronized Optional<Closeable> lock(Path file) throws IOException {
    if (find(file).isEmpty()) {
      create(file).close();
    }
    checkPower();
    return locked.add(file) ? Optional.of(() -> unlock(file)) : Optional.empty();
  }

  private synchronized void unlock(Path file) {
    locked.remove(file);
  }

  @Override
  public synchronized void delete(Path path) throws IOException {
    if (find(path).isEmpty()) {
      checkPower();
      return;
    }
    boolean last = begin(Kind.DELETE, path);
    if (find(path).orElse(null) instanceof Folder folder && !folder.entries.isEmpty()) {
      throw new DirectoryNotEmptyException(path.toString());
    }
    if (!last || random.nextBoolean()) {
      parent(path).change(new Remove(name(path)));
    }
    end(last);
  }

  @Override
  public synchronized void syncFolder(Path folder) throws IOException {
    boolean last = beginSync(Kind.SYNC_FOLDER, folder);
    if (!(find(folder).orElse(null) instanceof Folder found)) {
      throw new NoSuchFileException(folder.toString());
    }
    if (!last || random.nextBoolean()) {
      found.sync();
    }
    end(last);
  }

  private final class Handle implements File {
    private final Path path;
    private final Content content;
    private final boolean writes;
    private boolean closed;

    Handle(Path path, Content content, boolean writes) {
      this.path = path;
      this.content = content;
      this.writes = writes;
    }

    private void check(boolean writing) throws IOException {
      checkPower();
      if (closed) {
        throw violation("uses " + path + " after it was closed");
      }
      if (writing && !writes) {
        throw violation("writes to " + path + ", which was opened to read");
      }
    }

    @Override
    public long size() throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(false);
        return content.size;
      }
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(false);
        if (position >= content.size) {
          return -1;
        }
        // Fewer than asked for, as a real one may.
        int most = Math.min(into.remaining(), content.size - (int) position);
        int count = most > 1 ? most - random.nextInt(2) : most;
        into.put(content.bytes, (int) position, count);
        return count;
      }
    }

    @Override
    public void write(long position, ByteBuffer from) throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(true);
        boolean last;
        try {
          last = begin(Kind.WRITE, path);
        } catch (IOException e) {
          writeSome(position, from, random.nextInt(from.remaining() + 1));
          throw e;
        }
        long growth = Math.max(0, position + from.remaining() - content.size);
        long free = capacity == Long.MAX_VALUE ? Long.MAX_VALUE : capacity - used();
        if (growth > free) {
          writeSome(
              position, from, (int) Math.max(0, from.remaining() - (growth - Math.max(0, free))));
          throw new IOException("No space left on device");
        }
        writeSome(position, from, last ? random.nextInt(from.remaining() + 1) : from.remaining());
        end(last);
      }
    }

    private void writeSome(long position, ByteBuffer from, int count) {
      content.write(position, from.slice(from.position(), count));
      from.position(from.position() + count);
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(true);
        boolean last = begin(Kind.TRUNCATE, path);
        content.truncate(size);
        end(last);
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(true);
        boolean last;
        try {
          last = beginSync(Kind.SYNC, path);
        } catch (SyncFailedException e) {
          content.failToSync(random);
          throw e;
        }
        if (last) {
          content.failToSync(random);
        } else {
          content.sync();
        }
        end(last);
      }
    }

    @Override
    public MemorySegment map(long position, long size, Arena arena) throws IOException {
      return copied(position, size, arena);
    }

    @Override
    public MemorySegment mapPrivately() throws IOException {
      return copied(0, content.size, Arena.ofAuto());
    }

    private MemorySegment copied(long position, long size, Arena arena) throws IOException {
      synchronized (ForgetfulStorage.this) {
        check(false);
        if (position < 0 || size < 0 || position + size > content.size) {
          throw violation(
              "maps "
                  + size
                  + " bytes at "
                  + position
                  + " of "
                  + path
                  + ", which has "
                  + content.size);
        }
        if (size == 0) {
          return MemorySegment.NULL;
        }
        MemorySegment mapped = arena.allocate(size, 8);
        MemorySegment.copy(MemorySegment.ofArray(content.bytes), position, mapped, 0, size);
        return mapped;
      }
    }

    @Override
    public void close() {
      synchronized (ForgetfulStorage.this) {
        closed = true;
        open.remove(this);
      }
    }
  }

  // The rest ------------------------------------------------------------------------------------

  private void checkPower() throws IOException {
    if (off) {
      throw new IOException("the power is off");
    }
  }

  /// Counts an operation, and returns whether it is the one during which the power goes off.
  private boolean begin(Kind kind, Path path) throws IOException {
    checkPower();
    operations++;
    if (fault.test(new Operation(operations, kind, path))) {
      throw new IOException("Input/output error");
    }
    return operations == powerOffAt;
  }

  private boolean beginSync(Kind kind, Path path) throws IOException {
    checkPower();
    operations++;
    if (fault.test(new Operation(operations, kind, path))) {
      throw new SyncFailedException("Input/output error");
    }
    return operations == powerOffAt;
  }

  private void end(boolean last) throws IOException {
    if (last) {
      off = true;
      throw new IOException("the power went off");
    }
  }

  private IOException violation(String what) {
    violations.add(
        what + " at " + Arrays.stream(new Exception().getStackTrace()).skip(2).limit(5).toList());
    return new IOException(what);
  }

  private Optional<Node> find(Path path) {
    Node at = root;
    for (Path part : path) {
      if (!(at instanceof Folder folder)) {
        return Optional.empty();
      }
      at = folder.entries.get(part.toString());
      if (at == null) {
        return Optional.empty();
      }
    }
    return Optional.of(at);
  }

  private Content content(Path file) throws IOException {
    if (find(file).orElse(null) instanceof Content content) {
      return content;
    }
    throw find(file).isPresent()
        ? new FileNotFoundException(file + " is a folder")
        : new NoSuchFileException(file.toString());
  }

  private Folder parent(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent != null && find(parent).orElse(null) instanceof Folder folder) {
      return folder;
    }
    throw new NoSuchFileException(String.valueOf(parent));
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
