import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11 from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import {
  type KeyType,
  keyAlgorithms,
  type SignatureAlgorithm,
} from '../../src/formats/algorithms/signature-algorithms.ts';
import { objectIdentifier } from '../../src/formats/der/writer.ts';
import { InvariantBroken } from '../../src/services/errors.ts';
import type { TokenKey } from '../../src/services/ports.ts';

const module = softHsmModule() ?? '';
const folder = mkdtempSync(join(tmpdir(), 'sigillo-hsm-'));
const pinFile = join(folder, 'pin');
const newKeyId = () => randomBytes(16).toString('hex');
const p256: KeyType = { kind: 'ec', curve: 'P-256' };

let token: Pkcs11Token;
beforeAll(() => {
  process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(folder);
  writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
  initialiseToken(module, 'test', 'so-pin-1', '12345678');
  token = Pkcs11Token.open({ module, tokenLabel: 'test', pinFile });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every key type with the algorithms that its keys sign with. */
const byType = Map.groupBy(keyAlgorithms.values(), ({ key }) =>
  key.kind === 'ec' ? key.curve : `RSA-${key.modulusBits}`,
);

describe.each([...byType])('%s key pairs', (name, algorithms) => {
  const keyId = newKeyId();
  let key: TokenKey;
  beforeAll(async () => {
    key = await token.generateKeyPair(keyId, 'document-signer', name, algorithms[0]?.key ?? p256);
  });

  it.each(algorithms.map(({ name: algorithm, signature }) => [algorithm, signature] as const))(
    '%s signatures verify in OpenSSL, with these parameters only',
    async (_, algorithm) => {
      const data = randomBytes(300);
      const signature = await token.sign(keyId, 'document-signer', algorithm, data);
      expect(verifiesInOpenSsl(key, algorithm, data, signature)).toBe(true);
      expect(verifiesInOpenSsl(key, algorithm, randomBytes(300), signature)).toBe(false);
      const other = { ...algorithm, digest: algorithm.digest === 'SHA-256' ? 'SHA-384' : 'SHA-256' } as const;
      expect(verifiesInOpenSsl(key, other, data, signature)).toBe(false);
      const digest = createHash(digestByName(algorithm.digest).node).update(data).digest();
      const ofDigest = await token.signDigest(keyId, 'document-signer', algorithm, digest);
      expect(verifiesInOpenSsl(key, algorithm, data, ofDigest)).toBe(true);
    },
  );

  it('are sensitive, not extractable and sign only, as another program reads them', () => {
    const listed = p11tool('--list-privkeys', keyId);
    expect(listed).toContain(`sigillo/document-signer/${name}`);
    const flags = /Flags: (.*)/.exec(listed)?.[1]?.split('; ') ?? [];
    expect(flags).toContain('CKA_NEVER_EXTRACTABLE');
    expect(flags).toContain('CKA_SENSITIVE');
    expect(flags).toContain('CKA_PRIVATE');
    expect(flags.filter((flag) => flag.startsWith('CKA_EXTRACTABLE'))).toEqual([]);
    expect(flags.filter((flag) => /WRAP|DERIVE|DECRYPT/.test(flag))).toEqual([]);
  });

  it('do not give their private value away', () => {
    const raw = new RawToken();
    const [handle] = raw.find(pkcs11.CKO_PRIVATE_KEY, keyId);
    const secret = name.startsWith('RSA') ? pkcs11.CKA_PRIVATE_EXPONENT : pkcs11.CKA_VALUE;
    expect(() => raw.attribute(handle, secret)).toThrow('CKR_ATTRIBUTE_SENSITIVE');
    expect(() => raw.change(handle, pkcs11.CKA_EXTRACTABLE, true)).toThrow(/^CKR_/);
    expect(() => raw.change(handle, pkcs11.CKA_SENSITIVE, false)).toThrow(/^CKR_/);
    expect(() => raw.change(handle, pkcs11.CKA_DECRYPT, true)).toThrow(/^CKR_/);
  });

  it('are the same pair when they are asked for again', async () => {
    const again = await token.generateKeyPair(keyId, 'document-signer', name, algorithms[0]?.key ?? p256);
    expect(again).toEqual(key);
    expect(new RawToken().find(pkcs11.CKO_PRIVATE_KEY, keyId)).toHaveLength(1);
  });
});

describe('a key on the token', () => {
  it('is found by its CKA_ID and signs for its own role only', async () => {
    const keyId = newKeyId();
    const key = await token.generateKeyPair(keyId, 'csca', 'csca-1', p256);
    expect(await token.findKey(keyId, 'csca')).toEqual(key);
    const refused = expect.objectContaining({ kind: 'refused', code: 'key-not-active' });
    await expect(token.findKey(keyId, 'document-signer')).rejects.toThrow(refused);
    const ecdsa: SignatureAlgorithm = { kind: 'ecdsa', digest: 'SHA-256' };
    await expect(token.sign(keyId, 'access-ca', ecdsa, randomBytes(8))).rejects.toThrow(refused);
  });

  it('that is not there is refused as not found', async () => {
    const notFound = expect.objectContaining({ kind: 'refused', code: 'not-found' });
    await expect(token.findKey(newKeyId(), 'csca')).rejects.toThrow(notFound);
  });

  it.each([
    ['private', pkcs11.CKO_PUBLIC_KEY],
    ['public', pkcs11.CKO_PRIVATE_KEY],
  ])('of which a crash left only the %s half is made anew', async (_, lost) => {
    const keyId = newKeyId();
    const raw = new RawToken();
    raw.generate(keyId, 'sigillo/csca/half', { extractable: false });
    raw.destroy(raw.find(lost, keyId)[0]);
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(InvariantBroken);
    const key = await token.generateKeyPair(keyId, 'csca', 'half', p256);
    expect(await token.findKey(keyId, 'csca')).toEqual(key);
    for (const half of [pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY]) {
      expect(raw.find(half, keyId)).toHaveLength(1);
    }
  });

  it('that could leave the token is not used', async () => {
    const keyId = newKeyId();
    new RawToken().generate(keyId, 'sigillo/csca/loose', { extractable: true });
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/extractable is true/);
    await expect(token.generateKeyPair(keyId, 'csca', 'loose', p256)).rejects.toThrow(InvariantBroken);
  });

  it('that shares its CKA_ID with another is not used', async () => {
    const keyId = newKeyId();
    const raw = new RawToken();
    raw.generate(keyId, 'sigillo/csca/one', { extractable: false });
    raw.generate(keyId, 'sigillo/csca/two', { extractable: false });
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/2 private and 2 public keys/);
  });

  it('of someone else is not used', async () => {
    const keyId = newKeyId();
    new RawToken().generate(keyId, 'of another program', { extractable: false });
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/was not made by Sigillo/);
  });
});

