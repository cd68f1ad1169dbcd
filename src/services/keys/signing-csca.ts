import type { Policies } from '../../rules/profile/policies.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import type { CertificateRecord, IssuerReference, KeyRecord } from '../ports.ts';
import { keyLives } from './key-life.ts';

/** A self-signed CSCA certificate with the key on our token, and when that key may sign. */
export interface CscaEntry {
  readonly key: KeyRecord;
  readonly record: CertificateRecord;
  /** After the rest of a new key (Doc 9303-12 §4.1.4.3); at once for the first. */
  readonly signsFrom: Date;
  /** End of the private key usage period. */
  readonly signsUntil: Date;
}

/** The CSCA keys on record, oldest first; destroyed ones left out. */
export async function cscaKeys(deps: IssuanceDeps): Promise<readonly CscaEntry[]> {
  const { records, policies, clock } = deps;
  const certificates = await records.certificatesOf(profilesOfCsca(policies));
  const lives = keyLives(await records.keys(), certificates, policies, clock.now());
  return lives.flatMap(({ key, certificate, state, signsFrom, signsUntil }) =>
    certificate === undefined || signsFrom === undefined || signsUntil === undefined || state === 'destroyed'
      ? []
      : [{ key, record: certificate, signsFrom, signsUntil }],
  );
}

/** The newest CSCA key that may sign now: it signs all certificates and all CRLs (Doc 9303-12 §4.1.4.3). */
export async function signingCsca(deps: IssuanceDeps): Promise<IssuerReference | undefined> {
  const now = deps.clock.now();
  return referenceTo((await cscaKeys(deps)).findLast(({ signsFrom }) => signsFrom <= now));
}

export function referenceTo(entry: CscaEntry | undefined): IssuerReference | undefined {
  if (entry === undefined) return undefined;
  const { key, record } = entry;
  return { keyId: key.keyId, certificate: record.der, keyAlgorithm: key.keyAlgorithm };
}

/** Profiles of self-signed CSCA certificates. */
export function profilesOfCsca({ profiles }: Policies): readonly string[] {
  return [...profiles.values()].filter(({ kind }) => kind === 'csca').map(({ profile }) => profile);
}
