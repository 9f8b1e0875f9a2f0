/// Records as tones that survive lossy codecs, loudspeakers and noise: [AcousticSound] makes them,
/// [AcousticListener] hears them.
package io.sonidb.sound.acoustic;
