package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Takes fragmented MP4 with FLAC in it to pieces, and is strict about it.
public final class Mp4Reader {
  private static final int HEAD = 8;

  private Mp4Reader() {}

  /// A frame. Its bytes stay shared.
  public static final class Sample {
    private final long start;
    private final int duration;
    private final byte[] frame;

    private Sample(long start, int duration, byte[] frame) {
      this.start = start;
      this.duration = duration;
      this.frame = frame;
    }

    /// Samples before it.
    public long start() {
      return start;
    }

    /// Its samples.
    public int duration() {
      return duration;
    }

    /// Its bytes.
    public byte[] frame() {
      return frame;
    }
  }

  /// A fragment.
  ///
  /// @param told what its messages say
  public record Fragment(long number, long start, List<Sample> samples, List<String> told) {
    public Fragment {
      samples = List.copyOf(samples);
      told = List.copyOf(told);
    }

    /// Samples of all frames.
    public long duration() {
      return samples.stream().mapToLong(Sample::duration).sum();
    }
  }

  private record Box(String name, ByteBuffer body, int start) {}

  private static List<Box> boxes(ByteBuffer in) {
    List<Box> boxes = new ArrayList<>();
    while (in.hasRemaining()) {
      int start = in.position();
      int size = in.getInt();
      assertThat(size).as("size of a box").isBetween(HEAD, in.remaining() + 4);
      byte[] name = new byte[4];
      in.get(name);
      boxes.add(
          new Box(
              new String(name, StandardCharsets.US_ASCII),
              in.slice(in.position(), size - HEAD),
              start));
      in.position(start + size);
    }
    return boxes;
  }

  private static Box only(List<Box> boxes, String name) {
    List<Box> found = boxes.stream().filter(box -> box.name().equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    return found.getFirst();
  }

  /// The head of a FLAC stream that an initialisation section has.
  public static byte[] flacHead(byte[] section) {
    List<Box> all = boxes(ByteBuffer.wrap(section));
    assertThat(all.stream().map(Box::name)).containsExactly("ftyp", "moov");
    Box moov = all.get(1);
    Box stbl =
        only(
            boxes(
                only(
                        boxes(only(boxes(only(boxes(moov.body()), "trak").body()), "mdia").body()),
                        "minf")
                    .body()),
            "stbl");
    ByteBuffer stsd = only(boxes(stbl.body()), "stsd").body();
    assertThat(stsd.getInt(4)).isOne();
    Box entry = only(boxes(stsd.slice(8, stsd.remaining() - 8)), "fLaC");
    ByteBuffer dfla =
        only(boxes(entry.body().slice(28, entry.body().remaining() - 28)), "dfLa").body();
    byte[] head = new byte[dfla.remaining()];
    dfla.get(head);
    head[0] = 'f';
    head[1] = 'L';
    head[2] = 'a';
    head[3] = 'C';
    return head;
  }

  /// All fragments of a media segment or part.
  public static List<Fragment> fragments(byte[] media) {
    List<Fragment> fragments = new ArrayList<>();
    List<String> told = new ArrayList<>();
    List<Box> all = boxes(ByteBuffer.wrap(media));
    for (int i = 0; i < all.size(); i++) {
      Box box = all.get(i);
      switch (box.name()) {
        case "emsg" -> told.add(message(box.body()));
        case "moof" -> {
          Box mdat = all.get(++i);
          assertThat(mdat.name()).isEqualTo("mdat");
          fragments.add(fragment(media, box, mdat, told));
          told.clear();
        }
        default -> throw new AssertionError("box " + box.name());
      }
    }
    return fragments;
  }

  private static Fragment fragment(byte[] media, Box moof, Box mdat, List<String> told) {
    List<Box> in = boxes(moof.body());
    long number = only(in, "mfhd").body().getInt(4) & 0xFFFF_FFFFL;
    List<Box> traf = boxes(only(in, "traf").body());
    ByteBuffer tfdt = only(traf, "tfdt").body();
    assertThat(tfdt.get(0)).as("version of tfdt").isEqualTo((byte) 1);
    long start = tfdt.getLong(4);
    ByteBuffer trun = only(traf, "trun").body();
    assertThat(trun.getInt()).isEqualTo(0x301);
    int count = trun.getInt();
    int at = moof.start() + trun.getInt();
    assertThat(at).as("where frames begin").isEqualTo(mdat.start() + HEAD);
    List<Sample> samples = new ArrayList<>();
    long time = start;
    for (int i = 0; i < count; i++) {
      int duration = trun.getInt();
      int size = trun.getInt();
      byte[] frame = Arrays.copyOfRange(media, at, at + size);
      samples.add(new Sample(time, duration, frame));
      time += duration;
      at += size;
    }
    assertThat(at).as("sizes in trun").isEqualTo(mdat.start() + HEAD + mdat.body().remaining());
    return new Fragment(number, start, samples, told);
  }

  /// What the private frame of the ID3 tag in an emsg says.
  private static String message(ByteBuffer emsg) {
    assertThat(emsg.get(0)).as("version of emsg").isEqualTo((byte) 1);
    byte[] rest = new byte[emsg.remaining() - 24];
    emsg.get(24, rest);
    String text = new String(rest, StandardCharsets.ISO_8859_1);
    String scheme = "https://aomedia.org/emsg/ID3\0\0ID3\4\0\0";
    assertThat(text).startsWith(scheme);
    assertThat(syncSafe(rest, scheme.length())).isEqualTo(rest.length - scheme.length() - 4);
    int frame = scheme.length() + 4;
    assertThat(text.substring(frame, frame + 4)).isEqualTo("PRIV");
    assertThat(syncSafe(rest, frame + 4)).isEqualTo(rest.length - frame - 10);
    String owner = "io.sonidb.records\0";
    assertThat(text.substring(frame + 10)).startsWith(owner);
    int data = frame + 10 + owner.length();
    return new String(rest, data, rest.length - data, StandardCharsets.UTF_8);
  }

  private static int syncSafe(byte[] in, int at) {
    return in[at] << 21 | in[at + 1] << 14 | in[at + 2] << 7 | in[at + 3];
  }
}
