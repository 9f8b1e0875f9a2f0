package io.sonidb.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLException;

/// There was no answer: nobody listens, the name is unknown, the connection broke, or time is up.
/// Whether the node did what it was asked is not known, unless no connection came about.
public final class UnreachableException extends NodeException {
  private static final long serialVersionUID = 1L;

  UnreachableException(URI node, String cause, Throwable why) {
    super(node + ": " + cause, why);
  }

  static UnreachableException of(ClientOptions options, IOException why) {
    return new UnreachableException(options.uri(), cause(options, why), why);
  }

  private static String cause(ClientOptions options, IOException why) {
    for (Throwable each = why; each != null; each = each.getCause()) {
      if (each instanceof UnknownHostException || each instanceof UnresolvedAddressException) {
        return "there is no host named " + options.uri().getHost();
      }
      if (each instanceof SSLException) {
        return "no TLS connection: "
            + firstLine(each)
            + " (the certificate must be one that this JVM trusts)";
      }
    }
    return switch (why) {
      case HttpConnectTimeoutException _ ->
          "no connection within " + options.connectTimeout().toSeconds() + " s";
      case HttpTimeoutException _ -> "no answer in time: " + firstLine(why);
      case ConnectException _ ->
          "connection refused: is a node running there? start one with `sonidb serve`";
      default -> "connection lost: " + firstLine(why);
    };
  }

  private static String firstLine(Throwable why) {
    String message = why.getMessage();
    return message == null
        ? why.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }
}
