import { notDer } from '../x509/not-der.ts';
import type { SharedRule } from './context.ts';

export const der: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-DER`,
  title: 'the SignedData is DER all the way down',
  severity: 'error',
  source,
  mend: 'encode as DER: definite minimal lengths, strings in one part, sorted SETs',
  findings: ({ raw }) => notDer(raw.contentInfo.bytes, 'ContentInfo'),
});
