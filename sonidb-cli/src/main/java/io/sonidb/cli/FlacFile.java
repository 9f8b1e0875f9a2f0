package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.cli.SoundExport.FrameSink;
import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.Frames;
import io.sonidb.flac.Md5;
import io.sonidb.flac.PcmMd5;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.VorbisComment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A FLAC file of frames that are encoded already. Where the output is a file, STREAMINFO is
/// completed at the end; a pipe gets a stream of unknown length, as FLAC allows.
final class FlacFile implements FrameSink {

  private static final int MIN_BLOCK_SIZE = 16;

  /// The largest block of FLAC's streamable subset at 48 kHz; no record has larger ones.
  private static final int MAX_BLOCK_SIZE = 4608;

  /// Frames number samples with 36 bits; this is well before the end.
  private static final long MAX_SAMPLES = 1L << 35;

  private final ByteOutput out;
  private final AudioFormat format;
  private final PcmMd5 md5;
  private byte[] renumbered = new byte[1 << 14];
  private long samples;
  private int minFrameBytes = Integer.MAX_VALUE;
  private int maxFrameBytes;

  private FlacFile(ByteOutput out, AudioFormat format) {
    this.out = out;
    this.format = format;
    this.md5 = new PcmMd5(format);
  }

  /// @param sonification how vectors became sound, for the tags
  static FlacFile start(
      ByteOutput out, AudioFormat format, Collection collection, String sonification)
      throws IOException {
    StreamInfo open = new StreamInfo(MIN_BLOCK_SIZE, MAX_BLOCK_SIZE, 0, 0, format, 0, Md5.UNKNOWN);
    VorbisComment tags =
        new VorbisComment(
            "SoniDB",
            List.of(
                Map.entry("TITLE", collection.name()),
                Map.entry("COLLECTION", collection.name()),
                Map.entry("DIMENSION", Integer.toString(collection.spec().dimension())),
                Map.entry("ELEMENT", collection.spec().element().toString()),
                Map.entry("METRIC", collection.spec().metric().toString()),
                Map.entry("SONIFICATION", sonification)));
    out.stream().write(FlacHead.write(List.of(open, tags)));
    return new FlacFile(out, format);
  }

  @Override
  public void write(byte[] frame, int offset, int length, FrameDecoder decoder) throws IOException {
    if (samples > MAX_SAMPLES) {
      throw new CommandFailure(
          ExitCode.FAILED, "more samples than one FLAC file can number; export .npy or .wav");
    }
    if (length + Frames.MAX_RENUMBER_GROWTH > renumbered.length) {
      renumbered = new byte[length + Frames.MAX_RENUMBER_GROWTH];
    }
    int size = Frames.renumber(frame, offset, length, samples, renumbered, 0);
    out.stream().write(renumbered, 0, size);
    md5.update(decoder);
    samples += decoder.blockSize();
    minFrameBytes = Math.min(minFrameBytes, size);
    maxFrameBytes = Math.max(maxFrameBytes, size);
  }

  @Override
  public void finish() throws IOException {
    Optional<FileChannel> channel = out.channel();
    if (channel.isEmpty() || samples == 0) {
      return;
    }
    out.stream().flush();
    StreamInfo complete =
        new StreamInfo(
            MIN_BLOCK_SIZE,
            MAX_BLOCK_SIZE,
            minFrameBytes,
            maxFrameBytes,
            format,
            samples,
            md5.digest());
    ByteBuffer head = ByteBuffer.wrap(FlacHead.firstBytes(complete, false));
    while (head.hasRemaining()) {
      channel.get().write(head, head.position());
    }
  }
}
