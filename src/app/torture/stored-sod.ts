import type { DatabaseSync } from 'node:sqlite';

/**
 * The EF.SOD of a row of `sods`, rebuilt by code that shares nothing with what stored it: a file that begins with 00 is
 * the difference from the one at another leaf, as `src/adapters/store/sod-difference.ts` defines it.
 */
export function wholeEfSod(database: DatabaseSync, stored: Uint8Array): Buffer {
  if (stored[0] !== 0) return Buffer.from(stored);
  let at = 1;
  const number = (): number => {
    let digits = '';
    let octet = 0x80;
    while (octet & 0x80) {
      octet = stored[at] ?? 0;
      at += 1;
      digits = (octet & 0x7f).toString(2).padStart(7, '0') + digits;
    }
    return Number.parseInt(digits, 2);
  };
  const leaf = number();
  const other = database.prepare('SELECT ef_sod FROM sods WHERE leaf_index = ?').get(leaf)?.['ef_sod'];
  const efSod = Buffer.from(other instanceof Uint8Array ? other : []);
  let target = 0;
  while (at < stored.length) {
    target += number();
    const length = number();
    Buffer.from(stored).copy(efSod, target, at, at + length);
    target += length;
    at += length;
  }
  return efSod;
}
