import { needing } from './context.ts';

const dayMs = 86_400_000;

export const timeNow = needing(['at'], {
  id: 'S-TIME-NOW',
  title: 'signing-time is within a day of when it is signed',
  severity: 'error',
  source: 'RFC 5652 §11.3',
  mend: 'set the clock right',
  findings: ({ signers, at }) =>
    signers.flatMap(({ info }) => {
      const time = info.signedAttributes?.signingTime;
      if (time === undefined || Math.abs(time.getTime() - at.getTime()) <= dayMs) return [];
      return [`signing-time is ${time.toISOString()}, it is signed at ${at.toISOString()}`];
    }),
});
