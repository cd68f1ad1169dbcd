import { digestOf } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const sha1: SharedRule = ({ prefix }) => ({
  id: `${prefix}-SHA1`,
  title: 'what is signed is digested with SHA-224, SHA-256, SHA-384 or SHA-512',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.4',
  mend: 'digest and sign with SHA-256, SHA-384 or SHA-512',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ signers }) =>
    signers.flatMap(({ info, raw }) => {
      const digest = info.digestAlgorithm?.name ?? info.digestAlgorithmOid;
      const signature = digestOf(raw.signatureAlgorithm);
      const name = signature === 'unknown' ? 'an unknown digest' : signature?.name;
      return [
        ...(allowed.has(digest) ? [] : [`the digest of the content is ${digest}`]),
        ...(name === undefined || allowed.has(name) ? [] : [`the digest of the signature is ${name}`]),
      ];
    }),
});

const allowed: ReadonlySet<string> = new Set(['SHA-224', 'SHA-256', 'SHA-384', 'SHA-512']);
