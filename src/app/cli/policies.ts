import type { Command } from 'commander';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { Refused } from '../../services/errors.ts';
import type { PolicySetRecord } from '../../services/ports.ts';
import { instancePaths } from '../instance/load-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { printable, type Screen } from './screen.ts';

interface PoliciesOptions {
  readonly home: string;
  readonly digest?: string;
  readonly json?: boolean;
}

/** `sigillo policies`: what a policy digest on record stands for. */
export function registerPolicies(program: Command, screen: Screen): void {
  program
    .command('policies')
    .description('list the policies on record by digest, or print the files of one of them')
    .option('--digest <hex>', 'digest of the policies to print, or its beginning')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object a line')
    .action(({ home, digest, json }: PoliciesOptions) => {
      const records = openRecords(instancePaths(home).records, systemClock);
      try {
        const sets = records.archive.policySets();
        const shown = digest === undefined ? sets : [only(sets, digest)];
        for (const set of shown) {
          screen.stdout.write(json === true ? `${JSON.stringify(set)}\n` : text(set, digest !== undefined));
        }
      } finally {
        records.close();
      }
    });
}

function only(sets: readonly PolicySetRecord[], beginning: string): PolicySetRecord {
  const fitting = sets.filter(({ digest }) => digest.startsWith(beginning.toLowerCase()));
  const [set] = fitting;
  if (set !== undefined && fitting.length === 1) return set;
  const detail =
    set === undefined
      ? `no policies with the digest ${beginning} are on record`
      : `${fitting.length} policies on record have digests that begin with ${beginning}`;
  throw new Refused('not-found', detail, {
    field: '--digest',
    mend: 'sigillo policies lists the digests; the text of those before this was recorded is in your own archive only',
  });
}

function text({ digest, files, firstUsedAt }: PolicySetRecord, isWhole: boolean): string {
  const line = `${digest}  first used ${firstUsedAt.toISOString()}, ${files.length} files\n`;
  if (!isWhole) return line;
  return [`# ${line}`, ...files.map((file) => `\n# ---- ${printable(file.file)}\n${file.text}`)].join('');
}
