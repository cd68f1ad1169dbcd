import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The layering gate: `formats ← rules ← services ← adapters, hsm ← app`, arrows point inwards.
 * Circles are the linter's (`import/no-cycle`), which can tell imports of types from others.
 * `test/gates/layering.test.ts` plants one breach of each rule and expects it to be reported.
 */

/** A rule that one ring imports nothing of those further out, types included. */
function ring(name, from, forbidden) {
  return { name, severity: 'error', from: { path: from }, to: { path: `^(${forbidden.join('|')})/` } };
}

/** Folders with an index.ts, as paths from the repository's root. */
function foldersWithIndex(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const own = entries.some((entry) => entry.isFile() && entry.name === 'index.ts') ? [folder] : [];
  return [...own, ...inner.flatMap(foldersWithIndex)];
}

/** A folder with an index.ts is imported through it; only the folder itself and tests look inside. */
function publicFace(folder) {
  const path = folder.replaceAll('.', '\\.');
  return {
    name: `public-face:${folder}`,
    comment: `import ${folder}/index.ts, which says what ${folder} offers`,
    severity: 'error',
    from: { path: '^(src|hsm)/', pathNot: `^${path}/` },
    to: { path: `^${path}/`, pathNot: `^${path}/index\\.ts$` },
  };
}

const npmPackages = ['npm', 'npm-optional', 'npm-peer', 'npm-bundled'];

export default {
  forbidden: [
    ring('formats-are-innermost', '^src/formats/', [
      'src/(rules|services|adapters|app)',
      'hsm',
      'test',
      'scripts',
    ]),
    ring('rules-know-formats-only', '^src/rules/', ['src/(services|adapters|app)', 'hsm', 'test', 'scripts']),
    ring('services-know-ports-not-adapters', '^src/services/', [
      'src/(adapters|app)',
      'hsm',
      'test',
      'scripts',
    ]),
    ring('adapters-are-outside', '^src/adapters/', ['src/app', 'hsm', 'test', 'scripts']),
    ring('hsm-is-outside', '^hsm/', ['src/(adapters|app)', 'test', 'scripts']),
    ring('app-is-not-test', '^src/app/', ['test', 'scripts']),
    {
      name: 'adapters-never-import-one-another',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1(/|$)' },
    },
    {
      name: 'border-reader-shares-nothing-with-the-builder',
      comment: 'what leaves is checked by code that did not make it; also through any number of imports',
      severity: 'error',
      from: { path: '^src/rules/passive-authentication(/|\\.ts$)' },
      to: { path: '^src/(formats/.*encode-|rules/profile[/.]|services/)', reachable: true },
    },
    {
      name: 'formats-are-pure',
      comment: 'no I/O, clock or process: of Node only node:crypto, for digests and signature checks',
      severity: 'error',
      from: { path: '^src/formats/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'formats-need-no-package',
      comment: 'pkijs and asn1js are oracles of the tests (docs/decisions/0002)',
      severity: 'error',
      from: { path: '^src/formats/' },
      to: { dependencyTypes: npmPackages },
    },
    {
      name: 'rules-are-pure',
      severity: 'error',
      from: { path: '^src/rules/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'only-hsm-speaks-pkcs11',
      severity: 'error',
      from: { pathNot: '^(hsm|test/hsm)/' },
      to: { path: '(^|/)node_modules/(graphene-pk11|pkcs11js)/' },
    },
    {
      name: 'no-development-package-in-production',
      severity: 'error',
      from: { path: '^(src|hsm)/' },
      // @types/* hold no code; the package they describe is checked by itself.
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'every-import-resolves',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'] },
    },
    ...['src', 'hsm'].flatMap(foldersWithIndex).map(publicFace),
  ],
  options: {
    // Without this parser dependency-cruiser sees no module at all under TypeScript 7, and reports nothing.
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json', '.node'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
