import { Pkcs11Token, type TokenConfiguration } from '../../hsm/pkcs11-token.ts';

/** A process that makes a key pair on a token, signs with it, and ends with 1 when the token does not let it. */

const [, , configuration = '{}', keyId = ''] = process.argv;
try {
  const token = Pkcs11Token.open(JSON.parse(configuration) as TokenConfiguration);
  await token.generateKeyPair(keyId, 'csca', 'traced', { kind: 'ec', curve: 'P-256' });
  for (let count = 0; count < 3; count += 1) {
    await token.sign(keyId, 'csca', { kind: 'ecdsa', digest: 'SHA-256' }, Buffer.alloc(64, 0x5a));
  }
} catch {
  process.exitCode = 1;
}
