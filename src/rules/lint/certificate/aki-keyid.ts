import type { CertificateRule } from './context.ts';

export const akiKeyid: CertificateRule = {
  id: 'C-AKI-KEYID',
  title: 'authorityKeyIdentifier has a keyIdentifier',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'write the subjectKeyIdentifier of the CSCA key as keyIdentifier',
  pkdCode: { csca: 'AKI.25', signer: 'AKI.23' },
  findings: ({ certificate }) => {
    const aki = certificate.authorityKeyIdentifier;
    return aki !== undefined && aki.keyIdentifier === undefined ? ['there is no keyIdentifier'] : [];
  },
};
