import type { Element } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';

/** Explicit domain parameters as they are written. */
export interface EcParametersForm {
  readonly hasSeed: boolean;
  readonly hasCofactor: boolean;
  /** First octet of the base point: 04 for an uncompressed one. */
  readonly basePointForm: number | undefined;
  /** Octets of the prime, and of both coefficients as written. */
  readonly primeOctets: number;
  readonly coefficientOctets: readonly [number, number];
}

/** @returns undefined where the parameters are not explicit */
export function ecParametersForm(parameters: Element | undefined): EcParametersForm | undefined {
  if (parameters?.tag !== tags.sequence) return undefined;
  const fields = parameters.fields();
  fields.next('version');
  const [, prime] = fields.next('fieldID').children('fieldID');
  const curve = fields.next('curve').fields();
  const coefficients = [curve.next('a').contentLength, curve.next('b').contentLength] as const;
  const seed = curve.optional(tags.bitString, 'seed');
  const base = fields.next('base').octetString();
  fields.next('order');
  const cofactor = fields.optional(tags.integer, 'cofactor');
  return {
    hasSeed: seed !== undefined,
    hasCofactor: cofactor !== undefined,
    basePointForm: base[0],
    primeOctets: prime === undefined ? 0 : unsignedLength(prime.content),
    coefficientOctets: coefficients,
  };
}

function unsignedLength(content: Uint8Array): number {
  const start = content.findIndex((octet) => octet !== 0);
  return start < 0 ? 0 : content.length - start;
}
