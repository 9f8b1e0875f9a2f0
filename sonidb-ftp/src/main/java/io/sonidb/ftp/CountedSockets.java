package io.sonidb.ftp;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/// Makes sockets for commands that count what goes through them, and take no answer that is longer
/// than an answer can be: the library reads whole lines into memory.
final class CountedSockets extends SocketFactory {
  private static final int MAX_ANSWER = 256 << 10;

  private final AtomicLong bytes;
  private volatile @Nullable Socket newest;

  /// @param bytes to add to
  CountedSockets(AtomicLong bytes) {
    this.bytes = bytes;
  }

  /// Closes what was made last, whatever its users are waiting for.
  void cut() throws IOException {
    Socket made = newest;
    if (made != null) {
      made.close();
    }
  }

  @Override
  public Socket createSocket() {
    Socket made = new Counted();
    newest = made;
    return made;
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("connected with a timeout only");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort) {
    throw new UnsupportedOperationException("connected with a timeout only");
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException("connected with a timeout only");
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
    throw new UnsupportedOperationException("connected with a timeout only");
  }

  private final class Counted extends Socket {
    private volatile int answer;

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int size) throws IOException {
          int read = in.read(into, from, size);
          if (read > 0) {
            bytes.addAndGet(read);
            int soFar = answer + read;
            answer = soFar;
            if (soFar > MAX_ANSWER) {
              throw new IOException("an answer has more than " + MAX_ANSWER + " bytes");
            }
          }
          return read;
        }
      };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] from, int at, int size) throws IOException {
          answer = 0; // of the next command
          bytes.addAndGet(size);
          out.write(from, at, size);
        }
      };
    }
  }
}
