import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { bitString, objectIdentifier, sequence } from '../der/writer.ts';
import type { Element } from '../der/reader.ts';
import { readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import { Tolerances } from '../note.ts';
import { oids, oidName } from '../oids.ts';
import { curveByOid, fieldOctets, type Curve } from './curves.ts';
import {
  decodeAlgorithmIdentifier,
  decodePssParameters,
  type AlgorithmIdentifier,
  type PssParameters,
} from './decode-algorithm-identifier.ts';
import { recogniseCurve } from './ec-parameters.ts';

interface AnyPublicKey {
  /** SubjectPublicKeyInfo as received. */
  readonly bytes: Uint8Array;
  /** Octets of the subjectPublicKey BIT STRING, over which key identifiers are made (RFC 5280 §4.2.1.2). */
  readonly subjectPublicKey: Uint8Array;
}

export interface RsaPublicKey extends AnyPublicKey {
  readonly kind: 'rsa';
  readonly modulusBits: number;
  readonly exponent: bigint;
  /** What an id-RSASSA-PSS key is restricted to; undefined when it may be used with any parameters. */
  readonly pss: PssParameters | undefined;
}

export interface EcPublicKey extends AnyPublicKey {
  readonly kind: 'ec';
  readonly curve: Curve;
  readonly parameters: 'named' | 'explicit';
  readonly isCompressed: boolean;
}

/** A key of a type or curve that this reader cannot verify with. */
export interface UnsupportedPublicKey extends AnyPublicKey {
  readonly kind: 'unsupported';
  readonly oid: string;
  readonly reason: string;
}

export type SubjectPublicKey = RsaPublicKey | EcPublicKey | UnsupportedPublicKey;

/**
 *     SubjectPublicKeyInfo ::= SEQUENCE {
 *       algorithm         AlgorithmIdentifier,
 *       subjectPublicKey  BIT STRING }
 *
 * @throws MalformedInput when it is no SubjectPublicKeyInfo; a key that is merely unknown is `unsupported`
 * @see RFC 5280 §4.1.2.7, RFC 3279 §2.3, Doc 9303-12 §4.1.6
 */
export function decodeSubjectPublicKey(element: Element): SubjectPublicKey {
  const fields = element.fields();
  const algorithm = decodeAlgorithmIdentifier(fields.next('algorithm'));
  const { unusedBits, octets } = fields.next('subjectPublicKey').bitString();
  fields.end();
  if (unusedBits !== 0) throw element.fault('has a key that is not whole octets');
  const any: AnyPublicKey = { bytes: element.bytes, subjectPublicKey: octets };
  switch (algorithm.oid) {
    case oids.rsaEncryption:
      return { ...any, kind: 'rsa', ...decodeRsaKey(element, octets), pss: undefined };
    case oids.rsassaPss:
      return { ...any, kind: 'rsa', ...decodeRsaKey(element, octets), pss: pssRestriction(algorithm) };
    case oids.idEcPublicKey:
      return decodeEcKey(element, algorithm, any);
    default:
      return unsupported(any, algorithm.oid, `key type ${oidName(algorithm.oid) ?? algorithm.oid}`);
  }
}

/** Reads a SubjectPublicKeyInfo on its own, such as the content of DG15. @throws MalformedInput */
export function parseSubjectPublicKey(
  bytes: Uint8Array,
  options: { strict?: boolean } = {},
): SubjectPublicKey {
  const tolerances = new Tolerances(options);
  return decodeSubjectPublicKey(readElement(bytes, 'subjectPublicKeyInfo', tolerances));
}

function unsupported(any: AnyPublicKey, oid: string, reason: string): UnsupportedPublicKey {
  return { ...any, kind: 'unsupported', oid, reason };
}

function pssRestriction({ parameters }: AlgorithmIdentifier): PssParameters | undefined {
  return parameters?.tag === tags.sequence ? decodePssParameters(parameters) : undefined;
}

/** `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1). */
function decodeRsaKey(element: Element, octets: Uint8Array): { modulusBits: number; exponent: bigint } {
  const fields = readElement(octets, 'RSAPublicKey', element.tolerances).fields();
  const modulus = fields.next('modulus').integerOctets();
  const exponent = fields.next('publicExponent').integer();
  fields.end();
  const modulusBits = unsignedBitLength(modulus);
  if (((modulus[0] ?? 0) & 0x80) !== 0) throw element.fault('has a negative modulus');
  if (modulusBits > 16_384) throw element.fault(`has a modulus of ${modulusBits} bits`);
  if (exponent < 3n || (exponent & 1n) === 0n) throw element.fault(`has the public exponent ${exponent}`);
  return { modulusBits, exponent };
}

function unsignedBitLength(octets: Uint8Array): number {
  const start = octets.findIndex((octet) => octet !== 0);
  if (start < 0) return 0;
  return (octets.length - start) * 8 - (Math.clz32(octets[start] ?? 0) - 24);
}

function decodeEcKey(element: Element, algorithm: AlgorithmIdentifier, any: AnyPublicKey): SubjectPublicKey {
  const { parameters } = algorithm;
  if (parameters === undefined || parameters.tag === tags.null) {
    return unsupported(any, algorithm.oid, 'EC key without domain parameters');
  }
  const isNamed = parameters.tag === tags.objectIdentifier;
  const curve = isNamed ? namedCurve(parameters) : recogniseCurve(parameters);
  if (curve === undefined) return unsupported(any, algorithm.oid, 'EC key on an unknown curve');
  const isCompressed = pointIsCompressed(element, curve, any.subjectPublicKey);
  if (isCompressed) {
    remark(element, 'EC_COMPRESSED_POINT', 'public key is a compressed point', 'warning');
  }
  return { ...any, kind: 'ec', curve, parameters: isNamed ? 'named' : 'explicit', isCompressed };
}

function namedCurve(parameters: Element): Curve | undefined {
  const oid = parameters.objectIdentifier();
  remark(parameters, 'EC_NAMED_CURVE', 'domain parameters are named, not explicit', 'warning');
  return curveByOid(oid);
}

function remark(element: Element, code: string, detail: string, severity: 'info' | 'warning'): void {
  const source = 'Doc 9303-12 §4.1.6.3';
  element.tolerances.remark({ code, severity, detail, source, offset: element.offset });
}

function pointIsCompressed(element: Element, curve: Curve, point: Uint8Array): boolean {
  const octets = fieldOctets(curve);
  const [form] = point;
  if (form === 0x04 && point.length === 1 + 2 * octets) return false;
  if ((form === 0x02 || form === 0x03) && point.length === 1 + octets) return true;
  throw element.fault(`has a public key that is no point of ${curve.name}`, 'X9.62 §4.3.6');
}

/**
 * Key identifier by method 1: SHA-1 of the subjectPublicKey BIT STRING (RFC 5280 §4.2.1.2).
 *
 * @returns 20 octets
 */
export function keyIdentifier(publicKey: SubjectPublicKey): Uint8Array {
  return createHash('sha1').update(publicKey.subjectPublicKey).digest();
}

const keyObjects = new WeakMap<SubjectPublicKey, KeyObject>();

/**
 * The key for `node:crypto`. Explicit parameters were recognised as a known curve before, so OpenSSL gets the
 * curve's name and never parameters of the input. An id-RSASSA-PSS key is handed over as plain RSA: the
 * parameters of the signature are checked against the restriction by the caller.
 *
 * @throws MalformedInput when OpenSSL refuses the key, such as a point that is not on its curve
 */
export function toKeyObject(publicKey: RsaPublicKey | EcPublicKey): KeyObject {
  const made = keyObjects.get(publicKey);
  if (made !== undefined) return made;
  const spki = publicKey.kind === 'ec' ? namedCurveSpki(publicKey) : rsaSpki(publicKey);
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    keyObjects.set(publicKey, key);
    return key;
  } catch (cause) {
    throw new MalformedInput('subjectPublicKeyInfo', 'is not a usable key', { cause });
  }
}

function namedCurveSpki({ curve, subjectPublicKey }: EcPublicKey): Uint8Array {
  const algorithm = sequence(objectIdentifier(oids.idEcPublicKey), objectIdentifier(curve.oid));
  return sequence(algorithm, bitString(subjectPublicKey));
}

function rsaSpki({ subjectPublicKey }: RsaPublicKey): Uint8Array {
  const algorithm = sequence(objectIdentifier(oids.rsaEncryption), Uint8Array.of(0x05, 0x00));
  return sequence(algorithm, bitString(subjectPublicKey));
}
