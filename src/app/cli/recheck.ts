import type { Command } from 'commander';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { type Defect, recheck, type Recheck } from '../../services/archive/recheck.ts';
import { instancePaths } from '../instance/load-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { paint, printable, type Screen } from './screen.ts';

interface RecheckOptions {
  readonly home: string;
  readonly json?: boolean;
}

/** `sigillo recheck`: everything that was issued, looked at again with the records alone. */
export function registerRecheck(program: Command, screen: Screen): void {
  program
    .command('recheck')
    .description('check everything that was ever issued again, from the records alone; needs no token')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object')
    .action(async ({ home, json }: RecheckOptions) => {
      const records = openRecords(instancePaths(home).records, systemClock);
      try {
        const { issuance, archive } = records;
        const result = await recheck({ records: issuance, archive, at: systemClock.now() });
        screen.stdout.write(json === true ? `${JSON.stringify(result)}\n` : text(screen, result));
        screen.exit(result.defects.length === 0 ? 0 : 1);
      } finally {
        records.close();
      }
    });
}

function text(screen: Screen, result: Recheck): string {
  const { certificates, crls, masterLists, sods, leaves, defects, notes } = result;
  const counts = `${certificates} certificates, ${crls} CRLs, ${masterLists} master lists, ${sods} SODs, ${leaves} log leaves`;
  const verdict =
    defects.length === 0
      ? paint(screen, 'green', 'everything holds')
      : paint(screen, 'red', `${defects.length} defects`);
  const line = ({ about, detail }: Defect) => `${printable(about)}: ${printable(detail)}`;
  const mend = ({ mend: what }: Defect) => (what === undefined ? [] : [`    mend: ${printable(what)}`]);
  const lines = [
    ...defects.flatMap((defect) => [`  ${line(defect)}`, ...mend(defect)]),
    ...notes.map((note) => `note: ${line(note)}`),
  ];
  return [`looked at ${counts}`, verdict, ...lines, ''].join('\n');
}
