/// Vectors as JSON, fast: for what talks to other programs.
package io.sonidb.json;
