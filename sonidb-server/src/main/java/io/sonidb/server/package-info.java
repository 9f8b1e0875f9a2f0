/// A node: [io.sonidb.server.Node] opens a data folder and answers for it.
package io.sonidb.server;
