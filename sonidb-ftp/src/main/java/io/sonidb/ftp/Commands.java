package io.sonidb.ftp;

import io.sonidb.SyncFile;
import io.sonidb.SyncRefusedException;
import io.sonidb.TailIntake;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import javax.net.ssl.SSLException;
import org.apache.ftpserver.DataConnectionException;
import org.apache.ftpserver.command.Command;
import org.apache.ftpserver.command.CommandFactory;
import org.apache.ftpserver.command.CommandFactoryFactory;
import org.apache.ftpserver.ftplet.DefaultFtpReply;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.util.IllegalInetAddressException;
import org.apache.ftpserver.util.IllegalPortException;
import org.apache.ftpserver.util.SocketAddressEncoder;
import org.jspecify.annotations.Nullable;

/// The commands that a node knows: few of the library's own, and those in which FXP, or the truth,
/// needs others. Whatever changes anything but by STOR is not among them.
final class Commands implements CommandFactory {
  private static final Set<String> OF_THE_LIBRARY =
      Set.of(
          "AUTH", "CDUP", "CWD", "EPSV", "LIST", "MDTM", "MLSD", "MLST", "NLST", "NOOP", "OPTS",
          "PASS", "PASV", "PBSZ", "PROT", "PWD", "QUIT", "REST", "SIZE", "STRU", "SYST", "TYPE",
          "USER");

  /// What may be said before TLS is on.
  private static final Set<String> WITHOUT_TLS = Set.of("AUTH", "FEAT", "NOOP", "QUIT", "SYST");

  private static final String FEATURES =
      """
      Extensions supported
       AUTH TLS
       PBSZ
       PROT
       CPSV
       SSCN
       EPRT
       EPSV
       REST STREAM
       SIZE
       MDTM
       MLST Size;Modify;Type;Perm
       XCRC
       XSHA256
       HASH SHA-256*
       TVFS
       UTF8
      End\
      """;

  private static final Pattern EXTENDED =
      Pattern.compile("(.)[12]\\1([0-9a-fA-F.:]+)\\1(\\d{1,5})\\1");
  private static final Pattern NAME_AND_RANGE =
      Pattern.compile("(.*?)(?: (\\d{1,18}) (\\d{1,18}))?");
  private static final int STEP = 256 << 10;
  private static final int WRITE_MILLIS = 10_000;

  private final CommandFactory library = new CommandFactoryFactory().createCommandFactory();
  private final FtpNode node;
  private final Map<String, Own> own;

  /// A command of our own.
  @FunctionalInterface
  private interface Own {
    /// @param data the session's data connection
    /// @param argument what was said behind the command; empty for nothing
    void execute(FtpIoSession session, DataChannel data, String argument)
        throws IOException, RefusedException;
  }

  Commands(FtpNode node) {
    this.node = node;
    // The parser drops a leading X: XCRC arrives as CRC.
    this.own =
        Map.of(
            "FEAT", (session, _, _) -> reply(session, 211, FEATURES),
            "MODE", Commands::mode,
            "PORT", this::port,
            "EPRT", this::extendedPort,
            "CPSV", Commands::passiveAsClient,
            "SSCN", Commands::client,
            "STOR", this::store,
            "RETR", this::retrieve,
            "CRC", Commands::crc,
            "SHA256", Commands::sha256);
  }

  @Override
  public @Nullable Command getCommand(String name) {
    Own mine = name.equals("HASH") ? Commands::hash : own.get(name);
    Command theirs = OF_THE_LIBRARY.contains(name) ? library.getCommand(name) : null;
    if (mine == null && theirs == null) {
      return null;
    }
    return (session, context, request) -> {
      if (!session.isSecured() && !WITHOUT_TLS.contains(name)) {
        reply(session, 530, "Send AUTH TLS first");
        return;
      }
      DataChannel data = DataChannel.of(session, node);
      if (mine == null) {
        Objects.requireNonNull(theirs).execute(session, context, request);
        return;
      }
      try {
        mine.execute(session, data, Objects.requireNonNullElse(request.getArgument(), ""));
      } catch (RefusedException e) {
        reply(session, e.code(), e.getMessage());
      }
    };
  }

  private static void reply(FtpIoSession session, int code, @Nullable String text) {
    session.write(new DefaultFtpReply(code, text));
  }

  // Where to ---------------------------------------------------------------------------------

  private static void mode(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    if (!argument.equalsIgnoreCase("S")) {
      throw new RefusedException(504, "There is MODE S only");
    }
    reply(session, 200, "MODE S");
  }

