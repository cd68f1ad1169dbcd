import { needing } from './context.ts';
import { isCa } from './kind.ts';

export const dn3Unique = needing(['register'], {
  id: 'C-DN3-UNIQUE',
  title: 'the subject names one key only',
  severity: 'warning',
  source: 'RFC 5280 §4.1.2.6',
  mend: 'tell the subjects apart by a counter in commonName or by serialNumber',
  // A CSCA keeps its name over all its keys.
  appliesTo: (kind) => !isCa(kind),
  findings: ({ certificate, register }) =>
    register.hasSubject(certificate.subject.bytes)
      ? [`another key has the subject ${certificate.subject.display}`]
      : [],
});
