import { day } from '../day.ts';
import type { Rule } from '../rule.ts';
import type { SharedRule, SignedDataContext } from './context.ts';

export const pkup: SharedRule = ({ prefix, signer }): Rule<SignedDataContext> => ({
  id: `${prefix}-PKUP`,
  title: `it is signed within the privateKeyUsagePeriod of the ${signer}`,
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1',
  mend: 'sign with the current key',
  needs: ['at'],
  findings: ({ signers, at }) =>
    signers.flatMap(({ certificate }) => {
      const { notBefore, notAfter } = certificate?.privateKeyUsagePeriod ?? {};
      if (at === undefined) return [];
      if (notBefore !== undefined && at < notBefore) {
        return [`signed on ${day(at)}, the key may be used from ${day(notBefore)}`];
      }
      if (notAfter !== undefined && at > notAfter) {
        return [`signed on ${day(at)}, the key may be used until ${day(notAfter)}`];
      }
      return [];
    }),
});
