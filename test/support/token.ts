import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';

/** A real token in this process. A process holds one PKCS#11 module, so a test file opens one token. */
export interface TestToken {
  readonly token: Pkcs11Token;
  remove(): void;
}

export function openTestToken(): TestToken {
  const module = softHsmModule();
  if (module === undefined) throw new Error('SoftHSM 2 is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-token-'));
  process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(folder);
  const pinFile = join(folder, 'pin');
  writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
  initialiseToken(module, 'test', 'so-pin-1', '12345678');
  const token = Pkcs11Token.open({ module, tokenLabel: 'test', pinFile });
  return { token, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
