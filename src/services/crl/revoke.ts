import { Refused } from '../errors.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import type { CertificateRecord } from '../ports.ts';

/** Reasons of RFC 5280 §5.3.1 that fit the eMRTD PKI; kept in the records, never in a CRL. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];

/**
 * Finds one certificate on record by serial number or SHA-256, hexadecimal; a unique beginning is enough.
 *
 * @throws Refused `not-found` when there is none, or more than one
 */
export async function findCertificate(deps: IssuanceDeps, name: string): Promise<CertificateRecord> {
  const wanted = name.toLowerCase().replaceAll(':', '');
  const found = (await deps.records.certificates()).filter(
    ({ sha256, serialNumber }) =>
      serialNumber.toString(16) === wanted.replace(/^0+/, '') ||
      (wanted.length >= 8 && sha256.startsWith(wanted)),
  );
  const [certificate] = found;
  if (certificate !== undefined && found.length === 1) return certificate;
  const detail =
    found.length === 0 ? `no certificate is ${name}` : `${found.length} certificates are ${name}`;
  throw new Refused('not-found', detail, {
    mend: 'give the serial number or SHA-256 in hexadecimal; sigillo find lists them',
  });
}

/**
 * Revokes a certificate. The service takes it out of use and publishes the next CRL within seconds.
 *
 * @throws Refused `duplicate` when it is revoked already
 */
export async function revoke(
  deps: IssuanceDeps,
  certificate: CertificateRecord,
  reason: RevocationReason,
): Promise<void> {
  const revocationDate = wholeSecond(deps.clock.now());
  await deps.records.revoke({ serialNumber: certificate.serialNumber, revocationDate, reason });
}
