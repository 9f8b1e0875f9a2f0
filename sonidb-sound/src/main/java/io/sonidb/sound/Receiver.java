package io.sonidb.sound;

import io.sonidb.sound.ReceiverReport.SampleRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/// Finds records in bare PCM: frame boundaries, tags and positions lost, from the middle of a
/// record, with pieces cut out, doubled or put in. Not thread-safe.
///
/// **How it listens.** In intact PCM a sample of the last channel that is 2^22 or more is a control
/// word, and nothing else is: vectors stay below 2^17 there, headers and payloads are 0 there
/// ([RecordFormat], [Amplitude]). So there is one comparison a sample, and what a vector or a
/// payload holds, a whole encoded record included, cannot look like a record: its bits are in other
/// channels.
///
/// **What it does when something is wrong.** A second control word among the samples that a first
/// one announced proves that the first one's part is cut or was none. It is given up for the second
/// one, at once and for good. Nothing is ever looked at again, because there is nothing to find:
/// the samples in between had no control word. A part that is whole and wrong is rejected by its
/// contents, a record that is whole and wrong by its hash, and listening goes on behind it for the
/// same reason.
///
/// **What that costs.** Every sample is compared once, copied at most once and parsed at most once,
/// whatever it holds: a control word in every sample, lengths that lie, records in records. Memory
/// is one part's samples and one record's contents, which grow with what has arrived and never with
/// what was announced. Faults are constants, not exceptions.
///
/// **What it can and cannot lose.** A record is delivered when its parts arrive whole and in order,
/// with anything but a control word between them; so silence put in between frames does no harm.
/// What is done to one record never costs the next: that begins with a control word of its own, and
/// the latest control word wins. A record that arrives twice is delivered twice. The hash finds
/// damage; it does not authenticate whoever made the sound.
public final class Receiver {
  private static final String CUT = "record is cut off by another one, or has lost a part";
  private static final String CONTROL_WORD = "control word with a length or a shift of no record";

  private final SoundFormat format;
  private final RecordSink sink;
  private final RecordAssembler assembler;
  private final int[][] part;

  private long heard;

  // The part that is being collected.
  private boolean collecting;
  private int control;
  private int wanted;
  private int collected;

  // The run that its parts belong to, while there is no fault in it.
  private boolean running;
  private long runStart;
  private long runEnd;
  private long gapsInRun;

  // The report. What lies before `accounted` is in a delivered record or counted as skipped.
  private long records;
  private long rejected;
  private long unsupported;
  private int told;
  private long accounted;
  private long samplesSkipped;
  private final List<SampleRange> skipped = new ArrayList<>();

  /// A receiver of records of one format.
  ///
  /// @param sink takes each record as soon as its last sample has been heard
  public Receiver(SoundFormat format, RecordSink sink) {
    this.format = format;
    this.sink = Objects.requireNonNull(sink);
    assembler = new RecordAssembler(format);
    part = new int[format.channels()][RecordFormat.MAX_PART_SAMPLES];
  }

  /// Hears samples `from` to `from + count - 1` of every channel.
  ///
  /// @param pcm a channel each, 24-bit samples with their sign extended; not kept
  /// @throws IllegalArgumentException when there are not as many channels as the format has
  public void accept(int[][] pcm, int from, int count) {
    if (pcm.length != format.channels()) {
      throw new IllegalArgumentException(
          format + " needs " + format.channels() + " channels, was " + pcm.length);
    }
    int[] marker = pcm[pcm.length - 1];
    int end = Objects.checkFromIndexSize(from, count, marker.length) + count;
    int at = from;
    while (at < end) {
      int room = collecting ? Math.min(end, at + wanted - collected) : end;
      int next = nextControlWord(marker, at, room);
      if (collecting) {
        collect(pcm, at, next - at);
      }
      heard += next - at;
      at = next;
      if (next < room) {
        begin(marker[next]);
        if (collecting) {
          collect(pcm, next, 1);
        }
        heard++;
        at++;
      }
      if (collecting && collected == wanted) {
        finishPart();
      }
    }
  }

