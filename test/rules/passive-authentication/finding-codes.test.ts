import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findingKinds } from '../../../src/rules/passive-authentication/index.ts';

const repository = join(import.meta.dirname, '../../..');
const document = readFileSync(join(repository, 'docs/reader.md'), 'utf8');

/** Codes of notes, wherever a decoder has one: upper case with an underscore, in quotes. */
function noteCodes(): readonly string[] {
  const decoders = globSync('src/formats/**/*.ts', { cwd: repository });
  return decoders.flatMap((file) => {
    const source = readFileSync(join(repository, file), 'utf8');
    const isDecoder = /tolerate\(|remark\(|remarkAll\(|severity:/.test(source);
    return isDecoder ? [...source.matchAll(/'([A-Z]+(?:_[A-Z0-9]+)+)'/g)].map(([, code = '']) => code) : [];
  });
}

describe('docs/reader.md', () => {
  it.each(Object.keys(findingKinds))('explains the finding %s', (code) => {
    expect(document).toMatch(new RegExp(`\\b${code}\\b`));
  });

  it.each([...new Set(noteCodes())])('explains the tolerance %s', (code) => {
    expect(document).toMatch(new RegExp(`\\b${code}\\b`));
  });
});
