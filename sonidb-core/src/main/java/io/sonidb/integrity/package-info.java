/// Is everything as it was written, and where is what: checks and the index for people.
package io.sonidb.integrity;
