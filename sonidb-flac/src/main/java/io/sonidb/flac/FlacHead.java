package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What precedes the frames of a FLAC stream: the marker and the metadata blocks (RFC 9639, 6 to
/// 8).
///
/// ```
/// "fLaC" | last? 1 bit, type 7 bits, length 24 bits | body | ... | frames
/// ```
///
/// STREAMINFO is the first block and occurs once; SEEKTABLE and VORBIS_COMMENT occur at most once.
/// As STREAMINFO has a fixed length, a file that is finished can have it replaced in place: see
/// [#firstBytes].
public final class FlacHead {

  /// The length of the marker and the whole STREAMINFO block, in bytes.
  public static final int FIRST_BYTES = 42;

  private static final int MARKER = 0x664c6143;
  private static final int MARKER_BYTES = 4;
  private static final int BLOCK_HEADER_BYTES = 4;
  private static final int LAST = 0x80;
  private static final int FORBIDDEN_TYPE = 127;

  private final List<MetadataBlock> blocks;
  private final int length;

  private FlacHead(List<MetadataBlock> blocks, int length) {
    this.blocks = List.copyOf(blocks);
    this.length = length;
  }

  /// {@return the blocks in order, [#streamInfo()] first, not modifiable}
  public List<MetadataBlock> blocks() {
    return blocks;
  }

  /// {@return the first block}
  public StreamInfo streamInfo() {
    return (StreamInfo) blocks.getFirst();
  }

  /// {@return the tags, if there are any that can be read}
  public Optional<VorbisComment> vorbisComment() {
    return first(VorbisComment.class);
  }

  /// {@return the seek table, if there is one that can be read}
  public Optional<SeekTable> seekTable() {
    return first(SeekTable.class);
  }

  /// The data of a program.
  ///
  /// @param id the program's identifier
  /// @return a copy of the data of the first APPLICATION block that has it
  public Optional<byte[]> application(int id) {
    return blocks.stream()
        .filter(block -> block instanceof Application application && application.id() == id)
        .map(block -> ((Application) block).data())
        .findFirst();
  }

  private <T extends MetadataBlock> Optional<T> first(Class<T> type) {
    return blocks.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /// {@return the length in bytes of marker and blocks: where the first frame begins}
  public int length() {
    return length;
  }

  /// Writes marker and blocks.
  ///
  /// @param blocks a [StreamInfo] first, and no second one; at most one [SeekTable] and one
  ///   [VorbisComment]
  /// @return all bytes ahead of the first frame
  /// @throws IllegalArgumentException if the order rules are broken, or a block was read as broken
  public static byte[] write(List<MetadataBlock> blocks) {
    checkOrder(blocks);
    long length = MARKER_BYTES;
    for (MetadataBlock block : blocks) {
      length += BLOCK_HEADER_BYTES + block.bodyBytes();
    }
    if (length > Integer.MAX_VALUE - Long.BYTES) {
      throw new IllegalArgumentException("metadata of " + length + " bytes is too long");
    }
    byte[] out = new byte[(int) length];
    BigEndian.writeInt(out, 0, MARKER);
    int at = MARKER_BYTES;
    for (int i = 0; i < blocks.size(); i++) {
      at += writeBlock(out, at, blocks.get(i), i == blocks.size() - 1);
    }
    return out;
  }

  /// The first [#FIRST_BYTES] bytes of a stream: the marker and the STREAMINFO block, to be written
  /// over those of a file that exists.
  ///
  /// @param last whether the file has no other metadata block; the flag must stay as it is in the
  ///   file
  /// @param info the new STREAMINFO
  /// @return a new array
  public static byte[] firstBytes(StreamInfo info, boolean last) {
    byte[] out = new byte[FIRST_BYTES];
    BigEndian.writeInt(out, 0, MARKER);
    writeBlock(out, MARKER_BYTES, info, last);
    return out;
  }

  /// Reads marker and blocks.
  ///
  /// A VORBIS_COMMENT, SEEKTABLE or APPLICATION that is broken inside becomes an [OtherBlock] that
  /// tells the problem; whatever leaves the place of the frames or their format in doubt is
  /// refused.
  ///
  /// @param in holds the stream's first bytes
  /// @param offset where they begin
  /// @param limit the end of the bytes that may be read
  /// @return the blocks and their length
  /// @throws MalformedFlacException with an offset into `in`; [MalformedFlacException#truncated()]
  ///   tells whether more bytes might mend it
  public static FlacHead read(byte[] in, int offset, int limit) throws MalformedFlacException {
    if (offset < 0 || limit > in.length || offset > limit) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + limit + " of an array of " + in.length);
    }
    if (limit - offset < MARKER_BYTES) {
      throw cutOff(limit);
    }
    int marker = BigEndian.readInt(in, offset);
    if (marker != MARKER) {
      throw new MalformedFlacException(
          "stream begins with 0x%08x instead of \"fLaC\"".formatted(marker), offset);
    }
    List<MetadataBlock> blocks = new ArrayList<>();
    int at = offset + MARKER_BYTES;
    boolean last;
    do {
      if (limit - at < BLOCK_HEADER_BYTES) {
        throw cutOff(limit);
      }
      last = (in[at] & LAST) != 0;
      int type = in[at] & ~LAST & 0xff;
      int length = BigEndian.readTriple(in, at + 1);
      checkPlace(type, length, blocks, at);
      if (limit - at - BLOCK_HEADER_BYTES < length) {
        throw cutOff(limit);
      }
      blocks.add(readBlock(in, at + BLOCK_HEADER_BYTES, type, length));
      at += BLOCK_HEADER_BYTES + length;
    } while (!last);
    return new FlacHead(blocks, at - offset);
  }

  private static void checkPlace(int type, int length, List<MetadataBlock> before, int at)
      throws MalformedFlacException {
    if (before.isEmpty()) {
      if (type != StreamInfo.TYPE) {
        throw new MalformedFlacException(
            "first metadata block has type " + type + " and not 0, STREAMINFO", at);
      }
      if (length != StreamInfo.BYTES) {
        throw new MalformedFlacException("STREAMINFO has " + length + " bytes and not 34", at);
      }
      return;
    }
    if (type == FORBIDDEN_TYPE) {
      throw new MalformedFlacException("metadata block type 127 is forbidden", at);
    }
    boolean single =
        type == StreamInfo.TYPE || type == SeekTable.TYPE || type == VorbisComment.TYPE;
    if (single && before.stream().anyMatch(block -> block.type() == type)) {
      throw new MalformedFlacException("second metadata block of type " + type, at);
    }
  }

  private static MetadataBlock readBlock(byte[] in, int at, int type, int length)
      throws MalformedFlacException {
    try {
      return switch (type) {
        case StreamInfo.TYPE -> StreamInfo.read(in, at);
        case Padding.TYPE -> new Padding(length);
        case Application.TYPE -> Application.read(in, at, length);
        case SeekTable.TYPE -> SeekTable.read(in, at, length);
        case VorbisComment.TYPE -> VorbisComment.read(in, at, length);
        default -> new OtherBlock(type, Arrays.copyOfRange(in, at, at + length), Optional.empty());
      };
    } catch (IllegalArgumentException e) {
      String problem = String.valueOf(e.getMessage());
      return new OtherBlock(type, Arrays.copyOfRange(in, at, at + length), Optional.of(problem));
    }
  }

  private static int writeBlock(byte[] out, int at, MetadataBlock block, boolean last) {
    out[at] = (byte) (block.type() | (last ? LAST : 0));
    BigEndian.writeTriple(out, at + 1, block.bodyBytes());
    int body = at + BLOCK_HEADER_BYTES;
    switch (block) {
      case StreamInfo info -> info.write(out, body);
      case VorbisComment comment -> comment.write(out, body);
      case SeekTable table -> table.write(out, body);
      case Application application -> application.write(out, body);
      case OtherBlock other -> other.write(out, body);
      case Padding _ -> {
        // The array is zero already.
      }
    }
    return BLOCK_HEADER_BYTES + block.bodyBytes();
  }

  private static void checkOrder(List<MetadataBlock> blocks) {
    if (blocks.isEmpty() || !(blocks.getFirst() instanceof StreamInfo)) {
      throw new IllegalArgumentException("the first metadata block must be STREAMINFO");
    }
    int seekTables = 0;
    int comments = 0;
    for (int i = 0; i < blocks.size(); i++) {
      switch (blocks.get(i)) {
        case StreamInfo _ -> {
          if (i > 0) {
            throw new IllegalArgumentException("metadata block " + i + " is a second STREAMINFO");
          }
        }
        case SeekTable _ -> seekTables++;
        case VorbisComment _ -> comments++;
        case OtherBlock other -> {
          if (other.problem().isPresent()) {
            throw new IllegalArgumentException(
                "metadata block "
                    + i
                    + " is broken and cannot be written: "
                    + other.problem().get());
          }
        }
        case Application _, Padding _ -> {
          // May occur anywhere, any number of times.
        }
      }
    }
    if (seekTables > 1 || comments > 1) {
      throw new IllegalArgumentException(
          "at most one SEEKTABLE and one VORBIS_COMMENT are allowed, there are "
              + seekTables
              + " and "
              + comments);
    }
  }

  private static MalformedFlacException cutOff(int limit) {
    return new MalformedFlacException("the metadata is cut off", limit, true);
  }
}
