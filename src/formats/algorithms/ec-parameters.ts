import type { Element } from '../der/reader.ts';
import { signedBigInt } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { oids } from '../oids.ts';
import { curves, fieldOctets, type Curve } from './curves.ts';

/**
 * Recognises explicit domain parameters as one of the known curves by comparing **every** parameter: p, a, b,
 * G, n and h. Comparing fewer lets an attacker choose a generator for which he knows the private key
 * (CVE-2020-0601).
 *
 *     ECParameters ::= SEQUENCE {
 *       version   INTEGER { ecpVer1(1) } (ecpVer1),
 *       fieldID   SEQUENCE { fieldType OBJECT IDENTIFIER, parameters ANY },
 *       curve     SEQUENCE { a OCTET STRING, b OCTET STRING, seed BIT STRING OPTIONAL },
 *       base      OCTET STRING,
 *       order     INTEGER,
 *       cofactor  INTEGER OPTIONAL }
 *
 * A missing cofactor, a seed and a compressed base point are remarked upon and accepted.
 *
 * @returns undefined when it is no known curve
 * @throws MalformedInput when it is no ECParameters
 * @see X9.62 §A.2.3, Doc 9303-12 §4.1.6.3
 */
export function recogniseCurve(parameters: Element): Curve | undefined {
  const found = decodeEcParameters(parameters);
  if (found === undefined) return undefined;
  return knownCurves.find((known) => isCurve(known, found))?.curve;
}

interface EcParameters {
  readonly p: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly base: Uint8Array;
  readonly n: bigint;
  readonly h: bigint;
}

function decodeEcParameters(parameters: Element): EcParameters | undefined {
  const fields = parameters.fields();
  const version = fields.next('version').smallInteger();
  if (version < 1 || version > 3) throw parameters.fault(`has the version ${version}`, 'X9.62 §A.2.3');
  const p = decodePrimeField(fields.next('fieldID'));
  const curve = fields.next('curve');
  const base = fields.next('base').octetString();
  const n = fields.next('order').integer();
  const cofactor = fields.optional(tags.integer, 'cofactor')?.integer();
  if (p === undefined) return undefined;
  fields.end();
  const { a, b } = decodeCoefficients(curve, p);
  if (cofactor === undefined) remark(parameters, 'EC_NO_COFACTOR', 'has no cofactor', 'warning');
  if (base[0] !== 0x04) remark(parameters, 'EC_COMPRESSED_BASE', 'has a compressed base point', 'warning');
  return { p, a, b, base, n, h: cofactor ?? 1n };
}

function decodePrimeField(fieldId: Element): bigint | undefined {
  const fields = fieldId.fields();
  if (fields.next('fieldType').objectIdentifier() !== oids.primeField) return undefined;
  const p = fields.next('prime').integer();
  fields.end();
  return p;
}

function decodeCoefficients(curve: Element, p: bigint): { a: bigint; b: bigint } {
  const fields = curve.fields();
  const a = fields.next('a').octetString();
  const b = fields.next('b').octetString();
  if (fields.optional(tags.bitString, 'seed') !== undefined) remark(curve, 'EC_SEED', 'has a seed', 'info');
  fields.end();
  const octets = Math.ceil(p.toString(16).length / 2);
  if (a.length !== octets || b.length !== octets) {
    curve.tolerate('EC_COEFFICIENT_LENGTH', `has coefficients not of ${octets} octets`, 'X9.62 §4.3.3');
  }
  return { a: unsigned(a), b: unsigned(b) };
}

function remark(element: Element, code: string, phrase: string, severity: 'info' | 'warning'): void {
  element.tolerances.remark({
    code,
    severity,
    detail: `explicit EC parameters: ${phrase}`,
    source: 'Doc 9303-12 §4.1.6.3',
    offset: element.offset,
  });
}

function unsigned(octets: Uint8Array): bigint {
  return signedBigInt(Buffer.concat([Uint8Array.of(0), octets]));
}

/** The parameters of every known curve as numbers, with both encodings of the base point. */
const knownCurves = curves.map((curve) => {
  const octets = fieldOctets(curve);
  const x = Buffer.from(curve.gx, 'hex');
  const y = Buffer.from(curve.gy, 'hex');
  const compressedForm = 0x02 | ((y[octets - 1] ?? 0) & 1);
  return {
    curve,
    p: hex(curve.p),
    a: hex(curve.a),
    b: hex(curve.b),
    n: hex(curve.n),
    base: Buffer.concat([Uint8Array.of(0x04), x, y]),
    compressedBase: Buffer.concat([Uint8Array.of(compressedForm), x]),
  };
});

function isCurve(known: (typeof knownCurves)[number], found: EcParameters): boolean {
  return (
    known.p === found.p &&
    known.a === found.a &&
    known.b === found.b &&
    known.n === found.n &&
    found.h === 1n &&
    (known.base.equals(found.base) || known.compressedBase.equals(found.base))
  );
}

function hex(digits: string): bigint {
  return BigInt(`0x${digits}`);
}
