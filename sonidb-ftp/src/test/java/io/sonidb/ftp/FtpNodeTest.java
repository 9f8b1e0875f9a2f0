package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Outgoing;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SyncFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FtpNodeTest {
  private static final int FIRST = 40_000;
  private static final int LAST = 40_999;
  private static final FtpOptions OPTIONS =
      new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 12, 30, false);
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  @TempDir static Path folder;
  private static ClusterSecret secret;
  private static FtpNode source;
  private static FtpNode target;
  private static NodeCertificate stranger;
  private static SoniDb db;
  private static final List<String> said = new CopyOnWriteArrayList<>();

  private Outgoing outgoing;
  private SyncFile segment;

  @BeforeAll
  static void startNodes() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    source = FtpNode.start(OPTIONS, folder.resolve("source-inbox"), secret, said::add);
    target = FtpNode.start(OPTIONS, folder.resolve("target-inbox"), secret, said::add);
    stranger = NodeCertificate.make();
    db = SoniDb.open(folder.resolve("data"));
    Collection songs = db.create("songs", CollectionSpec.dimension(64));
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      songs.upsert("v" + i, random.ints(64, -9999, 9999).asDoubleStream().toArray());
    }
  }

  @AfterAll
  static void stop() {
    source.close();
    target.close();
    db.close();
  }

  @BeforeEach
  void prepare() {
    outgoing = db.outgoing("songs", true, Progress.NONE);
    segment =
        outgoing.files().stream().filter(each -> each.name().endsWith(".flac")).findFirst().get();
  }

  @AfterEach
  void letGo() {
    outgoing.close();
  }

  // Who is who -------------------------------------------------------------------------------

  private static Peer peer(String certificate) {
    return new Peer(HERE, FIRST, LAST, certificate);
  }

  private String sending(String peerCertificate) {
    return source.sending(outgoing, peer(peerCertificate), 60);
  }

  private String receiving(String peerCertificate, SyncFile... files) {
    return target.receiving(outgoing.uuid(), List.of(files), peer(peerCertificate), 60);
  }

  private static ControlSession session(FtpNode node, String user) throws IOException {
    return new ControlSession(node.port(), node.fingerprint()).login(user, secret.password(user));
  }

  private Path arrived(SyncFile file) {
    return folder.resolve("target-inbox").resolve(outgoing.uuid().toString()).resolve(file.name());
  }

  private Path part(SyncFile file) {
    Path whole = arrived(file);
    return whole.resolveSibling(whole.getFileName() + "~");
  }

  // Moving -----------------------------------------------------------------------------------

  /// Sends a file straight from one node to the other.
  private void move(ControlSession from, ControlSession to, String file) throws Exception {
    CompletableFuture<String> stored = to.move("STOR " + file);
    CompletableFuture<String> sent = from.move("RETR " + file);
    assertThat(stored.get(20, TimeUnit.SECONDS)).startsWith("226");
    assertThat(sent.get(20, TimeUnit.SECONDS)).startsWith("226");
  }

  @Test
  void movesFilesFromNodeToNodeWhicheverIsPassiveAndWhicheverIsTheClientOfTls() throws Exception {
    try (ControlSession from = session(source, sending(target.fingerprint()));
        ControlSession to = session(target, receiving(source.fingerprint(), segment))) {
      for (String way : List.of("CPSV from", "CPSV to", "SSCN active", "SSCN passive")) {
        Files.deleteIfExists(arrived(segment));
        switch (way) {
          case "CPSV from" -> to.say(ControlSession.port(from.passive("CPSV")));
          case "CPSV to" -> from.say(ControlSession.port(to.passive("CPSV")));
          case "SSCN active" -> {
            assertThat(to.say("SSCN ON")).isEqualTo("200 SSCN:CLIENT METHOD");
            to.say(ControlSession.port(from.passive("PASV")));
          }
          default -> from.say(ControlSession.port(to.passive("PASV"))); // SSCN is on
        }
        move(from, to, segment.name());
        assertThat(arrived(segment))
            .as(way)
            .hasSameBinaryContentAs(outgoing.folder().resolve(segment.name()));
      }
    }
  }

  @Test
  void goesOnWhereATransferBroke() throws Exception {
    byte[] whole = Files.readAllBytes(outgoing.folder().resolve(segment.name()));
    Files.createDirectories(part(segment).getParent());
    Files.deleteIfExists(arrived(segment));
    Files.write(part(segment), Arrays.copyOf(whole, whole.length / 3));
    try (ControlSession from = session(source, sending(target.fingerprint()));
        ControlSession to = session(target, receiving(source.fingerprint(), segment))) {
      String there = to.say("SIZE " + segment.name()).substring(4);
      assertThat(there).isEqualTo(Integer.toString(whole.length / 3));
      to.say(ControlSession.port(from.passive("CPSV")));
      from.say("REST " + there);
      to.say("REST " + there);
      move(from, to, segment.name());
      assertThat(Files.readAllBytes(arrived(segment))).isEqualTo(whole);
      assertThat(to.say("XCRC " + segment.name())).isEqualTo("250 %08X".formatted(segment.crc32()));
    }
  }

  @Test
  void tellsChecksumsAndOnlyFeaturesThatItHas() throws Exception {
    try (ControlSession from = session(source, sending(target.fingerprint()))) {
      assertThat(from.say("XCRC " + segment.name()))
          .isEqualTo("250 %08X".formatted(segment.crc32()));
      assertThat(from.say("XSHA256 " + segment.name())).isEqualTo("250 " + segment.sha256());
      assertThat(from.say("HASH " + segment.name()))
          .isEqualTo(
              "213 SHA-256 0-" + segment.size() + " " + segment.sha256() + " /" + segment.name());
      assertThat(from.say("XCRC " + segment.name() + " 0 0")).isEqualTo("250 00000000");
      assertThat(from.say("XCRC " + segment.name() + " 5 99999999999")).startsWith("501");
      assertThat(from.say("MDTM " + segment.name())).startsWith("213 2");
      for (String feature : from.say("FEAT").split("\r?\n", -1)) {
        if (feature.startsWith(" ")) {
          String command = feature.strip().split(" ", -1)[0];
          assertThat(
                  command.matches("UTF8|TVFS")
                      ? "200"
                      : from.say(command.equals("MLST") ? "MLST" : command + " ?"))
              .as(feature)
              .doesNotStartWith("502")
              .doesNotStartWith("500");
        }
      }
    }
  }

  // Who may not ------------------------------------------------------------------------------

  @Test
  void refusesToConnectToAnybodyButThePeersPassivePorts() throws Exception {
    try (ControlSession from = session(source, sending(target.fingerprint()))) {
      assertThat(from.say("PORT 10,1,2,3,156,64")).startsWith("504");
      assertThat(from.say("PORT 127,0,0,2,156,64")).startsWith("504");
      assertThat(from.say("PORT 127,0,0,1,0,22")).startsWith("504");
      assertThat(from.say("EPRT |1|127.0.0.1|5432|")).startsWith("504");
      assertThat(from.say("EPRT |2|::1|40000|")).startsWith("504");
      assertThat(from.say("EPRT |1|localhost|40000|")).startsWith("501");
      assertThat(from.say("PORT 127,0,0,1,999,1")).startsWith("501");
      assertThat(from.say("RETR " + segment.name())).startsWith("503");
    }
    assertThat(said).anyMatch(line -> line.startsWith("FTP PORT refused: to /10.1.2.3"));
  }

  @Test
  void letsNobodyInWithoutTheSecretOrTls() throws Exception {
    String user = sending(target.fingerprint());
    try (ControlSession guess = new ControlSession(source.port(), source.fingerprint())) {
      assertThat(guess.say("RETR " + segment.name())).startsWith("530");
      guess.say("USER " + user);
      assertThat(guess.say("PASS 123456")).startsWith("530");
      assertThat(guess.say("USER anonymous")).startsWith("530");
    }
    try (Socket plain = new Socket(HERE, source.port())) {
      plain.getOutputStream().write(("USER " + user + "\r\n").getBytes(StandardCharsets.US_ASCII));
      plain.setSoTimeout(20_000);
      BufferedReader answers =
          new BufferedReader(
              new InputStreamReader(plain.getInputStream(), StandardCharsets.US_ASCII));
      assertThat(answers.readLine()).startsWith("220");
      assertThat(answers.readLine()).isEqualTo("530 Send AUTH TLS first");
    }
    assertThat(said).anyMatch(line -> line.contains("wrong password, from /127.0.0.1"));
  }

  @Test
  void endsALogin() throws Exception {
    String user = sending(target.fingerprint());
    assertThat(source.end(user)).isTrue();
    assertThat(outgoing.folder()).as("what it kept").doesNotExist();
    assertThatThrownBy(() -> session(source, user)).hasMessageContaining("530");
    assertThat(source.end(user)).isFalse();
  }

  @Test
  void knowsNoFilesButThoseOfTheLogin() throws Exception {
    try (ControlSession from = session(source, sending(target.fingerprint()));
        ControlSession to = session(target, receiving(source.fingerprint(), segment))) {
      for (String name :
          List.of(
              "../../etc/passwd",
              "/etc/passwd",
              "segments/../../../cluster.secret",
              "segments\\..\\x.flac",
              "segments/0001-00000099.flac",
              "aliases.json",
              "~root/x")) {
        from.passive("PASV");
        assertThat(from.say("RETR " + name)).as(name).startsWith("550");
        assertThat(from.say("SIZE " + name)).as(name).startsWith("550");
        to.passive("PASV");
        assertThat(to.say("STOR " + name)).as(name).startsWith("550");
      }
      from.passive("PASV");
      assertThat(from.say("STOR " + segment.name())).startsWith("550");
      to.passive("PASV");
      assertThat(to.say("RETR " + segment.name())).startsWith("550");
      for (String command :
          List.of("DELE", "MKD", "RMD", "RNFR", "APPE", "STOU", "SITE CHMOD 777", "MFMT 2025")) {
        assertThat(to.say(command + " " + segment.name())).as(command).startsWith("502");
      }
    }
  }

  // What arrives -----------------------------------------------------------------------------

  /// Sends bytes to the target as somebody with a certificate.
  private String send(ControlSession to, NodeCertificate as, byte[] bytes, SyncFile file)
      throws Exception {
    InetSocketAddress passive = to.passive("PASV");
    CompletableFuture<String> stored = to.move("STOR " + file.name());
    try (SSLSocket socket =
        (SSLSocket)
            as.pinned(Set.of(target.fingerprint()))
                .getSocketFactory()
                .createSocket(passive.getAddress(), passive.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      socket.shutdownOutput();
      InputStream in = socket.getInputStream();
      while (in.read() >= 0) {}
    } catch (IOException refused) {
      // The answer on the other connection tells.
    }
    return stored.get(20, TimeUnit.SECONDS);
  }

  @Test
  void takesNothingThatIsNotAsAnnounced() throws Exception {
    byte[] right = Files.readAllBytes(outgoing.folder().resolve(segment.name()));
    byte[] wrong = right.clone();
    wrong[right.length / 2] ^= 1;
    byte[] more = Arrays.copyOf(right, right.length + 1);
    SyncFile lying = new SyncFile(segment.name(), segment.size(), segment.crc32(), "0".repeat(64));
    Files.deleteIfExists(arrived(segment));
    try (ControlSession to = session(target, receiving(stranger.fingerprint(), segment))) {
      assertThat(send(to, stranger, wrong, segment)).startsWith("550 the CRC-32");
      assertThat(part(segment)).doesNotExist();
      assertThat(send(to, stranger, more, segment)).startsWith("552");
      assertThat(part(segment)).doesNotExist();
      assertThat(send(to, stranger, Arrays.copyOf(right, 5000), segment)).startsWith("426");
      assertThat(part(segment)).as("to go on with").hasSize(5000);
      assertThat(send(to, source.certificate(), right, segment)).startsWith("425");
      assertThat(arrived(segment)).doesNotExist();
    }
    try (ControlSession to = session(target, receiving(stranger.fingerprint(), lying))) {
      assertThat(send(to, stranger, right, lying)).startsWith("550 what arrived");
      assertThat(arrived(segment)).doesNotExist();
    }
    try (ControlSession to = session(target, receiving(stranger.fingerprint(), segment))) {
      assertThat(send(to, stranger, right, segment)).startsWith("226");
      assertThat(arrived(segment)).exists();
    }
  }

  @Test
  void showsNobodyAnExpiredCertificateAndTakesNothingUnderOne() throws Exception {
    byte[] right = Files.readAllBytes(outgoing.folder().resolve(segment.name()));
    Files.deleteIfExists(arrived(segment));
    NodeCertificate expired = NodeCertificate.make(10, 5);
    try (ControlSession to = session(target, receiving(expired.fingerprint(), segment))) {
      assertThat(send(to, expired, right, segment)).startsWith("425");
    }
    assertThat(arrived(segment)).doesNotExist();
    assertThat(part(segment)).isEmptyFile();
    assertThat(said).anyMatch(line -> line.startsWith("FTP data connection refused: "));
  }

  @Test
  void cutsOffWhoeverSendsWithoutEnd() throws Exception {
    Files.deleteIfExists(arrived(segment));
    Files.deleteIfExists(part(segment));
    try (ControlSession to = session(target, receiving(stranger.fingerprint(), segment))) {
      InetSocketAddress passive = to.passive("PASV");
      CompletableFuture<String> stored = to.move("STOR " + segment.name());
      try (SSLSocket socket =
          (SSLSocket)
              stranger
                  .pinned(Set.of(target.fingerprint()))
                  .getSocketFactory()
                  .createSocket(passive.getAddress(), passive.getPort())) {
        byte[] piece = new byte[1 << 16];
        assertThatThrownBy(
                () -> {
                  while (true) {
                    socket.getOutputStream().write(piece);
                  }
                })
            .isInstanceOf(IOException.class);
      }
      assertThat(stored.get(20, TimeUnit.SECONDS)).startsWith("552");
    }
    assertThat(part(segment)).doesNotExist();
    assertThat(said).anyMatch(line -> line.contains("has more bytes than " + segment.size()));
  }

  @Test
  void writesThroughNoSymbolicLink() throws Exception {
    byte[] right = Files.readAllBytes(outgoing.folder().resolve(segment.name()));
    Path precious = Files.writeString(folder.resolve("precious"), "not to be touched");
    Files.deleteIfExists(arrived(segment));
    Files.createDirectories(part(segment).getParent());
    Files.deleteIfExists(part(segment));
    Files.createSymbolicLink(part(segment), precious);
    try (ControlSession to = session(target, receiving(stranger.fingerprint(), segment))) {
      assertThat(send(to, stranger, right, segment))
          .startsWith("550")
          .contains("through a symbolic link");
    } finally {
      Files.delete(part(segment));
    }
    assertThat(precious).hasContent("not to be touched");
    assertThat(said).anyMatch(line -> line.contains("through a symbolic link"));
  }

  @Test
  void givesUpInboxesThatNobodyGoesOnWith() throws Exception {
    Path inboxes = folder.resolve("old-inboxes");
    Path old = inboxes.resolve("one");
    Path fresh = inboxes.resolve("two");
    Instant now = Instant.now();
    for (Path inbox : List.of(old, fresh)) {
      Path file = Files.createDirectories(inbox.resolve("segments")).resolve("a.flac~");
      Files.writeString(file, "half");
    }
    Path kept = Files.writeString(folder.resolve("kept"), "elsewhere");
    Files.createSymbolicLink(old.resolve("link"), kept);
    for (Path path : List.of(old.resolve("segments/a.flac~"), old.resolve("segments"), old)) {
      Files.setLastModifiedTime(path, FileTime.from(now.minus(Duration.ofDays(3))));
    }
    assertThat(Leftovers.delete(inboxes, now.minus(Duration.ofDays(2)))).isEmpty();
    Files.delete(old.resolve("link"));
    Files.setLastModifiedTime(old, FileTime.from(now.minus(Duration.ofDays(3))));
    assertThat(Leftovers.delete(inboxes, now.minus(Duration.ofDays(2)))).containsExactly("one");
    assertThat(old).doesNotExist();
    assertThat(fresh.resolve("segments/a.flac~")).exists();
    assertThat(kept).exists();
    assertThat(Leftovers.delete(folder.resolve("nowhere"), now)).isEmpty();
  }

  @Test
  void endsWhatStandsStill() throws Exception {
    FtpOptions impatient = new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 12, 1, true);
    try (FtpNode node = FtpNode.start(impatient, folder.resolve("in"), secret, said::add)) {
      String user =
          node.receiving(outgoing.uuid(), List.of(segment), peer(stranger.fingerprint()), 60);
      try (ControlSession to = session(node, user)) {
        to.say("PROT C");
        InetSocketAddress passive = to.passive("PASV");
        CompletableFuture<String> stored = to.move("STOR " + segment.name());
        try (Socket silent = new Socket(passive.getAddress(), passive.getPort())) {
          silent.getOutputStream().write(1);
          assertThat(stored.get(20, TimeUnit.SECONDS)).startsWith("426");
        }
      }
    }
  }

  @Test
  void acceptsNoMoreSessionsThanItMay() throws Exception {
    // Of its own: the others do not have to wait until it has seen all of them go.
    try (FtpNode node = FtpNode.start(OPTIONS, folder, secret, said::add)) {
      connectTooOften(node);
    }
  }

  @Test
  @Tag("slow")
  void servesThoughTenThousandConnect() throws Exception {
    List<Socket> all = new ArrayList<>();
    int refused = 0;
    // None that was let in is sent away because it says nothing.
    FtpOptions patient =
        new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 12, 3600, false);
    try (FtpNode node = FtpNode.start(patient, folder, secret, said::add)) {
      String user =
          node.receiving(outgoing.uuid(), List.of(segment), peer(stranger.fingerprint()), 600);
      try {
        for (int i = 0; i < 10_000; i++) {
          Socket socket = new Socket(HERE, node.port());
          socket.setSoTimeout(20_000);
          all.add(socket);
        }
        for (Socket each : all) {
          try {
            refused += each.getInputStream().read() < 0 ? 1 : 0;
          } catch (IOException reset) {
            refused++;
          }
        }
        assertThat(refused).isGreaterThanOrEqualTo(10_000 - OPTIONS.maxSessions());
      } finally {
        for (Socket each : all) {
          each.close();
        }
      }
      ControlSession after = null;
      for (int tries = 0; after == null; tries++) {
        try {
          after = session(node, user);
        } catch (IOException notYet) { // until it has seen those go that it had let in
          assertThat(tries).isLessThan(1000);
        }
      }
      assertThat(after.say("SIZE " + segment.name())).doesNotStartWith("421");
      after.close();
    }
  }

  private static void connectTooOften(FtpNode node) throws IOException {
    List<Socket> all = new CopyOnWriteArrayList<>();
    try {
      for (int i = 0; i < 3 * OPTIONS.maxSessions(); i++) {
        Socket socket = new Socket(HERE, node.port());
        socket.setSoTimeout(10_000);
        all.add(socket);
      }
      int greeted = 0;
      for (Socket each : all) {
        greeted += each.getInputStream().read() == '2' ? 1 : 0;
      }
      assertThat(greeted).isBetween(1, OPTIONS.maxSessions());
    } finally {
      for (Socket each : all) {
        each.close();
      }
    }
  }

  // Others' programs -------------------------------------------------------------------------

  @Test
  void isDrivenByLftp() throws Exception {
    Path lftp = Path.of("/usr/bin/lftp");
    assumeThat(lftp).as("lftp is needed: apt-get install lftp").isExecutable();
    String get = sending(target.fingerprint());
    String put = receiving(source.fingerprint(), segment);
    Files.deleteIfExists(arrived(segment));
    String script =
        "set ftp:use-fxp true; set ftp:fxp-force true; set ftp:ssl-force true;"
            + " set ftp:ssl-protect-data true; set ftp:ssl-protect-fxp true;"
            + " set ftp:use-site-chmod false; set ftp:use-mdtm-overloaded false;"
            + " set ssl:verify-certificate no; set net:max-retries 2; set net:timeout 10;"
            + " set xfer:use-temp-file no;"
            + " get ftp://%s:%s@127.0.0.1:%d/%s -o ftp://%s:%s@127.0.0.1:%d/%s; bye"
                .formatted(
                    get,
                    secret.password(get),
                    source.port(),
                    segment.name(),
                    put,
                    secret.password(put),
                    target.port(),
                    segment.name());
    Process process =
        new ProcessBuilder(lftp.toString(), "--norc", "-d", "-c", script)
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(told).isZero();
    assertThat(told).contains("CPSV");
    assertThat(arrived(segment)).hasSameBinaryContentAs(outgoing.folder().resolve(segment.name()));
    isFoundRightBy("cksfv", segment, "-q", "-f");
    isFoundRightBy("sha256sum", segment, "--check", "--strict");
  }

  /// Other people's checkers are given the collection's own lists, as far as they are of the file.
  private void isFoundRightBy(String program, SyncFile file, String... options) throws Exception {
    assumeThat(Path.of("/usr/bin", program)).as(program + " is needed").isExecutable();
    String list = program.equals("cksfv") ? "index.sfv" : "index.sha256";
    Path inbox = folder.resolve("target-inbox").resolve(outgoing.uuid().toString());
    Path lines =
        Files.write(
            inbox.resolve("of-one-file"),
            Files.readAllLines(outgoing.folder().resolve(list)).stream()
                .filter(line -> line.contains(file.name()))
                .toList());
    try {
      assertThat(lines).isNotEmptyFile();
      assertThat(run(inbox, program, options, lines)).as(program).isZero();
      byte[] right = Files.readAllBytes(arrived(file));
      byte[] wrong = right.clone();
      wrong[right.length / 2] ^= 1;
      Files.write(arrived(file), wrong);
      assertThat(run(inbox, program, options, lines)).as(program).isNotZero();
      Files.write(arrived(file), right);
    } finally {
      Files.delete(lines);
    }
  }

  private static int run(Path in, String program, String[] options, Path last) throws Exception {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(options));
    command.add(last.getFileName().toString());
    return new ProcessBuilder(command)
        .directory(in.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
