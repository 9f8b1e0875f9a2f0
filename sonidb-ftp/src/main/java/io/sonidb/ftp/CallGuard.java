package io.sonidb.ftp;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/// Lets calls in that are signed with the secret, meant for this node, fresh, and not repeated.
public final class CallGuard {
  /// How far the clocks of two machines may be apart.
  public static final long WINDOW_MILLIS = 60_000;

  private static final int MAX_REMEMBERED = 100_000;
  private static final int NONCE_DIGITS = 32;

  private final ClusterSecret secret;
  private final InstantSource clock;
  private final String node;
  // Guarded by this. Only calls with a right signature get in here.
  private final Deque<SignedCall> order = new ArrayDeque<>();
  private final Set<String> seen = new HashSet<>();

  /// A call that is not let in; the message is for its sender.
  public static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message, null, false, false);
    }
  }

  /// @param clock tells whether a call is fresh
  public CallGuard(ClusterSecret secret, InstantSource clock) {
    this.secret = secret;
    this.clock = clock;
    byte[] random = new byte[NONCE_DIGITS / 2];
    new SecureRandom().nextBytes(random);
    this.node = HexFormat.of().formatHex(random);
  }

  /// The name that calls are addressed to. A new one at every start, so what was recorded before
  /// cannot be repeated afterwards.
  public String node() {
    return node;
  }

  /// Checks a call.
  ///
  /// @param signature that came with it
  /// @throws RefusedException if it is not let in
  public void check(SignedCall call, String signature) throws RefusedException {
    if (call.nonce().length() != NONCE_DIGITS
        || !ClusterSecret.isSame(call.signature(secret), signature)) {
      throw new RefusedException(
          "this call is not signed with this node's cluster.secret: both need the same file");
    }
    if (!call.node().isEmpty() && !call.node().equals(node)) {
      throw new RefusedException("this call is for another node, or for this one before its start");
    }
    long now = clock.millis();
    if (Math.abs(now - call.timeMillis()) > WINDOW_MILLIS) {
      throw new RefusedException(
          "this call was signed "
              + Math.abs(now - call.timeMillis()) / 1000
              + " s away from this node's time: set the clocks of both machines");
    }
    remember(call, now);
  }

  private synchronized void remember(SignedCall call, long now) throws RefusedException {
    while (!order.isEmpty() && order.getFirst().timeMillis() < now - 2 * WINDOW_MILLIS) {
      seen.remove(order.removeFirst().nonce());
    }
    if (order.size() >= MAX_REMEMBERED) {
      throw new RefusedException("too many calls: try again in a minute");
    }
    if (!seen.add(call.nonce())) {
      throw new RefusedException("this call was made before");
    }
    order.addLast(call);
  }
}