/** node:crypto is OpenSSL; the key goes there as SubjectPublicKeyInfo, made from what the token says. */
function verifiesInOpenSsl(
  key: TokenKey,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const spki = encodeSubjectPublicKeyInfo(key.publicKey, 'named');
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const padding =
    algorithm.kind === 'rsassa-pss'
      ? { padding: 6 /* RSA_PKCS1_PSS_PADDING */, saltLength: algorithm.saltLength }
      : {};
  return verify(digestByName(algorithm.digest).node, data, { key: publicKey, ...padding }, signature);
}

/** GnuTLS reads the token through the same module, in a process of its own. */
function p11tool(list: string, keyId: string): string {
  const id = keyId.replace(/../g, '%$&');
  return execFileSync(
    'p11tool',
    ['--provider', module, '--login', '--set-pin', '12345678', list, `pkcs11:token=test;id=${id}`],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

/** The token past all of our code, in the same, already initialised module; the login is the application's. */
class RawToken {
  readonly #lib = new pkcs11.PKCS11();
  readonly #session: Buffer;

  constructor() {
    this.#lib.load(module);
    const slot = this.#lib
      .C_GetSlotList(true)
      .find((candidate) => this.#lib.C_GetTokenInfo(candidate).label.trim() === 'test');
    if (slot === undefined) throw new Error('the test token is gone');
    this.#session = this.#lib.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  }

  find(objectClass: number, keyId: string): Buffer[] {
    this.#lib.C_FindObjectsInit(this.#session, [
      { type: pkcs11.CKA_CLASS, value: objectClass },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
    ]);
    const found = this.#lib.C_FindObjects(this.#session, 100);
    this.#lib.C_FindObjectsFinal(this.#session);
    return found;
  }

  attribute(handle: Buffer | undefined, type: number): unknown {
    return this.#lib.C_GetAttributeValue(this.#session, handle ?? Buffer.alloc(0), [{ type }])[0]?.value;
  }

  change(handle: Buffer | undefined, type: number, value: boolean): void {
    this.#lib.C_SetAttributeValue(this.#session, handle ?? Buffer.alloc(0), [{ type, value }]);
  }

  destroy(handle: Buffer | undefined): void {
    this.#lib.C_DestroyObject(this.#session, handle ?? Buffer.alloc(0));
  }

  generate(keyId: string, label: string, options: { readonly extractable: boolean }): void {
    const common = [
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
      { type: pkcs11.CKA_LABEL, value: label },
    ];
    this.#lib.C_GenerateKeyPair(
      this.#session,
      { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN },
      [
        ...common,
        { type: pkcs11.CKA_EC_PARAMS, value: Buffer.from(objectIdentifier(curveByName('P-256').oid)) },
      ],
      [
        ...common,
        { type: pkcs11.CKA_PRIVATE, value: true },
        { type: pkcs11.CKA_SENSITIVE, value: true },
        { type: pkcs11.CKA_SIGN, value: true },
        { type: pkcs11.CKA_DECRYPT, value: false },
        { type: pkcs11.CKA_UNWRAP, value: false },
        { type: pkcs11.CKA_DERIVE, value: false },
        { type: pkcs11.CKA_EXTRACTABLE, value: options.extractable },
      ],
    );
  }
}
