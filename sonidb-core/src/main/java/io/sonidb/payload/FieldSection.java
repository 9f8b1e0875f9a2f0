package io.sonidb.payload;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.roaringbitmap.RoaringBitmap;

/// The bytes of one field in a block, as they are written; [FieldBlock] reads them.
///
/// ```
///  0  4 bytes of each key, 0 if they differ   4  4 keys, n    8  4*6 bytes of the six bitmaps
/// 32  4 bytes of all keys                    36  4 bytes of all postings
/// 40  bitmaps: empty, null, blank, several, other, arrays
///  .  if keys differ in size: 4(n+1) offsets of the keys      .  keys in ascending order
///  .  4(n+1) offsets of the postings                          .  postings
/// ```
///
/// A posting is the ordinals of the records that have the key: up to three of 4 bytes each, more as
/// a RoaringBitmap in its portable form, which is never as short.
final class FieldSection {
  static final int HEADER_SIZE = 40;
  static final int MOST_PLAIN = 3;

  private final int keySize;
  private final FieldBits bits;
  private final Growing keyOffsets = new Growing();
  private final Growing keys = new Growing();
  private final Growing postingOffsets = new Growing();
  private final Growing postings = new Growing();
  private int count;

  private static final class Growing {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
  }

  FieldSection(int keySize, FieldBits bits) {
    this.keySize = keySize;
    this.bits = bits;
  }

  /// @param key above those added before
  /// @param ordinals ascending
  void add(byte[] key, int[] ordinals, int size) {
    try {
      begin(key);
      if (size <= MOST_PLAIN) {
        for (int i = 0; i < size; i++) {
          postings.out.writeInt(ordinals[i]);
        }
      } else {
        RoaringBitmap bitmap = new RoaringBitmap();
        bitmap.addN(ordinals, 0, size);
        write(bitmap, postings.out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing but memory is written to
    }
  }

  private void begin(byte[] key) throws IOException {
    count++;
    keyOffsets.out.writeInt(keys.bytes.size());
    keys.out.write(key);
    postingOffsets.out.writeInt(postings.bytes.size());
  }

  private static void write(RoaringBitmap bitmap, DataOutputStream out) throws IOException {
    bitmap.runOptimize();
    bitmap.serialize(out);
  }

  /// All bytes.
  byte[] bytes() {
    try {
      keyOffsets.out.writeInt(keys.bytes.size());
      postingOffsets.out.writeInt(postings.bytes.size());
      Growing all = new Growing();
      all.out.writeInt(keySize);
      all.out.writeInt(count);
      Growing bitmaps = new Growing();
      for (RoaringBitmap bitmap : bits.all()) {
        int before = bitmaps.bytes.size();
        write(bitmap, bitmaps.out);
        all.out.writeInt(bitmaps.bytes.size() - before);
      }
      all.out.writeInt(keys.bytes.size());
      all.out.writeInt(postings.bytes.size());
      bitmaps.bytes.writeTo(all.out);
      if (keySize == 0) {
        keyOffsets.bytes.writeTo(all.out);
      }
      keys.bytes.writeTo(all.out);
      postingOffsets.bytes.writeTo(all.out);
      postings.bytes.writeTo(all.out);
      return all.bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
