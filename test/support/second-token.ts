import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeConfiguration } from './configuration.ts';

/**
 * Gives an instance another token, `second`, with the same keys: SoftHSM never gives a key away, so it is a copy of the
 * first one's folder, as a vendor's cloning makes it.
 */
export function cloneToken(home: string, preference: number): void {
  const second = join(home, 'second');
  mkdirSync(second);
  cpSync(join(home, 'token/tokens'), join(second, 'tokens'), { recursive: true });
  const softHsm = readFileSync(join(home, 'token/softhsm2.conf'), 'utf8');
  writeFileSync(
    join(second, 'softhsm2.conf'),
    softHsm.replace(/tokendir = .*/, `tokendir = ${second}/tokens`),
  );
  cpSync(join(home, 'secrets/pin'), join(home, 'secrets/second-pin'));
  const environment = { SOFTHSM2_CONF: './second/softhsm2.conf' };
  changeConfiguration(home, (written) => {
    const differs = { environment, pinFile: 'secrets/second-pin', name: 'second', preference };
    written.otherTokens = [{ ...written.token, ...differs }];
  });
}
