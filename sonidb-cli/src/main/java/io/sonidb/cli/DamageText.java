package io.sonidb.cli;

import io.sonidb.Damage;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/// What is known of damage, for programs and for people.
final class DamageText {

  private DamageText() {}

  static Map<String, Object> json(Damage damage) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", damage.file());
    json.put("time", damage.timeSeconds().isPresent() ? damage.timeSeconds().getAsDouble() : null);
    json.put("offset", damage.offset().isPresent() ? damage.offset().getAsLong() : null);
    json.put("id", damage.id().map(PointJson::id).orElse(null));
    json.put("reason", damage.reason());
    return json;
  }

  static String line(Damage damage) {
    StringBuilder text = new StringBuilder(damage.file());
    OptionalDouble time = damage.timeSeconds();
    if (time.isPresent()) {
      text.append(String.format(Locale.ROOT, ", time %.3f s", time.getAsDouble()));
    }
    damage.offset().ifPresent(offset -> text.append(", byte ").append(offset));
    damage.id().ifPresent(id -> text.append(", vector ").append(id));
    return text.append(": ").append(damage.reason()).toString();
  }
}
