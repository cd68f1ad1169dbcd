import { constants, createHash, createPublicKey, publicDecrypt, verify, type KeyObject } from 'node:crypto';
import {
  contextConstructed,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  unsignedInteger,
} from '../der/writer.ts';
import { readElement } from '../der/reader.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type Note, Tolerances } from '../note.ts';
import { oids } from '../oids.ts';
import type { FoundSignatureAlgorithm } from './decode-algorithm-identifier.ts';
import { digestByName } from './digests.ts';
import type { SignatureAlgorithm } from './signature-algorithms.ts';
import {
  toKeyObject,
  type EcPublicKey,
  type RsaPublicKey,
  type SubjectPublicKey,
} from './subject-public-key.ts';

export interface SignatureCheck {
  readonly holds: boolean;
  /** Why it cannot be checked at all, or which deviation the signature has. */
  readonly notes: readonly Note[];
}

/** Whether the signature holds as the standards define it; what cannot be checked does not hold. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  publicKey: SubjectPublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return checkSignature(algorithm, publicKey, data, signature, { strict: true }).holds;
}

/** Like `verifySignature`, on the thread pool. */
export async function verifySignatureAsync(
  algorithm: SignatureAlgorithm,
  publicKey: SubjectPublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return (await checkSignatureAsync(algorithm, publicKey, data, signature, { strict: true })).holds;
}

/**
 * Checks a signature and, unless strict, looks again for what foreign issuers are known to do: a DigestInfo
 * without NULL (ICAO master list of September 2023), ECDSA values as raw r‖s or with padded integers.
 */
export function checkSignature(
  algorithm: FoundSignatureAlgorithm,
  publicKey: SubjectPublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  options: { readonly strict: boolean },
): SignatureCheck {
  const prepared = prepare(algorithm, publicKey);
  if ('notes' in prepared) return prepared;
  const holds = withoutThrowing(() => verify(prepared.digest, data, prepared.key, signature));
  if (holds || options.strict) return { holds, notes: [] };
  return secondLook(prepared, data, signature);
}

/** Like `checkSignature`, on the thread pool. */
export async function checkSignatureAsync(
  algorithm: FoundSignatureAlgorithm,
  publicKey: SubjectPublicKey,
  data: Uint8Array,
  signature: Uint8Array,
  options: { readonly strict: boolean },
): Promise<SignatureCheck> {
  const prepared = prepare(algorithm, publicKey);
  if ('notes' in prepared) return prepared;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  verify(prepared.digest, data, prepared.key, signature, forgetful(resolve));
  const holds = await promise;
  if (holds || options.strict) return { holds, notes: [] };
  return secondLook(prepared, data, signature);
}

/**
 * What is called back, and leads nowhere after that: Node's job, and all that its callback leads to, counts as alive
 * until the whole heap is collected. With one job an order that was everything about the order, and of those after it.
 */
function forgetful(resolve: (holds: boolean) => void): (error: Error | null, result: boolean) => void {
  let settle: typeof resolve | undefined = resolve;
  return (error, result) => {
    settle?.(error === null && result);
    settle = undefined;
  };
}

interface PreparedCheck {
  readonly algorithm: SignatureAlgorithm;
  /** Name for `node:crypto`. */
  readonly digest: string;
  readonly key: { key: KeyObject; padding?: number; saltLength?: number; dsaEncoding?: 'der' };
}

function prepare(
  algorithm: FoundSignatureAlgorithm,
  publicKey: SubjectPublicKey,
): PreparedCheck | SignatureCheck {
  if (algorithm.kind === 'unsupported') return unusable('ALG_UNSUPPORTED', algorithm.reason);
  if (publicKey.kind === 'unsupported') return unusable('KEY_UNSUPPORTED', publicKey.reason);
  if ((algorithm.kind === 'ecdsa') !== (publicKey.kind === 'ec')) {
    return unusable('ALG_KEY_MISMATCH', `${algorithm.kind} with a key of kind ${publicKey.kind}`);
  }
  try {
    return { algorithm, digest: digestByName(algorithm.digest).node, key: keyInput(algorithm, publicKey) };
  } catch (error) {
    if (error instanceof MalformedInput) return unusable('KEY_UNUSABLE', error.message);
    throw error;
  }
}

function unusable(code: string, detail: string): SignatureCheck {
  const source = 'Doc 9303-12 §4.1.6';
  return {
    holds: false,
    notes: [{ code, severity: 'error', detail: `cannot be checked: ${detail}`, source }],
  };
}

function keyInput(
  algorithm: SignatureAlgorithm,
  publicKey: RsaPublicKey | EcPublicKey,
): PreparedCheck['key'] {
  const key = toKeyObject(publicKey);
  switch (algorithm.kind) {
    case 'ecdsa':
      return { key, dsaEncoding: 'der' };
    case 'rsassa-pkcs1-v1_5':
      refusePssKey(publicKey);
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case 'rsassa-pss':
      refuseOtherPss(algorithm, publicKey);
      return {
        key: algorithm.mgfDigest === algorithm.digest ? key : withMaskDigest(key, algorithm),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: algorithm.saltLength,
      };
  }
}

type PssAlgorithm = Extract<SignatureAlgorithm, { kind: 'rsassa-pss' }>;

