import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import type { TokenAlgorithm, TokenKeyType } from '../../formats/algorithms/signature-algorithms.ts';
import { type VerifierKey, verifierKey } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';

/** What a log key can be: Ed25519, as public logs must have it, or ECDSA where the token has no Ed25519. */
export const logKeyAlgorithmNames = ['ed25519', 'ecdsa-P-256-sha256'] as const;
type LogKeyAlgorithmName = (typeof logKeyAlgorithmNames)[number];

interface LogKeyAlgorithm {
  readonly key: TokenKeyType;
  readonly signature: TokenAlgorithm;
}

const algorithms: Record<LogKeyAlgorithmName, LogKeyAlgorithm> = {
  ed25519: { key: { kind: 'ed25519' }, signature: { kind: 'ed25519' } },
  'ecdsa-P-256-sha256': {
    key: { kind: 'ec', curve: 'P-256' },
    signature: { kind: 'ecdsa', digest: 'SHA-256' },
  },
};

/** @throws MalformedInput */
export function logKeyAlgorithm(name: string): LogKeyAlgorithm {
  const known = logKeyAlgorithmNames.find((candidate) => candidate === name);
  if (known !== undefined) return algorithms[known];
  throw new MalformedInput('keyAlgorithm', `a log key is one of ${logKeyAlgorithmNames.join(', ')}`, {
    source: 'C2SP signed-note, Signature types',
  });
}

/** The vkey of a log key: its name is the origin (C2SP tlog-checkpoint, Signatures). @throws MalformedInput */
export function logVerifierKey(origin: string, key: PublicKeyValue): VerifierKey {
  if (key.kind === 'ed25519') return verifierKey(origin, 'ed25519', key.publicKey);
  return verifierKey(origin, 'ecdsa', encodeSubjectPublicKeyInfo(key, 'named'));
}
