package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.GroupResult;
import io.sonidb.Grouping;
import io.sonidb.Hit;
import io.sonidb.OrderKey;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.Query;
import io.sonidb.Scroll;
import io.sonidb.ScrollPage;
import io.sonidb.SearchResult;
import io.sonidb.ValueCount;
import io.sonidb.filter.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.core.JsonGenerator;

/// Searching: by vectors and examples, in the order of a field, at random; in groups; values of a
/// field.
final class QueryApi {
  private static final int DEFAULT_LIMIT = 10;
  private static final int DEFAULT_GROUP_SIZE = 3;

  private QueryApi() {}

  /// A request, understood.
  private sealed interface Asked {
    /// By vectors.
    record Similar(Query query, PointJson.Wanted wanted) implements Asked {}

    /// In an order: that of ids, or of a field.
    record Ordered(Scroll scroll, int offset, PointJson.Wanted wanted) implements Asked {}

    /// At random.
    record Random(Filter filter, int limit, int offset, PointJson.Wanted wanted) implements Asked {}
  }

  /// Found points, ready to be written.
  private interface Found {
    void write(JsonGenerator to);
  }

  // The query ----------------------------------------------------------------------------------

  /// Understands a body.
  @FunctionalInterface
  private interface Reader {
    Asked read(Body body, Collection collection);
  }

  /// Puts what was found into an answer.
  @FunctionalInterface
  private interface Form {
    void write(Found found, JsonGenerator to);
  }

