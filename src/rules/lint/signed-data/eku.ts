import { oidName, oids } from '../../../formats/oids.ts';
import type { SharedRule } from './context.ts';
import { isCscaCertificate } from './signers.ts';

export const eku: SharedRule = ({ prefix, signer, purpose }) => ({
  id: `${prefix}-EKU`,
  title:
    purpose === undefined
      ? `the certificate of the ${signer} has no extended key usage`
      : `the certificate of the ${signer} has its extended key usage, critical`,
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.3',
  mend: `sign with a key that is certified for a ${signer}`,
  findings: ({ signers }) =>
    signers.flatMap(({ certificate }) => {
      // A CSCA certificate has none; that it signs is another rule's matter.
      if (certificate === undefined || isCscaCertificate(certificate)) return [];
      const purposes = certificate.extendedKeyUsage;
      const found = purposes?.map((oid) => oidName(oid) ?? oid).join(', ') ?? 'absent';
      if (purpose === undefined) return purposes === undefined ? [] : [`extKeyUsage is ${found}`];
      if (purposes?.includes(purpose) !== true) return [`extKeyUsage is ${found}`];
      const isCritical = certificate.extensions.get(oids.extKeyUsage)?.isCritical === true;
      return isCritical ? [] : ['extKeyUsage is not critical'];
    }),
});
