/// Models that listen. The module `sonidb-onnx` provides them, if it is there: its library is
/// large, and native.
@NullMarked
package io.sonidb.cli.model;

import org.jspecify.annotations.NullMarked;
