import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11 from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import { type KeyType, keyAlgorithms } from '../../src/formats/algorithms/signature-algorithms.ts';
import type { TokenKey } from '../../src/services/ports.ts';
import { RawToken } from './raw-token.ts';
import { verifiesInOpenSsl } from './verifies-in-openssl.ts';

const module = softHsmModule() ?? '';
const folder = mkdtempSync(join(tmpdir(), 'sigillo-hsm-'));
const pinFile = join(folder, 'pin');
const access = { module, tokenLabel: 'test', pinFile };
const newKeyId = () => randomBytes(16).toString('hex');
const p256: KeyType = { kind: 'ec', curve: 'P-256' };

let token: Pkcs11Token;
beforeAll(() => {
  process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(folder);
  writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
  initialiseToken(module, 'test', 'so-pin-1', '12345678');
  token = Pkcs11Token.open(access);
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
    const raw = new RawToken(access);
    const [handle] = raw.find(keyId, 'private');
    const kind = name.startsWith('RSA') ? 'rsa' : 'ec';
    expect(() => raw.secret(keyId, kind)).toThrow('CKR_ATTRIBUTE_SENSITIVE');
    expect(() => raw.change(handle, pkcs11.CKA_EXTRACTABLE, true)).toThrow(/^CKR_/);
    expect(() => raw.change(handle, pkcs11.CKA_SENSITIVE, false)).toThrow(/^CKR_/);
    expect(() => raw.change(handle, pkcs11.CKA_DECRYPT, true)).toThrow(/^CKR_/);
  });

  it('are the same pair when they are asked for again', async () => {
    const again = await token.generateKeyPair(keyId, 'document-signer', name, algorithms[0]?.key ?? p256);
    expect(again).toEqual(key);
    expect(new RawToken(access).find(keyId, 'private')).toHaveLength(1);
  });
});

/** What holds for keys on every token is in token-contract.test.ts. */
describe('a key on the token', () => {
  it('that shares its CKA_ID with another is not used', async () => {
    const keyId = newKeyId();
    const raw = new RawToken(access);
    raw.generate(keyId, 'sigillo/csca/one', p256, { extractable: false });
    raw.generate(keyId, 'sigillo/csca/two', p256, { extractable: false });
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/2 private and 2 public keys/);
  });

  it('of someone else is not used', async () => {
    const keyId = newKeyId();
    new RawToken(access).generate(keyId, 'of another program', p256, { extractable: false });
    await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/was not made by Sigillo/);
  });
});

/** GnuTLS reads the token through the same module, in a process of its own. */
function p11tool(list: string, keyId: string): string {
  const id = keyId.replace(/../g, '%$&');
  return execFileSync(
    'p11tool',
    ['--provider', module, '--login', '--set-pin', '12345678', list, `pkcs11:token=test;id=${id}`],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
}
