import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PlantedTree } from './planted-tree.ts';

/** Planted code by the rule that has to report it. */
const breaches: Readonly<Record<string, { file: string; text: string }>> = {
  'typescript(no-floating-promises)': {
    file: 'src/services/floating.ts',
    text: 'export function run(append: () => Promise<void>): void {\n  append();\n}\n',
  },
  'typescript(no-misused-promises)': {
    file: 'src/services/misused.ts',
    text: 'export const run = (f: () => Promise<boolean>): number => (f() ? 1 : 0);\n',
  },
  'typescript(switch-exhaustiveness-check)': {
    file: 'src/services/switch.ts',
    text: "export function f(k: 'a' | 'b'): number {\n  switch (k) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
  },
  'typescript(only-throw-error)': {
    file: 'src/services/throws.ts',
    text: "export function f(): never {\n  throw 'text';\n}\n",
  },
  'eslint(no-console)': {
    file: 'src/services/prints.ts',
    text: "export const f = (): void => console.log('x');\n",
  },
  'import(no-cycle)': {
    file: 'src/services/chicken.ts',
    text: "import { egg } from './egg.ts';\nexport const chicken = (): number => egg();\n",
  },
  'eslint(no-restricted-imports)': {
    file: 'src/formats/random.ts',
    text: "import { randomBytes } from 'node:crypto';\nexport const f = randomBytes;\n",
  },
};

/** Every way to the time or to chance that does not go through a port. */
const ambientValues: Readonly<Record<string, string>> = {
  'Date.now()': 'Date.now()',
  'Date.now without a call': 'Date.now',
  "Date['now']()": "Date['now']()",
  'new Date()': 'new Date()',
  'Date()': 'Date()',
  'Math.random()': 'Math.random()',
};

const diagnosticsSchema = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })),
});

describe('lint gate', () => {
  const ambientFiles = Object.entries(ambientValues).map(([name, expression], index) => {
    return { name, file: `src/services/ambient-${index}.ts`, text: `export const f = ${expression};\n` };
  });
  const allowedFiles = {
    'src/adapters/clock/system-clock.ts': 'export const now = (): Date => new Date(Date.now());\n',
    'src/services/hen.ts': "import type { Cock } from './cock.ts';\nexport type Hen = Cock | 1;\n",
    'src/services/cock.ts': "import type { Hen } from './hen.ts';\nexport type Cock = Hen[];\n",
    'src/services/converts.ts': 'export const toDate = (ms: number): Date => new Date(ms);\n',
    'src/app/cli/print.ts': "export const print = (): void => console.log('x');\n",
    'src/formats/digest.ts': "export { createHash } from 'node:crypto';\n",
    'test/any.test.ts': 'export const now = (): number => Date.now();\n',
  };
  const otherHalf = "import { chicken } from './chicken.ts';\nexport const egg = (): number => chicken();\n";
  const planted = [...Object.values(breaches), ...ambientFiles].map(({ file, text }): [string, string] => [
    file,
    text,
  ]);
  const tree = new PlantedTree({
    ...allowedFiles,
    'src/services/egg.ts': otherHalf,
    ...Object.fromEntries(planted),
  });
  afterAll(() => tree.remove());
  const { output, exitCode } = tree.run('oxlint', '--type-aware', '--deny-warnings', '--format', 'json');
  const { diagnostics } = diagnosticsSchema.parse(JSON.parse(output));

  it('ends with a failure', () => {
    expect(exitCode).not.toBe(0);
  });

  it.each(Object.entries(breaches))('reports %s', (code, { file }) => {
    expect(diagnostics).toContainEqual(expect.objectContaining({ code, filename: file }));
  });

  it.each(ambientFiles)('reports $name outside of the clock adapter', ({ file }) => {
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ code: 'sigillo(no-ambient-values)', filename: file }),
    );
  });

  it('reports nothing where these are allowed', () => {
    expect(diagnostics.filter(({ filename }) => filename in allowedFiles)).toEqual([]);
  });
});
