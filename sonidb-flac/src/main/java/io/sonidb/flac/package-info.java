/// Reads and writes FLAC (RFC 9639): whole streams, or single frames as SoniDB stores them.
///
/// Whoever has or wants a file needs [io.sonidb.flac.FlacReader] and [io.sonidb.flac.FlacWriter].
/// Whoever keeps frames elsewhere needs [io.sonidb.flac.FrameEncoder] and
/// [io.sonidb.flac.FrameDecoder], which work on byte arrays and allocate nothing,
/// [io.sonidb.flac.Frames] to renumber or find frames, and [io.sonidb.flac.FlacHead] for the
/// metadata that precede them.
///
/// ## What of RFC 9639 is done
///
/// | part | read | written |
/// |---|---|---|
/// | bits per sample | 4 to 32, and the 33 bits of a side channel | 4 to 24 |
/// | channels | 1 to 8 | 1 to 8 |
/// | stereo | independent, left/side, side/right, mid/side | independent |
/// | blocks | 1 to 65535 samples, fixed and variable size | the same |
/// | header codes | all; rate and depth from STREAMINFO too | each value by its shortest code |
/// | coded number | to 36 bits, fixed block size to 31 | the same |
/// | subframes | constant, verbatim, fixed of order 0 to 4, LPC of order 1 to 32 | the same, LPC with coefficients 0 only |
/// | wasted bits | all that leave a bit | all there are |
/// | residual | both methods, partition order 0 to 15, escapes of 0 to 31 bits | the same, escapes to 28 bits |
/// | CRC-8, CRC-16, MD5 | checked | written |
/// | metadata | STREAMINFO, PADDING, APPLICATION, SEEKTABLE, VORBIS_COMMENT; others as bytes | the same |
/// | unknown totals, sizes and MD5 (zeros) | accepted | written where a stream cannot be patched |
///
/// An LPC subframe whose coefficients are all 0 holds some samples raw and the rest as Rice codes
/// without prediction. Every decoder understands it, and a few large values at the beginning of a
/// block cost the others nothing.
///
/// Not done, and refused with [io.sonidb.flac.UnsupportedFlacException]: rate, depth or channels
/// that change within a stream; streams that begin with a frame instead of the marker. Not done at
/// all: estimation of LPC coefficients, stereo decorrelation when writing, Ogg and Matroska
/// containers, resynchronisation inside a stream. What contradicts the RFC is refused with
/// [io.sonidb.flac.MalformedFlacException], which tells the place; but a wrong total of samples is
/// only reported, and metadata that are broken inside are kept as [io.sonidb.flac.OtherBlock].
package io.sonidb.flac;
