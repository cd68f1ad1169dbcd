import { decodeCertificate } from '../../formats/x509/certificate.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { signingCsca } from '../keys/signing-csca.ts';
import type { CrlRecord } from '../ports.ts';
import { decodedCrl, hasUnlisted } from './crl-entries.ts';

/**
 * Why the next CRL is due, or undefined while it is not: a certificate was revoked since (Doc 9303-12 §4.1.5
 * allows 48 hours for that, and does not forbid less), the newest CSCA key has begun to sign, or half of the time
 * is over, so that every relying party has weeks to fetch the next one.
 */
export async function reasonForCrl(deps: IssuanceDeps): Promise<string | undefined> {
  const csca = await signingCsca(deps);
  if (csca === undefined) return undefined;
  const latest = await deps.records.latestCrl();
  if (latest === undefined) return 'there is none';
  if (await hasUnlisted(deps)) return 'a certificate was revoked';
  const issuer = decodeCertificate(csca.certificate, { strict: true }).subjectKeyIdentifier;
  const signedBy = decodedCrl(latest).authorityKeyIdentifier?.keyIdentifier;
  if (!issuer || !signedBy || Buffer.compare(issuer, signedBy) !== 0) return 'a newer CSCA key signs';
  return isPastHalf(latest, deps.clock.now()) ? 'half of its time is over' : undefined;
}

function isPastHalf({ thisUpdate, nextUpdate }: CrlRecord, now: Date): boolean {
  return now.getTime() > (thisUpdate.getTime() + nextUpdate.getTime()) / 2;
}
