package io.sonidb.sound;

import java.util.Locale;

/// Why samples are no record. A constant and not an exception, because a receiver may meet one in
/// every sample of a hostile input.
enum Fault {
  NONE("no fault"),
  CONTROL_WORD("control word %06x has no marker, or a shift above 23, or more than 4608 samples"),
  BLOCK_SIZE("frame of %d samples does not fit its control word"),
  NOT_FIRST("record begins with a later part: control word %06x"),
  NOT_LATER("record is cut off by the first part of another: control word %06x"),
  TOO_MANY_PARTS("record has more than %d parts"),
  HEADER_CUT("header goes on beyond the part's %d bytes"),
  HEADER_LONG("header ends before the part's sample %d"),
  KIND("record kind %d"),
  NO_KIND("record kind %d, which no record has"),
  FLAGS("first byte %02x has flags that exclude each other"),
  SEQUENCE("sequence number is spelled wrong, from byte %d of the header"),
  ID("id is spelled wrong, from byte %d of the header"),
  SKIP_COUNT("skip count is not 1 to 2^31-1, at byte %d of the header"),
  OPTIONAL_FIELDS("optional fields are spelled wrong, from byte %d of the header"),
  FIELD_KIND("optional field of tag %d does not belong in a record of this kind"),
  ACKNOWLEDGED("acknowledged lag %d is more than the sequence number"),
  VECTOR_LAG("vector lag %d is not 1 to the sequence number"),
  EXPIRED("optional field \"expired\" is %d, not 0"),
  PAYLOAD_SIZE("payload size %d is not 1 to 1048576"),
  REPRESENTATION("vector representation %02x"),
  SCALE("vector has no such scale: %016x"),
  PLACES("places of components are spelled wrong, from %d on"),
  REFERENCE("reference exponent %d is out of range"),
  FAR_EXPONENT("far exponent %d is out of range"),
  FAR_COUNT("vector does not have the %d far exponents listed"),
  EXPONENT("marker channel holds %d, no exponent's rank"),
  VOICE("no component of the vector sounds like the samples from %d on"),
  DIMENSION("vector has %d components, not 1 to 16384"),
  LATER_PART("later part begins with byte %02x, neither 80 nor 81"),
  LATER_VECTOR("vector goes on where there is none to go on: part %d"),
  LATER_PAYLOAD("payload goes on where there is none to go on: part %d"),
  PAYLOAD_CUT("record ends with %d bytes of its payload missing"),
  HASH("hash is %016x, not the one in the record");

  private final String message;

  Fault(String message) {
    this.message = message;
  }

  /// Whether this is what a newer version might write, rather than damage.
  boolean isUnsupported() {
    return this == KIND || this == REPRESENTATION;
  }

  /// The fault in words, with the value found.
  String describe(long value) {
    return message.contains("%") ? String.format(Locale.ROOT, message, value) : message;
  }
}
