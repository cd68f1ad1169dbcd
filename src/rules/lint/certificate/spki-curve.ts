import { type CertificateRule, explicitParametersOf } from './context.ts';

export const spkiCurve: CertificateRule = {
  id: 'C-SPKI-CURVE',
  title: 'explicit domain parameters are, each of them, those of a known curve',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3 (CVE-2020-0601)',
  mend: 'use a NIST or brainpool curve over a prime field',
  findings: (context) =>
    explicitParametersOf(context) !== undefined && context.certificate.subjectPublicKey.kind === 'unsupported'
      ? ['the domain parameters are of no known curve']
      : [],
};
