package io.sonidb.server.http;

import io.sonidb.AudioCut;
import io.sonidb.Collection;
import io.sonidb.server.hls.Broadcast;
import io.sonidb.server.hls.Broadcasts;
import io.sonidb.server.hls.VodPlaylist;
import io.sonidb.sound.FlacInMp4;
import io.sonidb.sound.SoundFormat;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.eclipse.jetty.http.HttpHeader;

/// Vectors as sound for players: HTTP Live Streaming of FLAC in fragmented MP4, live and whole.
final class HlsApi {
  static final String PLAYLIST = "application/vnd.apple.mpegurl";
  static final String MP4 = "audio/mp4";
  private static final Pattern LIVE_FILE = Pattern.compile("([0-9]{1,12})(?:\\.([0-9]))?\\.m4s");

  // What a player that is a little late, or a cache in front of many, still needs.
  private static final String SOON_GONE = "max-age=60";
  private static final int PER_CENT = 110;

  /// Of the media segments that are cut and on their way: those who read slowly hold up nobody but
  /// each other.
  private static final long CUT_BYTES = 128L << 20;

  private final Broadcasts broadcasts;
  private final Streams streams;
  private final BodyBudget cuts = new BodyBudget(CUT_BYTES);

  HlsApi(Broadcasts broadcasts, Streams streams) {
    this.broadcasts = broadcasts;
    this.streams = streams;
  }

  // Live ---------------------------------------------------------------------------------------

  /// The live playlist; if that is asked for, once it has a part.
  Answer live(Exchange exchange) {
    Optional<Long> segment = AudioApi.from(exchange, "_HLS_msn");
    Optional<Integer> part =
        AudioApi.from(exchange, "_HLS_part").map(each -> (int) Math.min(each, Integer.MAX_VALUE));
    if (part.isPresent() && segment.isEmpty()) {
      throw wrong("_HLS_part needs _HLS_msn");
    }
    Broadcast broadcast = broadcast(exchange.collection());
    String text;
    if (segment.isEmpty()) {
      text = broadcast.playlist();
    } else {
      try {
        text =
            held(exchange, () -> broadcast.playlist(segment.get(), part))
                .orElseThrow(() -> ApiException.of(503, "Service unavailable: the part is late"));
      } catch (IllegalArgumentException e) {
        throw wrong(String.valueOf(e.getMessage()));
      }
    }
    exchange
        .response()
        .getHeaders()
        .put(HttpHeader.CACHE_CONTROL, segment.isEmpty() ? "no-cache" : "max-age=1");
    return new Answer.Text(200, PLAYLIST, text);
  }

  private static ApiException wrong(String why) {
    return ApiException.of(400, "Deserialize error in query parameters: " + why);
  }

  private Broadcast broadcast(Collection collection) {
    return broadcasts
        .of(collection, mapName(collection))
        .orElseThrow(() ->
            ApiException.of(
                503,
                "Service unavailable: "
                    + Broadcasts.MOST
                    + " collections are listened to already"));
  }

  /// Waits for something on behalf of a client, who takes a place among the streams.
  private <T> T held(Exchange exchange, Supplier<T> action) {
    try (Streams.Place _ = streams.enter(exchange.request(), () -> {})) {
      return action.get();
    }
  }

  /// A part or a segment of the live playlist.
  Answer liveFile(Exchange exchange) {
    Collection collection = exchange.collection();
    String name = exchange.variable("file");
    Matcher matcher = LIVE_FILE.matcher(name);
    if (!matcher.matches()) {
      throw missing();
    }
    long segment = Long.parseLong(matcher.group(1));
    // Only who asks for the playlist begins one.
    Broadcast broadcast = broadcasts.find(collection).orElseThrow(HlsApi::missing);
    ByteBuffer bytes;
    if (matcher.group(2) == null) {
      bytes = joined(broadcast.segment(segment).orElseThrow(HlsApi::missing));
    } else {
      int part = Integer.parseInt(matcher.group(2));
      bytes =
          held(exchange, () -> broadcast.part(segment, part))
              .map(ByteBuffer::wrap)
              .orElseThrow(HlsApi::missing);
    }
    return new FileAnswer(MP4, tag(bytes), SOON_GONE).of(bytes, () -> {});
  }

