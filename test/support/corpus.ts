import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Certificate, decodeCertificate } from '../../src/formats/x509/certificate.ts';

/** Real documents and certificates, kept beside the repository because their licences differ. */
export const corpusFolder = join(import.meta.dirname, '../../../shared/corpus');

/**
 * A suite over the corpus. Without a corpus it is skipped and says so; in CI its absence is a failure, because
 * a green run must not mean that nothing was read.
 */
export function describeCorpus(name: string, suite: () => void): void {
  if (existsSync(corpusFolder)) {
    // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback -- both come from the caller
    describe(name, suite);
    return;
  }
  it(`${name}: there is a corpus at ../shared/corpus`, ({ skip }) => {
    if (process.env['CI'] !== undefined) expect.unreachable('CI must have the corpus');
    skip('no corpus at ../shared/corpus');
  });
}

/** Files below a folder of the corpus, relative to it, in order of their names. */
export function corpusFiles(folder: string): readonly string[] {
  const root = join(corpusFolder, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

export function readCorpus(...path: readonly string[]): Uint8Array {
  return Uint8Array.from(readFileSync(join(corpusFolder, ...path)));
}

/** All CSCA certificates that the corpus has as single files. */
export function corpusCscas(): readonly Certificate[] {
  return corpusFiles('csca').map((file) => decodeCertificate(readCorpus('csca', file)));
}
