import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { bitString, objectIdentifier, sequence } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { oids } from '../oids.ts';
import { decodeTreeHead } from './checkpoint.ts';
import { decodeBase64, isKeyName, type NoteSignature, type SignedNote } from './signed-note.ts';

/** Kinds of keys that sign notes, by their signature type octet (C2SP signed-note, Signature types). */
const signatureTypes = {
  ed25519: 0x01,
  /** P-256 with SHA-256; the key is a SubjectPublicKeyInfo. */
  ecdsa: 0x02,
  'ed25519-cosignature': 0x04,
  'ml-dsa-44-cosignature': 0x06,
} as const;
export type NoteKeyKind = keyof typeof signatureTypes;

/** A key that verifies notes of its name (C2SP signed-note, Verifier keys). */
export interface VerifierKey {
  readonly name: string;
  /** 32 bits. */
  readonly keyId: number;
  readonly kind: NoteKeyKind;
  /** As the vkey carries it: 32 octets, SubjectPublicKeyInfo, or 1312 octets. */
  readonly publicKey: Uint8Array;
}

const source = 'C2SP signed-note, Verifier keys';

export function verifierKey(name: string, kind: NoteKeyKind, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) {
    throw new MalformedInput('key name', 'must be there, without spaces and plus', { source });
  }
  return { name, kind, publicKey, keyId: keyIdOf(name, kind, publicKey) };
}

function keyIdOf(name: string, kind: NoteKeyKind, publicKey: Uint8Array): number {
  const hash = createHash('sha256');
  // The key id of ECDSA is that of RFC 6962 logs: over the key alone.
  if (kind !== 'ecdsa') hash.update(name).update(Uint8Array.of(0x0a, signatureTypes[kind]));
  return hash.update(publicKey).digest().readUInt32BE(0);
}

export function encodeVerifierKey({ name, keyId, kind, publicKey }: VerifierKey): string {
  const material = Buffer.concat([Uint8Array.of(signatureTypes[kind]), publicKey]);
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${material.toString('base64')}`;
}

/** @throws MalformedInput naming what is wrong with the vkey */
export function decodeVerifierKey(text: string): VerifierKey {
  const [, name = '', id = '', base64 = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const material = decodeBase64(base64);
  const kind = (Object.keys(signatureTypes) as NoteKeyKind[]).find(
    (candidate) => signatureTypes[candidate] === material?.[0],
  );
  if (name === '' || material === undefined) {
    throw new MalformedInput('vkey', 'is not NAME+ID+KEY with hexadecimal id and base64 key', { source });
  }
  if (kind === undefined) {
    throw new MalformedInput('vkey', `has the unknown signature type ${material[0]}`, { source });
  }
  const key = verifierKey(name, kind, material.subarray(1));
  if (key.keyId !== Number.parseInt(id, 16)) {
    throw new MalformedInput('vkey', 'has a key id that is not of its name and key', { source });
  }
  keyObject(key);
  return key;
}

/** What a note's signatures amount to under the keys that are known. */
export interface NoteVerification {
  /** Keys whose signature holds, with the time that a cosignature states. */
  readonly holding: readonly { readonly key: VerifierKey; readonly signedAt: Date | undefined }[];
  /** Known keys with a signature that does not hold: the note is to be rejected. */
  readonly failing: readonly VerifierKey[];
}

/** Signatures of keys that are not known are passed over, as the specification says. */
export function verifyNote(note: SignedNote, keys: readonly VerifierKey[]): NoteVerification {
  const known = note.signatures.flatMap((signature) =>
    keys
      .filter(({ name, keyId }) => name === signature.name && keyId === signature.keyId)
      .map((key) => ({ key, signature, holds: holds(note, key, signature) })),
  );
  return {
    holding: known
      .filter((signed) => signed.holds)
      .map(({ key, signature }) => ({ key, signedAt: isCosigner(key) ? timeOf(signature) : undefined })),
    failing: known.filter((signed) => !signed.holds).map(({ key }) => key),
  };
}

export function isCosigner({ kind }: VerifierKey): boolean {
  return kind === 'ed25519-cosignature' || kind === 'ml-dsa-44-cosignature';
}

/** A cosignature begins with its time, seconds since 1970, 64 bits (C2SP tlog-cosignature, Format). */
const timeOctets = 8;

function timeOf({ signature }: NoteSignature): Date {
  return new Date(Number(Buffer.from(signature).readBigUInt64BE(0)) * 1000);
}

function holds(note: SignedNote, key: VerifierKey, { signature }: NoteSignature): boolean {
  const text = Buffer.from(note.text);
  switch (key.kind) {
    case 'ed25519':
      return verifies(null, text, key, signature);
    case 'ecdsa':
      return verifies('sha256', text, key, signature);
    case 'ed25519-cosignature':
    case 'ml-dsa-44-cosignature': {
      if (signature.length <= timeOctets) return false;
      const time = Buffer.from(signature).readBigUInt64BE(0);
      // A cosignature of a checkpoint states its time, which must fit 63 bits.
      if (time === 0n || time >> 63n !== 0n) return false;
      return verifies(null, cosignedMessage(note, key, time), key, signature.subarray(timeOctets));
    }
  }
}

/** What a cosigner of this kind signs (C2SP tlog-cosignature, Ed25519 and ML-DSA-44 signed message). */
export function cosignedMessage(
  note: SignedNote,
  { kind, name }: Pick<VerifierKey, 'kind' | 'name'>,
  time: bigint,
): Uint8Array {
  if (kind !== 'ml-dsa-44-cosignature') {
    return Uint8Array.from(Buffer.from(`cosignature/v1\ntime ${time}\n${note.text}`));
  }
  const { origin, size, root } = decodeTreeHead(note.text);
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(size), 8);
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from('subtree/v1\n\0'),
      shortVector(name),
      unsigned64(time),
      shortVector(origin),
      numbers,
      root,
    ]),
  );
}

/** Octets with their length in front, which fits one octet (RFC 8446 §3.4). */
function shortVector(text: string): Uint8Array {
  const octets = Buffer.from(text);
  if (octets.length > 255) throw new MalformedInput('cosigned message', 'has a name longer than 255 octets');
  return Uint8Array.from([octets.length, ...octets]);
}

function unsigned64(value: bigint): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(value);
  return octets;
}

function verifies(
  digest: 'sha256' | null,
  data: Uint8Array,
  key: VerifierKey,
  signature: Uint8Array,
): boolean {
  try {
    return verify(digest, data, keyObject(key), signature);
  } catch {
    return false;
  }
}

/** @throws MalformedInput when the octets are no key of the kind */
function keyObject({ kind, publicKey }: VerifierKey): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(spkiOf(kind, publicKey)), format: 'der', type: 'spki' });
    if (kind === 'ecdsa' && key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new MalformedInput('vkey', 'must be on P-256', { source });
    }
    return key;
  } catch (cause) {
    if (cause instanceof MalformedInput) throw cause;
    throw new MalformedInput('vkey', `has octets that are no ${kind} key`, { source, cause });
  }
}

/** OpenSSL reads SubjectPublicKeyInfo (RFC 8410 §4; RFC 9881 §4). */
function spkiOf(kind: NoteKeyKind, publicKey: Uint8Array): Uint8Array {
  switch (kind) {
    case 'ecdsa':
      return publicKey;
    case 'ed25519':
    case 'ed25519-cosignature':
      return sequence(sequence(objectIdentifier(oids.ed25519)), bitString(publicKey));
    case 'ml-dsa-44-cosignature':
      return sequence(sequence(objectIdentifier(oids.mlDsa44)), bitString(publicKey));
  }
}
