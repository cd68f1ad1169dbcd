import { CrlInPlace } from '../../formats/x509/crl-in-place.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import { encodeEntries } from '../../formats/x509/encode-crl.ts';
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
 * A CRL of `thisUpdate` with all entries, still without its frame. Those of the CRL before are taken over as they are
 * encoded, and only what was revoked since is encoded. Where that CRL does not list as many as the records say, all is
 * made anew.
 */
export async function beginCrl(deps: IssuanceDeps, thisUpdate: Date): Promise<CrlInPlace> {
  const latest = await deps.records.latestCrl();
  const before = latest && decodedCrl(latest).revokedCertificates.ascending;
  const isWhole = before?.length === (await deps.records.listedRevocations());
  const crl = new CrlInPlace(isWhole ? before : undefined);
  const filter = { profiles: profilesUnderCsca(deps.policies), isUnlisted: isWhole };
  for await (const page of deps.records.revocations(filter)) {
    const entries = page
      .map((entry) => ({ ...entry, revocationDate: wholeSecond(entry.revocationDate) }))
      .filter(({ revocationDate }) => revocationDate <= thisUpdate);
    crl.add(encodeEntries(entries));
  }
  return crl;
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
