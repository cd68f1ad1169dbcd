import { needing } from './context.ts';

export const skiSame = needing(['register'], {
  id: 'C-SKI-SAME',
  title: 'root and link of one CSCA key have the same subjectKeyIdentifier',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.4.3, RFC 5280 §4.2.1.2',
  mend: 'compute the identifier once for each key',
  findings: ({ certificate, register }) => {
    const own = certificate.subjectKeyIdentifier;
    if (own === undefined) return [];
    const others = register.keyIdentifiersOf(certificate.subjectPublicKey.subjectPublicKey);
    return others.every((other) => Buffer.compare(own, other) === 0)
      ? []
      : ['another certificate of the key has another one'];
  },
});
