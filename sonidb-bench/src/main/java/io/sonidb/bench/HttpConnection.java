package io.sonidb.bench;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// A connection to a node, as cheap as can be, so that the node is measured and not its client.
final class HttpConnection implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final String host;
  private final StringBuilder line = new StringBuilder();

  HttpConnection(URI node) throws IOException {
    socket = new Socket(node.getHost(), node.getPort());
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    out = socket.getOutputStream();
    host = node.getAuthority();
  }

  byte[] send(String method, String path, byte[] body) throws IOException {
    return send(method, path, body, body.length);
  }

  /// Sends a request and waits for its answer.
  ///
  /// @return the body
  /// @throws IOException if it is not answered with 200
  byte[] send(String method, String path, byte[] body, int length) throws IOException {
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: "
            + host
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + length
            + "\r\n\r\n";
    byte[] bytes = head.getBytes(StandardCharsets.US_ASCII);
    if (length > 0 && length < 1 << 14) {
      byte[] both = new byte[bytes.length + length];
      System.arraycopy(bytes, 0, both, 0, bytes.length);
      System.arraycopy(body, 0, both, bytes.length, length);
      out.write(both);
    } else {
      out.write(bytes);
      out.write(body, 0, length);
    }
    out.flush();
    return answer();
  }

  private byte[] answer() throws IOException {
    boolean isGood = line().startsWith("HTTP/1.1 200");
    int length = -1;
    for (String header = line(); !header.isEmpty(); header = line()) {
      if (header.regionMatches(true, 0, "Content-Length:", 0, 15)) {
        length = Integer.parseInt(header.substring(15).strip());
      }
    }
    byte[] body = length < 0 ? chunks() : in.readNBytes(length);
    if (!isGood) {
      throw new IOException("was answered with " + new String(body, StandardCharsets.UTF_8));
    }
    return body;
  }

  private byte[] chunks() throws IOException {
    var body = new java.io.ByteArrayOutputStream();
    for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
      body.write(in.readNBytes(size));
      line();
    }
    line();
    return body.toByteArray();
  }

  private String line() throws IOException {
    line.setLength(0);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the node closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
