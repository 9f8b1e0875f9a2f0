package io.sonidb.server.http;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/// Errors of the protocol itself, in the envelope of all others: a head that is malformed or too
/// large, a path that is ambiguous.
final class PlainErrors extends ErrorHandler {
  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Formats.JSON);
    Content.Sink.write(response, true, text(status), callback);
    return true;
  }

  private static String text(int status) {
    return "{\"status\":{\"error\":\"" + HttpStatus.getMessage(status) + "\"},\"time\":0.0}";
  }
}
