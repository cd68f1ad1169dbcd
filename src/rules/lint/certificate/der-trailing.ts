import { needing } from './context.ts';

export const derTrailing = needing(['received'], {
  id: 'C-DER-TRAILING',
  title: 'nothing follows the certificate',
  severity: 'error',
  source: 'X.690 §8.1',
  mend: 'cut the octets after the certificate off',
  findings: ({ certificate, received }) => {
    const extra = received.length - certificate.bytes.length;
    return extra === 0 ? [] : [`${extra} octets follow it`];
  },
});
