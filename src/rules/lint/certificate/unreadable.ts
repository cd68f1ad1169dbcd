import { oids } from '../../../formats/oids.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';

const readers = new Map<string, (certificate: Certificate) => unknown>([
  [oids.authorityKeyIdentifier, (certificate) => certificate.authorityKeyIdentifier],
  [oids.subjectKeyIdentifier, (certificate) => certificate.subjectKeyIdentifier],
  [oids.keyUsage, (certificate) => certificate.keyUsage],
  [oids.privateKeyUsagePeriod, (certificate) => certificate.privateKeyUsagePeriod],
  [oids.certificatePolicies, (certificate) => certificate.certificatePolicies],
  [oids.subjectAltName, (certificate) => certificate.subjectAltName],
  [oids.issuerAltName, (certificate) => certificate.issuerAltName],
  [oids.basicConstraints, (certificate) => certificate.basicConstraints],
  [oids.extKeyUsage, (certificate) => certificate.extendedKeyUsage],
  [oids.cRLDistributionPoints, (certificate) => certificate.crlDistributionPoints],
  [oids.documentTypeList, (certificate) => certificate.documentTypeList],
  [oids.nameChange, (certificate) => certificate.nameChange || undefined],
]);

/** Whether an extension that is there has a value that its decoder cannot make sense of. */
export function isUnreadable(certificate: Certificate, oid: string): boolean {
  const read = readers.get(oid);
  return read !== undefined && certificate.extensions.has(oid) && read(certificate) === undefined;
}
