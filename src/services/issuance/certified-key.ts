import {
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { keyIdentifier } from '../../formats/algorithms/subject-public-key.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateRecord } from '../ports.ts';

/** The certificate on record for a key; undefined for one that was never certified. */
export function certifiedKey(
  records: readonly CertificateRecord[],
  publicKey: PublicKeyValue,
): { readonly record: CertificateRecord; readonly certificate: Certificate } | undefined {
  const identifier = keyIdentifierOf(publicKey);
  for (const record of records) {
    const certificate = decodeCertificate(record.der, { strict: true });
    const other = keyIdentifier(certificate.subjectPublicKey);
    if (Buffer.compare(other, identifier) === 0) return { record, certificate };
  }
  return undefined;
}
