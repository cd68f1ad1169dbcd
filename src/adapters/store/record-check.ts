import { hash } from 'node:crypto';
import type { RecordedSod } from '../../services/ports.ts';
import { isDifference } from './sod-difference.ts';

type CheckedRow = Pick<RecordedSod, 'requestId' | 'contentDigest' | 'documentSigner'>;

/**
 * A leaf covers the EF.SOD; this covers what else stands in its row, so that a disk that changes a bit is found out:
 * of a difference its octets too, because two of them may give the same EF.SOD, such as from two that are alike.
 * It is no secret and no signature: the leaf may hold nothing that could be guessed, such as a request id.
 *
 * @param stored the EF.SOD as it lies in the row
 * @returns the first 8 octets of a SHA-256
 */
export function sodCheck(row: CheckedRow, stored: Uint8Array): Uint8Array {
  const text = rowText(row);
  return shortHash(isDifference(stored) ? Buffer.concat([Buffer.from(text), stored]) : text);
}

/** Whether a row has this check; those of before differences were covered have it without. */
export function isSodCheck(check: Uint8Array, row: CheckedRow, stored: Uint8Array): boolean {
  const possible = [sodCheck(row, stored), shortHash(rowText(row))];
  return possible.some((candidate) => Buffer.compare(check, candidate) === 0);
}

function rowText({ requestId, contentDigest, documentSigner }: CheckedRow): string {
  return JSON.stringify([requestId, contentDigest, documentSigner]);
}

function shortHash(data: string | Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer').subarray(0, 8);
}
