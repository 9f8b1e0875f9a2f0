/// Sums over arrays of floats and doubles, in SIMD where the machine has it.
///
/// [io.sonidb.vector.Kernels] holds the implementation for this machine.
package io.sonidb.vector;
