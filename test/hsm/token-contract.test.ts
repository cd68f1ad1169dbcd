import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { quirksOf } from '../../hsm/token-quirks.ts';
import {
  type KeyType,
  keyAlgorithms,
  type SignatureAlgorithm,
  type TokenAlgorithm,
  type TokenKeyType,
} from '../../src/formats/algorithms/signature-algorithms.ts';
import { modulesUnderTest, type PreparedToken } from './modules.ts';
import { TokenProcess } from './token-process.ts';
import { verifiesInOpenSsl } from './verifies-in-openssl.ts';

/**
 * What Sigillo asks of a PKCS#11 module, held against each that the tests have. What a kind of token cannot do
 * stands in hsm/token-quirks.ts; that it really cannot is seen here too, so that the table stays true.
 */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const countLogins = fileURLToPath(new URL('./count-logins.ts', import.meta.url));
const newKeyId = () => randomBytes(16).toString('hex');
const rsa: KeyType = { kind: 'rsa', modulusBits: 2048 };
const pkcs1: SignatureAlgorithm = { kind: 'rsassa-pkcs1-v1_5', digest: 'SHA-256' };

interface KeysToTry {
  readonly name: string;
  readonly type: TokenKeyType;
  /** What the token signs with such keys. */
  readonly algorithms: readonly TokenAlgorithm[];
}

const ed25519 = { kind: 'ed25519' } as const;
const keysToTry: readonly KeysToTry[] = [
  ...Map.groupBy(keyAlgorithms.values(), ({ key }) =>
    key.kind === 'ec' ? key.curve : `RSA-${key.modulusBits}`,
  ),
]
  .map(([name, same]): KeysToTry => {
    const [first] = same;
    return { name, type: first?.key ?? rsa, algorithms: same.map(({ signature }) => signature) };
  })
  .concat({ name: 'Ed25519', type: ed25519, algorithms: [ed25519] });

const possible = modulesUnderTest.filter(({ isPossible }) => isPossible?.() !== false);
const impossible = modulesUnderTest.filter((module) => !possible.includes(module));

it('runs against three independent modules at least', () => {
  for (const { name } of impossible) console.warn(`${name}: this user or container may not make namespaces`);
  expect(possible.length).toBeGreaterThanOrEqual(4);
});

