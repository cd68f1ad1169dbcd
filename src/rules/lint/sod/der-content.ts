import { notDer } from '../x509/not-der.ts';
import type { SodRule } from './context.ts';

export const derContent: SodRule = {
  id: 'S-DER-CONTENT',
  title: 'LDSSecurityObject is DER all the way down',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.2',
  mend: 'encode as DER: definite minimal lengths, minimal integers',
  findings: ({ signedData }) => notDer(signedData.eContent ?? new Uint8Array(), 'LDSSecurityObject'),
};
