/// Files of vectors: readers and writers of `.npy`, `.fvecs`, `.bvecs`, `.fbin`, `.u8bin`,
/// `.i8bin`, `.jsonl` and `.csv`.
///
/// Start at [io.sonidb.file.VectorReader] and [io.sonidb.file.VectorWriter]. Both handle one row at
/// a time in bounded memory, whatever the file claims about itself. Values are never rounded in
/// silence: narrow types are widened exactly, text is parsed to the nearest value of the element
/// type asked for and printed so that it comes back with the same bits, and anything else is
/// refused with a [io.sonidb.file.VectorFileException] that names the file, the place, the value
/// and the fix.
package io.sonidb.file;
