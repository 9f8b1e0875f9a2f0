package io.sonidb.server.http;

import java.io.IOException;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/// A connector that leaves no connection open when it has stopped.
///
/// Jetty interrupts the thread that accepts, and hands what it has accepted to a selector. The
/// system's connection is lost if the interrupt comes when `accept` has just got it, and nobody
/// serves or closes one that comes while the selector ends. In either case its client would wait
/// for an answer as long as this process lives.
final class ClosingConnector extends ServerConnector {
  private static final int SPARE = 64;

  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  ClosingConnector(Server server, ConnectionFactory... factories) {
    super(server, 1, 1, factories);
  }

  /// Is called for each connection, before the selector has it.
  @Override
  protected void configure(Socket socket) {
    super.configure(socket);
    // Those that were closed before they were served are not told of; there are few of them.
    if (open.size() > 2 * getConnectedEndPoints().size() + SPARE) {
      open.removeIf(Socket::isClosed);
    }
    open.add(socket);
    if (stopped) {
      close(socket);
    }
  }

  @Override
  protected void onEndPointClosed(EndPoint endPoint) {
    super.onEndPointClosed(endPoint);
    if (endPoint instanceof SocketChannelEndPoint client) {
      open.remove(client.getChannel().socket());
    }
  }

  /// Has the thread that accepts end by closing what it accepts from: so it returns what it has.
  @Override
  protected void interruptAcceptors() {
    close();
    setAccepting(true); // which it may be waiting for
  }

  /// Whoever closes it while it accepts, means it.
  @Override
  protected boolean handleAcceptFailure(Throwable failure) {
    return isOpen() && super.handleAcceptFailure(failure);
  }

  @Override
  protected void doStop() throws Exception {
    try {
      super.doStop();
    } finally {
      stopped = true;
      open.forEach(ClosingConnector::close);
      open.clear();
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Then it broke, which is an end as well.
    }
  }
}
