package io.sonidb.webrtc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A STUN server (RFC 8489) that tells everybody the address of somebody else, and as much of a
/// TURN server (RFC 8656) as gives who knows its password an address that leads nowhere.
final class IceServer implements AutoCloseable {
  /// Where everybody seems to come from (RFC 5737: nobody does).
  static final String REFLEXIVE = "203.0.113.7";

  /// Where relayed packets would have to be sent.
  static final String RELAYED = "198.51.100.9";

  /// Where nobody is.
  static final String NOWHERE = "198.51.100.77";

  private static final String REALM = "sonidb.test";
  private static final int COOKIE = 0x2112A442;
  private static final int HEAD_BYTES = 20;

  private static final int BINDING = 0x0001;
  private static final int ALLOCATE = 0x0003;
  private static final int REFRESH = 0x0004;
  private static final int SUCCESS = 0x0100;
  private static final int REFUSAL = 0x0110;

  private static final int USERNAME = 0x0006;
  private static final int INTEGRITY = 0x0008;
  private static final int ERROR_CODE = 0x0009;
  private static final int LIFETIME = 0x000D;
  private static final int REALM_NAME = 0x0014;
  private static final int NONCE = 0x0015;
  private static final int RELAYED_ADDRESS = 0x0016;
  private static final int MAPPED_ADDRESS = 0x0020;

  private final DatagramSocket socket = new DatagramSocket();
  private final String user;
  private final byte[] key;
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  /// @param user who may have an address, with that password
  IceServer(String user, String password) throws IOException, GeneralSecurityException {
    this.user = user;
    this.key =
        MessageDigest.getInstance("MD5")
            .digest((user + ":" + REALM + ":" + password).getBytes(StandardCharsets.UTF_8));
    Thread.ofVirtual().start(this::serve);
  }

  /// Host and port, as others on this machine reach it. Not by loopback, which is no way to anybody
  /// else, but by the address that packets to the world come from.
  String address() throws SocketException {
    try (DatagramSocket probe = new DatagramSocket()) {
      probe.connect(new InetSocketAddress(NOWHERE, 9)); // sends nothing
      return probe.getLocalAddress().getHostAddress() + ":" + socket.getLocalPort();
    }
  }

  /// What it was asked for: `address`, `relay`, and `relay of NAME` by who knew the password.
  Set<String> asked() {
    return Set.copyOf(asked);
  }

  private void serve() {
    byte[] buffer = new byte[2048];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        byte[] request = Arrays.copyOf(buffer, packet.getLength());
        if (request.length >= HEAD_BYTES && ByteBuffer.wrap(request).getInt(4) == COOKIE) {
          byte[] answer = answer(request);
          if (answer.length > 0) {
            socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
          }
        }
      }
    } catch (SocketException e) {
      // It was closed.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] answer(byte[] request) throws IOException, GeneralSecurityException {
    int method = ByteBuffer.wrap(request).getShort();
    Attributes answer = new Attributes();
    if (method == BINDING) {
      asked.add("address");
      answer.address(MAPPED_ADDRESS, REFLEXIVE);
      return message(method | SUCCESS, request, answer, false);
    }
    if (method != ALLOCATE && method != REFRESH) {
      return new byte[0];
    }
    asked.add("relay");
    if (!isSigned(request)) {
      answer.add(ERROR_CODE, new byte[] {0, 0, 4, 1, 'N', 'o'});
      answer.add(REALM_NAME, REALM.getBytes(StandardCharsets.UTF_8));
      answer.add(NONCE, "once".getBytes(StandardCharsets.UTF_8));
      return message(method | REFUSAL, request, answer, false);
    }
    asked.add("relay of " + user);
    answer.address(RELAYED_ADDRESS, RELAYED);
    answer.address(MAPPED_ADDRESS, REFLEXIVE);
    answer.add(LIFETIME, new byte[] {0, 0, 2, 88});
    return message(method | SUCCESS, request, answer, true);
  }

  /// Whether it has the name, and was signed with the key.
  private boolean isSigned(byte[] request) throws GeneralSecurityException {
    ByteBuffer message = ByteBuffer.wrap(request).position(HEAD_BYTES);
    boolean isUser = false;
    while (message.remaining() >= 4) {
      int start = message.position();
      int type = message.getShort() & 0xFFFF;
      byte[] value = new byte[message.getShort() & 0xFFFF];
      message.get(value);
      message.position(message.position() + (-value.length & 3));
      isUser |= type == USERNAME && Arrays.equals(value, user.getBytes(StandardCharsets.UTF_8));
      if (type == INTEGRITY) {
        return isUser && MessageDigest.isEqual(value, signature(request, start));
      }
    }
    return false;
  }

  /// The signature of what precedes it, as if nothing came behind it.
  private byte[] signature(byte[] message, int length) throws GeneralSecurityException {
    byte[] signed = Arrays.copyOf(message, length);
    ByteBuffer.wrap(signed).putShort(2, (short) (length - HEAD_BYTES + 24));
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key, "HmacSHA1"));
    return mac.doFinal(signed);
  }

  private byte[] message(int type, byte[] request, Attributes attributes, boolean isSigned)
      throws GeneralSecurityException {
    byte[] body = attributes.out.toByteArray();
    int length = body.length + (isSigned ? 24 : 0);
    ByteBuffer message = ByteBuffer.allocate(HEAD_BYTES + length);
    message.putShort((short) type).putShort((short) length).putInt(COOKIE);
    message.put(request, 8, 12).put(body);
    if (isSigned) {
      byte[] signature = signature(message.array(), message.position());
      message.putShort((short) INTEGRITY).putShort((short) signature.length).put(signature);
    }
    return message.array();
  }

  private static final class Attributes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void add(int type, byte[] value) throws IOException {
      out.write(
          ByteBuffer.allocate(4).putShort((short) type).putShort((short) value.length).array());
      out.write(value);
      out.write(new byte[-value.length & 3]);
    }

    /// An address with port 4242, mixed with the cookie.
    void address(int type, String address) throws IOException {
      InetSocketAddress plain = new InetSocketAddress(address, 4242);
      ByteBuffer value = ByteBuffer.allocate(8).putShort((short) 1);
      value.putShort((short) (plain.getPort() ^ COOKIE >>> 16));
      value.putInt(ByteBuffer.wrap(plain.getAddress().getAddress()).getInt() ^ COOKIE);
      add(type, value.array());
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
