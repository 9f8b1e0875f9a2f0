package io.sonidb.server.http;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.AbstractLifeCycle;

/// Closes connections on which the head of a request has been coming for too long, a byte now and
/// then, so that they are never idle. (The time of bodies is watched by [BodyStream].)
final class SlowHeads extends AbstractLifeCycle {
  private final ServerConnector connector;
  private final Http1 http1;
  private final int seconds;
  private final Map<EndPoint, Seen> seen = new HashMap<>();

  /// Makes connections of HTTP/1, and knows them again.
  static final class Http1 extends HttpConnectionFactory {
    private final Set<Connection> made =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    Http1(HttpConfiguration config) {
      super(config);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
      Connection connection = super.newConnection(connector, endPoint);
      made.add(connection);
      return connection;
    }

    boolean made(Connection connection) {
      return made.contains(connection);
    }
  }

  /// @param messages requests that had come
  /// @param bytes that had come
  /// @param sinceNanos when these messages were first seen with fewer bytes
  private record Seen(long messages, long bytes, long sinceNanos) {}

  SlowHeads(ServerConnector connector, Http1 http1, int seconds) {
    this.connector = connector;
    this.http1 = http1;
    this.seconds = seconds;
  }

  @Override
  protected void doStart() {
    again();
  }

  private void again() {
    if (!isStopping() && !isStopped()) {
      connector.getScheduler().schedule(this::look, Math.max(1, seconds / 4), TimeUnit.SECONDS);
    }
  }

  private void look() {
    long now = System.nanoTime();
    Map<EndPoint, Seen> open = new HashMap<>();
    for (EndPoint endPoint : connector.getConnectedEndPoints()) {
      Connection connection = endPoint.getConnection();
      if (connection == null || !http1.made(connection)) {
        continue; // HTTP/2 has times of its own for streams
      }
      Seen last = seen.get(endPoint);
      Seen current = current(connection, last, now);
      open.put(endPoint, current);
      boolean isHead = connection.getMessagesIn() == connection.getMessagesOut();
      if (isHead
          && current.bytes() > 0
          && last != null
          && now - current.sinceNanos() > seconds * 1_000_000_000L
          && connection.getBytesIn() > current.bytes()) {
        endPoint.close();
      }
    }
    seen.clear();
    seen.putAll(open);
    again();
  }

  private static Seen current(
      Connection connection, @org.jspecify.annotations.Nullable Seen last, long now) {
    return last != null && last.messages() == connection.getMessagesIn()
        ? last
        : new Seen(connection.getMessagesIn(), connection.getBytesIn(), now);
  }
}
