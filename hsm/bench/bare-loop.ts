import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import pkcs11 from 'pkcs11js';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import type { SignatureAlgorithm } from '../../src/formats/algorithms/signature-algorithms.ts';
import { signOperation } from '../mechanisms.ts';
import { openBareSession } from './bare-session.ts';
import type { TokenConfiguration } from '../pkcs11-token.ts';

/** A key on the token, and for how long to sign with it. */
export interface BareLoopOrder {
  /** CKA_ID, hexadecimal. */
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo with a named curve, DER. */
  readonly publicKey: Uint8Array;
  readonly seconds: number;
  /** A file that every signature is appended to and synced, as the least that durability costs. */
  readonly syncedFile?: string;
}

export interface BareLoopResult {
  readonly signatures: number;
  readonly seconds: number;
  /** Processor time of the loop. */
  readonly cpuSeconds: number;
  /** Of each signature, where they are synced. */
  readonly latenciesMs: readonly number[];
}

/** As long as the signed attributes of an EF.SOD. */
const signedOctets = 107;
/** As long as an EF.SOD. */
const recorded = Buffer.alloc(2_048);

/**
 * The least that a SOD costs on this token and these cores: `C_SignInit`, `C_Sign` and a verification by
 * OpenSSL, one after the other, with nothing around them. What the service reaches is held against it.
 */
export class BareLoop {
  readonly #module: pkcs11.PKCS11;
  readonly #session: Buffer;
  readonly #out = Buffer.alloc(1024);

  constructor(token: TokenConfiguration) {
    const { module, session } = openBareSession(token, 'read-only');
    this.#module = module;
    this.#session = session;
  }

  /** Signs and verifies until the time is over. @throws Error when a signature does not verify */
  run({ keyId, algorithm, publicKey, seconds, syncedFile }: BareLoopOrder): BareLoopResult {
    const privateKey = this.#find(keyId);
    const digest = digestByName(algorithm.digest).node;
    const key = verificationKey(algorithm, publicKey);
    const data = Buffer.alloc(signedOctets);
    const file = syncedFile === undefined ? undefined : openSync(syncedFile, 'a');
    const latenciesMs: number[] = [];
    const cpuBefore = process.cpuUsage();
    const begun = performance.now();
    let signatures = 0;
    let elapsed = 0;
    for (; elapsed < seconds * 1_000; elapsed = performance.now() - begun) {
      data.writeUInt32BE(signatures);
      const { mechanism, input } = signOperation(algorithm, data);
      this.#module.C_SignInit(this.#session, mechanism, privateKey);
      const signature = this.#module.C_Sign(this.#session, input, this.#out);
      if (!verify(digest, data, key, signature)) throw new Error('a signature of the token does not verify');
      signatures += 1;
      if (file === undefined) continue;
      writeSync(file, recorded);
      fdatasyncSync(file);
      latenciesMs.push(performance.now() - begun - elapsed);
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    if (file !== undefined) closeSync(file);
    return { signatures, seconds: elapsed / 1_000, cpuSeconds: (user + system) / 1e6, latenciesMs };
  }

  #find(keyId: string): Buffer {
    this.#module.C_FindObjectsInit(this.#session, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
    ]);
    const [handle] = this.#module.C_FindObjects(this.#session, 1);
    this.#module.C_FindObjectsFinal(this.#session);
    if (handle === undefined) throw new Error(`the token has no private key ${keyId}`);
    return handle;
  }
}

/** PKCS#11 returns ECDSA signatures as r‖s. */
function verificationKey(algorithm: SignatureAlgorithm, publicKey: Uint8Array) {
  const key: KeyObject = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  switch (algorithm.kind) {
    case 'ecdsa':
      return { key, dsaEncoding: 'ieee-p1363' } as const;
    case 'rsassa-pkcs1-v1_5':
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case 'rsassa-pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
  }
}
