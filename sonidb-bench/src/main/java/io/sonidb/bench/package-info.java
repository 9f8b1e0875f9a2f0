/// Benchmarks of the codec and of the database.
///
/// [io.sonidb.bench.CollectionBenchmark] measures what users meet, the other benchmarks the parts
/// it is made of. `Sizes` prints how many bytes real vectors take, `Sustained` what a minute of
/// writing comes to.
package io.sonidb.bench;
