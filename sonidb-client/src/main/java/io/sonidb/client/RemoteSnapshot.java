package io.sonidb.client;

import tools.jackson.databind.JsonNode;

/// A snapshot that a node keeps.
///
/// @param name of its file
/// @param creationTime as the node says it, in UTC
/// @param size of the file, in bytes
/// @param checksum SHA-256 of the file, in hexadecimal
public record RemoteSnapshot(String name, String creationTime, long size, String checksum) {
  static RemoteSnapshot of(JsonNode json) {
    return new RemoteSnapshot(
        json.path("name").asString(""),
        json.path("creation_time").asString(""),
        json.path("size").asLong(0),
        json.path("checksum").asString(""));
  }
}
