package io.sonidb.payload;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.GeoPoint;
import io.sonidb.filter.Scalar;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.roaringbitmap.RoaringBitmap;

/// Asks a block for the records that fulfil a filter.
///
/// Values that a field's index does not know are in its bits `other`: of records with such a value
/// it says yes or maybe, never no. So an index changes how long a search takes, not what it finds.
public final class BlockQuery {
  private final PayloadBlock block;
  private final RoaringBitmap all;
  private final Function<Condition.HasId, RoaringBitmap> withId;

  private BlockQuery(PayloadBlock block, Function<Condition.HasId, RoaringBitmap> withId) {
    this.block = block;
    this.all = RoaringBitmap.bitmapOfRange(block.from(), block.to());
    this.withId = withId;
  }

  /// Which records of a block fulfil a filter; of those that are no payloads, anything.
  ///
  /// @param withId the records that have one of the ids of a condition
  public static Answer ask(
      PayloadBlock block, Filter filter, Function<Condition.HasId, RoaringBitmap> withId) {
    Answer answer = new BlockQuery(block, withId).answer(filter);
    RoaringBitmap unreadable = block.unreadable();
    return unreadable.isEmpty()
        ? answer
        : new Answer(
            RoaringBitmap.andNot(answer.yes(), unreadable),
            RoaringBitmap.or(answer.maybe(), unreadable));
  }

  private Answer answer(Filter filter) {
    Answer answer = Answer.yes(all);
    for (Condition condition : filter.must()) {
      answer = answer.and(answer(condition));
    }
    if (!filter.should().isEmpty()) {
      Answer any = Answer.NO;
      for (Condition condition : filter.should()) {
        any = any.or(answer(condition));
      }
      answer = answer.and(any);
    }
    for (Condition condition : filter.mustNot()) {
      answer = answer.and(answer(condition).not(all));
    }
    if (filter.minShould().isPresent()) {
      Filter.MinShould some = filter.minShould().get();
      List<Answer> answers = some.conditions().stream().map(this::answer).toList();
      answer = answer.and(Answer.atLeast(some.minCount(), answers, all));
    }
    return answer;
  }

  private Answer answer(Condition condition) {
    return switch (condition) {
      case Filter filter -> answer(filter);
      case Condition.HasId hasId -> Answer.yes(RoaringBitmap.and(all, withId.apply(hasId)));
      case Condition.Nested nested -> Answer.maybe(possible(nested));
      case Condition.OfField field ->
          block
              .field(field.key())
              .map(entry -> new OfField(entry.type(), entry.block()).answer(field))
              .orElse(Answer.maybe(all));
    };
  }

  /// What an element must have by itself, some element must have.
  private RoaringBitmap possible(Condition.Nested nested) {
    RoaringBitmap possible = all;
    for (Condition condition : nested.filter().must()) {
      FieldPath path = nested.key().each();
      Optional<Condition> outer =
          condition instanceof Condition.OfField field
              ? OuterField.of(path, field)
              : Optional.empty();
      if (outer.isPresent()) {
        possible = RoaringBitmap.and(possible, answer(outer.get()).possible());
      }
    }
    return possible;
  }

  /// Asks one field.
  private final class OfField {
    private final FieldType type;
    private final FieldBlock field;
    private final FieldBits bits;

    OfField(FieldType type, FieldBlock field) {
      this.type = type;
      this.field = field;
      this.bits = field.bits();
    }

    Answer answer(Condition.OfField condition) {
      return switch (condition) {
        case Condition.IsEmpty _ -> Answer.yes(bits.empty());
        case Condition.IsNull _ -> Answer.yes(bits.isNull());
        case Condition.ValuesCount count -> count(count);
        case Condition.MatchValue(FieldPath _, Scalar value) -> equal(value);
        case Condition.MatchAny(FieldPath _, Set<Scalar> values) -> anyOf(values);
        case Condition.MatchExcept(FieldPath _, Set<Scalar> values) -> noneOf(values);
        case Condition.MatchText(FieldPath _, String text) -> words(text);
        case Condition.NumberRange range -> inRange(range);
        case Condition.TimeRange range -> inRange(range);
        case Condition.GeoBox box ->
            places(
                box.bottomRight().latitude(),
                box.topLeft().latitude(),
                at -> box.contains(at.longitude(), at.latitude()));
        case Condition.GeoRadius radius -> {
          // A little more than need be: each place is looked at.
          double degrees = Math.toDegrees(radius.metres() / GeoPoint.EARTH_RADIUS_METRES) + 1e-6;
          double latitude = radius.center().latitude();
          yield places(
              latitude - degrees,
              latitude + degrees,
              at -> radius.contains(at.longitude(), at.latitude()));
        }
        case Condition.GeoPolygon polygon ->
            places(
                polygon.exterior().stream().mapToDouble(p -> p.latitude()).min().orElse(0),
                polygon.exterior().stream().mapToDouble(p -> p.latitude()).max().orElse(0),
                at -> polygon.contains(at.longitude(), at.latitude()));
      };
    }

    private Answer maybeOther() {
      return Answer.maybe(bits.other());
    }

    /// Has an element that is not null.
    private RoaringBitmap present() {
      return RoaringBitmap.andNot(all, bits.blank());
    }

    private Answer count(Condition.ValuesCount wanted) {
      RoaringBitmap yes = new RoaringBitmap();
      if (wanted.contains(0)) {
        yes.or(bits.empty());
      }
      if (wanted.contains(1)) {
        yes.or(RoaringBitmap.andNot(all, bits.empty()));
      }
      yes.andNot(bits.arrays());
      return Answer.of(yes, bits.arrays());
    }

