/// WebRTC for a node, by the library that browsers have.
@NullMarked
package io.sonidb.webrtc;

import org.jspecify.annotations.NullMarked;
