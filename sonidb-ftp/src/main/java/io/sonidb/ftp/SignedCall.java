package io.sonidb.ftp;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// A call from node to node, as it is signed: whoever changes, repeats or redirects it is noticed.
///
/// @param node which one it is for, by the name that it gave itself at its start; empty to ask for
///   that name
/// @param method of HTTP
/// @param path with the query, as it is sent
/// @param body as it is sent
/// @param timeMillis when it was signed, in milliseconds since 1970
/// @param nonce a number that is used once, as 32 hexadecimal digits
public record SignedCall(
    String node, String method, String path, Digest body, long timeMillis, String nonce) {
  /// Header that has [#node].
  public static final String NODE = "SoniDB-Node";

  /// Header that has [#timeMillis].
  public static final String TIME = "SoniDB-Time";

  /// Header that has [#nonce].
  public static final String NONCE = "SoniDB-Nonce";

  /// Header that has the signature, of calls and of answers.
  public static final String SIGNATURE = "SoniDB-Signature";

  /// A SHA-256.
  ///
  /// @param hex 64 digits
  public record Digest(String hex) {
    /// Of some bytes.
    public static Digest of(byte[] bytes) {
      try {
        return new Digest(
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every JDK has SHA-256", e);
      }
    }
  }

  /// The signature of the call.
  public String signature(ClusterSecret secret) {
    return secret.code(
        "sonidb-call-1", List.of(node, method, path, body.hex(), Long.toString(timeMillis), nonce));
  }

  /// The signature of the answer to the call.
  ///
  /// @param status of HTTP
  /// @param answer the body as it is sent
  public String signature(ClusterSecret secret, int status, byte[] answer) {
    return secret.code(
        "sonidb-answer-1", List.of(nonce, Integer.toString(status), Digest.of(answer).hex()));
  }
}
