import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logEvents } from '../../src/formats/log/log-leaf.ts';
import { repository } from './planted-tree.ts';

const documents = ['*.md', 'docs/**/*.md', 'policies/**/*.md', 'test/**/*.md', 'hsm/**/*.md'].flatMap(
  (pattern) => globSync(pattern, { cwd: repository }),
);

function read(name: string): string {
  return readFileSync(join(repository, name), 'utf8');
}

/** Targets of links to files of the repository, without their anchors. */
function linkedFiles(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

describe.each(documents)('%s', (name) => {
  it('links to files that exist', () => {
    const missing = linkedFiles(read(name)).filter(
      (target) => !existsSync(join(repository, dirname(name), target)),
    );
    expect(missing).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(name).matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(
      ([, script = '']) => script,
    );
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('docs/decisions', () => {
  // A gap is a number that a branch has taken which is not here yet.
  it('are all listed in the index, no number twice', () => {
    const records = readdirSync(join(repository, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name));
    const listed = linkedFiles(read('docs/decisions/README.md'));
    expect(listed.toSorted()).toEqual(records.toSorted());
    const numbers = records.map((name) => name.slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
  });
});

describe('docs/formats/log-leaf.md', () => {
  it('lists every event that the code writes, and no other', () => {
    const listed = [...read('docs/formats/log-leaf.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      ([, name]) => name,
    );
    expect(listed.filter((name) => name !== 'event')).toEqual([...logEvents]);
  });
});
