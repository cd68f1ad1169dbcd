import { hash } from 'node:crypto';
import type { RecordedSod } from '../../services/ports.ts';

/**
 * A leaf covers the EF.SOD; this covers what else stands in its row, so that a disk that changes a bit is found out.
 * It is no secret and no signature: the leaf may hold nothing that could be guessed, such as a request id.
 *
 * @returns the first 8 octets of a SHA-256
 */
export function sodCheck({
  requestId,
  contentDigest,
  documentSigner,
}: Pick<RecordedSod, 'requestId' | 'contentDigest' | 'documentSigner'>): Uint8Array {
  const row = JSON.stringify([requestId, contentDigest, documentSigner]);
  return hash('sha256', row, 'buffer').subarray(0, 8);
}
