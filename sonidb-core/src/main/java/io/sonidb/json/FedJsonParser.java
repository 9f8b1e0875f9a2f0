package io.sonidb.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.async.ByteArrayFeeder;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.io.ContentReference;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonParserDelegate;

/// A JSON parser that lets whoever has just entered an array read the numbers in it from the bytes,
/// at a fraction of what a token each costs.
///
/// It is Jackson's parser that is fed piece by piece, and each piece ends behind a `[`: so it is
/// known where an array begins, and what follows can be taken away before the parser sees it. As
/// soon as something is not a plain number it is left to the parser, with all that follows: so what
/// is accepted and how errors are told is the same. Only [#nextToken] moves it.
public final class FedJsonParser extends JsonParserDelegate {
  private static final int LEAST_BUFFER = 1 << 9;
  private static final int USUAL_BUFFER = 1 << 13;
  private static final int MOST_BUFFER = 1 << 16;
  private static final int MOST_PLAIN = 1 << 7; // bytes of a number with the space around it

  private final InputStream in;
  private final ByteArrayFeeder feeder;
  private final byte[] buffer; // behind what was read there is a zero, which is no digit
  private int from;
  private int to;
  private boolean hasEnded;
  private long skipped;

  /// A parser that reads as it is asked for more.
  ///
  /// @param in UTF-8; not closed
  /// @param length how many bytes there are, most likely; negative if that is not known
  public FedJsonParser(JsonFactory factory, InputStream in, long length) {
    super(factory.createNonBlockingByteArrayParser(ObjectReadContext.empty()));
    this.in = in;
    this.buffer =
        new byte[1 + Math.clamp(length < 0 ? USUAL_BUFFER : length, LEAST_BUFFER, MOST_BUFFER)];
    this.feeder = (ByteArrayFeeder) delegate.nonBlockingInputFeeder();
  }

  @Override
  public JsonToken nextToken() {
    try {
      JsonToken token = delegate.nextToken();
      while (token == JsonToken.NOT_AVAILABLE) {
        feed();
        token = delegate.nextToken();
      }
      return token;
    } catch (StreamReadException e) {
      throw skipped == 0
          ? e
          : new StreamReadException(this, e.getOriginalMessage(), place(e.getLocation()));
    }
  }

  /// A place with what the parser has not seen before it; lines and columns are not known then.
  private TokenStreamLocation place(@Nullable TokenStreamLocation seen) {
    long bytes = seen == null ? 0 : Math.max(0, seen.getByteOffset());
    return new TokenStreamLocation(ContentReference.unknown(), bytes + skipped, -1, -1, -1);
  }

  private void feed() {
    if (from == to) {
      fill(1);
    }
    if (from == to) {
      feeder.endOfInput();
      return;
    }
    int end = from;
    while (end < to && buffer[end] != '[') {
      end++;
    }
    end = Math.min(to, end + 1);
    feeder.feedInput(buffer, from, end);
    from = end;
  }

  /// Reads until there are at least that many bytes, or no more; the parser has taken all before.
  private void fill(int least) {
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      to -= from;
      from = 0;
    }
    try {
      while (to < least && !hasEnded) {
        int count = in.read(buffer, to, buffer.length - 1 - to);
        hasEnded = count < 0;
        to += Math.max(0, count);
      }
    } catch (IOException e) {
      throw JacksonIOException.construct(e);
    }
    buffer[to] = 0;
  }

  // Numbers ----------------------------------------------------------------------------------

  /// Reads the numbers at the beginning of the array that was just entered, up to its end or the
  /// first element that is not a plain number.
  void readPlain(FloatRow row) {
    if (delegate.currentToken() != JsonToken.START_ARRAY || !feeder.needMoreInput()) {
      return;
    }
    boolean isFirst = true;
    while (true) {
      if (to - from < MOST_PLAIN && !hasEnded) {
        fill(MOST_PLAIN);
      }
      int end = number(row);
      if (end < 0) {
        refuseLastComma(isFirst);
        return;
      }
      boolean isLast = buffer[end] == ']';
      int next = isLast ? end : end + 1;
      skipped += next - from;
      from = next;
      if (isLast) {
        return;
      }
      isFirst = false;
    }
  }

  /// The parser, which has not seen the comma, would find nothing wrong.
  private void refuseLastComma(boolean isFirst) {
    if (isFirst) {
      return;
    }
    passSpace();
    while (from == to && !hasEnded) {
      fill(1);
      passSpace();
    }
    if (from < to && buffer[from] == ']') {
      throw new StreamReadException(
          this,
          "Unexpected character (']' (code 93)): expected a number behind the comma",
          place(delegate.currentLocation()));
    }
  }

  private void passSpace() {
    int next = pastSpace(from);
    skipped += next - from;
    from = next;
  }

  private int pastSpace(int at) {
    int next = at;
    while (buffer[next] == ' '
        || buffer[next] == '\n'
        || buffer[next] == '\r'
        || buffer[next] == '\t') {
      next++;
    }
    return next;
  }

  private static boolean isFractionOrPower(byte b) {
    return b == '.' || (b | 0x20) == 'e';
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  /// Reads the number that is next, with the space around it.
  ///
  /// @return where the comma or bracket behind it is; negative if it is not a plain number
  private int number(FloatRow row) {
    byte[] bytes = buffer;
    int start = pastSpace(from);
    int at = start;
    boolean isNegative = bytes[at] == '-';
    if (isNegative) {
      at++;
    }
    long digits = (long) bytes[at] - '0';
    if (digits < 0 || digits > 9) {
      return -1;
    }
    int count = digits == 0 ? 0 : 1; // without zeros before the first other digit
    at++;
    if (digits != 0) {
      for (; isDigit(bytes[at]); at++) {
        digits = 10 * digits + bytes[at] - '0';
        count++;
      }
    } else if (isDigit(bytes[at]) || isNegative && !isFractionOrPower(bytes[at])) {
      return -1; // to the parser, a zero without a point has no sign
    }
    int exponent = 0;
    if (bytes[at] == '.') {
      int point = at++;
      if (count == 0) {
        while (bytes[at] == '0') {
          at++;
        }
      }
      int first = at;
      for (; isDigit(bytes[at]); at++) {
        digits = 10 * digits + bytes[at] - '0';
      }
      count += at - first;
      exponent = point + 1 - at;
      if (exponent == 0) {
        return -1;
      }
    }
    if ((bytes[at] | 0x20) == 'e') {
      at++;
      boolean isDown = bytes[at] == '-';
      if (isDown || bytes[at] == '+') {
        at++;
      }
      int first = at;
      int power = 0;
      for (; isDigit(bytes[at]) && at - first < 5; at++) {
        power = 10 * power + bytes[at] - '0';
      }
      if (at == first) {
        return -1;
      }
      exponent += isDown ? -power : power;
    }
    int end = at;
    at = pastSpace(at);
    if (bytes[at] != ',' && bytes[at] != ']' || at >= to) {
      return -1;
    }
    float value = count > FloatText.MAX_DIGITS ? Float.NaN : FloatText.read(digits, exponent);
    if (Float.isNaN(value)) {
      value = Float.parseFloat(new String(bytes, start, end - start, StandardCharsets.US_ASCII));
      row.addFinite(value);
    } else {
      row.add(isNegative ? -value : value);
    }
    return at;
  }
}
