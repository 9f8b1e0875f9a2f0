package io.sonidb.ftp;

import io.sonidb.TailSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLSocket;
import org.apache.ftpserver.DataConnectionException;
import org.apache.ftpserver.ftplet.DataConnection;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.impl.FtpIoSession;
import org.apache.ftpserver.impl.ServerDataConnectionFactory;
import org.jspecify.annotations.Nullable;

/// The data connection of a session, in place of the library's: it is the client of TLS when CPSV
/// or SSCN say so, wants to see the peer's certificate, connects to and accepts from nobody else,
/// gives up in time, and moves large pieces.
final class DataChannel implements ServerDataConnectionFactory {
  /// What is going to be sent.
  enum Purpose {
    /// A file: the other end must be the peer.
    FILE,
    /// Names of files, for the one who asks.
    LISTING
  }

  private static final String ATTRIBUTE = "org.apache.ftpserver.data-connection";
  private static final int PIECE = 256 << 10;
  private static final int CONNECT_MILLIS = 10_000;
  private static final int BACKLOG = 4;
  private static final String[] SUITES = {
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
  };

  private final FtpIoSession session;
  private final FtpNode node;
  private boolean secure;
  private boolean clientForNext; // CPSV
  private boolean client; // SSCN
  private @Nullable InetSocketAddress target;
  private volatile @Nullable ServerSocketChannel listening;
  private volatile @Nullable SocketChannel channel;
  private volatile boolean aborted;
  private volatile long lastProgress;

  private DataChannel(FtpIoSession session, FtpNode node) {
    this.session = session;
    this.node = node;
  }

  /// The session's; made when it is first asked for.
  static DataChannel of(FtpIoSession session, FtpNode node) {
    synchronized (session) {
      if (session.getAttribute(ATTRIBUTE) instanceof DataChannel made) {
        return made;
      }
      DataChannel made = new DataChannel(session, node);
      session.setAttribute(ATTRIBUTE, made);
      return made;
    }
  }

  static String[] suites() {
    return SUITES.clone();
  }

  /// The next connection is one on which this end is the client of TLS.
  void beClientOnce() {
    clientForNext = true;
  }

  /// From now on this end is the client of TLS, or not any more.
  void beClient(boolean client) {
    this.client = client;
  }

  boolean isClient() {
    return client;
  }

  Login login() {
    return (Login) session.getUser();
  }

  // Where to ---------------------------------------------------------------------------------

  @Override
  public void initActiveDataConnection(InetSocketAddress address) {
    closeDataConnection();
    target = address;
  }

  @Override
  public InetSocketAddress initPassiveDataConnection() throws DataConnectionException {
    closeDataConnection();
    InetAddress here = ((InetSocketAddress) session.getLocalAddress()).getAddress();
    FtpOptions options = node.options();
    int ports = options.lastPassivePort() - options.firstPassivePort() + 1;
    int start = ThreadLocalRandom.current().nextInt(ports);
    for (int i = 0; i < ports; i++) {
      int port = options.firstPassivePort() + (start + i) % ports;
      try {
        ServerSocketChannel made = ServerSocketChannel.open();
        try {
          made.bind(new InetSocketAddress(here, port), BACKLOG);
          listening = made;
          touch();
          return new InetSocketAddress(here, port);
        } catch (BindException taken) {
          made.close();
        }
      } catch (IOException e) {
        throw new DataConnectionException("cannot listen: " + e.getMessage(), e);
      }
    }
    throw new DataConnectionException("all passive ports are in use");
  }

  /// Whether it was said where data is to go.
  boolean isReady() {
    return target != null || listening != null;
  }

  // Opening ----------------------------------------------------------------------------------

  @Override
  public DataConnection openConnection() throws Exception {
    return open(Purpose.LISTING);
  }

  /// Connects, or waits for the other end.
  ///
  /// @throws IOException if the other end does not come in time, or is not who it should be
  Connection open(Purpose purpose) throws IOException {
    touch();
    aborted = false;
    node.watch(this);
    try {
      if (!secure && !node.options().allowsPlainData()) {
        throw new IOException("files travel in TLS only: send PBSZ 0 and PROT P");
      }
      SocketChannel connected = connected(purpose);
      channel = connected;
      if (aborted) {
        connected.close(); // it was ended in between
      }
      return secure ? secured(connected, purpose) : new Connection(connected, connected);
    } catch (IOException | RuntimeException e) {
      closeDataConnection();
      throw e;
    } catch (GeneralSecurityException e) {
      closeDataConnection();
      throw new IOException("TLS cannot be used: " + e.getMessage(), e);
    }
  }

