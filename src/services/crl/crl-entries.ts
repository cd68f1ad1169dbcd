import { encodeEntries, mergeRevokedEntries, readEntries } from '../../formats/x509/encode-crl.ts';
import type { CertificateList } from '../../formats/x509/crl.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import type { RevokedEntries } from '../../formats/x509/revoked-entries.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import type { CrlRecord } from '../ports.ts';

/**
 * Profiles of the CSCA's own certificates and of what it issues. The CRL of an issuer lists nothing of another
 * one, such as the access CA (RFC 5280 §5).
 */
export function profilesUnderCsca(policies: Policies): readonly string[] {
  return [...policies.profiles.values()]
    .filter(({ issuer, kind }) => issuer === 'csca' || kind === 'csca')
    .map(({ profile }) => profile);
}

/**
 * What a CRL of `thisUpdate` lists. The entries of the CRL before are taken over as they are encoded, and only
 * what was revoked since is encoded. Where that CRL does not list as many as the records say, all is made anew.
 */
export async function revokedEntries(deps: IssuanceDeps, thisUpdate: Date): Promise<RevokedEntries> {
  const latest = await deps.records.latestCrl();
  const before = latest && decodedCrl(latest).revokedCertificates.ascending;
  const isWhole = before?.length === (await deps.records.listedRevocations());
  const added: Uint8Array[] = [];
  const filter = { profiles: profilesUnderCsca(deps.policies), isUnlisted: isWhole };
  for await (const page of deps.records.revocations(filter)) {
    const entries = page
      .map((entry) => ({ ...entry, revocationDate: wholeSecond(entry.revocationDate) }))
      .filter(({ revocationDate }) => revocationDate <= thisUpdate);
    added.push(encodeEntries(entries));
  }
  const [only = new Uint8Array(), ...more] = added;
  const entries = readEntries(more.length === 0 ? only : Buffer.concat(added));
  return isWhole && before !== undefined ? mergeRevokedEntries(before, entries) : entries;
}

/** Whether something that the CSCA's CRL lists was revoked since the last one. */
export async function hasUnlisted({ records, policies }: IssuanceDeps): Promise<boolean> {
  for await (const _ of records.revocations({ profiles: profilesUnderCsca(policies), isUnlisted: true })) {
    return true;
  }
  return false;
}

const decoded = new WeakMap<CrlRecord, CertificateList>();

/** A CRL on record, read strictly; once, however often it is asked for. */
export function decodedCrl(record: CrlRecord): CertificateList {
  let crl = decoded.get(record);
  if (crl === undefined) {
    crl = decodeCrl(record.der, { strict: true });
    decoded.set(record, crl);
  }
  return crl;
}
