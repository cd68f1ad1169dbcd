import type { FoundSignatureAlgorithm } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { Tolerances } from '../../../formats/note.ts';

/** An ECDSA signature is `SEQUENCE { r INTEGER, s INTEGER }` in DER, whatever the token returned. */
export function ecdsaValueFindings(
  algorithm: FoundSignatureAlgorithm,
  signature: Uint8Array,
): readonly string[] {
  if (algorithm.kind !== 'ecdsa') return [];
  try {
    const fields = readElement(signature, 'ECDSA-Sig-Value', new Tolerances({ strict: true })).fields(
      tags.sequence,
    );
    const numbers = [fields.next('r').integer(), fields.next('s').integer()];
    fields.end();
    return numbers.every((number) => number > 0n) ? [] : ['r or s is not positive'];
  } catch (error) {
    if (error instanceof MalformedInput) return [error.message];
    throw error;
  }
}
