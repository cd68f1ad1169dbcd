import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { Refused } from '../../services/errors.ts';

/**
 * Writes a file that is not there yet, and has it on disk before it returns.
 *
 * @throws Refused when it is there
 */
export function writeNew(path: string, octets: Uint8Array): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    throw cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' ? overwriting(path) : cause;
  }
  try {
    writeSync(file, octets);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function overwriting(path: string): Refused {
  return new Refused('duplicate', `${path} is there already`, {
    rule: 'K-OUTPUT',
    field: 'out',
    mend: 'name a file that is not there: nothing is overwritten',
  });
}
