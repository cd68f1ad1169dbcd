import type { TileHashes } from '../../formats/log/tiles.ts';

/** A checkpoint on record. */
export interface CheckpointRecord {
  /** Leaves of its tree. */
  readonly size: number;
  /** The note with the log's own signature. */
  readonly note: Uint8Array;
  readonly signedAt: Date;
  /** Lines of cosigners, each with its newline. */
  readonly cosignatures: readonly string[];
}

/** The log on record; the same promises as SodRecords. Leaves are appended with the records that they are about. */
export interface LogRecords {
  /** Leaves on record. */
  size(): number;
  /** Hashes of tiles, for proofs: O(log n) rows for each proof. @throws InvariantBroken when one is not there */
  readonly hashes: TileHashes;
  /** Leaves from number `from` on, at most `count` of them. */
  entries(from: number, count: number): readonly Uint8Array[];
  /** The largest on record. */
  latestCheckpoint(): CheckpointRecord | undefined;
  /** The largest that may be served: one that was served before, or has as many cosignatures as are needed. */
  servableCheckpoint(cosignatures: number): CheckpointRecord | undefined;
  /** Counts one use of the log key, before it is used. */
  countUse(keyId: string): Promise<void>;
  /** @throws Refused `duplicate` unless it is larger than every one on record */
  recordCheckpoint(checkpoint: CheckpointRecord): Promise<void>;
  recordCosignature(size: number, cosigner: string, line: string): Promise<void>;
  /** Before the first octet of it leaves. */
  recordServed(size: number, at: Date): Promise<void>;
  /** vkeys of all keys that the log ever had, oldest first. */
  verifierKeys(): readonly string[];
  /**
   * Once for each key; another one in its place is refused.
   *
   * @param place of the key among all that the log ever had, from 0
   * @throws Refused `duplicate`
   */
  recordVerifierKey(vkey: string, place: number): Promise<void>;
}
