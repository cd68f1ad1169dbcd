import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { coversDocumentType } from '../../rules/sod/sod-rules.ts';
import type { IssuanceRecords } from '../ports.ts';

/** A Document Signer that this instance has the key of. */
export interface DocumentSignerEntry {
  readonly keyId: string;
  readonly keyAlgorithm: string;
  readonly certificate: Certificate;
  readonly documentTypes: readonly string[];
  readonly signsFrom: Date;
  readonly signsUntil: Date;
}

/** The Document Signers on record, as they are chosen for a document. */
export class DocumentSigners {
  readonly #entries: readonly DocumentSignerEntry[];

  constructor(entries: readonly DocumentSignerEntry[]) {
    this.#entries = entries;
  }

  /** Every document type that some Document Signer covers. */
  get documentTypes(): readonly string[] {
    return [...new Set(this.#entries.flatMap((entry) => entry.documentTypes))].toSorted();
  }

  covers(documentType: string): boolean {
    return this.#entries.some((entry) => coversDocumentType(entry.documentTypes, documentType));
  }

  /** The newest one for a document type whose private key usage period it is. */
  active(documentType: string, at: Date): DocumentSignerEntry | undefined {
    return this.#entries.findLast(
      (entry) => coversDocumentType(entry.documentTypes, documentType) && isInUse(entry, at),
    );
  }

  withKey(keyId: string): DocumentSignerEntry | undefined {
    return this.#entries.find((entry) => entry.keyId === keyId);
  }

  [Symbol.iterator](): Iterator<DocumentSignerEntry> {
    return this.#entries[Symbol.iterator]();
  }
}

export function isInUse(entry: DocumentSignerEntry, at: Date): boolean {
  return at >= entry.signsFrom && at <= entry.signsUntil;
}

/** Reads the Document Signers from the records, oldest first. */
export async function loadDocumentSigners(
  records: IssuanceRecords,
  policies: Policies,
): Promise<DocumentSigners> {
  const keys = new Map((await records.keys()).map((key) => [key.keyId, key]));
  const entries = (await records.certificates()).flatMap((record): DocumentSignerEntry[] => {
    const key = keys.get(record.keyId ?? '');
    if (key === undefined || policies.profiles.get(record.profile)?.kind !== 'document-signer') return [];
    const certificate = decodeCertificate(record.der, { strict: true });
    const { privateKeyUsagePeriod: usage, documentTypeList } = certificate;
    if (!usage?.notBefore || !usage.notAfter || documentTypeList === undefined) return [];
    const { keyId, keyAlgorithm } = key;
    const documentTypes = documentTypeList.types;
    const signsFrom = usage.notBefore;
    return [{ keyId, keyAlgorithm, certificate, documentTypes, signsFrom, signsUntil: usage.notAfter }];
  });
  return new DocumentSigners(entries);
}
