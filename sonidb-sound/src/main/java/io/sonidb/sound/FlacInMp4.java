package io.sonidb.sound;

import io.sonidb.flac.Frames;
import java.util.Arrays;

/// FLAC frames in fragmented MP4 (ISO/IEC 14496-12, and Xiph's "Encapsulation of FLAC in ISO Base
/// Media File Format"), as HLS carries them. Each frame is a sample of its own, and every one a
/// point where decoding can begin; they are the frames as they came, under other numbers.
///
/// ```
/// ftyp                                        once, what a player reads first: #head
/// moov
///   mvhd
///   trak
///     tkhd
///     mdia  mdhd, hdlr soun
///       minf  smhd, dinf ( dref ( url ) )
///         stbl  stsd ( fLaC ( dfLa: the metadata blocks ) ), stts stsc stsz stco: all empty
///   mvex  trex
///
/// emsg                                        a fragment, any number of times: Fragment
/// moof
///   mfhd  number of the fragment
///   traf
///     tfhd  offsets count from the moof
///     tfdt  samples before the first frame
///     trun  of each frame its samples and its bytes
/// mdat  frames, one behind the other
/// ```
public final class FlacInMp4 {
  private static final int MARKER = 0x664C6143;
  private static final int MARKER_BYTES = 4;
  private static final int BLOCK_HEAD_BYTES = 4;
  private static final int STREAM_INFO_BYTES = 34;
  private static final int FORMAT_AT = MARKER_BYTES + BLOCK_HEAD_BYTES + 10;
  private static final int TRACK = 1;
  private static final int UNDETERMINED_LANGUAGE = 0x55C4;
  private static final int ENABLED_IN_MOVIE_AND_PREVIEW = 7;
  private static final int DEFAULT_BASE_IS_MOOF = 0x020000;
  private static final int OFFSET_DURATIONS_AND_SIZES = 0x000301;
  private static final int UNITY = 0x10000;

  private FlacInMp4() {}

  /// The initialisation section: what precedes every fragment.
  ///
  /// @param flac head of a native stream: the marker and all metadata blocks, STREAMINFO first
  /// @throws IllegalArgumentException if it is none
  public static byte[] head(byte[] flac) {
    if (flac.length < MARKER_BYTES + BLOCK_HEAD_BYTES + STREAM_INFO_BYTES
        || IdFormat.readBigEndian(flac, 0, MARKER_BYTES) != MARKER
        || (flac[MARKER_BYTES] & 0x7F) != 0) {
      throw new IllegalArgumentException("no head of a FLAC stream");
    }
    long format = IdFormat.readBigEndian(flac, FORMAT_AT, 8);
    int rate = (int) (format >>> 44);
    int channels = (int) (format >>> 41 & 7) + 1;
    int bits = (int) (format >>> 36 & 31) + 1;
    Mp4Writer out = new Mp4Writer(flac.length + 1024);
    int ftyp = out.begin("ftyp");
    out.text("iso6");
    out.number(0, 4);
    out.text("iso6mp41");
    out.end(ftyp);
    int moov = out.begin("moov");
    movieHeader(rate, out);
    int trak = out.begin("trak");
    trackHeader(out);
    int mdia = out.begin("mdia");
    mediaHeader(rate, out);
    int minf = out.begin("minf");
    int smhd = out.begin("smhd", 0, 0);
    out.zeros(4);
    out.end(smhd);
    int dinf = out.begin("dinf");
    int dref = out.begin("dref", 0, 0);
    out.number(1, 4);
    out.end(out.begin("url ", 0, 1)); // the media are in this very file
    out.end(dref);
    out.end(dinf);
    int stbl = out.begin("stbl");
    sampleDescription(flac, rate, channels, bits, out);
    for (String empty : new String[] {"stts", "stsc", "stsz", "stco"}) {
      int box = out.begin(empty, 0, 0);
      out.zeros(empty.equals("stsz") ? 8 : 4);
      out.end(box);
    }
    out.end(stbl);
    out.end(minf);
    out.end(mdia);
    out.end(trak);
    int mvex = out.begin("mvex");
    int trex = out.begin("trex", 0, 0);
    out.number(TRACK, 4);
    out.number(1, 4); // the first sample description
    out.zeros(12);
    out.end(trex);
    out.end(mvex);
    out.end(moov);
    return out.toBytes();
  }

  private static void movieHeader(int rate, Mp4Writer out) {
    int mvhd = out.begin("mvhd", 0, 0);
    out.zeros(8);
    out.number(rate, 4);
    out.zeros(4); // how long it is nobody knows yet
    out.number(UNITY, 4);
    out.number(0x0100, 2);
    out.zeros(10);
    matrix(out);
    out.zeros(24);
    out.number(TRACK + 1, 4);
    out.end(mvhd);
  }

  private static void trackHeader(Mp4Writer out) {
    int tkhd = out.begin("tkhd", 0, ENABLED_IN_MOVIE_AND_PREVIEW);
    out.zeros(8);
    out.number(TRACK, 4);
    out.zeros(20);
    out.number(0x0100, 2);
    out.zeros(2);
    matrix(out);
    out.zeros(8);
    out.end(tkhd);
  }

  private static void matrix(Mp4Writer out) {
    for (int value : new int[] {UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x40000000}) {
      out.number(value, 4);
    }
  }

