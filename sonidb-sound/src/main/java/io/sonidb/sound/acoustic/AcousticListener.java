package io.sonidb.sound.acoustic;

import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.Ear;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.MalformedRecordException;
import io.sonidb.sound.ReceiverReport;
import io.sonidb.sound.ReceiverReport.SampleRange;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordSink;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.UnsupportedRecordException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Hears the tones of [AcousticSound] in any sound: after lossy codecs, at any rate and loudness,
/// in noise, from the middle. Not thread-safe.
///
/// A record begins with a preamble, which nothing inside a record can look like. When one is heard
/// while another record is being received, that one was cut off; what is missing of it may still be
/// little enough to be corrected. A record is delivered when its CRC-32C, the CRCs of its FLAC
/// frames and its hash are all right, so a wrong one is not delivered.
///
/// Work for a sample is the same whatever it is, but for records that end: correcting one takes
/// some milliseconds for each second that it sounded, at worst. Memory is bounded: a record has at
/// most 75,000 bytes with all parity.
public final class AcousticListener implements Ear {
  /// The lowest rate at which all tones can be told.
  public static final int MIN_SAMPLE_RATE_HZ = 14_000;

  private static final int MAX_SAMPLE_RATE_HZ = 1 << 20;

  private final int sampleRateHz;
  private final RecordSink sink;
  private final Resampler resampler;
  private final ToneBank tones = new ToneBank();
  private final PreambleSearch preambles = new PreambleSearch(tones);
  private final RecordDecoder[] decoders = {
    new RecordDecoder(SoundFormat.of(ElementType.FLOAT32)),
    new RecordDecoder(SoundFormat.of(ElementType.FLOAT64))
  };
  private @Nullable Reception reception;
  private long heard;
  private long records;
  private long rejected;
  private long unsupported;
  private long accounted;
  private long samplesSkipped;
  private final List<SampleRange> skipped = new ArrayList<>();

  /// A listener to sound of one rate.
  ///
  /// @param sampleRateHz at least [#MIN_SAMPLE_RATE_HZ]
  /// @param sink takes each record as soon as its last tone has been heard
  /// @throws IllegalArgumentException when the rate is too low, or above a million
  public AcousticListener(int sampleRateHz, RecordSink sink) {
    if (sampleRateHz < MIN_SAMPLE_RATE_HZ || sampleRateHz > MAX_SAMPLE_RATE_HZ) {
      throw new IllegalArgumentException(
          "tones need a sample rate of "
              + MIN_SAMPLE_RATE_HZ
              + " to "
              + MAX_SAMPLE_RATE_HZ
              + " Hz, was "
              + sampleRateHz);
    }
    this.sampleRateHz = sampleRateHz;
    this.sink = Objects.requireNonNull(sink);
    resampler = new Resampler(sampleRateHz, AcousticFormat.SAMPLE_RATE_HZ);
  }

  /// Hears `count` samples of one channel.
  ///
  /// @param pcm of any scale; not kept
  @Override
  public void accept(float[] pcm, int from, int count) {
    Objects.checkFromIndexSize(from, count, pcm.length);
    for (int i = from; i < from + count; i++) {
      float sample = pcm[i];
      // A sample that is no number would make every sum none; a huge one would drown all others.
      resampler.accept(sample > -16 && sample < 16 ? sample : 0);
      while (resampler.hasNext()) {
        hear(resampler.next());
      }
    }
    heard += count;
  }

  private void hear(float sample) {
    if (!tones.accept(sample)) {
      return;
    }
    if (reception != null) {
      advance(reception);
    }
    long start = preambles.next();
    if (start >= 0) {
      Reception cutOff = reception;
      Reception fresh = new Reception(tones, start);
      reception = fresh;
      if (cutOff != null) {
        deliver(cutOff, Math.min(cutOff.endBlock(), fresh.firstBlock()));
      }
      advance(fresh);
    }
  }

  private void advance(Reception running) {
    switch (running.advance()) {
      case RUNNING -> {
        return;
      }
      case COMPLETE -> deliver(running, running.endBlock());
      case NO_HEADER -> rejected++;
      case UNSUPPORTED -> unsupported++;
    }
    reception = null;
  }

  private void deliver(Reception received, long endBlock) {
    byte[] message = received.message(endBlock);
    RecordDecoder decoder = decoders[received.element()];
    try {
      if (message.length == 0 || decoder.read(message, 0, message.length) != message.length) {
        rejected++;
        return;
      }
    } catch (UnsupportedRecordException e) {
      unsupported++;
      return;
    } catch (MalformedFlacException | MalformedRecordException e) {
      rejected++;
      return;
    }
    records++;
    long first = sampleOf(received.firstBlock());
    skip(first);
    accounted = Math.max(accounted, sampleOf(endBlock));
    sink.record(decoder.record(), first);
  }

  private long sampleOf(long block) {
    return Math.round(
        (double) block * ToneBank.BLOCK_SAMPLES * sampleRateHz / AcousticFormat.SAMPLE_RATE_HZ);
  }

  private void skip(long end) {
    if (end > accounted) {
      samplesSkipped += end - accounted;
      if (skipped.size() < ReceiverReport.MAX_SKIPPED) {
        skipped.add(new SampleRange(accounted, end - accounted));
      }
      accounted = end;
    }
  }

  /// Ends the hearing. A record whose end is missing is delivered if that can be corrected.
  @Override
  public void finish() {
    // What has come of the last symbols is measured when silence has followed.
    int flush = (ToneBank.LATENCY_BLOCKS + ToneBank.SYMBOL_BLOCKS + 1) * ToneBank.BLOCK_SAMPLES;
    for (int i = 0; i < flush; i++) {
      hear(0);
    }
    if (reception != null) {
      Reception cutOff = reception;
      reception = null;
      deliver(cutOff, cutOff.endBlock());
    }
    accounted = Math.min(accounted, heard);
    skip(heard);
  }

  /// What was heard so far; after [#finish], all of it.
  @Override
  public ReceiverReport report() {
    return new ReceiverReport(records, rejected, unsupported, heard, samplesSkipped, skipped);
  }
}