  private SocketChannel connected(Purpose purpose) throws IOException {
    ServerSocketChannel server = listening;
    InetSocketAddress there = target;
    if (server != null) {
      return accepted(server, purpose);
    }
    if (there == null) {
      throw new IOException("send PASV, EPSV, PORT or EPRT first");
    }
    SocketChannel made = SocketChannel.open();
    try {
      made.bind(
          new InetSocketAddress(((InetSocketAddress) session.getLocalAddress()).getAddress(), 0));
      made.socket().connect(there, CONNECT_MILLIS);
      return made;
    } catch (IOException | RuntimeException e) {
      made.close();
      throw e;
    }
  }

  /// Waits for the one that may come. Others are sent away, and do not keep it from coming.
  private SocketChannel accepted(ServerSocketChannel server, Purpose purpose) throws IOException {
    long end = System.nanoTime() + node.options().idleSeconds() * 1_000_000_000L;
    while (true) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new SocketTimeoutException("nobody has connected");
      }
      server.socket().setSoTimeout(Math.toIntExact(left));
      Socket socket = server.socket().accept();
      if (mayCome(socket.getInetAddress(), purpose)) {
        return socket.getChannel();
      }
      node.log("FTP data connection refused: from " + socket.getInetAddress());
      socket.close();
    }
  }

  private boolean mayCome(InetAddress from, Purpose purpose) {
    return !login().certificates(from).isEmpty()
        || purpose == Purpose.LISTING
            && from.equals(((InetSocketAddress) session.getRemoteAddress()).getAddress());
  }

  private Connection secured(SocketChannel connected, Purpose purpose)
      throws IOException, GeneralSecurityException {
    boolean isPinned = purpose == Purpose.FILE;
    boolean isClient = client || clientForNext;
    clientForNext = false;
    if (isClient && !isPinned) {
      throw new IOException("listings go to the one who asks, who is the client of TLS");
    }
    NodeCertificate own = node.certificate();
    SSLSocket tls =
        (SSLSocket)
            (isPinned
                    ? own.pinned(login().certificates(connected.socket().getInetAddress()))
                    : own.open())
                .getSocketFactory()
                .createSocket(
                    connected.socket(),
                    connected.socket().getInetAddress().getHostAddress(),
                    connected.socket().getPort(),
                    true);
    tls.setEnabledProtocols(new String[] {NodeCertificate.TLS});
    tls.setEnabledCipherSuites(SUITES);
    tls.setUseClientMode(isClient);
    if (!isClient) {
      tls.setNeedClientAuth(isPinned);
    }
    tls.startHandshake();
    touch();
    return new Connection(new TlsInput(tls), new TlsOutput(tls));
  }

  /// Reads as much as a record has: a channel over a stream of the JDK's would cut it.
  private static final class TlsInput implements ReadableByteChannel {
    private final SSLSocket socket;
    private final InputStream in;
    private final byte[] piece = new byte[PIECE];

    TlsInput(SSLSocket socket) throws IOException {
      this.socket = socket;
      this.in = socket.getInputStream();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      int size = in.read(piece, 0, Math.min(piece.length, into.remaining()));
      if (size > 0) {
        into.put(piece, 0, size);
      }
      return size;
    }

    @Override
    public boolean isOpen() {
      return !socket.isClosed();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /// Writes whole records: a channel over a stream of the JDK's would cut them at 8 KiB.
  private static final class TlsOutput implements WritableByteChannel {
    private final SSLSocket socket;
    private final OutputStream out;
    private final byte[] piece = new byte[PIECE];

    TlsOutput(SSLSocket socket) throws IOException {
      this.socket = socket;
      this.out = socket.getOutputStream();
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      int size = Math.min(piece.length, from.remaining());
      from.get(piece, 0, size);
      out.write(piece, 0, size);
      return size;
    }

    @Override
    public boolean isOpen() {
      return !socket.isClosed();
    }

    /// Says that nothing more comes, and waits until the other end has heard it. Whoever closes
    /// before, with a session ticket of the other end unread, resets the connection, and the other
    /// end may lose what was sent last.
    @Override
    public void close() throws IOException {
      socket.shutdownOutput();
      InputStream rest = socket.getInputStream();
      byte[] nothing = new byte[1 << 10];
      while (rest.read(nothing) > 0) {}
      socket.close();
    }
  }

  // Moving -----------------------------------------------------------------------------------

  /// An open data connection.
  final class Connection implements DataConnection {
    private final ReadableByteChannel in;
    private final WritableByteChannel out;

    private Connection(ReadableByteChannel in, WritableByteChannel out) {
      this.in = in;
      this.out = out;
    }

    /// Takes pieces of what arrives.
    @FunctionalInterface
    interface Sink {
      void accept(ByteBuffer piece) throws IOException, RefusedException;
    }

    /// Receives all that the other end sends, as it comes.
    void receive(Sink sink) throws IOException, RefusedException {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
      while (in.read(piece.clear()) >= 0) {
        note(piece.position());
        sink.accept(piece.flip());
      }
    }

    /// Receives all that the other end sends, in large pieces: TLS has records of 16 KiB, and it
    /// takes longer to write and sum up each of them by itself.
    void receiveFile(Sink sink) throws IOException, RefusedException {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
      int size = 0;
      while (size >= 0) {
        piece.clear();
        try {
          do {
            size = in.read(piece);
            note(Math.max(size, 0));
          } while (size >= 0 && piece.hasRemaining());
        } finally {
          sink.accept(piece.flip()); // what has come before a break is kept
        }
      }
    }

    /// Sends a file from a position to its end.
    ///
    /// @throws RefusedException if the file cannot be read
    void send(FileChannel file, long from) throws IOException, RefusedException {
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
      long at = from;
      for (int size; (size = read(file, piece.clear(), at)) >= 0; at += size) {
        send(piece.flip());
      }
      finish();
    }

    /// Sends what is written, until nothing comes any more.
    void send(TailSource tail) throws IOException {
      try {
        Optional<ByteBuffer> piece = tail.next();
        while (piece.isPresent()) {
          send(piece.get());
          piece = tail.next();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      finish();
    }

    private static int read(FileChannel file, ByteBuffer into, long at) throws RefusedException {
      try {
        return file.read(into, at);
      } catch (IOException e) {
        throw new RefusedException(451, "the file cannot be read: " + e.getMessage());
      }
    }

    private void send(ByteBuffer piece) throws IOException {
      while (piece.hasRemaining()) {
        note(out.write(piece));
      }
    }

    private void finish() throws IOException {
      if (out instanceof SocketChannel plain) {
        plain.shutdownOutput();
      }
      out.close();
    }

    @Override
    public long transferFromClient(FtpSession session, OutputStream to) throws IOException {
      long[] bytes = {0};
      WritableByteChannel sink = Channels.newChannel(to);
      try {
        receive(piece -> bytes[0] += sink.write(piece));
      } catch (RefusedException e) {
        throw new AssertionError("a stream refuses nothing", e);
      }
      return bytes[0];
    }

    @Override
    public long transferToClient(FtpSession session, InputStream from) throws IOException {
      byte[] piece = new byte[PIECE];
      long bytes = 0;
      for (int size; (size = from.read(piece)) >= 0; bytes += size) {
        send(ByteBuffer.wrap(piece, 0, size));
      }
      finish();
      return bytes;
    }

    @Override
    public void transferToClient(FtpSession session, String text) throws IOException {
      send(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      finish();
    }
  }

  private void note(int bytes) {
    touch();
    session.increaseReadDataBytes(bytes); // so the session does not count as idle
  }

  private void touch() {
    lastProgress = System.nanoTime();
  }

  /// When something last happened, by [System#nanoTime].
  long lastProgress() {
    return lastProgress;
  }

  /// Whether the one who gave the command has gone.
  boolean isForsaken() {
    return !session.isConnected();
  }

  // The end ----------------------------------------------------------------------------------

  @Override
  public void closeDataConnection() {
    node.unwatch(this);
    target = null;
    clientForNext = false;
    abort();
  }

  /// Ends whatever is under way; whoever is at it gets an exception.
  void abort() {
    aborted = true;
    ServerSocketChannel server = listening;
    SocketChannel connected = channel;
    listening = null;
    channel = null;
    close(server);
    close(connected);
  }

  private static void close(@Nullable AutoCloseable open) {
    if (open != null) {
      try {
        open.close();
      } catch (Exception e) {
        // It is closed for all that matters.
      }
    }
  }

  @Override
  public boolean isSecure() {
    return secure;
  }

  @Override
  public void setSecure(boolean secure) {
    this.secure = secure;
  }

  @Override
  public void setServerControlAddress(InetAddress address) {
    // The session's own address counts.
  }

  @Override
  public void setZipMode(boolean zip) {
    if (zip) {
      throw new UnsupportedOperationException("audio is compressed as it is");
    }
  }

  @Override
  public boolean isZipMode() {
    return false;
  }

  @Override
  public boolean isTimeout(long now) {
    return false; // a watch of our own ends what stands still
  }

  @Override
  public void dispose() {
    closeDataConnection();
  }

  @Override
  public InetAddress getInetAddress() {
    InetSocketAddress there = target;
    return there != null
        ? there.getAddress()
        : ((InetSocketAddress) session.getLocalAddress()).getAddress();
  }

  @Override
  public int getPort() {
    InetSocketAddress there = target;
    ServerSocketChannel server = listening;
    return there != null ? there.getPort() : server != null ? server.socket().getLocalPort() : 0;
  }
}
