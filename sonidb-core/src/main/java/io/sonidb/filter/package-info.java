/// What a point's payload must be like: the conditions that Qdrant knows, as values, and their JSON
/// form.
///
/// It only says what is asked. Whether a payload fulfils it, and the indexes that tell without
/// reading payloads, are elsewhere.
package io.sonidb.filter;
