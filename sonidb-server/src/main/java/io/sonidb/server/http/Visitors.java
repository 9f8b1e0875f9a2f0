package io.sonidb.server.http;

import io.sonidb.server.config.NodeConfig;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/// Keeps foreign web pages out. A browser on this machine can reach the node whatever address it
/// listens on, and runs pages from everywhere:
///
/// - A page whose host's name is suddenly said to be 127.0.0.1 (DNS rebinding) gives itself away by
///   that name, in `Host`. An address cannot be bound to another one, so addresses are let through.
/// - A page that sends requests to another host gives itself away by `Origin`, or `Sec-Fetch-Site`.
///
/// With keys the name does not matter: no page knows one.
final class Visitors {
  private static final Pattern IP_V4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  private final Set<String> hosts;
  private final Set<String> origins;
  private final boolean anyHost;

  Visitors(NodeConfig.Http config, boolean hasKeys) {
    this.hosts =
        Set.copyOf(
            config.allowedHosts().stream().map(host -> host.toLowerCase(Locale.ROOT)).toList());
    this.origins = config.allowedOrigins();
    this.anyHost = hasKeys;
  }

  /// @throws ApiException if it comes from a page that must not
  void check(Request request) {
    if (!anyHost && !isKnownHost(Request.getServerName(request))) {
      throw ApiException.of(
          403,
          "Forbidden: the node does not know itself by this name; add it to http.allowed_hosts");
    }
    HttpFields headers = request.getHeaders();
    String origin = headers.get(HttpHeader.ORIGIN);
    if (origin != null && !isKnownOrigin(origin, request)) {
      throw ApiException.of(
          403, "Forbidden: web pages of another origin; add it to http.allowed_origins");
    }
    if (origin == null
        && "cross-site".equals(headers.get("Sec-Fetch-Site"))
        && !isVisitToConsole(request)) {
      throw ApiException.of(403, "Forbidden: a web page of another site asks for this");
    }
  }

  /// Whether somebody followed a link to the console: its files do nothing by themselves, and are
  /// shown in no frame.
  private static boolean isVisitToConsole(Request request) {
    String path = request.getHttpURI().getPath();
    return path != null
        && path.startsWith("/console")
        && request.getMethod().equals("GET")
        && "navigate".equals(request.getHeaders().get("Sec-Fetch-Mode"))
        && "document".equals(request.getHeaders().get("Sec-Fetch-Dest"));
  }

  private boolean isKnownHost(@Nullable String name) {
    if (name == null) {
      return false;
    }
    String host = name.toLowerCase(Locale.ROOT);
    return host.equals("localhost")
        || host.startsWith("[")
        || host.indexOf(':') >= 0
        || IP_V4.matcher(host).matches()
        || hosts.contains(host);
  }

  private boolean isKnownOrigin(String origin, Request request) {
    String authority = request.getHttpURI().getAuthority();
    String own = (request.isSecure() ? "https://" : "http://") + authority;
    return origins.contains(origin) || (authority != null && origin.equalsIgnoreCase(own));
  }

  /// Tells a browser that a page it knows may read the answer.
  ///
  /// @return whether the request only asked for that
  boolean welcome(Request request, Response response) {
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    if (origin == null || !origins.contains(origin)) {
      return false;
    }
    response.getHeaders().put("Access-Control-Allow-Origin", origin);
    response.getHeaders().put(HttpHeader.VARY, "Origin");
    response
        .getHeaders()
        .put(
            "Access-Control-Expose-Headers",
            "content-range, etag, location, sonidb-from, sonidb-horizon, sonidb-last-sequence,"
                + " sonidb-next-page-offset");
    boolean asks =
        request.getMethod().equals("OPTIONS")
            && request.getHeaders().contains("Access-Control-Request-Method");
    if (asks) {
      response.getHeaders().put("Access-Control-Allow-Methods", "GET, PUT, POST, PATCH, DELETE");
      response
          .getHeaders()
          .put(
              "Access-Control-Allow-Headers",
              "accept, api-key, authorization, content-type, if-match, if-none-match, if-range,"
                  + " last-event-id, range");
      response.getHeaders().put("Access-Control-Max-Age", "600");
    }
    return asks;
  }
}
