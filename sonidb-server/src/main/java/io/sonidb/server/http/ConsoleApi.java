package io.sonidb.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/// The console: pages to see and hear a node's vectors with. Plain files, which ask the same routes
/// as everybody else; so they need no key, and what they show needs one.
///
/// What a payload or an id contains is shown by these pages, so their rules are strict: scripts and
/// styles from this node's files only, none within a page, no markup made from text (Trusted
/// Types), no frames around or within them (W3C Content Security Policy, level 3).
final class ConsoleApi {
  private static final String INDEX = "index.html";
  private static final Pattern NAME = Pattern.compile("[a-z]{1,20}\\.(html|css|js|svg)");
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");
  private static final String POLICY =
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'; require-trusted-types-for 'script'";
  private static final int TAG_BYTES = 16;

  private final Map<String, Page> pages = new ConcurrentHashMap<>();

  /// A file.
  ///
  /// @param tag that no other contents have
  private record Page(String type, String tag, ByteBuffer bytes) {}

  /// To where its files lie side by side.
  Answer enter(Exchange exchange) {
    exchange.response().getHeaders().put(HttpHeader.LOCATION, "/console/");
    return new Answer.Text(301, "text/plain; charset=utf-8", "/console/");
  }

  Answer index(Exchange exchange) {
    return page(INDEX, exchange);
  }

  Answer file(Exchange exchange) {
    return page(exchange.variable("file"), exchange);
  }

  private Answer page(String name, Exchange exchange) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw missing();
    }
    Page page = pages.computeIfAbsent(name, _ -> read(name, matcher.group(1)));
    HttpFields.Mutable head = exchange.response().getHeaders();
    head.put("Content-Security-Policy", POLICY);
    head.put("X-Content-Type-Options", "nosniff");
    head.put("Referrer-Policy", "no-referrer");
    head.put("Cross-Origin-Opener-Policy", "same-origin");
    head.put("Cross-Origin-Resource-Policy", "same-origin");
    return new FileAnswer(page.type(), page.tag(), FileAnswer.ASK_FIRST)
        .of(page.bytes().duplicate(), () -> {});
  }

  private static ApiException missing() {
    return ApiException.notFound("the console has no such file; it is at /console/");
  }

  private static Page read(String name, String kind) {
    try (InputStream in =
        ConsoleApi.class.getResourceAsStream("/io/sonidb/server/console/" + name)) {
      if (in == null) {
        throw missing();
      }
      byte[] bytes = in.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      String tag = HexFormat.of().formatHex(hash, 0, TAG_BYTES);
      return new Page(TYPES.getOrDefault(kind, ""), tag, ByteBuffer.wrap(bytes).asReadOnlyBuffer());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
