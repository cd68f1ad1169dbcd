import type { CrlRule } from './context.ts';

export const akiKeyid: CrlRule = {
  id: 'R-AKI-KEYID',
  title: 'authorityKeyIdentifier has a keyIdentifier',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'write the subjectKeyIdentifier of the CSCA key as keyIdentifier',
  pkdCode: 'AKI.23',
  findings: ({ crl }) => {
    const aki = crl.authorityKeyIdentifier;
    return aki !== undefined && aki.keyIdentifier === undefined ? ['there is no keyIdentifier'] : [];
  },
};
