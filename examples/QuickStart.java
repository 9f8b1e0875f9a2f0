import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Payload;
import io.sonidb.Query;
import io.sonidb.SoniDb;

// Run it: ./sonidb --version   (builds)
//         java -p sonidb-cli/target/sonidb/lib --add-modules io.sonidb examples/QuickStart.java
void main(String[] args) throws Exception {
  try (SoniDb db = SoniDb.open(Path.of(args.length > 0 ? args[0] : "quickstart-data"))) {
    Collection songs =
        db.find("songs").orElseGet(() -> db.create("songs", CollectionSpec.dimension(4)));
    String id = songs.insertVector(new float[] {1, 2, 3, 4});
    songs.upsert("42", new float[] {4, 3, 2, 1}, Payload.ofJson("{\"title\": \"Blue in Green\"}"));

    IO.println(songs.search(Query.nearest(new float[] {4, 3, 2, 2}, 1)).hits());
    try (InputStream flac = songs.streamVector(id)) {
      Files.copy(flac, Path.of(id + ".flac")); // plays anywhere, and holds the vector exactly
    }
    IO.println(songs.buildIndex());
    IO.println(songs.verifyIntegrity());
  }
}
