import type { SharedRule } from './context.ts';
import { isCscaCertificate } from './signers.ts';

export const notCsca: SharedRule = ({ prefix, signer }) => ({
  id: `${prefix}-NOT-CSCA`,
  title: `the key of the CSCA itself does not sign, but that of a ${signer}`,
  severity: 'error',
  source: 'Doc 9303-12 §5.3, Doc 9303-3 §7.3.2',
  mend: `sign with the key of a ${signer}`,
  findings: ({ signers }) =>
    signers.some(({ certificate }) => certificate !== undefined && isCscaCertificate(certificate))
      ? ['it is signed with the key of a CSCA']
      : [],
});
