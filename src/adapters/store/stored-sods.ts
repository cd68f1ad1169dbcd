import { InvariantBroken } from '../../services/errors.ts';
import type { RecordedSod } from '../../services/ports.ts';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { applyDifference, basisOf, differenceFrom } from './sod-difference.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** Document Signers times sets of data groups times lengths of a signature. */
const maxBases = 256;

const efSodAt = prepareQuery((of: { readonly leafIndex: number }) =>
  queries.selectFrom('sods').select('ef_sod').where('leaf_index', '=', of.leafIndex),
);

const insertSod = prepareQuery((row: Schema['sods']) =>
  queries.insertInto('sods').values({
    leaf_index: row.leaf_index,
    request_id: row.request_id,
    content_digest: row.content_digest,
    document_signer: row.document_signer,
    ef_sod: row.ef_sod,
  }),
);

/** EF.SODs as they lie in the records: whole, or as the difference from one that does. */
export class StoredSods {
  readonly #database: SqliteDatabase;
  /** By what makes EF.SODs alike, one that lies in the records whole. */
  readonly #bases = new Map<string, { readonly leafIndex: number; readonly efSod: Uint8Array }>();
  #lastBasis: { readonly leafIndex: number; readonly efSod: Uint8Array } | undefined;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** What to store for an EF.SOD of a Document Signer. */
  compact(efSod: Uint8Array, documentSigner: string): Uint8Array {
    if (basisOf(efSod) !== undefined) throw new InvariantBroken('an EF.SOD begins with the tag 77');
    const basis = this.#bases.get(likeness(efSod, documentSigner));
    return (basis && differenceFrom(basis, efSod)) ?? efSod;
  }

  /** @param stored what `compact` has made of its EF.SOD */
  insert(sod: RecordedSod, stored: Uint8Array): void {
    this.#database.run(
      insertSod({
        leaf_index: sod.logLeaf,
        request_id: sod.requestId,
        content_digest: Buffer.from(sod.contentDigest, 'hex'),
        document_signer: Buffer.from(sod.documentSigner, 'hex'),
        ef_sod: stored,
      }),
    );
  }

  /** To be called once it is durable: what is undone after it was offered would be the basis of nothing. */
  offer({ logLeaf: leafIndex, efSod, documentSigner }: RecordedSod, stored: Uint8Array): void {
    if (stored !== efSod) return;
    if (this.#bases.size >= maxBases) this.#bases.clear();
    this.#bases.set(likeness(efSod, documentSigner), { leafIndex, efSod });
  }

  /** @throws InvariantBroken when the other EF.SOD is not there, or this is no difference from it */
  read(row: Schema['sods']): RecordedSod {
    const basis = basisOf(row.ef_sod);
    return sodFrom(row, basis === undefined ? row.ef_sod : applyDifference(row.ef_sod, this.#basis(basis)));
  }

  /** As `read`; one that is damaged comes with the octets that are there, for who looks for damage. */
  readAnyhow(row: Schema['sods']): RecordedSod {
    try {
      return this.read(row);
    } catch (error) {
      if (error instanceof InvariantBroken) return sodFrom(row, row.ef_sod);
      throw error;
    }
  }

  #basis(leafIndex: number): Uint8Array {
    if (this.#lastBasis?.leafIndex === leafIndex) return this.#lastBasis.efSod;
    const row = this.#database.first(efSodAt({ leafIndex }));
    if (row === undefined || basisOf(row.ef_sod) !== undefined) {
      throw new InvariantBroken(`the records have no whole EF.SOD at leaf ${leafIndex}`);
    }
    this.#lastBasis = { leafIndex, efSod: row.ef_sod };
    return row.ef_sod;
  }
}

function likeness(efSod: Uint8Array, documentSigner: string): string {
  return `${documentSigner} ${efSod.length}`;
}

function sodFrom(row: Schema['sods'], efSod: Uint8Array): RecordedSod {
  return {
    requestId: row.request_id,
    contentDigest: Buffer.from(row.content_digest).toString('hex'),
    efSod,
    documentSigner: Buffer.from(row.document_signer).toString('hex'),
    logLeaf: row.leaf_index,
  };
}
