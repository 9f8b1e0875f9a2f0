package io.sonidb.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/// A file that is there as a whole, answered as RFC 9110 has it: with a strong validator, a single
/// range if one is asked for, or the head alone.
///
/// The bytes are written from where they lie. From a mapped file the kernel copies them into the
/// socket: they never pass the heap.
///
/// @param type of its contents
/// @param tag that no other contents have
/// @param caching how long it may be kept, as `Cache-Control` says it
record FileAnswer(String type, String tag, String caching) {
  /// There will never be other contents under this address.
  static final String FOR_EVER = "max-age=31536000, immutable";

  /// Who has it asks whether it is still the same.
  static final String ASK_FIRST = "no-cache";

  private static final int PIECE_BYTES = 1 << 20;
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

  /// Some bytes of the file.
  private record Range(int from, int to) {}

  /// @param bytes of the file
  /// @param onEnd lets go of them
  Answer of(ByteBuffer bytes, Runnable onEnd) {
    return new Answer.Written((request, out) -> {
      try {
        write(bytes, request, out);
      } finally {
        onEnd.run();
      }
    });
  }

  private void write(ByteBuffer bytes, Request request, PacedOutput out) throws IOException {
    int size = bytes.remaining();
    HttpFields asked = request.getHeaders();
    String quoted = '"' + tag + '"';
    Optional<Range> range = range(asked, quoted, size); // refused before anything is said
    HttpFields.Mutable head = out.headers();
    head.put(HttpHeader.ETAG, quoted);
    head.put(HttpHeader.CACHE_CONTROL, caching);
    if (isOneOf(asked, quoted)) {
      out.response().setStatus(HttpStatus.NOT_MODIFIED_304);
      out.write(true, ByteBuffer.allocate(0));
      return;
    }
    head.put(HttpHeader.CONTENT_TYPE, type);
    head.put(HttpHeader.ACCEPT_RANGES, "bytes");
    Range sent = range.orElse(new Range(0, size));
    if (range.isPresent()) {
      out.response().setStatus(HttpStatus.PARTIAL_CONTENT_206);
      head.put(
          HttpHeader.CONTENT_RANGE, "bytes " + sent.from() + "-" + (sent.to() - 1) + "/" + size);
    }
    head.put(HttpHeader.CONTENT_LENGTH, sent.to() - sent.from());
    if (HttpMethod.HEAD.is(request.getMethod())) {
      out.write(true, ByteBuffer.allocate(0));
      return;
    }
    int at = sent.from();
    do {
      int end = Math.min(sent.to(), at + PIECE_BYTES);
      out.write(end == sent.to(), bytes.slice(bytes.position() + at, end - at));
      at = end;
    } while (at < sent.to());
  }

  private static boolean isOneOf(HttpFields asked, String quoted) {
    for (String known : asked.getCSV(HttpHeader.IF_NONE_MATCH, true)) {
      if (known.equals("*") || known.equals(quoted) || known.equals("W/" + quoted)) {
        return true;
      }
    }
    return false;
  }

  /// The range that is asked for. What is no single range of bytes does not count (RFC 9110,
  /// section 14.2), nor does one that was meant for other contents.
  private static Optional<Range> range(HttpFields asked, String quoted, int size) {
    String text = asked.get(HttpHeader.RANGE);
    String condition = asked.get(HttpHeader.IF_RANGE);
    if (text == null || (condition != null && !condition.equals(quoted))) {
      return Optional.empty();
    }
    Matcher matcher = RANGE.matcher(text.replace(" ", ""));
    if (!matcher.matches() || (matcher.group(1).isEmpty() && matcher.group(2).isEmpty())) {
      return Optional.empty();
    }
    long from;
    long to = size;
    if (matcher.group(1).isEmpty()) {
      long wanted = Long.parseLong(matcher.group(2));
      from = wanted == 0 ? size : Math.max(0, size - wanted);
    } else {
      from = Long.parseLong(matcher.group(1));
      if (!matcher.group(2).isEmpty()) {
        long last = Long.parseLong(matcher.group(2));
        if (last < from) {
          return Optional.empty();
        }
        to = Math.min(size, last + 1);
      }
    }
    if (from >= size) {
      throw ApiException.of(
              416, "Range not satisfiable: " + text + " of a file of " + size + " bytes")
          .with(HttpHeader.CONTENT_RANGE.asString(), "bytes */" + size);
    }
    return Optional.of(new Range((int) from, (int) to));
  }
}
