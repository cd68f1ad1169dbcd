import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import type { Revocation } from '../ports.ts';

/**
 * Revocations of the CSCA's own certificates and of what it issued. The CRL of an issuer lists nothing of another
 * one, such as the access CA (RFC 5280 §5). Dates are without the fraction of a second that it cannot carry.
 */
export async function revokedUnderCsca({
  records,
  policies,
}: Pick<IssuanceDeps, 'records' | 'policies'>): Promise<readonly Revocation[]> {
  const underCsca = new Set(
    (await records.certificates())
      .filter((record) => {
        const profile = policies.profiles.get(record.profile);
        return profile?.issuer === 'csca' || profile?.kind === 'csca';
      })
      .map(({ serialNumber }) => serialNumber),
  );
  return (await records.revocations())
    .filter(({ serialNumber }) => underCsca.has(serialNumber))
    .map((revocation) => ({ ...revocation, revocationDate: wholeSecond(revocation.revocationDate) }));
}
