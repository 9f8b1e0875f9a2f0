package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.server.hls.Mp4Reader.Fragment;
import io.sonidb.server.hls.Mp4Reader.Sample;
import io.sonidb.sound.FlacInMp4;
import io.sonidb.sound.Loss;
import io.sonidb.sound.Receiver;
import io.sonidb.sound.RecordSink;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import java.util.ArrayList;
import java.util.List;

/// Hears the records in fragments that follow each other, and checks that they do.
public final class HeardRecords {
  private final FrameDecoder frames = new FrameDecoder();
  private final List<SoundRecord> records = new ArrayList<>();
  private final List<String> lost = new ArrayList<>();
  private final Receiver receiver;
  private final int[][] pcm;
  private long next = -1;
  private long silent;

  public HeardRecords(SoundFormat format) {
    this.pcm = new int[format.channels()][];
    this.receiver =
        new Receiver(
            format,
            new RecordSink() {
              @Override
              public void record(SoundRecord record, long firstSample) {
                records.add(record);
              }

              @Override
              public void lost(Loss loss) {
                lost.add(loss.toString());
              }
            });
  }

  /// Hears what is in a part or segment.
  public void hear(byte[] media) {
    for (Fragment fragment : Mp4Reader.fragments(media)) {
      assertThat(fragment.start()).as("tfdt").isEqualTo(next < 0 ? fragment.start() : next);
      for (Sample sample : fragment.samples()) {
        hear(sample);
      }
      next = fragment.start() + fragment.duration();
    }
  }

  private void hear(Sample sample) {
    try {
      int length = frames.decode(sample.frame(), 0, sample.frame().length);
      assertThat(length).as("bytes of a frame").isEqualTo(sample.frame().length);
    } catch (MalformedFlacException e) {
      throw new AssertionError("a frame is damaged", e);
    }
    assertThat(frames.blockSize()).as("duration in trun").isEqualTo(sample.duration());
    assertThat(frames.number())
        .as("number of a frame")
        .isEqualTo(sample.start() % FlacInMp4.Fragment.NUMBERS);
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = frames.samples(channel);
    }
    if (pcm[pcm.length - 1][0] == 0) {
      silent++;
    }
    receiver.accept(pcm, 0, frames.blockSize());
  }

  /// What was heard, in order.
  public List<SoundRecord> records() {
    return records;
  }

  /// How many frames of silence there were.
  public long silentFrames() {
    return silent;
  }

  /// What could not be heard.
  public List<String> lost() {
    return lost;
  }
}
