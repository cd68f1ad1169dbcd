import { oids } from '../../formats/oids.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { isCaCertificate, isSelfSigned } from './trust-store.ts';

/** What a certificate is by its extensions and signature (Doc 9303-12 Table 6). */
export type CertificateKind =
  | 'CSCA root'
  | 'CSCA link'
  | 'Document Signer'
  | 'Master List Signer'
  | 'Deviation List Signer'
  | 'other signer';

export function certificateKind(certificate: Certificate): CertificateKind {
  if (isSelfSigned(certificate)) return 'CSCA root';
  if (isCaCertificate(certificate)) return 'CSCA link';
  const purposes = certificate.extendedKeyUsage;
  if (purposes === undefined) return 'Document Signer';
  if (purposes.includes(oids.cscaMasterListSigningKey)) return 'Master List Signer';
  return purposes.includes(oids.deviationListSigningKey) ? 'Deviation List Signer' : 'other signer';
}
