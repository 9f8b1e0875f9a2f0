package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import io.sonidb.sound.acoustic.AcousticSound;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "play",
    sortOptions = false,
    description = {
      "Play a vector on this machine's loudspeaker.",
      "As the collection sounds it, in another sonification, or as tones that listen understands from"
          + " a recording. Through Java's sound, else ffplay, aplay or afplay, whichever works."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb play songs 42",
      "  sonidb play songs 42 --sonification pulse",
      "  sonidb play songs 42 --acoustic   # record it with a phone, then: sonidb listen recording.m4a",
      "  sonidb stream songs 42 | ffplay -"
    })
final class PlayCommand extends DatabaseCommand {

  private static final int MAX_TIMES = 1000;
  private static final int CHUNK_SAMPLES = 4096;

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "ID", description = "Vector.")
  private VectorId id = VectorId.of(0);

  @Option(
      names = "--sonification",
      paramLabel = "NAME",
      description = "amplitude, frequency or pulse (default: the collection's).")
  private Optional<Sonification> sonification = Optional.empty();

  @Option(names = "--acoustic", description = "As tones that survive loudspeaker and microphone.")
  private boolean acoustic;

  @Option(
      names = "--times",
      paramLabel = "N",
      description = "So many times; one vector is short (default: 1).")
  private int times = 1;

  @Option(
      names = "--player",
      paramLabel = "NAME",
      description = "Only this one: java, ffplay, aplay or afplay.")
  private Optional<String> player = Optional.empty();

  PlayCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  ExitCode run() throws IOException {
    if (acoustic && sonification.isPresent()) {
      throw new CommandFailure(ExitCode.USAGE, "choose --acoustic or --sonification, not both");
    }
    if (times < 1 || times > MAX_TIMES) {
      throw new CommandFailure(
          ExitCode.USAGE, "--times must be 1 to " + MAX_TIMES + ", was " + times);
    }
    List<SoundPlayer> players = SoundPlayer.all(sonidb().terminal(), player);
    return with(
        name,
        collection -> {
          short[] pcm = sound(collection);
          report(play(players, pcm), pcm.length);
          return ExitCode.OK;
        });
  }

  private short[] sound(Collection collection) throws IOException {
    Point point = NamedPoints.of(collection, List.of(id)).getFirst();
    SoundRecord record = PointSound.record(point);
    if (acoustic) {
      return tones(record);
    }
    HeardVector heard =
        HeardVector.of(record, sonification.orElse(collection.spec().sonification()));
    return heard.audible();
  }

  private short[] tones(SoundRecord record) {
    AcousticSound sound;
    try {
      sound = AcousticSound.of(record);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.FAILED, id + ": " + e.getMessage(), e);
    }
    short[] samples = new short[Math.toIntExact(sound.samples())];
    int[] pcm = new int[CHUNK_SAMPLES];
    int at = 0;
    for (int count = next(sound, pcm); count > 0; count = next(sound, pcm)) {
      for (int i = 0; i < count; i++) {
        samples[at++] = (short) pcm[i];
      }
    }
    return samples;
  }

  private static int next(AcousticSound sound, int[] pcm) {
    return sound.read(pcm, 0, pcm.length);
  }

  /// Plays with the first player that can; returns its name.
  private String play(List<SoundPlayer> players, short[] pcm) {
    StringBuilder tried = new StringBuilder();
    for (SoundPlayer candidate : players) {
      try {
        for (int i = 0; i < times && !interruption().requested(); i++) {
          candidate.play(pcm);
        }
        return candidate.name();
      } catch (IOException e) {
        tried.append("; ").append(candidate.name()).append(": ").append(e.getMessage());
      }
    }
    throw new CommandFailure(
        ExitCode.FAILED,
        "nothing here can play sound"
            + tried
            + "; try: sonidb stream "
            + name
            + " "
            + id
            + " | ffplay - (or get --format flac -o FILE, and play that elsewhere)");
  }

  private void report(String used, int samples) {
    double seconds = (double) samples / SoundPlayer.SAMPLE_RATE_HZ;
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", PointJson.id(id));
    answer.put("player", used);
    answer.put("sound_seconds", seconds);
    output().json(answer);
    output().line("played " + id + ", " + Quantity.decimal(seconds) + " s, with " + used);
  }
}
