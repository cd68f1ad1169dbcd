import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { coversDocumentType } from '../../rules/sod/sod-rules.ts';
import type { IssuanceRecords } from '../ports.ts';

/** A Document Signer that this instance has the key of. */
export interface DocumentSignerEntry {
  readonly keyId: string;
  readonly profile: string;
  readonly keyAlgorithm: string;
  readonly certificate: Certificate;
  readonly documentTypes: readonly string[];
  readonly signsFrom: Date;
  readonly signsUntil: Date;
}

/** The Document Signers on record, as they are chosen for a document. */
export class DocumentSigners {
  #entries: readonly DocumentSignerEntry[];
  readonly #exhausted = new Set<string>();
  readonly #parallel: ReadonlyMap<string, number>;
  readonly #planned: readonly string[];
  /** Whose turn it is, by profile. */
  readonly #turns = new Map<string, number>();

  /**
   * @param parallel how many Document Signers of a profile sign at a time; 1 where it says nothing
   * @param planned document types that the instance is to have Document Signers for, at this moment or not
   */
  constructor(
    entries: readonly DocumentSignerEntry[],
    parallel: ReadonlyMap<string, number> = new Map(),
    planned: readonly string[] = [],
  ) {
    this.#entries = entries;
    this.#parallel = parallel;
    this.#planned = planned;
  }

  /** Takes what is on record now in place of what was: new ones, without those that are revoked. */
  replace(entries: readonly DocumentSignerEntry[]): void {
    this.#entries = entries;
  }

  /** The key begins no signature more: it has made all that it may make, or its end is on record. */
  exhaust(keyId: string): void {
    this.#exhausted.add(keyId);
  }

  /** Every document type that some Document Signer covers, or is planned for. */
  get documentTypes(): readonly string[] {
    const covered = this.#entries.flatMap((entry) => entry.documentTypes);
    return [...new Set([...covered, ...this.#planned])].toSorted();
  }

  covers(documentType: string): boolean {
    return (
      this.#entries.some((entry) => coversDocumentType(entry.documentTypes, documentType)) ||
      coversDocumentType(this.#planned, documentType)
    );
  }

  /** Why there is none that may sign documents of a type now. */
  reasonForNone(documentType: string, at: Date): string {
    const ofType = this.#entries.filter((entry) => coversDocumentType(entry.documentTypes, documentType));
    const inPeriod = ofType.filter((entry) => isInUse(entry, at));
    if (ofType.length === 0) return `every Document Signer for ${documentType} is revoked or retired`;
    if (inPeriod.length === 0) return `no Document Signer for ${documentType} is in its usage period`;
    return `every Document Signer for ${documentType} is revoked, retired, or has made all the signatures that it may make`;
  }

  /**
   * The one to sign a document now: of those whose usage period it is, whose limit is not reached and whose key is
   * on a token that works, the one that ends first. So the next key takes over when this one ends, and none is
   * missed in between. Of a profile that has several at a time, those take turns.
   *
   * @param canSign whether a key is within reach; where none is, the first one is named all the same
   */
  active(
    documentType: string,
    at: Date,
    canSign: (keyId: string) => boolean,
  ): DocumentSignerEntry | undefined {
    const inUse = this.#entries
      .filter((entry) => coversDocumentType(entry.documentTypes, documentType) && isInUse(entry, at))
      .filter(({ keyId }) => !this.#exhausted.has(keyId))
      .toSorted((a, b) => a.signsUntil.getTime() - b.signsUntil.getTime());
    const withinReach = inUse.filter(({ keyId }) => canSign(keyId));
    const [first] = withinReach;
    if (first === undefined) return inUse[0];
    const atATime = withinReach.slice(0, this.#parallel.get(first.profile) ?? 1);
    return atATime[(this.#turns.get(first.profile) ?? 0) % atATime.length];
  }

  /** The next document of the profile goes to the next one of those that sign at a time. */
  passTurn({ profile }: DocumentSignerEntry): void {
    this.#turns.set(profile, (this.#turns.get(profile) ?? 0) + 1);
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

/** Reads the Document Signers that may still sign from the records, oldest first. */
export async function loadDocumentSigners(
  records: IssuanceRecords,
  policies: Policies,
): Promise<readonly DocumentSignerEntry[]> {
  const keys = new Map((await records.keys()).map((key) => [key.keyId, key]));
  const entries: DocumentSignerEntry[] = [];
  for (const record of await records.certificates()) {
    const key = keys.get(record.keyId ?? '');
    if (policies.profiles.get(record.profile)?.kind !== 'document-signer') continue;
    if (key === undefined || key.retired !== undefined) continue;
    if ((await records.findRevocation(record.serialNumber)) !== undefined) continue;
    const certificate = decodeCertificate(record.der, { strict: true });
    const { privateKeyUsagePeriod: usage, documentTypeList } = certificate;
    if (!usage?.notBefore || !usage.notAfter || documentTypeList === undefined) continue;
    const { keyId, keyAlgorithm } = key;
    const documentTypes = documentTypeList.types;
    const signsFrom = usage.notBefore;
    const { profile } = record;
    entries.push({
      keyId,
      profile,
      keyAlgorithm,
      certificate,
      documentTypes,
      signsFrom,
      signsUntil: usage.notAfter,
    });
  }
  return entries;
}
