import type { CertificateRule } from './context.ts';
import { writtenTypes } from './document-types.ts';

export const dtlTypes: CertificateRule = {
  id: 'C-DTL-TYPES',
  title: 'a document type is one or two upper-case letters, without filler',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.6',
  mend: 'write the letters of the MRZ, P for P<',
  findings: (context) =>
    writtenTypes(context)
      .filter((type) => !/^[A-Z]{1,2}$/.test(type))
      .map((type) => `a type is ${JSON.stringify(type)}`),
};
