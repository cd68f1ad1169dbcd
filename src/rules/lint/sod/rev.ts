import { needing } from './context.ts';

export const rev = needing(['dsc', 'crl'], {
  id: 'S-REV',
  title: 'the Document Signer certificate is not revoked',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.5',
  mend: 'sign with a Document Signer that is not revoked',
  findings: ({ dsc, crl }) => {
    const entry = crl.revokedCertificates.find(dsc.serialNumberOctets);
    return entry === undefined ? [] : [`it was revoked at ${entry.revocationDate.toISOString()}`];
  },
});
