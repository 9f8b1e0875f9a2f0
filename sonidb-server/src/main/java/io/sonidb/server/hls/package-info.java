/// HTTP Live Streaming (RFC 8216 and its second edition, draft-pantos-hls-rfc8216bis): playlists,
/// and what they name. It knows no sockets.
package io.sonidb.server.hls;
