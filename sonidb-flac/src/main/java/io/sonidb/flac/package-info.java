/// Reads and writes FLAC: whole files, or single frames as SoniDB stores them.
package io.sonidb.flac;
