import type { SharedRule } from './context.ts';
import { setOrderFindings } from './set-order.ts';

export const setorderAttributes: SharedRule = ({ prefix }) => ({
  id: `${prefix}-SETORDER-ATTRIBUTES`,
  title: 'the signed attributes are in the order of DER',
  severity: 'error',
  source: 'X.690 §11.6, RFC 5652 §5.3',
  mend: 'sort them by their octets before they are signed',
  findings: ({ signers }) => signers.flatMap(({ raw }) => setOrderFindings(raw.signedAttrs, 'signedAttrs')),
});
