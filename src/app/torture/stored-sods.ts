import type { DatabaseSync } from 'node:sqlite';
import { wholeEfSod } from './stored-sod.ts';

/** A SOD as it lies in the records. */
export interface StoredSod {
  readonly leafIndex: number;
  readonly requestId: string;
  /** SHA-256 of the Document Signer's certificate, hexadecimal. */
  readonly documentSigner: string;
  readonly efSod: Uint8Array;
}

/** SODs behind a leaf in the order of the log; read here by code of its own, past that of the records. */
export function* sodsAfter(database: DatabaseSync, leafIndex: number): Iterable<StoredSod> {
  const query = database.prepare('SELECT * FROM sods WHERE leaf_index > ? ORDER BY leaf_index');
  for (const row of query.iterate(leafIndex)) {
    yield {
      leafIndex: Number(row['leaf_index']),
      requestId: String(row['request_id']),
      documentSigner: Buffer.from(octetsIn(row['document_signer'])).toString('hex'),
      efSod: Uint8Array.from(wholeEfSod(database, octetsIn(row['ef_sod']))),
    };
  }
}

/** @throws TypeError when it holds something else */
export function octetsIn(column: unknown): Uint8Array {
  if (!(column instanceof Uint8Array)) throw new TypeError('the column does not hold octets');
  return Uint8Array.from(column);
}
