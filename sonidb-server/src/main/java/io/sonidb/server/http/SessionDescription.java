package io.sonidb.server.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/// Looks at an offer (RFC 8866, RFC 8841) before native code does: it must offer one data channel,
/// over SCTP and DTLS, and nothing else.
final class SessionDescription {
  static final String TYPE = "application/sdp";

  /// A browser's offer of a data channel has one or two thousand.
  static final int MAX_BYTES = 1 << 15;

  private static final int MAX_LINES = 500;
  private static final int MAX_LINE = 1024;
  private static final int MAX_CANDIDATES = 64;
  private static final Pattern LINE = Pattern.compile("[a-z]=[\\x20-\\x7e]+");

  /// As RFC 8841 has it, or as its drafts had it, which some libraries still write.
  private static final Pattern CHANNEL =
      Pattern.compile(
          "m=application \\d{1,5} ((UDP|TCP)/DTLS/SCTP webrtc-datachannel|DTLS/SCTP \\d{1,5})");

  private static final Pattern FINGERPRINT =
      Pattern.compile("a=fingerprint:[A-Za-z0-9-]{1,16} [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){15,63}");
  private static final Pattern UFRAG = Pattern.compile("a=ice-ufrag:[A-Za-z0-9+/]{4,256}");
  private static final Pattern PASSWORD = Pattern.compile("a=ice-pwd:[A-Za-z0-9+/]{22,256}");
  private static final Pattern SETUP = Pattern.compile("a=setup:(actpass|active|passive)");

  private SessionDescription() {}

  /// An offer, its lines ended as the standard wants.
  ///
  /// @throws ApiException 400 if it is no session description, 422 if it offers something else
  static String offer(byte[] body) {
    String text = new String(body, StandardCharsets.ISO_8859_1);
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || lines.size() > MAX_LINES || !lines.getFirst().equals("v=0")) {
      throw malformed("it must begin with v=0 and have at most " + MAX_LINES + " lines");
    }
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).length() > MAX_LINE || !LINE.matcher(lines.get(i)).matches()) {
        throw malformed("line " + (i + 1) + " is none of a session description");
      }
    }
    List<String> media = lines.stream().filter(line -> line.startsWith("m=")).toList();
    if (media.size() != 1 || !CHANNEL.matcher(media.getFirst()).matches()) {
      throw unfit("it must offer one data channel and no other media");
    }
    need(lines, FINGERPRINT, "a=fingerprint");
    need(lines, UFRAG, "a=ice-ufrag");
    need(lines, PASSWORD, "a=ice-pwd");
    need(lines, SETUP, "a=setup");
    if (lines.stream().filter(line -> line.startsWith("a=candidate:")).count() > MAX_CANDIDATES) {
      throw unfit("it has more than " + MAX_CANDIDATES + " candidates");
    }
    return String.join("\r\n", lines) + "\r\n";
  }

  private static void need(List<String> lines, Pattern pattern, String name) {
    if (lines.stream().noneMatch(line -> pattern.matcher(line).matches())) {
      throw unfit("it has no " + name + " that makes sense");
    }
  }

  private static ApiException malformed(String why) {
    return ApiException.of(400, "Format error in session description: " + why);
  }

  static ApiException unfit(String why) {
    return ApiException.of(422, "Validation error in session description: [" + why + "]");
  }
}
