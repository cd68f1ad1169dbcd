import { oids } from '../../../formats/oids.ts';
import type { CertificateList } from '../../../formats/x509/crl.ts';

/** Whether an extension that is there has a value that its decoder cannot make sense of. */
export function isUnreadable(crl: CertificateList, oid: string): boolean {
  if (!crl.extensions.has(oid)) return false;
  if (oid === oids.authorityKeyIdentifier) return crl.authorityKeyIdentifier === undefined;
  return oid === oids.cRLNumber && crl.crlNumber === undefined;
}
