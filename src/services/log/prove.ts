import { decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { consistencyProof, inclusionProof, isConsistent } from '../../formats/log/merkle-tree.ts';
import { encodeConsistencyProof, encodeInclusionProof } from '../../formats/log/proof-files.ts';
import { subtreesOf } from '../../formats/log/tiles.ts';
import { Refused } from '../errors.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';
import { checkpointFile } from './published-log.ts';

/**
 * A file that proves a leaf to be in the log, with nothing else at hand but the log's vkey (C2SP tlog-proof).
 *
 * @throws Refused `not-found` when there is no such leaf under the checkpoint
 */
export function proveInclusion(log: LogRecords, index: number, checkpoint: CheckpointRecord): Uint8Array {
  const [entry] = log.entries(index, 1);
  if (entry === undefined || index >= checkpoint.size) {
    throw new Refused('not-found', `leaf ${index} is not under the checkpoint of ${checkpoint.size} leaves`, {
      field: 'leaf',
      mend: entry === undefined ? 'name a leaf of this log' : 'wait some seconds for the next checkpoint',
    });
  }
  const proof = inclusionProof(subtreesOf(log.hashes), index, checkpoint.size);
  return encodeInclusionProof({ extra: entry, index, proof, checkpoint: checkpointFile(checkpoint) });
}

/**
 * A file that proves a checkpoint to continue an earlier one.
 *
 * @param earlier the earlier checkpoint's file
 * @throws Refused when the earlier one is not of this log; MalformedInput
 */
export function proveConsistency(
  log: LogRecords,
  earlier: Uint8Array,
  checkpoint: CheckpointRecord,
): Uint8Array {
  const old = decodeCheckpoint(earlier);
  const head = decodeCheckpoint(checkpoint.note);
  const proof = old.size > head.size ? [] : consistencyProof(subtreesOf(log.hashes), old.size, head.size);
  if (old.origin !== head.origin || !isConsistent(old, head, proof)) {
    throw new Refused('policy', `the checkpoint of ${old.size} leaves is none that this log continues`, {
      rule: 'L-FORK',
      source: 'C2SP tlog-checkpoint, Signatures',
      mend: 'if it is signed by this log, keep it: it proves that the log was changed',
    });
  }
  return encodeConsistencyProof({ oldSize: old.size, proof, checkpoint: checkpointFile(checkpoint) });
}
