/// Finds the payloads that fulfil a filter: [io.sonidb.payload.PayloadCheck] looks into one
/// payload, [io.sonidb.payload.PayloadBlock] is an index of many that mostly need not be looked
/// into.
///
/// It sees payloads by the ordinals of their records, and knows nothing of files and segments.
package io.sonidb.payload;