  private static Answer one(Exchange exchange, Reader reader, Form form) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Asked asked = reader.read(exchange.body(collection), collection);
    Found found = answer(List.of(asked), collection).getFirst();
    return Answer.result(to -> form.write(found, to));
  }

  private static Answer several(Exchange exchange, Reader reader, Form form) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    return all(searches(exchange.body(collection)), collection, reader, form);
  }

  private static Answer all(List<Body> bodies, Collection collection, Reader reader, Form form) {
    List<Asked> asked = bodies.stream().map(each -> reader.read(each, collection)).toList();
    List<Found> found = answer(asked, collection);
    return Answer.result(to -> {
      to.writeStartArray();
      found.forEach(each -> form.write(each, to));
      to.writeEndArray();
    });
  }

  static Answer query(Exchange exchange) throws IOException {
    if (Media.ofBody(exchange.request()) != Media.NPY) {
      return one(exchange, QueryApi::asked, QueryApi::points);
    }
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Asked asked = asked(ArrayQueries.one(exchange, collection), collection);
    Found found = answer(List.of(asked), collection).getFirst();
    return Answer.result(to -> points(found, to));
  }

  static Answer queryBatch(Exchange exchange) throws IOException {
    if (Media.ofBody(exchange.request()) != Media.NPY) {
      return several(exchange, QueryApi::asked, QueryApi::points);
    }
    exchange.checkParameters();
    Collection collection = exchange.collection();
    return all(
        ArrayQueries.several(exchange, collection), collection, QueryApi::asked, QueryApi::points);
  }

  private static void points(Found found, JsonGenerator to) {
    to.writeStartObject();
    to.writeName("points");
    found.write(to);
    to.writeEndObject();
  }

  private static List<Body> searches(Body body) {
    return body.only("searches").at("searches").array();
  }

  private static Asked asked(Body body, Collection collection) {
    body.only(
        "query",
        "prefetch",
        "using",
        "filter",
        "params",
        "score_threshold",
        "limit",
        "offset",
        "with_vector",
        "with_payload",
        "lookup_from",
        "shard_key");
    refuse(body);
    PointJson.Wanted wanted = PointJson.Wanted.of(body, false);
    int limit = limit(body);
    int offset = body.at("offset").whole(0, Query.MAX_OFFSET, 0);
    Filter filter = body.at("filter").filter();
    Body query = body.at("query");
    if (!query.isThere()) {
      return ordered(filter, limit, offset, Optional.empty(), wanted);
    }
    if (query.node().isObject() && query.has("order_by")) {
      Scroll.Order order = PointsApi.order(query.only("order_by").at("order_by"));
      return ordered(filter, limit, offset, Optional.of(order), wanted);
    }
    if (query.node().isObject() && query.has("sample")) {
      query.only("sample").at("sample").word("random");
      return new Asked.Random(filter, limit, offset, wanted);
    }
    return similar(target(query, collection), body, wanted);
  }

  private static Asked ordered(
      Filter filter, int limit, int offset, Optional<Scroll.Order> order, PointJson.Wanted wanted) {
    // A page has no offset but an id, so what is skipped is read as well.
    int read = Math.addExact(limit, offset);
    return new Asked.Ordered(
        new Scroll(filter, read, Optional.empty(), order, wanted.payload()), offset, wanted);
  }

  private static int limit(Body body) {
    Body limit = body.has("top") ? body.at("top") : body.at("limit");
    return limit.whole(1, Query.MAX_K, DEFAULT_LIMIT);
  }

  /// Refuses what would change the result and does not exist here.
  private static void refuse(Body body) {
    PointsApi.noShard(body);
    if (body.has("prefetch") && !body.at("prefetch").node().isEmpty()) {
      throw ApiException.wrongInput("prefetch: queries of several stages are not supported");
    }
    if (body.has("lookup_from")) {
      throw ApiException.wrongInput(
          "lookup_from: examples of other collections are not supported; send their vectors");
    }
    if (body.has("using") && !body.at("using").text().isEmpty()) {
      throw ApiException.wrongInput(
          "Not existing vector name error: "
              + body.at("using").text()
              + ": a point has one vector, which has no name");
    }
  }

  private static Asked.Similar similar(Query.Target target, Body body, PointJson.Wanted wanted) {
    Body params =
        body.at("params")
            .ifAny(each ->
                each.only("hnsw_ef", "exact", "quantization", "indexed_only", "acorn", "idf"))
            .orElse(new Body("params", body.at("params").node()));
    Query query =
        new Query(
            target,
            limit(body),
            body.at("offset").whole(0, Query.MAX_OFFSET, 0),
            body.at("score_threshold").numberIfAny(),
            body.at("filter").filter(),
            params.at("exact").isTrue(false),
            params.at("hnsw_ef").whole(0, Query.MAX_EF, 0),
            wanted.payload(),
            wanted.vector());
    return new Asked.Similar(query, wanted);
  }

  private static Query.Target target(Body query, Collection collection) {
    int dimension = collection.spec().dimension();
    if (query.isVector()) {
      return new Query.Nearest(query.vector(dimension));
    }
    if (!query.node().isObject()) {
      return new Query.Like(query.id());
    }
    if (query.has("nearest")) {
      return nearest(query.only("nearest").at("nearest"), dimension);
    }
    if (query.has("recommend")) {
      return recommend(
          query.only("recommend").at("recommend").only("positive", "negative", "strategy"),
          dimension);
    }
    for (String known :
        List.of("discover", "context", "fusion", "rrf", "formula", "relevance_feedback")) {
      if (query.has(known)) {
        throw ApiException.wrongInput(
            "query."
                + known
                + " is not supported; there are nearest, recommend, order_by and sample");
      }
    }
    throw ApiException.wrongInput("query: " + Body.ONE_DENSE_ONLY);
  }

  private static Query.Target nearest(Body nearest, int dimension) {
    return nearest.isVector() || nearest.node().isContainer()
        ? new Query.Nearest(nearest.vector(dimension))
        : new Query.Like(nearest.id());
  }

  private static Query.Target recommend(Body body, int dimension) {
    Query.Strategy strategy =
        !body.has("strategy")
            ? Query.Strategy.AVERAGE_VECTOR
            : switch (body.at("strategy").word("average_vector", "best_score", "sum_scores")) {
              case "average_vector" -> Query.Strategy.AVERAGE_VECTOR;
              case "best_score" -> Query.Strategy.BEST_SCORE;
              default ->
                  throw ApiException.wrongInput(
                      "strategy sum_scores is not supported; there are average_vector and"
                          + " best_score");
            };
    List<Query.Example> positives = examples(body.at("positive"), dimension);
    List<Query.Example> negatives = examples(body.at("negative"), dimension);
    if (positives.isEmpty() && strategy == Query.Strategy.AVERAGE_VECTOR) {
      throw ApiException.of(
          400, "Bad request: At least one positive vector ID required with this strategy");
    }
    return new Query.Recommend(positives, negatives, strategy);
  }

  private static List<Query.Example> examples(Body list, int dimension) {
    List<Query.Example> examples = new ArrayList<>();
    for (Body each : list.arrayIfAny()) {
      examples.add(
          each.node().isContainer() || each.isVector()
              ? new Query.Example.OfVector(each.vector(dimension))
              : new Query.Example.OfId(each.id()));
    }
    return examples;
  }

  // Answering ------------------------------------------------------------------------------------

  private static List<Found> answer(List<Asked> all, Collection collection) {
    List<Query> queries =
        all.stream()
            .filter(Asked.Similar.class::isInstance)
            .map(each -> ((Asked.Similar) each).query())
            .toList();
    if (all.size() > Query.MAX_BATCH) {
      throw ApiException.range(
          "searches", all.size() + " of them", "must be " + Query.MAX_BATCH + " or fewer");
    }
    // In one pass over the vectors.
    List<SearchResult> results = queries.isEmpty() ? List.of() : collection.search(queries);
    List<Found> found = new ArrayList<>(all.size());
    int next = 0;
    for (Asked asked : all) {
      found.add(
          switch (asked) {
            case Asked.Similar similar -> hits(results.get(next++).hits(), similar.wanted());
            case Asked.Ordered ordered -> inOrder(ordered, collection);
            case Asked.Random random ->
                scored(atRandom(random, collection), List.of(), random.wanted());
          });
    }
    return found;
  }

  private static Found hits(List<Hit> hits, PointJson.Wanted wanted) {
    return to -> {
      to.writeStartArray();
      hits.forEach(hit -> PointJson.hit(hit, wanted, to));
      to.writeEndArray();
    };
  }

  /// Points that were found without comparing: each scores 0.
  ///
  /// @param keys by what they were ordered; none if they were not
  private static Found scored(List<Point> points, List<OrderKey> keys, PointJson.Wanted wanted) {
    return to -> {
      to.writeStartArray();
      for (int i = 0; i < points.size(); i++) {
        Optional<OrderKey> key = keys.isEmpty() ? Optional.empty() : Optional.of(keys.get(i));
        PointJson.unscored(points.get(i), key, wanted, to);
      }
      to.writeEndArray();
    };
  }

  private static Found inOrder(Asked.Ordered ordered, Collection collection) {
    ScrollPage page = collection.scroll(ordered.scroll());
    List<Point> points = page.points();
    List<OrderKey> keys = page.keys();
    return scored(
        points.subList(Math.min(ordered.offset(), points.size()), points.size()),
        keys.subList(Math.min(ordered.offset(), keys.size()), keys.size()),
        ordered.wanted());
  }

  private static List<Point> atRandom(Asked.Random random, Collection collection) {
    long seed = ThreadLocalRandom.current().nextLong();
    List<Point> points =
        collection.sample(Math.addExact(random.limit(), random.offset()), seed, random.filter());
    PayloadSelection selection = random.wanted().payload();
    return points.stream()
        .skip(random.offset())
        .map(point ->
            new Point(
                point.id(),
                point.vector(),
                point.payload().select(selection),
                point.sequence(),
                point.insertedAt(),
                point.expiresAt()))
        .toList();
  }

  // Groups ---------------------------------------------------------------------------------------

  static Answer queryGroups(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Body body =
        exchange
            .body(collection)
            .only(
                "query",
                "prefetch",
                "using",
                "filter",
                "params",
                "score_threshold",
                "limit",
                "with_vector",
                "with_payload",
                "lookup_from",
                "shard_key",
                "group_by",
                "group_size",
                "with_lookup");
    refuse(body);
    if (!body.has("query")) {
      throw ApiException.wrongInput("query: groups need one");
    }
    PointJson.Wanted wanted = PointJson.Wanted.of(body, false);
    return groups(similar(target(body.at("query"), collection), body, wanted), body, collection);
  }

  private static Answer groups(Asked.Similar asked, Body body, Collection collection) {
    if (body.has("with_lookup")) {
      throw ApiException.wrongInput(
          "with_lookup: is not supported; retrieve the points by their ids");
    }
    Grouping grouping =
        new Grouping(
            body.at("group_by").text(),
            body.at("limit").whole(1, 1_000, DEFAULT_LIMIT),
            body.at("group_size").whole(1, 1_000, DEFAULT_GROUP_SIZE));
    GroupResult result = collection.searchGroups(asked.query().k(1), grouping);
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("groups");
      for (GroupResult.Group group : result.groups()) {
        to.writeStartObject();
        to.writeName("id");
        PointJson.value(group.value(), to);
        to.writeName("hits");
        hits(group.hits(), asked.wanted()).write(to);
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    });
  }

  // The older forms --------------------------------------------------------------------------

  static Answer search(Exchange exchange) {
    return one(exchange, QueryApi::searched, Found::write);
  }

  static Answer searchBatch(Exchange exchange) {
    return several(exchange, QueryApi::searched, Found::write);
  }

  static Answer searchGroups(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Body body = exchange.body(collection);
    return groups(searched(body, collection), body, collection);
  }

  static Answer recommend(Exchange exchange) {
    return one(exchange, QueryApi::recommended, Found::write);
  }

  static Answer recommendBatch(Exchange exchange) {
    return several(exchange, QueryApi::recommended, Found::write);
  }

  private static Asked.Similar searched(Body body, Collection collection) {
    body.only(
        "vector",
        "filter",
        "params",
        "limit",
        "top",
        "offset",
        "with_payload",
        "with_vector",
        "score_threshold",
        "shard_key",
        "group_by",
        "group_size",
        "with_lookup");
    refuse(body);
    return similar(
        new Query.Nearest(body.at("vector").vector(collection.spec().dimension())),
        body,
        PointJson.Wanted.of(body, false));
  }

  private static Asked.Similar recommended(Body body, Collection collection) {
    body.only(
        "positive",
        "negative",
        "strategy",
        "filter",
        "params",
        "limit",
        "top",
        "offset",
        "with_payload",
        "with_vector",
        "score_threshold",
        "using",
        "lookup_from",
        "shard_key");
    refuse(body);
    return similar(
        recommend(body, collection.spec().dimension()), body, PointJson.Wanted.of(body, false));
  }

  // Values ------------------------------------------------------------------------------------

  static Answer facet(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Body body = exchange.body().only("key", "limit", "filter", "exact", "shard_key");
    PointsApi.noShard(body);
    body.at("exact").isTrue(false);
    List<ValueCount> values =
        collection.facet(
            body.at("key").text(),
            body.at("filter").filter(),
            body.at("limit").whole(1, 10_000, DEFAULT_LIMIT));
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("hits");
      for (ValueCount each : values) {
        to.writeStartObject();
        to.writeName("value");
        PointJson.value(each.value(), to);
        to.writeNumberProperty("count", each.count());
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    });
  }
}
