/// What a node is to be: [io.sonidb.server.config.NodeConfig], made of a file, the environment and
/// flags by [io.sonidb.server.config.Setting]s.
package io.sonidb.server.config;