  private void port(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    try {
      connectTo(SocketAddressEncoder.decode(argument), "PORT", session, data);
    } catch (UnknownHostException | IllegalInetAddressException | IllegalPortException e) {
      throw new RefusedException(501, "PORT needs h1,h2,h3,h4,p1,p2");
    }
  }

  private void extendedPort(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    Matcher parts = EXTENDED.matcher(argument);
    if (!parts.matches()) {
      throw new RefusedException(501, "EPRT needs |1|address|port| or |2|address|port|");
    }
    int port = Integer.parseInt(parts.group(3));
    try {
      if (port > 65_535) {
        throw new RefusedException(501, "There is no port " + port);
      }
      // Digits and colons only: no name is looked up.
      connectTo(
          new InetSocketAddress(InetAddress.ofLiteral(parts.group(2)), port),
          "EPRT",
          session,
          data);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(501, "There is no address " + parts.group(2));
    }
  }

  private void connectTo(
      InetSocketAddress to, String command, FtpIoSession session, DataChannel data)
      throws RefusedException {
    session.resetState();
    if (!data.login().mayConnectTo(to)) {
      node.log("FTP " + command + " refused: to " + to + ", from " + session.getRemoteAddress());
      throw new RefusedException(504, "This login is for the ports of its peers only");
    }
    data.initActiveDataConnection(to);
    reply(session, 200, command + " command successful");
  }

  private static void passiveAsClient(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    session.resetState();
    try {
      InetSocketAddress here = data.initPassiveDataConnection();
      data.beClientOnce();
      reply(session, 227, "Entering Passive Mode (" + SocketAddressEncoder.encode(here) + ")");
    } catch (DataConnectionException e) {
      throw new RefusedException(425, String.valueOf(e.getMessage()));
    }
  }

  private static void client(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    switch (argument.toUpperCase(Locale.ROOT)) {
      case "ON" -> data.beClient(true);
      case "OFF" -> data.beClient(false);
      case "" -> {}
      default -> throw new RefusedException(501, "SSCN needs ON or OFF");
    }
    reply(session, 200, "SSCN:" + (data.isClient() ? "CLIENT" : "SERVER") + " METHOD");
  }

  // Moving -----------------------------------------------------------------------------------

  private static VirtualFile find(FtpIoSession session, String name) throws RefusedException {
    if (name.isEmpty()) {
      throw new RefusedException(501, "The name of a file is missing");
    }
    return ((VirtualFolder) session.getFileSystemView()).getFile(name);
  }

  private static SyncFile listed(VirtualFile file) throws RefusedException {
    return file.listed()
        .orElseThrow(() ->
            new RefusedException(550, file.getAbsolutePath() + " is not of this login's files"));
  }

  private static void begin(FtpIoSession session, DataChannel data, VirtualFile file)
      throws RefusedException {
    if (!data.isReady()) {
      throw new RefusedException(503, "Send PASV, EPSV, PORT or EPRT first");
    }
    session
        .write(new DefaultFtpReply(150, "Opening data connection for " + file.getAbsolutePath()))
        .awaitUninterruptibly(WRITE_MILLIS);
  }

  private DataChannel.Connection open(DataChannel data) throws RefusedException {
    try {
      return data.open(DataChannel.Purpose.FILE);
    } catch (IOException e) {
      if (e instanceof SSLException) {
        node.log("FTP data connection refused: " + e.getMessage());
      }
      throw new RefusedException(425, "Cannot open data connection: " + e.getMessage());
    }
  }

  private void retrieve(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    try {
      long offset = session.getFileOffset();
      VirtualFile file = find(session, argument);
      if (data.login().source() instanceof FileSource.TailOut(var tail) && isTail(file)) {
        begin(session, data, file);
        open(data).send(tail);
        reply(session, 226, "Nothing more is written");
        return;
      }
      SyncFile listed = listed(file);
      if (!file.isReadable()) {
        throw new RefusedException(
            550, "This login only sends files to this node, or this one is not whole yet");
      }
      if (offset > listed.size()) {
        throw new RefusedException(554, listed.name() + " has " + listed.size() + " bytes only");
      }
      try (FileChannel from = FileChannel.open(file.onDisk(listed), StandardOpenOption.READ)) {
        begin(session, data, file);
        open(data).send(from, offset);
      }
      reply(session, 226, "Transfer complete");
    } catch (IOException e) {
      throw new RefusedException(426, "Transfer aborted: " + e.getMessage());
    } finally {
      session.resetState();
      data.closeDataConnection();
    }
  }

