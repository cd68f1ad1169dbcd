import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSubjectPublicKeyInfo } from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { logKeyAlgorithm, logKeyAlgorithmNames } from '../../src/rules/log/log-key.ts';
import { openTestToken } from '../support/token.ts';

const test = openTestToken();
const { token } = test;
afterAll(() => test.remove());

describe('log key on the token', () => {
  it.each(logKeyAlgorithmNames)(
    '%s signs what OpenSSL verifies, and nothing for another role',
    async (name) => {
      const keyId = randomBytes(16).toString('hex');
      const { key, signature: algorithm } = logKeyAlgorithm(name);
      const made = await token.generateKeyPair(keyId, 'log', `log-${name}`, key);
      expect(await token.generateKeyPair(keyId, 'log', `log-${name}`, key)).toEqual(made);
      expect((await token.findKey(keyId, 'log')).publicKey).toEqual(made.publicKey);

      const folder = process.env['SOFTHSM2_CONF']?.replace(/[^/]+$/, '') ?? '';
      const path = (file: string) => join(folder, `${name}.${file}`);
      const text = Buffer.from('log.example\n1\nAAAA\n');
      writeFileSync(path('text'), text);
      writeFileSync(path('spki'), encodeSubjectPublicKeyInfo(made.publicKey, 'named'));
      writeFileSync(path('signature'), await token.sign(keyId, 'log', algorithm, text));
      const raw = name === 'ed25519' ? ['-rawin'] : ['-rawin', '-digest', 'sha256'];
      const verified = execFileSync(
        'openssl',
        ['pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', path('spki'), ...raw].concat([
          '-in',
          path('text'),
          '-sigfile',
          path('signature'),
        ]),
        { encoding: 'utf8' },
      );
      expect(verified).toMatch(/Verified Successfully/);
      await expect(token.findKey(keyId, 'csca')).rejects.toThrow(/is not for csca/);
      await token.destroyKey(keyId, 'log');
      await expect(token.findKey(keyId, 'log')).rejects.toThrow(/no key/);
    },
  );
});
