import { notDer } from '../x509/not-der.ts';
import type { DeviationListRule } from './context.ts';

export const derContent: DeviationListRule = {
  id: 'D-DER-CONTENT',
  title: 'DeviationList is DER all the way down',
  severity: 'error',
  source: 'Doc 9303-12 §10.1',
  mend: 'encode as DER: definite minimal lengths, sorted SETs',
  findings: ({ signedData }) => notDer(signedData.eContent ?? new Uint8Array(), 'DeviationList'),
};
