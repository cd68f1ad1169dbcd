import type { CertificateRule } from './context.ts';
import { isCa } from './kind.ts';

export const bcPathlen: CertificateRule = {
  id: 'C-BC-PATHLEN',
  title: 'pathLenConstraint of a CSCA is 0; in links of the 6th edition it may be 1',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'write pathLenConstraint 0',
  pkdCode: 'BAC.25',
  appliesTo: isCa,
  findings: ({ certificate, kind, edition }) => {
    const constraints = certificate.basicConstraints;
    if (constraints === undefined || !constraints.cA) return [];
    const { pathLenConstraint } = constraints;
    const isOldLink = kind === 'csca-link' && edition === 6 && pathLenConstraint === 1;
    if (pathLenConstraint === 0 || isOldLink) return [];
    return [pathLenConstraint === undefined ? 'there is no pathLenConstraint' : `it is ${pathLenConstraint}`];
  },
};
