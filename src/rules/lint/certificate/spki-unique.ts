import { needing } from './context.ts';

export const spkiUnique = needing(['register'], {
  id: 'C-SPKI-UNIQUE',
  title: 'the key is certified once, but for the root and link of a CSCA key',
  severity: 'error',
  source: 'good practice',
  mend: 'make a new key',
  findings: ({ certificate, register }) =>
    register.hasKey(certificate.subjectPublicKey.subjectPublicKey)
      ? ['the key is in another certificate already']
      : [],
});
