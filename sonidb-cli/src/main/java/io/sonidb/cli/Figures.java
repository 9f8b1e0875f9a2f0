package io.sonidb.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Measured figures in order, each with its JSON key, what it is in words, its unit and, where
/// there is one, its target.
final class Figures {

  private record Figure(String key, String label, double value, String unit, String target) {}

  private final List<Figure> figures = new ArrayList<>();
  private final Map<String, Object> circumstances = new LinkedHashMap<>();

  void add(String key, String label, double value, String unit, String target) {
    figures.add(new Figure(key, label, value, unit, target));
  }

  /// Under what circumstances they were measured.
  void circumstance(String key, Object value) {
    circumstances.put(key, value);
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    figures.forEach(figure -> json.put(figure.key(), figure.value()));
    json.putAll(circumstances);
    return json;
  }

  List<String> lines() {
    Table table = new Table("measured", "value", "unit", "target");
    for (Figure figure : figures) {
      table.row(figure.label(), Quantity.decimal(figure.value()), figure.unit(), figure.target());
    }
    List<String> lines = new ArrayList<>(table.lines());
    lines.add("");
    circumstances.forEach(
        (key, value) -> lines.add("%-14s%s".formatted(key.replace('_', ' '), value)));
    return lines;
  }
}
