/// The inner loops of the codec: static methods on arrays, without allocation.
///
/// The package is not exported; the benchmarks measure it alone.
package io.sonidb.flac.kernel;
