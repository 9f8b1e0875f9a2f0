/// What a node needs of WebRTC. The module `sonidb-webrtc` provides it, if it is there: with it
/// come native libraries, which not everybody wants.
package io.sonidb.server.webrtc;