  private static int nextControlWord(int[] marker, int from, int end) {
    int at = from;
    while (at < end && marker[at] < RecordFormat.MARKER) {
      at++;
    }
    return at;
  }

  private void collect(int[][] pcm, int from, int count) {
    for (int channel = 0; channel < part.length; channel++) {
      System.arraycopy(pcm[channel], from, part[channel], collected, count);
    }
    collected += count;
  }

  /// Takes a control word, found at sample [#heard]; gives up what it cuts short.
  private void begin(int word) {
    if (collecting) {
      collecting = false;
      reject(CUT, Optional.empty());
    }
    int samples = RecordAssembler.samples(word);
    boolean first = (word & RecordFormat.FIRST_PART) != 0;
    if (samples < 0) {
      rejected++;
      tell(heard, CONTROL_WORD, Optional.empty());
      return;
    }
    if (first) {
      if (running) {
        reject(CUT, Optional.empty());
      }
      running = true;
      runStart = heard;
      runEnd = heard;
      gapsInRun = 0;
    }
    if (running) {
      collecting = true;
      control = word;
      wanted = samples;
      collected = 0;
      gapsInRun += Math.max(0, heard - runEnd);
    }
  }

  private void reject(String reason, Optional<VectorId> id) {
    running = false;
    rejected++;
    tell(runStart, reason, id);
  }

  /// Tells of a loss, unless there were so many that telling them would be the work.
  private void tell(long at, String reason, Optional<VectorId> id) {
    if (told < ReceiverReport.MAX_SKIPPED) {
      told++;
      sink.lost(new Loss(at, OptionalLong.empty(), 0, id, reason));
    }
  }

  private String reason(Fault fault) {
    return told < ReceiverReport.MAX_SKIPPED ? fault.describe(assembler.faultValue()) : "";
  }

  /// The id of a record of which only the hash is wrong: then its header was read to its end.
  private Optional<VectorId> id(Fault fault) {
    return fault == Fault.HASH
            && told < ReceiverReport.MAX_SKIPPED
            && assembler.kind() != RecordKind.SKIP
        ? Optional.of(assembler.id())
        : Optional.empty();
  }

  private void finishPart() {
    collecting = false;
    // What fills a short frame belongs to it, if it comes.
    runEnd = heard + Math.max(0, RecordFormat.MIN_BLOCK_SAMPLES - wanted);
    Fault fault = assembler.add(part, control);
    if (fault.isUnsupported()) {
      running = false;
      unsupported++;
      tell(runStart, reason(fault) + ", which only a newer version knows", Optional.empty());
    } else if (fault != Fault.NONE) {
      reject(reason(fault), id(fault));
    } else if (assembler.complete()) {
      running = false;
      records++;
      account();
      sink.record(assembler.record(), runStart);
    }
  }

  private void account() {
    samplesSkipped += gapsInRun;
    skip(runStart);
    accounted = runEnd;
  }

  /// Counts everything from `accounted` to `end` as skipped.
  private void skip(long end) {
    if (end > accounted) {
      samplesSkipped += end - accounted;
      if (skipped.size() < ReceiverReport.MAX_SKIPPED) {
        skipped.add(new SampleRange(accounted, end - accounted));
      }
      accounted = end;
    }
  }

  /// How many samples were heard so far.
  long heard() {
    return heard;
  }

  /// Ends the hearing: a record that is still incomplete is rejected.
  public void finish() {
    if (running) {
      collecting = false;
      reject("record is cut off by the end", Optional.empty());
    }
    skip(heard);
  }

  /// What was heard so far; after [#finish], all of it.
  public ReceiverReport report() {
    return new ReceiverReport(records, rejected, unsupported, heard, samplesSkipped, skipped);
  }
}