  private static void mediaHeader(int rate, Mp4Writer out) {
    int mdhd = out.begin("mdhd", 0, 0);
    out.zeros(8);
    out.number(rate, 4);
    out.zeros(4);
    out.number(UNDETERMINED_LANGUAGE, 2);
    out.zeros(2);
    out.end(mdhd);
    int hdlr = out.begin("hdlr", 0, 0);
    out.zeros(4);
    out.text("soun");
    out.zeros(12);
    out.text("SoniDB");
    out.zeros(1);
    out.end(hdlr);
  }

  private static void sampleDescription(
      byte[] flac, int rate, int channels, int bits, Mp4Writer out) {
    int stsd = out.begin("stsd", 0, 0);
    out.number(1, 4);
    int entry = out.begin("fLaC");
    out.zeros(6);
    out.number(1, 2);
    out.zeros(8);
    out.number(channels, 2);
    out.number(bits, 2);
    out.zeros(4);
    out.number((long) rate << 16, 4);
    int blocks = out.begin("dfLa", 0, 0);
    out.raw(flac, MARKER_BYTES, flac.length - MARKER_BYTES);
    out.end(blocks);
    out.end(entry);
    out.end(stsd);
  }

  /// A fragment in the making. Not thread-safe.
  public static final class Fragment {
    /// Coded numbers of frames begin again at 0 after so many samples, about twelve hours: ffmpeg
    /// refuses numbers of more bits, though FLAC has 36. Time is told by tfdt.
    public static final long NUMBERS = 1L << 31;

    private final int number;
    private final int rate;
    private final long start;
    private final Mp4Writer events = new Mp4Writer(1 << 10);
    private byte[] frames;
    private int size;
    private int[] table = new int[64];
    private int count;
    private long samples;

    /// @param number of the fragment; that of the next one is larger
    /// @param rate samples a second
    /// @param start samples before its first frame, 0 or more
    /// @param expected bytes of its frames, roughly
    public Fragment(int number, int rate, long start, int expected) {
      this.number = number;
      this.rate = rate;
      this.start = start;
      this.frames = new byte[Math.max(64, expected)];
    }

    /// Samples of its frames so far.
    public long samples() {
      return samples;
    }

    /// Adds a frame of variable block size under the number of its first sample.
    ///
    /// @param from holds it
    /// @param offset of its first byte
    /// @param length of all its bytes
    /// @param blockSize its samples
    public void add(byte[] from, int offset, int length, int blockSize) {
      int bound = Math.addExact(size, length + Frames.MAX_RENUMBER_GROWTH);
      if (bound > frames.length) {
        frames = Arrays.copyOf(frames, Math.max(bound, 2 * frames.length));
      }
      int written =
          Frames.renumber(from, offset, length, (start + samples) % NUMBERS, frames, size);
      if (2 * count + 2 > table.length) {
        table = Arrays.copyOf(table, 2 * table.length);
      }
      table[2 * count] = blockSize;
      table[2 * count + 1] = written;
      count++;
      size += written;
      samples += blockSize;
    }

    /// Adds a message for the time of the fragment (ISO/IEC 23009-1, 5.10.3.3) that is an ID3 tag
    /// (AOM, "Carriage of ID3 Timed Metadata in CMAF") with one private frame.
    ///
    /// @param owner of the private frame, ASCII
    /// @param data its contents
    public void tell(String owner, byte[] data) {
      int emsg = events.begin("emsg", 1, 0);
      events.number(rate, 4);
      events.number(start, 8);
      events.number(samples, 4);
      events.number(number, 4);
      events.text("https://aomedia.org/emsg/ID3");
      events.zeros(2); // the end of the scheme, and no value
      int frameBytes = owner.length() + 1 + data.length;
      events.text("ID3");
      events.number(0x0400, 2);
      events.zeros(1);
      events.number(syncSafe(10 + frameBytes), 4);
      events.text("PRIV");
      events.number(syncSafe(frameBytes), 4);
      events.zeros(2);
      events.text(owner);
      events.zeros(1);
      events.raw(data, 0, data.length);
      events.end(emsg);
    }

    /// ID3v2.4, 6.2: seven bits a byte, so that no byte looks like the start of an MPEG frame.
    private static long syncSafe(int value) {
      if (value >= 1 << 28) {
        throw new IllegalArgumentException("an ID3 tag has less than 2^28 bytes, not " + value);
      }
      return (value & 0x7FL)
          | (value & 0x3F80L) << 1
          | (value & 0x1F_C000L) << 2
          | (value & 0xFE0_0000L) << 3;
    }

    /// The fragment's bytes.
    public byte[] toBytes() {
      byte[] told = events.toBytes();
      Mp4Writer out = new Mp4Writer(told.length + 128 + 8 * count + size);
      out.raw(told, 0, told.length);
      int moof = out.begin("moof");
      int mfhd = out.begin("mfhd", 0, 0);
      out.number(Integer.toUnsignedLong(number), 4);
      out.end(mfhd);
      int traf = out.begin("traf");
      int tfhd = out.begin("tfhd", 0, DEFAULT_BASE_IS_MOOF);
      out.number(TRACK, 4);
      out.end(tfhd);
      int tfdt = out.begin("tfdt", 1, 0);
      out.number(start, 8);
      out.end(tfdt);
      int trun = out.begin("trun", 0, OFFSET_DURATIONS_AND_SIZES);
      out.number(count, 4);
      int offsetAt = out.size();
      out.zeros(4);
      for (int i = 0; i < 2 * count; i++) {
        out.number(table[i], 4);
      }
      out.end(trun);
      out.end(traf);
      out.end(moof);
      int mdat = out.begin("mdat");
      out.set(offsetAt, out.size() - moof);
      out.raw(frames, 0, size);
      out.end(mdat);
      return out.toBytes();
    }
  }
}
