import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lintCertificate,
  lintCrl,
  lintDeviationList,
  lintMasterList,
  lintSod,
  lintToBeSigned,
} from '../../../src/rules/lint/index.ts';
import {
  cleanParts,
  crlParts,
  cscaKey,
  encodeTbs,
  encodeTbsCrl,
  issuerOf,
  signParts,
} from '../../support/lint-parts.ts';
import {
  deviationListParts,
  encodeSignedParts,
  masterListParts,
  sodParts,
} from '../../support/lint-signed-parts.ts';

const verdicts = ['CLEAN', 'WARNINGS', 'ERRORS', 'UNREADABLE'];

function certificate(): Uint8Array {
  const parts = cleanParts('document-signer');
  return signParts(encodeTbs(parts), parts);
}

function crl(): Uint8Array {
  const parts = crlParts(issuerOf(cscaKey()));
  return signParts(encodeTbsCrl(parts), parts);
}

/** Octets of `clean` replaced, cut out or put in. */
function changed(clean: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(clean.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }))
    .map(([position, removed, octets]) =>
      Uint8Array.of(...clean.subarray(0, position), ...octets, ...clean.subarray(position + removed)),
    );
}

describe.each([
  ['lintCertificate', lintCertificate, certificate],
  ['lintCrl', lintCrl, crl],
  ['lintToBeSigned', lintToBeSigned, () => encodeTbs(cleanParts('csca'))],
  ['lintMasterList', lintMasterList, () => encodeSignedParts(masterListParts())],
  ['lintDeviationList', lintDeviationList, () => encodeSignedParts(deviationListParts())],
  ['lintSod', lintSod, () => encodeSignedParts(sodParts())],
] as const)('%s', (_, lint, clean) => {
  it('gives a verdict on whatever it gets', () => {
    const any = fc.oneof(
      { arbitrary: fc.uint8Array({ maxLength: 300 }), weight: 1 },
      { arbitrary: changed(clean()), weight: 4 },
    );
    fc.assert(
      fc.property(any, (bytes) => {
        expect(verdicts).toContain(lint(bytes).verdict);
      }),
      { numRuns: 400 },
    );
  });

  it('gives the same verdict for the same octets', () => {
    const bytes = clean();
    expect(lint(bytes)).toEqual(lint(bytes));
  });
});
