package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What holds playlists to the rules notices when one is broken.
class PlaylistTest {
  private static final String HEAD =
      """
      #EXTM3U
      #EXT-X-VERSION:6
      #EXT-X-TARGETDURATION:1
      #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=3.0
      #EXT-X-PART-INF:PART-TARGET=0.500
      #EXT-X-MEDIA-SEQUENCE:7
      #EXT-X-MAP:URI="init.mp4"
      #EXT-X-DATERANGE:ID="skipped-1-2",CLASS="io.sonidb.skipped",START-DATE="2026-01-01T00:00:01Z",DURATION=0,X-FIRST-SEQUENCE="1"
      """;

  private static String text() {
    StringBuilder text = new StringBuilder(HEAD);
    for (int number = 7; number < 11; number++) {
      text.append("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:0").append(number - 7).append("Z\n");
      for (int part = 0; number > 7 && part < 2; part++) {
        text.append("#EXT-X-PART:DURATION=0.500,INDEPENDENT=YES,URI=\"")
            .append(number + "." + part + ".m4s\"\n");
      }
      text.append("#EXTINF:1.000,\n").append(number).append(".m4s\n");
    }
    return text.append("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"11.0.m4s\"\n").toString();
  }

  @Test
  void isContentWithOneThatObeys() {
    assertThat(Playlist.read(text()).segments()).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "#EXTM3U | #EXTM4U",
        "TARGETDURATION:1 | TARGETDURATION:0",
        "VERSION:6 | VERSION:5",
        "CAN-BLOCK-RELOAD=YES | CAN-SKIP-UNTIL=6",
        "PART-HOLD-BACK=1.5 | PART-HOLD-BACK=1.4",
        "HOLD-BACK=3.0 | HOLD-BACK=2.9",
        "PART-TARGET=0.500 | PART-TARGET=0.499",
        "#EXT-X-PART-INF: | #EXT-X-PART-INFO:",
        "ID=\"skipped-1-2\", | ``",
        "X-FIRST-SEQUENCE=\"1\" | X-FIRST-SEQUENCE=one",
        "X-FIRST-SEQUENCE | FIRST-SEQUENCE",
        "DURATION=0, | DURATION=\"0\",",
        "DURATION=0, | DURATION=-1,",
        "START-DATE=\"2026 | START-DATE=\"soon",
        "00:00:02Z | 00:00:02.5Z",
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02Z | #EXT-X-DISCONTINUITY",
        "DURATION=0.500,INDEPENDENT=YES,URI=\"9.1 | DURATION=0.400,INDEPENDENT=YES,URI=\"9.1",
        "9.1.m4s | 9.0.m4s",
        "11.0.m4s | 10.1.m4s",
        "TYPE=PART | TYPE=MAP",
        "#EXT-X-PRELOAD-HINT | #EXT-X-ENDLIST\\n#EXT-X-PRELOAD-HINT",
        "#EXTINF:1.000,\\n8 | #EXTINF:1.600,\\n8",
        "10.m4s | 10.m4s\\n#EXT-X-MAP:URI=\"other.mp4\"",
      })
  void noticesARuleThatIsBroken(String from, String to) {
    String broken = text().replace(from.replace("\\n", "\n"), to.replace("\\n", "\n"));
    assertThat(broken).isNotEqualTo(text());
    assertThatThrownBy(() -> Playlist.read(broken))
        .isInstanceOfAny(AssertionError.class, RuntimeException.class);
  }

  @Test
  void noticesOneThatDoesNotGoOnWhereTheLastOneEnded() {
    Playlist before = Playlist.read(text());
    String part =
        "#EXT-X-PART:DURATION=0.500,INDEPENDENT=YES,URI=\"11.0.m4s\"\n#EXT-X-PRELOAD-HINT";
    String next = text().replace("11.0", "11.1").replace("#EXT-X-PRELOAD-HINT", part);
    Playlist.read(next).follows(before);
    for (String broken :
        new String[] {
          next.replace("SEQUENCE:7", "SEQUENCE:6"),
          next.replace("11.0", "12.0"),
          next.replace("9.m4s", "other.m4s"),
          next.replace("00:00:01Z\",DURATION", "00:00:02Z\",DURATION"),
        }) {
      assertThat(broken).isNotEqualTo(next);
      Playlist changed = Playlist.read(broken);
      assertThatThrownBy(() -> changed.follows(before)).isInstanceOf(AssertionError.class);
    }
  }
}
