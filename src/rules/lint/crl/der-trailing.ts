import { needing } from './context.ts';

export const derTrailing = needing(['received'], {
  id: 'R-DER-TRAILING',
  title: 'nothing follows the CRL',
  severity: 'error',
  source: 'X.690 §8.1',
  mend: 'cut the octets after the CRL off',
  findings: ({ crl, received }) => {
    const extra = received.length - crl.bytes.length;
    return extra === 0 ? [] : [`${extra} octets follow it`];
  },
});
