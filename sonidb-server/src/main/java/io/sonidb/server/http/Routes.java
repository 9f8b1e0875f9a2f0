package io.sonidb.server.http;

import static io.sonidb.server.http.Route.manage;
import static io.sonidb.server.http.Route.open;
import static io.sonidb.server.http.Route.read;
import static io.sonidb.server.http.Route.signed;
import static io.sonidb.server.http.Route.write;

import java.util.List;

/// The table of routes. Their order does not matter: a word counts before a variable.
final class Routes {
  private Routes() {}

  static List<Route> of(
      CollectionsApi collections,
      VectorBodies vectors,
      MaintenanceApi maintenance,
      SnapshotsApi snapshots,
      AudioApi audio,
      WhepApi whep,
      ChangesApi changes,
      HlsApi hls,
      ServiceApi service,
      ClusterApi cluster,
      SyncApi sync,
      ConsoleApi console,
      ProjectionApi projection,
      ActivityApi activity) {
    return List.of(
        open("GET", "/", service::about),
        open("GET", "/healthz", service::health),
        open("GET", "/livez", service::health),
        open("GET", "/readyz", service::ready),
        open("GET", "/openapi.json", service::openApi),
        open("GET", "/sonidb.js", service::script),
        read("GET", "/metrics", service::metrics),
        read("GET", "/activity", activity::follow),
        //
        open("GET", "/console", console::enter),
        open("GET", "/console/", console::index),
        open("GET", "/console/{file}", console::file),
        open("HEAD", "/console", console::enter),
        open("HEAD", "/console/", console::index),
        open("HEAD", "/console/{file}", console::file),
        //
        read("GET", "/collections", collections::list),
        read("GET", "/collections/{collection}", collections::describe),
        manage("PUT", "/collections/{collection}", collections::create),
        manage("PATCH", "/collections/{collection}", maintenance::alter),
        manage("DELETE", "/collections/{collection}", collections::drop),
        read("GET", "/collections/{collection}/exists", collections::exists),
        manage("PUT", "/collections/{collection}/index", collections::createIndex),
        manage("DELETE", "/collections/{collection}/index/{field}", collections::dropIndex),
        //
        read("GET", "/aliases", collections::listAliases),
        read("GET", "/collections/{collection}/aliases", collections::aliasesOfCollection),
        manage("POST", "/collections/aliases", collections::changeAliases),
        //
        read("GET", "/collections/{collection}/points/{id}", vectors::get),
        read("POST", "/collections/{collection}/points", vectors::retrieve),
        read("POST", "/collections/{collection}/points/scroll", vectors::scroll),
        read("POST", "/collections/{collection}/points/count", PointsApi::count),
        //
        write("PUT", "/collections/{collection}/points", vectors::upsert),
        write("POST", "/collections/{collection}/points/delete", PointsApi::delete),
        write("POST", "/collections/{collection}/points/payload", PointsApi::setPayload),
        write("PUT", "/collections/{collection}/points/payload", PointsApi::overwritePayload),
        write("POST", "/collections/{collection}/points/payload/delete", PointsApi::deletePayload),
        write("POST", "/collections/{collection}/points/payload/clear", PointsApi::clearPayload),
        write("PUT", "/collections/{collection}/points/vectors", PointsApi::updateVectors),
        write("POST", "/collections/{collection}/points/vectors/delete", PointsApi::deleteVectors),
        write("POST", "/collections/{collection}/points/batch", PointsApi::batch),
        //
        read("POST", "/collections/{collection}/points/query", QueryApi::query),
        read("POST", "/collections/{collection}/points/query/batch", QueryApi::queryBatch),
        read("POST", "/collections/{collection}/points/query/groups", QueryApi::queryGroups),
        read("POST", "/collections/{collection}/points/search", QueryApi::search),
        read("POST", "/collections/{collection}/points/search/batch", QueryApi::searchBatch),
        read("POST", "/collections/{collection}/points/search/groups", QueryApi::searchGroups),
        read("POST", "/collections/{collection}/points/recommend", QueryApi::recommend),
        read("POST", "/collections/{collection}/points/recommend/batch", QueryApi::recommendBatch),
        read("POST", "/collections/{collection}/facet", QueryApi::facet),
        //
        read("GET", "/collections/{collection}/points/{id}/audio", AudioApi::vector),
        read("HEAD", "/collections/{collection}/points/{id}/audio", AudioApi::vector),
        read("GET", "/collections/{collection}/points/{id}/place", SegmentsApi::place),
        read("GET", "/collections/{collection}/projection", projection::project),
        read("GET", "/collections/{collection}/audio", audio::stream),
        read("POST", "/collections/{collection}/whep", whep::begin),
        read("DELETE", "/collections/{collection}/whep/{viewer}", whep::end),
        read("GET", "/collections/{collection}/changes", changes::follow),
        read("GET", "/collections/{collection}/hls/live.m3u8", hls::live),
        read("GET", "/collections/{collection}/hls/live-master.m3u8", HlsApi::liveMaster),
        read("GET", "/collections/{collection}/hls/live/{file}", hls::liveFile),
        read("GET", "/collections/{collection}/hls/vod.m3u8", HlsApi::vod),
        read("GET", "/collections/{collection}/hls/vod-master.m3u8", HlsApi::vodMaster),
        read("GET", "/collections/{collection}/hls/vod/{file}", hls::vodFile),
        read("HEAD", "/collections/{collection}/hls/vod/{file}", hls::vodFile),
        read("GET", "/collections/{collection}/hls/{file}", HlsApi::map),
        read("HEAD", "/collections/{collection}/hls/{file}", HlsApi::map),
        read("GET", "/collections/{collection}/segments", maintenance::segments),
        read("GET", "/collections/{collection}/segments/{file}", SegmentsApi::file),
        read("HEAD", "/collections/{collection}/segments/{file}", SegmentsApi::file),
        read("GET", "/collections/{collection}/index.sfv", SegmentsApi::sfv),
        read("HEAD", "/collections/{collection}/index.sfv", SegmentsApi::sfv),
        read("GET", "/collections/{collection}/index.json", SegmentsApi::json),
        read("HEAD", "/collections/{collection}/index.json", SegmentsApi::json),
        //
        write("POST", "/collections/{collection}/audio", vectors::insertAudio),
        write("POST", "/collections/{collection}/import", vectors::importFile),
        manage("POST", "/collections/{collection}/index", maintenance::index),
        manage("POST", "/collections/{collection}/verify", maintenance::verify),
        manage("POST", "/collections/{collection}/compact", maintenance::compact),
        //
        signed("GET", "/cluster", cluster::describe),
        signed("POST", "/cluster/logins", cluster::login),
        signed("DELETE", "/cluster/logins/{login}", cluster::end),
        signed("POST", "/cluster/logins/{login}/publish", cluster::publish),
        signed("POST", "/cluster/demotions", cluster::demote),
        //
        manage("POST", "/collections/{collection}/sync", sync::sync),
        manage("POST", "/collections/{collection}/promote", sync::promote),
        manage("POST", "/restore", sync::restore),
        //
        manage("POST", "/collections/{collection}/snapshots", snapshots::create),
        read("GET", "/collections/{collection}/snapshots", snapshots::list),
        manage("GET", "/collections/{collection}/snapshots/{snapshot}", snapshots::download),
        manage("DELETE", "/collections/{collection}/snapshots/{snapshot}", snapshots::delete),
        manage("GET", "/collections/{collection}/snapshots/{snapshot}/files", snapshots::files),
        manage(
            "GET", "/collections/{collection}/snapshots/{snapshot}/files/{file}", snapshots::file),
        manage("POST", "/collections/{collection}/snapshots/upload", snapshots::upload),
        manage("PUT", "/collections/{collection}/snapshots/recover", snapshots::recover));
  }
}
