import { oidName, oids } from '../../formats/oids.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import type { Examination } from './report.ts';

/** Whose purpose is examined, as the codes of its findings begin. */
type Signer = 'DSC' | 'MLSC';

/** Extensions that path validation may meet as critical (Doc 9303-12 §6.1.2): it knows what they mean. */
const understood: readonly string[] = [oids.keyUsage, oids.basicConstraints, oids.extKeyUsage];

/**
 * What a signer's certificate may be used for. Only what bears on trust; the whole profile is a matter for lints.
 *
 * @param purpose the extended key usage that the signature calls for; undefined where there must be none: a key
 *   with some other purpose, such as signing master lists or bar codes, must not sign documents
 */
export function examineUsage(
  examination: Examination,
  role: Signer,
  certificate: Certificate,
  purpose: string | undefined,
): void {
  examineCriticalExtensions(examination, role, certificate);
  const { keyUsage, extendedKeyUsage } = certificate;
  if (keyUsage === undefined) examination.find(`${role}_PROFILE`, 'there is no keyUsage');
  else if (!keyUsage.has('digitalSignature')) {
    examination.find(`${role}_USAGE`, `keyUsage is ${[...keyUsage].join(', ')}, without digitalSignature`);
  }
  if (certificate.basicConstraints?.cA === true) examination.find(`${role}_USAGE`, 'it is a CA certificate');
  const purposes = extendedKeyUsage?.map((oid) => oidName(oid) ?? oid).join(', ') ?? 'absent';
  const hasPurpose =
    purpose === undefined ? extendedKeyUsage === undefined : extendedKeyUsage?.includes(purpose);
  if (hasPurpose !== true) examination.find(`${role}_USAGE`, `extKeyUsage is ${purposes}`);
}

function examineCriticalExtensions(examination: Examination, role: Signer, certificate: Certificate): void {
  for (const { oid, isCritical } of certificate.extensions.values()) {
    if (isCritical && !understood.includes(oid)) {
      examination.find(`${role}_USAGE`, `the extension ${oidName(oid) ?? oid} is critical`);
    }
  }
}