    private Answer equal(Scalar value) {
      return switch (value) {
        case Scalar.Text(String text) -> equal(text);
        case Scalar.Whole(long number) ->
            switch (type) {
              case INTEGER -> Answer.of(field.having(FieldKey.of(number)), bits.other());
              // It does not tell 3 from 3.0.
              case FLOAT ->
                  Answer.maybe(
                      RoaringBitmap.or(field.having(FieldKey.of((double) number)), bits.other()));
              default -> maybeOther();
            };
        case Scalar.Truth(boolean truth) ->
            type == FieldType.BOOLEAN
                ? Answer.of(field.having(FieldKey.of(truth)), bits.other())
                : maybeOther();
      };
    }

    private Answer equal(String text) {
      return switch (type) {
        case KEYWORD -> known(FieldKey.ofTerm(text));
        case UUID -> known(FieldKey.ofUuid(text));
        // A time has several spellings, and words do not tell the text.
        case DATETIME, TEXT -> Answer.maybe(present());
        case INTEGER, FLOAT, BOOLEAN, GEO -> maybeOther();
      };
    }

    private Answer known(Optional<FieldKey> key) {
      return key.map(each -> Answer.of(field.having(each), bits.other())).orElse(maybeOther());
    }

    private Answer anyOf(Set<Scalar> values) {
      RoaringBitmap yes = new RoaringBitmap();
      RoaringBitmap maybe = new RoaringBitmap();
      for (Scalar value : values) {
        Answer answer = equal(value);
        yes.or(answer.yes());
        maybe.or(answer.maybe());
      }
      return Answer.of(yes, maybe);
    }

    /// Of a single value it is the contrary; of several, any may be it.
    private Answer noneOf(Set<Scalar> values) {
      Answer any = anyOf(values);
      RoaringBitmap yes = present();
      yes.andNot(bits.several());
      yes.andNot(any.yes());
      yes.andNot(any.maybe());
      return Answer.of(yes, RoaringBitmap.or(bits.several(), any.maybe()));
    }

    private Answer words(String text) {
      return switch (type) {
        case TEXT -> ofWords(Words.of(text));
        case KEYWORD, UUID, DATETIME -> Answer.maybe(present());
        case INTEGER, FLOAT, BOOLEAN, GEO -> maybeOther();
      };
    }

    /// All words may be in one text, or each in another one.
    private Answer ofWords(Set<String> words) {
      RoaringBitmap having = present();
      for (String word : words) {
        Optional<FieldKey> key = FieldKey.ofTerm(word);
        having =
            key.isPresent()
                ? RoaringBitmap.and(having, field.having(key.get()))
                : new RoaringBitmap();
      }
      if (words.isEmpty()) { // any string
        return Answer.maybe(present());
      }
      return Answer.of(
          RoaringBitmap.andNot(having, bits.several()),
          RoaringBitmap.or(RoaringBitmap.and(having, bits.several()), bits.other()));
    }

    private Answer inRange(Condition.NumberRange range) {
      return switch (type) {
        case INTEGER -> slice(range, key -> (double) key.asLong());
        case FLOAT -> slice(range, FieldKey::asDouble);
        case KEYWORD, BOOLEAN, DATETIME, GEO, UUID, TEXT -> maybeOther();
      };
    }

    private Answer slice(Condition.NumberRange range, ToDoubleFunction<FieldKey> number) {
      int from =
          field.first(key -> {
            double value = number.applyAsDouble(key);
            return (range.gt().isEmpty() || value > range.gt().get())
                && (range.gte().isEmpty() || value >= range.gte().get());
          });
      int to =
          field.first(key -> {
            double value = number.applyAsDouble(key);
            return range.lt().isPresent() && value >= range.lt().get()
                || range.lte().isPresent() && value > range.lte().get();
          });
      return between(from, to);
    }

    private Answer inRange(Condition.TimeRange range) {
      return switch (type) {
        case DATETIME -> {
          int from =
              field.first(key ->
                  (range.gt().isEmpty() || key.asTime().isAfter(range.gt().get()))
                      && (range.gte().isEmpty() || !key.asTime().isBefore(range.gte().get())));
          int to =
              field.first(key ->
                  range.lt().isPresent() && !key.asTime().isBefore(range.lt().get())
                      || range.lte().isPresent() && key.asTime().isAfter(range.lte().get()));
          yield between(from, to);
        }
        case KEYWORD, TEXT -> Answer.maybe(present());
        case INTEGER, FLOAT, BOOLEAN, GEO, UUID -> maybeOther();
      };
    }

    private Answer between(int from, int to) {
      RoaringBitmap yes = from < to ? field.having(from, to, block.to()) : new RoaringBitmap();
      return Answer.of(yes, bits.other());
    }

    private Answer places(double south, double north, Predicate<PayloadCheck.Place> isIn) {
      if (type != FieldType.GEO) {
        return maybeOther();
      }
      RoaringBitmap yes = new RoaringBitmap();
      int index = field.first(key -> key.asPlace().latitude() >= south);
      for (; index < field.count(); index++) {
        PayloadCheck.Place place = field.key(index).asPlace();
        if (place.latitude() > north) {
          break;
        }
        if (isIn.test(place)) {
          field.forEach(index, yes::add);
        }
      }
      return Answer.of(yes, bits.other());
    }
  }
}