function refusePssKey(publicKey: RsaPublicKey | EcPublicKey): void {
  if (publicKey.kind === 'rsa' && isPssKey(publicKey)) {
    throw new MalformedInput('signatureAlgorithm', 'is PKCS#1 v1.5 with a key for RSASSA-PSS only', {
      source: 'RFC 4055 §1.2',
    });
  }
}

function isPssKey(publicKey: RsaPublicKey): boolean {
  const algorithm = readElement(publicKey.bytes, 'subjectPublicKeyInfo', new Tolerances())
    .fields()
    .next('algorithm');
  return algorithm.fields().next('algorithm').objectIdentifier() === oids.rsassaPss;
}

/** An id-RSASSA-PSS key with parameters fixes the digests and the least salt length (RFC 4055 §3.3). */
function refuseOtherPss(algorithm: PssAlgorithm, publicKey: RsaPublicKey | EcPublicKey): void {
  const pss = publicKey.kind === 'rsa' ? publicKey.pss : undefined;
  if (pss === undefined) return;
  const sameDigests = pss.digest.name === algorithm.digest && pss.mgfDigest.name === algorithm.mgfDigest;
  if (sameDigests && algorithm.saltLength >= pss.saltLength) return;
  throw new MalformedInput('signatureAlgorithm', 'has other parameters than the key allows', {
    source: 'RFC 4055 §3.3',
  });
}

/**
 * OpenSSL takes another digest for MGF1 than for the message only from the parameters of the key, so the key is
 * wrapped as an id-RSASSA-PSS key with the parameters of the signature.
 */
function withMaskDigest(key: KeyObject, algorithm: PssAlgorithm): KeyObject {
  const digest = sequence(objectIdentifier(digestByName(algorithm.digest).oid), nullValue());
  const maskDigest = sequence(objectIdentifier(digestByName(algorithm.mgfDigest).oid), nullValue());
  const parameters = sequence(
    contextConstructed(0, digest),
    contextConstructed(1, sequence(objectIdentifier(oids.mgf1), maskDigest)),
    contextConstructed(2, integer(algorithm.saltLength)),
  );
  const bits = readElement(key.export({ format: 'der', type: 'spki' }), 'spki', new Tolerances()).children(
    'spki',
  )[1];
  if (bits === undefined) throw new TypeError('SubjectPublicKeyInfo without a key');
  const spki = sequence(sequence(objectIdentifier(oids.rsassaPss), parameters), bits.bytes);
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
}

/** OpenSSL throws rather than answers on some signatures, e.g. one longer than the modulus. */
function withoutThrowing(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

function secondLook(prepared: PreparedCheck, data: Uint8Array, signature: Uint8Array): SignatureCheck {
  switch (prepared.algorithm.kind) {
    case 'rsassa-pkcs1-v1_5':
      return digestInfoWithoutNull(prepared, data, signature);
    case 'ecdsa':
      return looseEcdsaValue(prepared, data, signature);
    case 'rsassa-pss':
      return { holds: false, notes: [] };
  }
}

/**
 * PKCS#1 v1.5 whose DigestInfo leaves out the NULL parameters. The padding is checked by OpenSSL and the whole
 * DigestInfo compared, so that nothing of the decrypted block goes unread (the Bleichenbacher forgery with
 * exponent 3 lives in what a lenient parser skips).
 */
function digestInfoWithoutNull(
  prepared: PreparedCheck,
  data: Uint8Array,
  signature: Uint8Array,
): SignatureCheck {
  const { oid } = digestByName(prepared.algorithm.digest);
  const digest = createHash(prepared.digest).update(data).digest();
  const expected = sequence(sequence(objectIdentifier(oid)), octetString(digest));
  const holds = withoutThrowing(() => publicDecrypt(prepared.key, signature).equals(expected));
  return tolerated(holds, 'SIG_DIGESTINFO_NULL', 'the DigestInfo has no NULL parameters', 'RFC 8017 §9.2');
}

/** ECDSA-Sig-Value as r‖s, or as DER whose integers are padded. */
function looseEcdsaValue(prepared: PreparedCheck, data: Uint8Array, signature: Uint8Array): SignatureCheck {
  const key = { key: prepared.key.key };
  const raw = { ...key, dsaEncoding: 'ieee-p1363' } as const;
  if (withoutThrowing(() => verify(prepared.digest, data, raw, signature))) {
    return tolerated(
      true,
      'SIG_RAW_ECDSA',
      'the signature is r‖s instead of ECDSA-Sig-Value',
      'RFC 3279 §2.2.3',
    );
  }
  const der = normalisedEcdsaValue(signature);
  const holds = der !== undefined && withoutThrowing(() => verify(prepared.digest, data, key, der));
  return tolerated(holds, 'SIG_ECDSA_PADDING', 'r or s is padded or BER', 'RFC 3279 §2.2.3');
}

function normalisedEcdsaValue(signature: Uint8Array): Uint8Array | undefined {
  try {
    const fields = readElement(signature, 'ECDSA-Sig-Value', new Tolerances()).fields();
    const r = fields.next('r').integerOctets();
    const s = fields.next('s').integerOctets();
    fields.end();
    return sequence(unsignedInteger(r), unsignedInteger(s));
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}

function tolerated(holds: boolean, code: string, detail: string, source: string): SignatureCheck {
  return { holds, notes: holds ? [{ code, severity: 'warning', detail, source }] : [] };
}
