import { decodeCertificate } from '../../formats/x509/certificate.ts';
import type { IssuedRegister } from '../../rules/lint/index.ts';
import type { CertificateRecord } from '../ports.ts';

/** What was issued before, as rules about what must not be used twice ask for it. */
export function issuedRegister(records: readonly CertificateRecord[]): IssuedRegister {
  const certificates = records.map(({ der }) => decodeCertificate(der, { strict: true }));
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  const isCa = (certificate: (typeof certificates)[number]) => certificate.basicConstraints?.cA === true;
  const withKey = (key: Uint8Array) =>
    certificates.filter(({ subjectPublicKey }) => same(subjectPublicKey.bytes, key));
  return {
    hasSerialNumber: (serialNumber) => records.some((record) => record.serialNumber === serialNumber),
    hasKey: (key) => withKey(key).some((certificate) => !isCa(certificate)),
    hasSubject: (subject) =>
      certificates.some((certificate) => !isCa(certificate) && same(certificate.subject.bytes, subject)),
    keyIdentifiersOf: (key) =>
      withKey(key).flatMap(({ subjectKeyIdentifier }) =>
        subjectKeyIdentifier ? [subjectKeyIdentifier] : [],
      ),
  };
}
