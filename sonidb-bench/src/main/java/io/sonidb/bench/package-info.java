/// Benchmarks of the codec and of the database.
package io.sonidb.bench;
