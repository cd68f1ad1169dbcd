import { oidName, oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import { isMinimal } from './kind.ts';

export const dn1OnlyCCn: CertificateRule = {
  id: 'C-DN1-ONLY-C-CN',
  title: 'the subject has countryName and commonName and nothing else',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.2 Table 7, §7.1.3 Table 8',
  mend: 'leave out every other attribute',
  appliesTo: isMinimal,
  findings: ({ certificate }) =>
    certificate.subject.rdns
      .flat()
      .filter(({ type }) => type !== oids.countryName && type !== oids.commonName)
      .map(({ type }) => `the subject has ${oidName(type) ?? type}`),
};
