package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.CollectionView;
import io.sonidb.Damage;
import io.sonidb.DamagedRecordException;
import io.sonidb.ImportReport;
import io.sonidb.Point;
import io.sonidb.PointCursor;
import io.sonidb.client.IntakeReport;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The points of a collection of a folder, sent to one of a node as one sound.
final class NodeImport implements Iterator<Point> {
  private final Collection source;
  private final RemotePoints target;
  private final ProgressBar progress;
  private final List<Damage> damaged = new ArrayList<>();
  private final CollectionView view;
  private final PointCursor points;
  private final long total;
  private long sent;

  NodeImport(Collection source, RemotePoints target, ProgressBar progress) {
    this.source = source;
    this.target = target;
    this.progress = progress;
    this.view = source.view();
    this.points = view.slice(0, 1);
    this.total = view.count();
  }

  ImportReport run() {
    long start = System.nanoTime();
    int has = source.spec().dimension();
    if (has != target.spec().dimension()) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "collection \"%s\" has dimension %d, collection \"%s\" %d"
              .formatted(source.name(), has, target.name(), target.spec().dimension()));
    }
    try (view;
        points) {
      IntakeReport report = target.take(this);
      for (IntakeReport.Damaged each : report.damaged()) {
        damaged.add(
            new Damage(
                "the sound of \"" + source.name() + '"',
                each.offset(),
                OptionalDouble.empty(),
                each.id(),
                each.reason()));
      }
      if (report.damagedCount() > report.damaged().size()) {
        damaged.add(
            new Damage(
                "the sound of \"" + source.name() + '"',
                OptionalLong.empty(),
                OptionalDouble.empty(),
                java.util.Optional.empty(),
                "and " + (report.damagedCount() - report.damaged().size()) + " more"));
      }
      return new ImportReport(
          target.name(), report.inserted(), (System.nanoTime() - start) / 1e9, damaged);
    }
  }

  /// Goes over what is damaged: it is lost there, and must not keep the rest.
  @Override
  public boolean hasNext() {
    while (true) {
      try {
        return points.hasNext();
      } catch (DamagedRecordException e) {
        damaged.add(e.damage());
      }
    }
  }

  @Override
  public Point next() {
    Point point = points.next();
    progress.update(++sent, total, "vectors");
    return point;
  }
}
