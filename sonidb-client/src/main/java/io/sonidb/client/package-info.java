/// A client of nodes: collections that are elsewhere, in the words of the embedded database.
package io.sonidb.client;
