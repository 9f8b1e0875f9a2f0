import org.jspecify.annotations.NullMarked;

/// Vectors as sound: how a vector becomes samples, how samples become a record, and how a listener
/// finds the records again.
@NullMarked
module io.sonidb.sound {
  requires static transitive org.jspecify;
  requires transitive io.sonidb.flac;
  // Records are read and written faster with it, and without it all the same.
  requires static jdk.incubator.vector;

  exports io.sonidb.sound;
  exports io.sonidb.sound.acoustic;
}