  private static ByteBuffer joined(List<byte[]> parts) {
    ByteBuffer all = ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
    parts.forEach(all::put);
    return all.flip();
  }

  private static ApiException missing() {
    return ApiException.notFound("the playlist does not name this, any more or yet");
  }

  private static String tag(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate());
    return HexFormat.of().toHexDigits((int) crc.getValue())
        + Integer.toHexString(bytes.remaining());
  }

  // Whole --------------------------------------------------------------------------------------

  /// The playlist of all that there is.
  static Answer vod(Exchange exchange) {
    Collection collection = exchange.collection();
    ByteBuffer text =
        ByteBuffer.wrap(
            VodPlaylist.text(collection, mapName(collection)).getBytes(StandardCharsets.UTF_8));
    return new FileAnswer(PLAYLIST, tag(text), FileAnswer.ASK_FIRST).of(text, () -> {});
  }

  /// A media segment of that playlist, cut now.
  Answer vodFile(Exchange exchange) {
    Collection collection = exchange.collection();
    String name = exchange.variable("file");
    VodPlaylist.Named named = VodPlaylist.find(collection, name).orElseThrow(HlsApi::missing);
    AudioCut cut = named.cut();
    int channels =
        new SoundFormat(collection.spec().element(), collection.spec().sonification()).channels();
    BodyBudget.Room room = cuts.take(2 * cut.samples() * channels * 3);
    try {
      ByteBuffer bytes =
          VodPlaylist.bytes(collection, named).map(ByteBuffer::wrap).orElseThrow(HlsApi::missing);
      return new FileAnswer(MP4, tag(bytes), FileAnswer.FOR_EVER).of(bytes, room::close);
    } catch (RuntimeException e) {
      room.close();
      throw e;
    }
  }

  // Both ---------------------------------------------------------------------------------------

  /// Named by its contents.
  private static String mapName(Collection collection) {
    return mapName(map(collection));
  }

  private static String mapName(byte[] map) {
    CRC32 crc = new CRC32();
    crc.update(map);
    return "init-" + HexFormat.of().toHexDigits((int) crc.getValue()) + ".mp4";
  }

  private static byte[] map(Collection collection) {
    return FlacInMp4.head(collection.audioHead());
  }

  /// The initialisation section of both playlists.
  static Answer map(Exchange exchange) {
    byte[] map = map(exchange.collection());
    String name = mapName(map);
    if (!exchange.variable("file").equals(name)) {
      throw missing();
    }
    return new FileAnswer(MP4, name, FileAnswer.FOR_EVER).of(ByteBuffer.wrap(map), () -> {});
  }

  /// A playlist that says what a player must be able to do for the live one.
  static Answer liveMaster(Exchange exchange) {
    return master(exchange, "live.m3u8");
  }

  /// The same for the whole one.
  static Answer vodMaster(Exchange exchange) {
    return master(exchange, "vod.m3u8");
  }

  private static Answer master(Exchange exchange, String playlist) {
    Collection collection = exchange.collection();
    SoundFormat format =
        new SoundFormat(collection.spec().element(), collection.spec().sonification());
    // Samples as they are, and what is around them: frames are never longer.
    long bits =
        (long) format.audio().sampleRateHz()
            * format.channels()
            * format.audio().bitsPerSample()
            * PER_CENT
            / 100;
    return new Answer.Text(
        200,
        PLAYLIST,
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH="
            + bits
            + ",CODECS=\"fLaC\"\n"
            + playlist
            + "\n");
  }
}
