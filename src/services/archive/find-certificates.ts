import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import type { ArchiveRecords, CertificateRecord, Revocation, WaivedRecord } from '../ports.ts';

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
  /** What the lint found and policy set aside. */
  readonly waived: readonly WaivedRecord[];
  /** Whether the text of the policies that it was issued under is on record. */
  readonly hasPolicies: boolean;
}

/** Everything that was ever issued and fits, oldest first. */
export async function findCertificates(
  { records, archive }: Pick<IssuanceDeps, 'records'> & { readonly archive: ArchiveRecords },
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
  const waivedFindings = archive.waivedFindings().filter(({ about }) => about === 'certificate');
  const policies = new Set(archive.policySets().map(({ digest }) => digest));
  const withRest = async ({ record, certificate }: (typeof found)[number]) => ({
    record,
    certificate,
    revocation: await records.findRevocation(record.serialNumber),
    waived: waivedFindings.filter(({ number }) => number === record.serialNumber),
    hasPolicies: policies.has(record.policyDigest),
  });
  return Promise.all(found.map(withRest));
}
