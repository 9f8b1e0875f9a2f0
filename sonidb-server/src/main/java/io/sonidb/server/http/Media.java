package io.sonidb.server.http;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/// Kinds of bodies in which vectors travel, by their media types.
enum Media {
  /// JSON or CBOR, in the envelopes of the vector API.
  TREE,
  /// Records as sound: FLAC, FLAC in Ogg, WAV.
  AUDIO,
  /// An array of NumPy.
  NPY;

  static final String FLAC = "audio/flac";
  static final String NUMPY = "application/x-npy";

  private static final Set<String> SOUNDS =
      Set.of(
          FLAC,
          "audio/x-flac",
          "audio/ogg",
          "application/ogg",
          "audio/wav",
          "audio/x-wav",
          "audio/wave",
          "audio/vnd.wave");
  private static final Set<String> ARRAYS =
      Set.of(NUMPY, "application/npy", "application/vnd.numpy", "application/octet-stream");

  /// What a body is said to be; without a word, a tree.
  static Media ofBody(Request request) {
    return contentType(request).map(Media::ofType).orElse(TREE);
  }

  /// The media type of a body, without its parameters.
  static Optional<String> contentType(Request request) {
    return Optional.ofNullable(request.getHeaders().get(HttpHeader.CONTENT_TYPE))
        .map(Media::bare)
        .filter(type -> !type.isEmpty());
  }

  private static Media ofType(String type) {
    return SOUNDS.contains(type) ? AUDIO : ARRAYS.contains(type) ? NPY : TREE;
  }

  /// What the client would rather have: the first type of its list that is given here.
  static Media ofAnswer(Request request) {
    String accepted = request.getHeaders().get(HttpHeader.ACCEPT);
    if (accepted == null) {
      return TREE;
    }
    for (String each : accepted.split(",", -1)) {
      switch (bare(each)) {
        case FLAC, "audio/x-flac" -> {
          return AUDIO;
        }
        case NUMPY, "application/npy", "application/vnd.numpy" -> {
          return NPY;
        }
        case Formats.JSON, Formats.CBOR, "*/*", "application/*" -> {
          return TREE;
        }
        default -> {
          // perhaps another one of the list
        }
      }
    }
    return TREE;
  }

  private static String bare(String type) {
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }
}
