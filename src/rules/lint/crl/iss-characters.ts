import { dn1Characters as ofCertificates } from '../certificate/dn1-characters.ts';
import { wordsOf } from '../rule.ts';
import { charactersArePrintable } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCharacters: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-CHARACTERS',
  findings: ({ crl }) => charactersArePrintable({ field: 'issuer', name: crl.issuer }),
};
