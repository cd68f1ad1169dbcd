import { needing } from './context.ts';

export const key = needing(['issuer', 'newest'], {
  id: 'R-KEY',
  title: 'the newest CSCA key signs',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.4.3',
  mend: 'sign all CRLs with the newest key from the third day after its making on',
  findings: ({ issuer, newest }) => {
    const [own, wanted] = [issuer.subjectPublicKey, newest.subjectPublicKey];
    return Buffer.compare(own.subjectPublicKey, wanted.subjectPublicKey) === 0
      ? []
      : [`the key of ${newest.subject.display} from ${newest.notBefore.toISOString().slice(0, 10)} is newer`];
  },
});
