import { day } from '../day.ts';
import type { SharedRule } from './context.ts';

export const timeValidity: SharedRule = ({ prefix, signer }) => ({
  id: `${prefix}-TIME-VALIDITY`,
  title: `signing-time lies within the validity of the certificate of the ${signer}`,
  severity: 'error',
  source: 'Doc 9303-12 §4.1.1',
  mend: 'sign with a key that is certified for today, by a clock that is right',
  findings: ({ signers }) =>
    signers.flatMap(({ info, certificate }) => {
      const time = info.signedAttributes?.signingTime;
      if (time === undefined || certificate === undefined) return [];
      const { notBefore, notAfter } = certificate;
      if (time >= notBefore && time <= notAfter) return [];
      return [`signed on ${day(time)}, valid from ${day(notBefore)} to ${day(notAfter)}`];
    }),
});
