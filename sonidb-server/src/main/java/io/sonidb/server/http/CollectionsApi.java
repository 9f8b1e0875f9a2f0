package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.CollectionStats;
import io.sonidb.Durability;
import io.sonidb.Indexing;
import io.sonidb.Metric;
import io.sonidb.RoundingReport;
import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.Vector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;

/// Collections: made, listed, described, dropped; their payload indexes and aliases.
final class CollectionsApi {
  static final String NO_EFFECT = " has no effect here";
  private static final int SMALL_BACKLOG = 256; // fewer writes wait until there is nothing to do

  private final Catalog catalog;

  CollectionsApi(Catalog catalog) {
    this.catalog = catalog;
  }

  Answer list(Exchange exchange) {
    List<String> names = catalog.names().stream().filter(exchange.caller()::sees).toList();
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("collections");
      for (String name : names) {
        to.writeStartObject();
        to.writeStringProperty("name", name);
        to.writeEndObject();
      }
      to.writeEndArray();
      to.writeEndObject();
    });
  }

  Answer exists(Exchange exchange) {
    boolean exists = catalog.find(exchange.collectionName()).isPresent();
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeBooleanProperty("exists", exists);
      to.writeEndObject();
    });
  }

  // Making and changing ----------------------------------------------------------------------

  Answer create(Exchange exchange) {
    exchange.checkParameters();
    List<String> warnings = new ArrayList<>();
    CollectionSpec spec = spec(exchange.body(), warnings);
    catalog.create(exchange.collectionName(), spec);
    return Answer.result(to -> to.writeBoolean(true), warnings);
  }

  private static CollectionSpec spec(Body body, List<String> warnings) {
    body.object();
    Body sparse = body.at("sparse_vectors");
    if (sparse.isThere() && !sparse.object().node().isEmpty()) {
      throw ApiException.wrongInput("sparse_vectors: " + Body.ONE_DENSE_ONLY);
    }
    Body vectors = body.at("vectors").object();
    if (!vectors.has("size") && !vectors.has("distance")) {
      throw ApiException.wrongInput(
          vectors.node().isEmpty()
              ? "vectors: size and distance are needed: every point has a vector here"
              : "vectors: " + Body.ONE_DENSE_ONLY);
    }
    if (vectors.has("multivector_config")) {
      throw ApiException.wrongInput("vectors.multivector_config: " + Body.ONE_DENSE_ONLY);
    }
    vectors.others("size", "distance").forEach(key -> warnings.add("vectors." + key + NO_EFFECT));
    body.others("vectors", "sparse_vectors", "sonidb")
        .forEach(key -> warnings.add(key + NO_EFFECT));
    warnings.sort(null);
    CollectionSpec spec =
        CollectionSpec.dimension(vectors.at("size").whole(1, Vector.MAX_DIMENSION))
            .metric(
                Metric.parse(vectors.at("distance").word("cosine", "euclid", "dot", "manhattan")));
    return ownSettings(spec, body.at("sonidb"));
  }

  /// What SoniDB knows beyond Qdrant.
  static CollectionSpec ownSettings(CollectionSpec plain, Body own) {
    if (!own.isThere()) {
      return plain;
    }
    own.only(
        "metric",
        "element",
        "sonification",
        "quantize",
        "durability",
        "segment_bytes",
        "time_to_live_seconds",
        "retention_seconds",
        "index_what_is_asked");
    CollectionSpec spec = plain;
    if (own.has("metric")) {
      spec = spec.metric(Metric.parse(own.at("metric").text()));
    }
    if (own.has("element")) {
      spec = spec.element(ElementType.parse(own.at("element").text()));
    }
    if (own.has("sonification")) {
      spec = spec.sonification(Sonification.parse(own.at("sonification").text()));
    }
    if (own.has("quantize")) {
      Body bits = own.at("quantize"); // or "none", which a description says
      spec =
          spec.quantize(
              Quantisation.parse(
                  bits.node().isString() ? bits.text() : String.valueOf(bits.whole(1, 32))));
    }
    if (own.has("durability")) {
      spec = spec.durability(Durability.parse(own.at("durability").text()));
    }
    if (own.has("segment_bytes")) {
      spec = spec.segmentBytes(own.at("segment_bytes").whole(1, Integer.MAX_VALUE));
    }
    if (own.has("time_to_live_seconds")) {
      spec = spec.timeToLive(seconds(own.at("time_to_live_seconds")));
    }
    if (own.has("retention_seconds")) {
      spec = spec.retention(seconds(own.at("retention_seconds")));
    }
    return spec.indexesWhatIsAsked(own.at("index_what_is_asked").isTrue(spec.indexesWhatIsAsked()));
  }

  private static Duration seconds(Body value) {
    double seconds = value.number();
    if (seconds < 0 || seconds > CollectionSpec.MAX_DURATION.toSeconds()) {
      throw ApiException.range(
          value.path(),
          value.node(),
          "must be from 0 to " + CollectionSpec.MAX_DURATION.toSeconds());
    }
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  Answer drop(Exchange exchange) {
    exchange.checkParameters();
    boolean was = catalog.drop(exchange.collectionName());
    return Answer.result(to -> to.writeBoolean(was));
  }

  // Describing -------------------------------------------------------------------------------

  Answer describe(Exchange exchange) {
    Collection collection = exchange.collection();
    CollectionStats stats = collection.stats();
    Map<String, Long> indexed = new TreeMap<>();
    stats
        .payloadIndexes()
        .keySet()
        .forEach(field ->
            indexed.put(
                field,
                collection.count(Filter.mustNot(new Condition.IsEmpty(FieldPath.parse(field))))));
    CollectionSpec spec = collection.spec();
    long queries = collection.queries();
    return Answer.result(to -> describe(to, spec, stats, indexed, queries));
  }

  private static void describe(
      JsonGenerator to,
      CollectionSpec spec,
      CollectionStats stats,
      Map<String, Long> indexed,
      long queries) {
    to.writeStartObject();
    to.writeStringProperty("status", status(stats));
    to.writeStringProperty("optimizer_status", "ok");
    to.writeNumberProperty("indexed_vectors_count", stats.search().linked());
    to.writeNumberProperty("points_count", stats.vectors());
    to.writeNumberProperty("segments_count", stats.segments());
    to.writeObjectPropertyStart("config");
    params(to, stats);
    to.writeObjectPropertyStart("hnsw_config");
    to.writeNumberProperty("m", 16);
    to.writeNumberProperty("ef_construct", 100);
    to.writeNumberProperty("full_scan_threshold", 10_000);
    to.writeEndObject();
    to.writeObjectPropertyStart("optimizer_config");
    to.writeNumberProperty("deleted_threshold", 0.2);
    to.writeNumberProperty("vacuum_min_vector_number", 1000);
    to.writeNumberProperty("default_segment_number", 0);
    to.writeNumberProperty("flush_interval_sec", 0);
    to.writeEndObject();
    to.writeObjectPropertyStart("wal_config");
    to.writeNumberProperty("wal_capacity_mb", 0);
    to.writeNumberProperty("wal_segments_ahead", 0);
    to.writeEndObject();
    to.writeNullProperty("quantization_config");
    to.writeEndObject();
    to.writeObjectPropertyStart("payload_schema");
    new TreeMap<>(stats.payloadIndexes())
        .forEach((field, type) -> {
          to.writeObjectPropertyStart(field);
          to.writeStringProperty("data_type", qdrantName(type));
          to.writeNumberProperty("points", indexed.getOrDefault(field, 0L));
          to.writeEndObject();
        });
    to.writeEndObject();
    own(to, spec, stats, queries);
    to.writeEndObject();
  }

  /// Whether everything that a search index is to hold is in a graph, as far as that is worth
  /// while: `green`, or `yellow` while there is work to do. It is begun without being asked for, so
  /// nothing is ever `grey`.
  private static String status(CollectionStats stats) {
    int least = Indexing.DEFAULT.least();
    boolean hasIndex = stats.metric() != Metric.MANHATTAN && stats.vectors() >= least;
    CollectionStats.SearchIndex search = stats.search();
    boolean isBehind = search.backlog() >= SMALL_BACKLOG || search.coded() >= least;
    return hasIndex && isBehind ? "yellow" : "green";
  }

  private static void params(JsonGenerator to, CollectionStats stats) {
    to.writeObjectPropertyStart("params");
    to.writeObjectPropertyStart("vectors");
    to.writeNumberProperty("size", stats.dimension());
    to.writeStringProperty("distance", qdrantName(stats.metric()));
    to.writeEndObject();
    to.writeNumberProperty("shard_number", 1);
    to.writeNumberProperty("replication_factor", 1);
    to.writeNumberProperty("write_consistency_factor", 1);
    to.writeBooleanProperty("on_disk_payload", true);
    to.writeEndObject();
  }

  /// Settings, as they are given to [#create], and figures that Qdrant does not have.
  private static void own(
      JsonGenerator to, CollectionSpec spec, CollectionStats stats, long queries) {
    to.writeObjectPropertyStart("sonidb");
    to.writeStringProperty("element", stats.element().toString());
    to.writeStringProperty("sonification", stats.sonification().toString());
    to.writeStringProperty("quantize", stats.quantize().toString());
    to.writeStringProperty("durability", stats.durability().toString());
    to.writeNumberProperty("segment_bytes", spec.segmentBytes());
    to.writeNumberProperty("time_to_live_seconds", spec.timeToLive().toMillis() / 1000.0);
    to.writeNumberProperty("retention_seconds", spec.retention().toMillis() / 1000.0);
    to.writeBooleanProperty("index_what_is_asked", spec.indexesWhatIsAsked());
    to.writeNumberProperty("last_sequence", stats.lastSequence());
    to.writeBooleanProperty("replica", stats.copy().isReplica());
    to.writeNumberProperty("epoch", stats.copy().epoch());
    stats.copy().lagSeconds().ifPresent(lag -> to.writeNumberProperty("lag_seconds", lag));
    stats.copy().lagWrites().ifPresent(lag -> to.writeNumberProperty("lag_writes", lag));
    to.writeNumberProperty("horizon", stats.horizon());
    to.writeNumberProperty("complete_from", stats.completeFrom());
    to.writeNumberProperty("records", stats.records());
    to.writeNumberProperty("sealed_segments", stats.sealedSegments());
    to.writeNumberProperty("disk_bytes", stats.diskBytes());
    to.writeNumberProperty("bytes_per_vector", stats.bytesPerVector());
    to.writeNumberProperty("header_bytes", stats.headerBytes());
    to.writeNumberProperty("index_bytes", stats.indexBytes());
    to.writeNumberProperty("space_amplification", stats.spaceAmplification());
    to.writeNumberProperty("live_bytes", stats.liveBytes());
    to.writeNumberProperty("directory_bytes", stats.directoryBytes());
    to.writeNumberProperty("payload_index_bytes", stats.payloadIndexBytes());
    to.writeNumberProperty("outdated_segments", stats.outdatedSegments());
    to.writeNumberProperty("queries", queries);
    to.writeNumberProperty("syncs", stats.syncs());
    to.writeNumberProperty("sync_seconds", stats.syncSeconds());
    to.writeStringProperty("kernels", stats.kernels());
    to.writeStringProperty("codec_kernels", stats.codecKernels());
    stats.rounding().ifPresent(rounding -> rounding(to, rounding));
    CollectionStats.SearchIndex search = stats.search();
    to.writeObjectPropertyStart("search_index");
    to.writeNumberProperty("parts", search.parts());
    to.writeNumberProperty("bytes", search.bytes());
    to.writeNumberProperty("linked", search.linked());
    to.writeNumberProperty("coded", search.coded());
    to.writeNumberProperty("backlog", search.backlog());
    to.writeStringProperty("generation", search.generation());
    to.writeEndObject();
    to.writeEndObject();
  }

  private static void rounding(JsonGenerator to, RoundingReport rounding) {
    to.writeObjectPropertyStart("rounding");
    to.writeNumberProperty("sample", rounding.sample());
    to.writeNumberProperty("step", rounding.step());
    to.writeNumberProperty("max_error", rounding.maxError());
    to.writeNumberProperty("rms_error", rounding.rmsError());
    to.writeNumberProperty("relative_error", rounding.relativeError());
    rounding.recallAt10().ifPresent(recall -> to.writeNumberProperty("recall_at_10", recall));
    to.writeEndObject();
  }

  static String qdrantName(Metric metric) {
    String name = metric.toString();
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  private static String qdrantName(FieldType type) {
    return type == FieldType.BOOLEAN ? "bool" : type.toString();
  }

  // Payload indexes --------------------------------------------------------------------------

  Answer createIndex(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    Body body = exchange.body().only("field_name", "field_schema", "field_type");
    String field = body.at("field_name").text();
    Body schema = body.has("field_schema") ? body.at("field_schema") : body.at("field_type");
    if (!schema.isThere()) {
      throw ApiException.of(
          400,
          "Bad request: Can't auto-detect field type, please specify `field_schema` in the request");
    }
    List<String> warnings = new ArrayList<>();
    Body type = schema;
    if (schema.node().isObject()) {
      type = schema.at("type");
      schema.others("type").forEach(key -> warnings.add(schema.path() + "." + key + NO_EFFECT));
      warnings.sort(null);
    }
    String name =
        type.word("keyword", "integer", "float", "bool", "geo", "text", "datetime", "uuid");
    collection.createPayloadIndex(field, FieldType.parse(name));
    return Updates.done(exchange, collection, warnings);
  }

  Answer dropIndex(Exchange exchange) {
    exchange.checkParameters();
    Collection collection = exchange.collection();
    collection.dropPayloadIndex(exchange.variable("field"));
    return Updates.done(exchange, collection, List.of());
  }

  // Aliases ----------------------------------------------------------------------------------

  Answer changeAliases(Exchange exchange) {
    exchange.checkParameters();
    List<Body> actions = exchange.body().only("actions").at("actions").array();
    catalog.changeAliases(aliases -> actions.forEach(action -> change(aliases, action)));
    return Answer.yes();
  }

  private void change(Map<String, String> aliases, Body action) {
    action.only("create_alias", "delete_alias", "rename_alias");
    if (action.node().size() != 1) {
      throw action.wrong("must have exactly one of create_alias, delete_alias, rename_alias");
    }
    if (action.has("create_alias")) {
      Body create = action.at("create_alias").only("collection_name", "alias_name");
      String collection = create.at("collection_name").text();
      if (!catalog.names().contains(collection)) {
        throw ApiException.noCollection(collection);
      }
      aliases.put(newAlias(create.at("alias_name")), collection);
    } else if (action.has("delete_alias")) {
      aliases.remove(action.at("delete_alias").only("alias_name").at("alias_name").text());
    } else {
      Body rename = action.at("rename_alias").only("old_alias_name", "new_alias_name");
      String old = rename.at("old_alias_name").text();
      String collection = aliases.remove(old);
      if (collection == null) {
        throw ApiException.notFound("Alias " + old + " does not exists!");
      }
      aliases.put(newAlias(rename.at("new_alias_name")), collection);
    }
  }

  private String newAlias(Body name) {
    String alias = name.text();
    if (catalog.names().contains(alias)) {
      throw Catalog.exists(alias);
    }
    Catalog.checkNewName("JSON body", alias);
    return alias;
  }

  Answer listAliases(Exchange exchange) {
    return aliases(exchange.caller(), _ -> true);
  }

  Answer aliasesOfCollection(Exchange exchange) {
    String name = exchange.collection().name();
    return aliases(exchange.caller(), name::equals);
  }

  private Answer aliases(Caller caller, java.util.function.Predicate<String> wanted) {
    Map<String, String> all = catalog.aliases().all();
    return Answer.result(to -> {
      to.writeStartObject();
      to.writeArrayPropertyStart("aliases");
      all.forEach((alias, collection) -> {
        if (wanted.test(collection) && caller.sees(collection)) {
          to.writeStartObject();
          to.writeStringProperty("alias_name", alias);
          to.writeStringProperty("collection_name", collection);
          to.writeEndObject();
        }
      });
      to.writeEndArray();
      to.writeEndObject();
    });
  }
}
