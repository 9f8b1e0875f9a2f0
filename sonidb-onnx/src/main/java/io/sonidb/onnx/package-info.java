/// Models in ONNX's format, run by ONNX Runtime.
@NullMarked
package io.sonidb.onnx;

import org.jspecify.annotations.NullMarked;
