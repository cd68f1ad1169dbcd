import type { CertificateRule } from './context.ts';
import { writtenTypes } from './document-types.ts';

const plausible = /^([PV][A-Z]?|(?!AI)[ACI](?!V)[A-Z]?)$/;

export const dtlPlausible: CertificateRule = {
  id: 'C-DTL-PLAUSIBLE',
  title: 'a document type is a code that travel documents may have: P, V, or A, C, I but not AI, AV, CV, IV',
  severity: 'warning',
  source: 'Doc 9303-4 §4.2.2.1, Doc 9303-5 §4.2.2.1, Doc 9303-7 §4.2.2.1',
  mend: 'write document codes that are in the MRZ',
  findings: (context) =>
    writtenTypes(context)
      .filter((type) => /^[A-Z]{1,2}$/.test(type) && !plausible.test(type))
      .map((type) => `no travel document has the code ${type}`),
};
