import { dn1Cn as ofCertificates } from '../certificate/dn1-cn.ts';
import { wordsOf } from '../rule.ts';
import { hasCommonName } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCn: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-CN',
  title: 'issuer has a commonName',
  pkdCode: 'ISS.34',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ crl }) => hasCommonName({ field: 'issuer', name: crl.issuer }),
};
