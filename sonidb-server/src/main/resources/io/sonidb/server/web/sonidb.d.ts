// Types of sonidb.js.

/** A number (a BigInt above 2^53 - 1), a UUID in lower case, or any other string. */
export type VectorId = number | bigint | string;

/** What CBOR payloads become; whole numbers above 2^53 - 1 are BigInts. */
export type Payload = { [key: string]: unknown };

/** One change of a collection. */
export interface SoniDbRecord {
  kind: 'upsert' | 'delete' | 'payload' | 'skip';
  /** null in a skip. */
  id: VectorId | null;
  /** Sequence number; of a skip the first one that is skipped. */
  seq: number;
  payload: Payload | null;
  /** Exact to the bit; only in an upsert. */
  vector: Float32Array | Float64Array | null;
  /** Milliseconds since 1970. */
  insertedAt?: number;
  /** Milliseconds since 1970. */
  expiresAt?: number;
  /** A delete of the store's own, because the vector's time was up. */
  expired?: true;
  /** How many sequence numbers a skip uses up. */
  skipCount?: number;
}

export interface ListenOptions {
  /** First sequence number; 1, when nothing is said, for all. */
  from?: number;
  /** Whether it goes on with what is written from now on; true when nothing is said. */
  follow?: boolean;
  /** `[0, 4]`: the records of a quarter of all ids. */
  shard?: [number, number];
  /** Qdrant's filter, which payloads must fulfil. */
  filter?: object;
  apiKey?: string;
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** Milliseconds without a node after which it throws; 60,000 when nothing is said. */
  patience?: number;
  /** Who decodes; `own` when nothing is said, which is quicker. `webcodecs` where there is an AudioDecoder. */
  decoder?: 'own' | 'webcodecs';
  /**
   * How it comes; `http` when nothing is said. `webrtc` turns to `http` where there is no
   * RTCPeerConnection, the node has no WebRTC (501), or no connection comes about.
   */
  transport?: 'http' | 'webrtc';
  /** STUN and TURN servers for `webrtc`. */
  iceServers?: RTCIceServer[];
  /** Of the data channel for `webrtc`; ordered and reliable when nothing is said. What gets lost is asked for again. */
  channel?: { ordered?: boolean; maxRetransmits?: number; maxPacketLifeTime?: number };
}

/**
 * Iterates the records of a collection, each once and in order; asks again from the next sequence
 * number on when the connection breaks or something is damaged.
 *
 * @throws {RefusedError} 404: there is no such collection; 410: read it anew
 * @throws {UnreachableError} no node for as long as `patience`
 * @throws {DamageError} the same damage three times
 */
export function listen(url: string | URL, options?: ListenOptions): AsyncGenerator<SoniDbRecord, void, void>;

/**
 * Iterates the records of a collection as `listen` does, from the parts of its live HLS playlist, and over
 * HTTP what that leaves out. It goes on for ever.
 *
 * @throws as `listen`
 */
export function listenHls(
  url: string | URL,
  options?: Pick<ListenOptions, 'from' | 'apiKey' | 'signal' | 'patience' | 'decoder'>,
): AsyncGenerator<SoniDbRecord, void, void>;

/** Takes a FLAC stream's bytes in pieces of any size and gives its records, checked. */
export class RecordReader {
  constructor(options?: { firstSample?: number; decoder?: 'own' | 'webcodecs'; joins?: boolean });
  /** Whether WebCodecs decodes. */
  readonly isNative: boolean;
  /** Why nothing more can be read, if that is so. */
  readonly error: SoniDbError | undefined;
  /**
   * The records that these bytes complete. After damage come the records before it, and `error` is set.
   *
   * @throws {DamageError} if there are none before it, or `error` is set already
   */
  feed(bytes: Uint8Array): Promise<SoniDbRecord[]>;
  /** @throws {DamageError} if the stream ends in the middle of something */
  finish(): void;
  close(): void;
}

/** Puts the messages of a data channel in order and notices what is missing or damaged. */
export class MessageReader {
  /** @param from the sequence number that was asked for */
  constructor(from: number);
  /** The first sequence number that has not come. */
  readonly next: number;
  /** Whether a message is missing that others have overtaken. */
  readonly hasGap: boolean;
  readonly isOver: boolean;
  /**
   * Pieces of the FLAC stream that are in order now.
   *
   * @throws {DamageError}
   */
  take(bytes: Uint8Array): Uint8Array[];
}

/** Makes one FLAC stream of records: `head()`, then what `upsert` and `delete` give, in order. */
export class FlacEncoder {
  /** @throws {RangeError} */
  constructor(dimension: number, element?: 'float32' | 'float64');
  head(): Uint8Array;
  /** @throws {RangeError | TypeError} */
  upsert(id: VectorId, vector: ArrayLike<number>, payload?: object | null): Uint8Array;
  delete(id: VectorId): Uint8Array;
}

export interface NewPoint {
  id: VectorId;
  vector: ArrayLike<number>;
  payload?: object | null;
}

/** Sends points into a collection as sound, some megabytes at a time. */
export function send(
  url: string | URL,
  points: Iterable<NewPoint> | AsyncIterable<NewPoint>,
  options?: { element?: 'float32' | 'float64'; apiKey?: string; signal?: AbortSignal },
): Promise<{ inserted: number; damaged: object[] }>;

export class SoniDbError extends Error {}
/** Bytes are not what their sender made. */
export class DamageError extends SoniDbError {}
/** A record of a kind or representation that only a newer version knows. */
export class UnsupportedRecordError extends SoniDbError {}
/** The node does not answer, or the connection broke. */
export class UnreachableError extends SoniDbError {}
/** The node refused the request. */
export class RefusedError extends SoniDbError {
  readonly status: number;
}
