import { type CertificateRule, explicitParametersOf } from './context.ts';

export const spkiSeed: CertificateRule = {
  id: 'C-SPKI-SEED',
  title: 'explicit domain parameters have no seed',
  severity: 'info',
  source: 'good practice',
  mend: 'leave out the seed: no reader uses it',
  findings: (context) => (explicitParametersOf(context)?.hasSeed === true ? ['there is a seed'] : []),
};
