import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PlantedTree } from './planted-tree.ts';

/** One breach of each rule of `.dependency-cruiser.mjs`: which file breaks it with which text. */
const breaches: Readonly<Record<string, { file: string; text: string }>> = {
  'formats-are-innermost': {
    file: 'src/formats/x509/knows-rules.ts',
    text: "import { rule } from '../../rules/lint/rule.ts';\nexport const use = rule;\n",
  },
  'rules-know-formats-only': {
    file: 'src/rules/lint/knows-services.ts',
    text: "import type { Port } from '../../services/ports.ts';\nexport type Use = Port;\n",
  },
  'services-know-ports-not-adapters': {
    file: 'src/services/issuance/knows-adapter.ts',
    text: "import { store } from '../../adapters/store/store.ts';\nexport const use = store;\n",
  },
  'adapters-are-outside': {
    file: 'src/adapters/store/knows-hsm.ts',
    text: "import { session } from '../../../hsm/session.ts';\nexport const use = session;\n",
  },
  'hsm-is-outside': {
    file: 'hsm/knows-app.ts',
    text: "import { main } from '../src/app/main.ts';\nexport const use = main;\n",
  },
  'app-is-not-test': {
    file: 'src/app/knows-test.ts',
    text: "import { fake } from '../../test/support/fake.ts';\nexport const use = fake;\n",
  },
  'adapters-never-import-one-another': {
    file: 'src/adapters/publish/knows-store.ts',
    text: "import { store } from '../store/store.ts';\nexport const use = store;\n",
  },
  'border-reader-shares-nothing-with-the-builder': {
    file: 'src/rules/passive-authentication/read.ts',
    text: "import { innocent } from '../../formats/cms/innocent.ts';\nexport const use = innocent;\n",
  },
  'formats-are-pure': {
    file: 'src/formats/x509/reads-files.ts',
    text: "import { readFileSync } from 'node:fs';\nexport const use = readFileSync;\n",
  },
  'formats-need-no-package': {
    file: 'src/formats/x509/uses-zod.ts',
    text: "import { z } from 'zod';\nexport const use = z;\n",
  },
  'rules-are-pure': {
    file: 'src/rules/lint/starts-processes.ts',
    text: "export const use = await import('node:child_process');\n",
  },
  'only-hsm-speaks-pkcs11': {
    file: 'src/services/issuance/speaks-pkcs11.ts',
    text: "import type { Session } from 'graphene-pk11';\nexport type Use = Session;\n",
  },
  'no-development-package-in-production': {
    file: 'src/app/uses-pkijs.ts',
    text: "import * as pkijs from 'pkijs';\nexport const use = pkijs;\n",
  },
  'every-import-resolves': {
    file: 'src/app/imports-nothing.ts',
    text: "import { nothing } from './does-not-exist.ts';\nexport const use = nothing;\n",
  },
  'public-face:src/services/issuance': {
    file: 'src/services/crl/looks-inside.ts',
    text: "import { inner } from '../issuance/inner.ts';\nexport const use = inner;\n",
  },
};

/** What the breaches import, and arrows that point the right way: none of these may be reported. */
const innocentFiles = {
  'src/formats/der/writer.ts':
    "import { createHash } from 'node:crypto';\nexport const write = createHash;\n",
  'src/formats/cms/innocent.ts': "export { encode as innocent } from './encode-signed-data.ts';\n",
  'src/formats/cms/encode-signed-data.ts': "export { write as encode } from '../der/writer.ts';\n",
  'src/rules/lint/rule.ts': "export { encode as rule } from '../../formats/cms/encode-signed-data.ts';\n",
  'src/services/ports.ts': 'export interface Port {\n  readonly name: string;\n}\n',
  'src/services/issuance/index.ts': "export { inner } from './inner.ts';\n",
  'src/services/issuance/inner.ts':
    "import { rule } from '../../rules/lint/rule.ts';\nexport const inner = rule;\n",
  'src/services/crl/issue.ts': "export { inner as issue } from '../issuance/index.ts';\n",
  'src/adapters/store/store.ts': "export { rows as store } from './rows.ts';\n",
  'src/adapters/store/rows.ts':
    "import type { Port } from '../../services/ports.ts';\nexport const rows: Port[] = [];\n",
  'hsm/session.ts':
    "import { Module } from 'graphene-pk11';\nimport type { Port } from '../src/services/ports.ts';\n" +
    'export const session: Port = { name: Module.name };\n',
  'src/app/main.ts':
    "import { session } from '../../hsm/session.ts';\nimport { store } from '../adapters/store/store.ts';\n" +
    'export const main = [session, store];\n',
  'test/support/fake.ts': "export { inner as fake } from '../../src/services/issuance/inner.ts';\n",
};

const reportSchema = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
    ruleSetUsed: z.object({ forbidden: z.array(z.object({ name: z.string() })) }),
  }),
});

describe('layering gate', () => {
  const plantedFiles = Object.values(breaches).map(({ file, text }): [string, string] => [file, text]);
  const tree = new PlantedTree({ ...innocentFiles, ...Object.fromEntries(plantedFiles) });
  afterAll(() => tree.remove());
  const { output } = tree.run('depcruise', '--output-type', 'json', 'src', 'hsm', 'test');
  const { violations, ruleSetUsed } = reportSchema.parse(JSON.parse(output)).summary;

  it('ends with a failure', () => {
    const { exitCode } = tree.run('depcruise', 'src', 'hsm', 'test');
    expect(exitCode).not.toBe(0);
  });

  it('has a planted breach for each of its rules', () => {
    const rules = ruleSetUsed.forbidden.map((rule) => rule.name);
    expect(Object.keys(breaches).toSorted()).toEqual(rules.toSorted());
  });

  it.each(Object.entries(breaches))('reports a breach of %s', (rule, { file }) => {
    expect(violations).toContainEqual(
      expect.objectContaining({ from: file, rule: expect.objectContaining({ name: rule }) }),
    );
  });

  it('reports no arrow that points the right way', () => {
    expect(violations.filter(({ from }) => from in innocentFiles)).toEqual([]);
  });
});
