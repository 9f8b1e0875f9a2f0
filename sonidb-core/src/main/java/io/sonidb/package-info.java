/// The embedded database. Start with `SoniDb.open`, which gives a `Collection`.
package io.sonidb;
