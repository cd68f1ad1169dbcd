import { type Command, InvalidArgumentError, Option } from 'commander';
import { certificateKinds, type CertificateKind, type Edition, editions } from '../../rules/lint/index.ts';
import { corpusPage, lintCorpus } from './lint-corpus.ts';
import { aboutKinds, lintPage } from './lint-page.ts';
import { loadIssuers } from './issuers.ts';
import { lintFile, type LintedFile } from './lint-file.ts';
import { isWithoutErrors, jsonLine, junit, sarif, text } from './lint-output.ts';
import type { Screen } from './screen.ts';
import { exitCodeOf } from './verify.ts';

interface LintOptions {
  readonly kind?: CertificateKind;
  readonly edition?: Edition;
  readonly issuer: readonly string[];
  readonly inside?: boolean;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly junit?: boolean;
  readonly rules?: boolean;
  readonly corpus?: string;
}

/** `sigillo lint FILE…`: each file against the rules of Doc 9303 for what it is. */
export function registerLint(program: Command, screen: Screen): void {
  const command = program
    .command('lint')
    .description('hold certificates, CRLs, lists and EF.SODs against the rules of Doc 9303')
    .argument('[file...]', 'files, recognised by their content')
    .option('--kind <kind>', `kind of the certificates: ${certificateKinds.join(', ')}`, kindOption)
    .option(
      '--edition <number>',
      'edition to judge by: 6, 7 or 8; by default the one of its time',
      editionOption,
    )
    .option(
      '--issuer <path>',
      'folder or file with the CSCA certificates that may have signed; may be repeated',
      (value, previous: readonly string[]) => [...previous, value],
      [],
    )
    .option('--inside', 'lint the certificates within master lists and EF.SODs too')
    .addOption(new Option('--json', 'one JSON object a line').conflicts(['sarif', 'junit', 'rules']))
    .addOption(new Option('--sarif', 'one SARIF 2.1.0 log').conflicts(['json', 'junit', 'rules']))
    .addOption(new Option('--junit', 'one JUnit report').conflicts(['json', 'sarif', 'rules']))
    .option('--rules', 'print all rules as a page of documentation')
    .option('--corpus <folder>', 'print what is found below a folder, counted by country and edition')
    .addHelpText('after', `\n${aboutKinds}`)
    .action((files: readonly string[], options: LintOptions) => {
      const { corpus } = options;
      if (options.rules === true) screen.stdout.write(lintPage());
      else if (corpus !== undefined) screen.exit(exitCodeOf(screen, () => lintWhole(screen, corpus)));
      else if (files.length === 0) command.error("error: missing required argument 'file'", { exitCode: 2 });
      else screen.exit(exitCodeOf(screen, () => lintFiles(screen, files, options)));
    });
}

function kindOption(value: string): CertificateKind {
  const kind = certificateKinds.find((known) => known === value);
  if (kind === undefined) throw new InvalidArgumentError(`write one of ${certificateKinds.join(', ')}.`);
  return kind;
}

function editionOption(value: string): Edition {
  const edition = editions.find((known) => String(known) === value);
  if (edition === undefined) throw new InvalidArgumentError(`write one of ${editions.join(', ')}.`);
  return edition;
}

function lintFiles(screen: Screen, files: readonly string[], options: LintOptions): 0 | 1 {
  const { kind, edition, inside } = options;
  const issuers = loadIssuers(options.issuer);
  const all: LintedFile[] = [];
  for (const file of files) {
    for (const linted of lintFile(file, { kind, edition, inside, issuers })) {
      all.push(linted);
      if (options.json === true) screen.stdout.write(jsonLine(linted));
      else if (options.sarif !== true && options.junit !== true) screen.stdout.write(text(screen, linted));
    }
  }
  if (options.sarif === true) screen.stdout.write(sarif(all));
  if (options.junit === true) screen.stdout.write(junit(all));
  return all.every(isWithoutErrors) ? 0 : 1;
}

/** A page of counts is neither right nor wrong. */
function lintWhole(screen: Screen, folder: string): 0 {
  screen.stdout.write(corpusPage(lintCorpus(folder)));
  return 0;
}
