import type { CurveName } from '../src/formats/algorithms/curves.ts';
import type { DigestName } from '../src/formats/algorithms/digests.ts';
import type { TokenKeyType } from '../src/formats/algorithms/signature-algorithms.ts';
import { Refused } from '../src/services/errors.ts';
import type { KeptAttribute } from './key-objects.ts';

/**
 * What tokens and modules do otherwise than PKCS#11 says, or cannot do: data, so that no code asks who made them.
 * Tokens are known by what CK_TOKEN_INFO says, because that reaches through modules that stand before others.
 */
export interface Quirks {
  readonly missingCurves: readonly (CurveName | 'Ed25519')[];
  /** Digests that RSASSA-PSS cannot be used with. */
  readonly missingPssDigests: readonly DigestName[];
  /** Attributes of a private key that are not as they are said to be; they prove nothing and are not asked for. */
  readonly unsaidAttributes: readonly KeptAttribute[];
}

export interface TokenKind {
  /** `manufacturerID` and `model` of CK_TOKEN_INFO, with or without padding. */
  readonly manufacturer: string;
  readonly model: string;
  /** `libraryDescription` of CK_INFO. */
  readonly library: string;
}

const brainpool = ['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'] as const;

const table: readonly (Partial<TokenKind> & Partial<Quirks>)[] = [
  {
    manufacturer: 'Mozilla Foundation',
    model: 'NSS 3',
    // As Debian 12 has it (3.87).
    missingCurves: [...brainpool, 'Ed25519'],
    // Its database has no column for CKA_LOCAL: false for every key, also for those made on the token.
    unsaidAttributes: ['local'],
  },
  {
    manufacturer: 'IBM Corp.',
    model: 'IBM SoftTok',
    // As Debian 12 has it (3.8); elliptic curves came to the soft token of opencryptoki with 3.13.
    missingCurves: ['P-256', 'P-384', 'P-521', ...brainpool, 'Ed25519'],
    missingPssDigests: ['SHA-224'],
  },
  {
    // As Debian 12 has it (0.24): it passes on only the mechanisms that it knows.
    library: 'PKCS#11 Kit Proxy Module',
    missingCurves: ['Ed25519'],
  },
];

/** Of the token and of the module together; none for those that the table does not have. */
export function quirksOf(token: TokenKind): Quirks {
  const isMeant = (said: string, wanted: string | undefined) =>
    wanted === undefined || said.trim() === wanted;
  const known = table.filter(
    ({ manufacturer, model, library }) =>
      isMeant(token.manufacturer, manufacturer) &&
      isMeant(token.model, model) &&
      isMeant(token.library, library),
  );
  return {
    missingCurves: known.flatMap(({ missingCurves = [] }) => missingCurves),
    missingPssDigests: known.flatMap(({ missingPssDigests = [] }) => missingPssDigests),
    unsaidAttributes: known.flatMap(({ unsaidAttributes = [] }) => unsaidAttributes),
  };
}

/** @throws Refused when it is known that the token cannot make or use such keys, before it is asked to */
export function assertAble({ missingCurves }: Quirks, type: TokenKeyType): void {
  const curve = curveOf(type);
  if (curve === undefined || !missingCurves.includes(curve)) return;
  throw new Refused('policy', `this kind of token has no keys on ${curve}`, {
    mend: 'choose another keyAlgorithm in sigillo.yaml, or another token (docs/token-modules.md)',
  });
}

function curveOf(type: TokenKeyType): CurveName | 'Ed25519' | undefined {
  switch (type.kind) {
    case 'ec':
      return type.curve;
    case 'ed25519':
      return 'Ed25519';
    case 'rsa':
      return undefined;
  }
}
