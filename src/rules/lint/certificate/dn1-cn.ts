import { hasCommonName } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1Cn: CertificateRule = {
  id: 'C-DN1-CN',
  title: 'issuer and subject have a commonName',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'add a commonName',
  pkdCode: 'SUB.34',
  appliesTo: (_, edition) => edition >= 7,
  findings: (context) => namesOf(context).flatMap(hasCommonName),
};
