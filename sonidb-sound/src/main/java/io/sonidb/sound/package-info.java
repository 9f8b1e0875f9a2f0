/// Turns vectors into records of sound and back.
package io.sonidb.sound;
