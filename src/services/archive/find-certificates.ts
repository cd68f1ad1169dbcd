import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import type { CertificateRecord, Revocation } from '../ports.ts';

/** By what certificates are looked for; all that is given must fit. */
export interface CertificateQuery {
  /** Hexadecimal. */
  readonly serialNumber?: string | undefined;
  /** SHA-256 of the certificate or its beginning, hexadecimal. */
  readonly sha256?: string | undefined;
  /** Part of the subject, without regard to case. */
  readonly holder?: string | undefined;
  /** An instant in the certificate's validity. */
  readonly validAt?: Date | undefined;
  readonly profile?: string | undefined;
}

export interface ArchivedCertificate {
  readonly record: CertificateRecord;
  readonly certificate: Certificate;
  readonly revocation: Revocation | undefined;
}

/** Everything that was ever issued and fits, oldest first. */
export async function findCertificates(
  { records }: Pick<IssuanceDeps, 'records'>,
  query: CertificateQuery,
): Promise<readonly ArchivedCertificate[]> {
  const serialNumber = query.serialNumber?.toLowerCase().replaceAll(':', '').replace(/^0+/, '');
  const sha256 = query.sha256?.toLowerCase().replaceAll(':', '');
  const holder = query.holder?.toLowerCase();
  const { validAt, profile } = query;
  const found = (await records.certificates()).flatMap((record) => {
    if (serialNumber !== undefined && record.serialNumber.toString(16) !== serialNumber) return [];
    if (sha256 !== undefined && !record.sha256.startsWith(sha256)) return [];
    if (profile !== undefined && record.profile !== profile) return [];
    const certificate = decodeCertificate(record.der, { strict: true });
    if (holder !== undefined && !certificate.subject.display.toLowerCase().includes(holder)) return [];
    if (validAt !== undefined && !(certificate.notBefore <= validAt && validAt <= certificate.notAfter))
      return [];
    return [{ record, certificate }];
  });
  const withRevocation = async ({ record, certificate }: (typeof found)[number]) => {
    return { record, certificate, revocation: await records.findRevocation(record.serialNumber) };
  };
  return Promise.all(found.map(withRevocation));
}