  private void store(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    try {
      VirtualFile file = find(session, argument);
      if (data.login().source() instanceof FileSource.TailIn(var tail) && isTail(file)) {
        begin(session, data, file);
        open(data).receive(piece -> accept(tail, piece));
        reply(session, 226, "Nothing more is sent");
        return;
      }
      SyncFile listed = listed(file);
      if (!(data.login().source() instanceof FileSource.Receiving(var inbox, _))) {
        throw new RefusedException(550, "This login only gets files from this node");
      }
      try (Inbox.Upload upload = inbox.begin(listed, session.getFileOffset())) {
        begin(session, data, file);
        open(data).receiveFile(upload::accept);
        upload.end();
      }
      reply(session, 226, "Transfer complete, checksums are right");
    } catch (IOException e) {
      throw new RefusedException(426, "Transfer aborted: " + e.getMessage());
    } catch (RefusedException e) {
      if (e.code() >= 500) {
        node.log(
            "FTP upload refused: "
                + e.getMessage()
                + ", asked for from "
                + session.getRemoteAddress());
      }
      throw e;
    } finally {
      session.resetState();
      data.closeDataConnection();
    }
  }

  private static boolean isTail(VirtualFile file) {
    return file.getAbsolutePath().equals("/" + FileSource.TAIL);
  }

  private static void accept(TailIntake tail, ByteBuffer piece) throws RefusedException {
    try {
      tail.accept(piece);
    } catch (SyncRefusedException e) {
      throw new RefusedException(550, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new RefusedException(452, "The tail cannot be taken in: " + e.getMessage());
    }
  }

  // Checksums --------------------------------------------------------------------------------

  /// Takes bytes of a file.
  @FunctionalInterface
  private interface Digesting {
    void update(ByteBuffer bytes);
  }

  /// A file and a range of its bytes.
  private record Bytes(VirtualFile file, SyncFile listed, long from, long to) {}

  /// `NAME`, or `NAME FROM TO`.
  private static Bytes bytes(FtpIoSession session, String argument) throws RefusedException {
    session.resetState();
    Matcher parts = NAME_AND_RANGE.matcher(argument.replace("\"", ""));
    if (!parts.matches()) {
      throw new RefusedException(501, "A name is needed, or a name and two numbers");
    }
    VirtualFile file = find(session, parts.group(1));
    SyncFile listed = listed(file);
    if (!file.isWhole()) {
      throw new RefusedException(550, file.getAbsolutePath() + " is not there yet, or not whole");
    }
    long size = file.getSize();
    long from = parts.group(2) == null ? 0 : Long.parseLong(parts.group(2));
    long to = parts.group(3) == null ? size : Long.parseLong(parts.group(3));
    if (from > to || to > size) {
      throw new RefusedException(501, listed.name() + " has the bytes 0 to " + size);
    }
    return new Bytes(file, listed, from, to);
  }

  private static void digest(Bytes bytes, Digesting into) throws RefusedException {
    ByteBuffer step = ByteBuffer.allocateDirect(STEP);
    try (FileChannel in =
        FileChannel.open(bytes.file().onDisk(bytes.listed()), StandardOpenOption.READ)) {
      for (long at = bytes.from(); at < bytes.to(); ) {
        step.clear().limit((int) Math.min(STEP, bytes.to() - at));
        int size = in.read(step, at);
        if (size <= 0) {
          throw new RefusedException(450, bytes.listed().name() + " has changed meanwhile");
        }
        at += size;
        into.update(step.flip());
      }
    } catch (IOException e) {
      throw new RefusedException(451, "the file cannot be read: " + e.getMessage());
    }
  }

  private static void crc(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    CRC32 crc = new CRC32();
    digest(bytes(session, argument), crc::update);
    reply(session, 250, "%08X".formatted(crc.getValue()));
  }

  private static String sha256(Bytes bytes) throws RefusedException {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      digest(bytes, sha256::update);
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static void sha256(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    reply(session, 250, sha256(bytes(session, argument)));
  }

  private static void hash(FtpIoSession session, DataChannel data, String argument)
      throws RefusedException {
    Bytes bytes = bytes(session, argument);
    reply(
        session,
        213,
        "SHA-256 "
            + bytes.from()
            + "-"
            + bytes.to()
            + " "
            + sha256(bytes)
            + " "
            + bytes.file().getAbsolutePath());
  }
}