describe.each(possible)('$name', (module) => {
  let folder: string;
  let prepared: PreparedToken;
  let token: TokenProcess;
  const others: TokenProcess[] = [];

  beforeAll(async () => {
    if (module.path === undefined) throw new Error(`apt-get install ${module.packages}`);
    folder = mkdtempSync(join(tmpdir(), 'sigillo-module-'));
    const pinFile = join(folder, 'pin');
    writeFileSync(pinFile, `${module.pin}\n`, { mode: 0o600 });
    prepared = await module.prepare(folder, pinFile);
    token = await TokenProcess.open(prepared);
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.kill();
  });
  afterAll(async () => {
    await token?.kill();
    await prepared?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function openAnother(): Promise<TokenProcess> {
    const other = await TokenProcess.open(prepared);
    others.push(other);
    return other;
  }

  const quirks = async () => quirksOf({ ...token.status, library: await token.call.library() });

  it.each(keysToTry)(
    '$name: what the kind of token has is made, found, signed with, and destroyed',
    async ({ name, type, algorithms }) => {
      const keyId = newKeyId();
      const { missingCurves, missingPssDigests } = await quirks();
      if (missingCurves.some((curve) => curve === name)) {
        const refused = { kind: 'refused', code: 'policy' };
        await expect(token.call.generateKeyPair(keyId, 'document-signer', name, type)).rejects.toMatchObject(
          refused,
        );
        const raw = token.call.generate(keyId, 'sigillo/document-signer/x', type, { extractable: false });
        await expect(raw).rejects.toThrow(/^CKR_/);
        return;
      }
      const key = await token.call.generateKeyPair(keyId, 'document-signer', name, type);
      expect(await token.call.findKey(keyId, 'document-signer')).toEqual(key);
      for (const algorithm of algorithms) {
        const data = randomBytes(300);
        const signing = token.call.sign(keyId, 'document-signer', algorithm, data);
        if (algorithm.kind === 'rsassa-pss' && missingPssDigests.includes(algorithm.digest)) {
          await expect(signing).rejects.toThrow('CKR_MECHANISM_INVALID');
        } else {
          const signature = await signing;
          expect(verifiesInOpenSsl(key, algorithm, data, signature)).toBe(true);
          expect(verifiesInOpenSsl(key, algorithm, randomBytes(300), signature)).toBe(false);
        }
      }
      expect(await token.call.secretOf(keyId, type.kind)).toMatch(/^CKR_ATTRIBUTE_(SENSITIVE|TYPE_INVALID)$/);
      await token.call.destroyKey(keyId, 'document-signer');
      expect(await token.call.count(keyId)).toEqual({ private: 0, public: 0 });
    },
  );

  it('says what it is', () => {
    expect(token.status).toMatchObject({ label: 'test', keys: expect.any(Number) });
  });

  it('makes the same pair once, and finds it by CKA_ID for its own role only', async () => {
    const keyId = newKeyId();
    const key = await token.call.generateKeyPair(keyId, 'csca', 'csca-1', rsa);
    expect(await token.call.generateKeyPair(keyId, 'csca', 'csca-1', rsa)).toEqual(key);
    expect(await token.call.count(keyId)).toEqual({ private: 1, public: 1 });
    await expect(token.call.findKey(keyId, 'document-signer')).rejects.toMatchObject({
      code: 'key-not-active',
    });
    await expect(token.call.sign(keyId, 'access-ca', pkcs1, randomBytes(8))).rejects.toMatchObject({
      kind: 'refused',
      code: 'key-not-active',
    });
    await expect(token.call.findKey(newKeyId(), 'csca')).rejects.toMatchObject({
      kind: 'refused',
      code: 'not-found',
    });
  });

  it.each(['private', 'public'] as const)(
    'makes a pair anew of which only the %s half is there',
    async (half) => {
      const keyId = newKeyId();
      await token.call.generate(keyId, 'sigillo/csca/half', rsa, { extractable: false });
      await token.call.destroyHalf(keyId, half === 'private' ? 'public' : 'private');
      await expect(token.call.findKey(keyId, 'csca')).rejects.toMatchObject({ kind: 'broken' });
      const key = await token.call.generateKeyPair(keyId, 'csca', 'half', rsa);
      expect(await token.call.findKey(keyId, 'csca')).toEqual(key);
      expect(await token.call.count(keyId)).toEqual({ private: 1, public: 1 });
    },
  );

  it('refuses a key that could leave the token', async () => {
    const keyId = newKeyId();
    await token.call.generate(keyId, 'sigillo/csca/loose', rsa, { extractable: true });
    await expect(token.call.findKey(keyId, 'csca')).rejects.toThrow(/extractable is true/);
    const made = token.call.generateKeyPair(keyId, 'csca', 'loose', rsa);
    await expect(made).rejects.toMatchObject({ kind: 'broken' });
  });

  it('keeps its keys when the process is killed, and lets two processes sign with one key', async () => {
    const keyId = newKeyId();
    const first = await openAnother();
    const key = await first.call.generateKeyPair(keyId, 'csca', 'kept', rsa);
    await first.kill();
    others.splice(0);
    const [second, third] = [await openAnother(), await openAnother()];
    expect(await second.call.findKey(keyId, 'csca')).toEqual(key);
    const data = Array.from({ length: 5 }, () => randomBytes(100));
    const signedBy = async (signer: TokenProcess) => {
      const signatures: Uint8Array[] = [];
      for (const each of data) signatures.push(await signer.call.sign(keyId, 'csca', pkcs1, each));
      return signatures;
    };
    const [ofSecond, ofThird] = await Promise.all([signedBy(second), signedBy(third)]);
    expect(ofThird).toEqual(ofSecond);
    for (const [index, each] of data.entries()) {
      expect(verifiesInOpenSsl(key, pkcs1, each, ofSecond[index] ?? new Uint8Array())).toBe(true);
    }
  });

  it('refuses a label that no token has', async () => {
    const configuration = { ...prepared.configuration, tokenLabel: 'other' };
    await expect(TokenProcess.open({ ...prepared, configuration })).rejects.toThrow(/no token is labelled/);
  });

  it('is given a wrong PIN once, by however many processes', async () => {
    const [wrong, log] = [join(folder, 'wrong-pin'), join(folder, 'logins')];
    writeFileSync(wrong, '11111111\n', { mode: 0o600 });
    writeFileSync(log, '');
    const access = {
      ...prepared,
      configuration: { ...prepared.configuration, pinFile: wrong },
      environment: { ...prepared.environment, NODE_OPTIONS: `--import=${countLogins}`, LOGIN_LOG: log },
    };
    await expect(TokenProcess.open(access)).rejects.toThrow(/the token refused the PIN/);
    for (let start = 0; start < 3; start += 1) {
      await expect(TokenProcess.open(access)).rejects.toThrow(/not tried a second time/);
    }
    expect(readFileSync(log, 'utf8').split('\n')).toHaveLength(2);
    writeFileSync(wrong, `${module.pin}\n`);
    const healed = await TokenProcess.open(access);
    await healed.kill();
  });

  if (module.hasDaemon)
    it('serves a new process after its daemon was restarted', async () => {
      const keyId = newKeyId();
      const before = await openAnother();
      await before.call.generateKeyPair(keyId, 'csca', 'across', rsa);
      await prepared.restartDaemon?.();
      await expect(before.call.sign(keyId, 'csca', pkcs1, randomBytes(9))).rejects.toMatchObject({
        kind: 'unavailable',
      });
      const after = await openAnother();
      expect(await after.call.sign(keyId, 'csca', pkcs1, randomBytes(9))).toHaveLength(256);
      await token.kill();
      token = await TokenProcess.open(prepared);
    });
});
