import { needing } from './context.ts';
import { goneSince } from './entries.ts';

export const keep = needing(['previous'], {
  id: 'R-KEEP',
  title: 'what was revoked stays in the CRL',
  // Documents outlive certificates; there is no hold and no taking back.
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §4.1.5)',
  mend: 'list every certificate that was ever revoked',
  findings: ({ crl, previous }) => {
    const gone = goneSince(previous, crl);
    return gone.length === 0
      ? []
      : [`${gone.length} entries of the CRL before are gone, such as 0x${gone[0]}`];
  },
});
