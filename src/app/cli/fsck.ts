import type { Command } from 'commander';
import { openLogArchive } from '../../adapters/store/index.ts';
import type { Defect } from '../../services/archive/recheck.ts';
import { type Fsck, fsck } from '../../services/log/fsck.ts';
import { instancePaths } from '../instance/load-instance.ts';
import { readVerifierKeys } from './log-keys.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { paint, printable, type Screen } from './screen.ts';
import { exitCodeOf } from './verify.ts';

interface FsckOptions {
  readonly home: string;
  readonly trust?: string;
  readonly json?: boolean;
}

/** `sigillo fsck`: log, tiles, checkpoints and records against one another. */
export function registerFsck(program: Command, screen: Screen): void {
  program
    .command('fsck')
    .description('check log against tiles, checkpoints and records; needs no token, runs beside the service')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--trust <path>', 'file or folder with the vkeys of the log, from elsewhere')
    .option('--json', 'one JSON object for each defect, and one at the end')
    .action((options: FsckOptions) => {
      screen.exit(exitCodeOf(screen, () => run(screen, options)));
    });
}

function run(screen: Screen, { home, trust, json = false }: FsckOptions): 0 | 1 {
  const vkeys = trust === undefined ? undefined : readVerifierKeys([trust]);
  const archive = openLogArchive(instancePaths(home).records);
  try {
    const examination = fsck(archive, vkeys);
    let defects = 0;
    let next = examination.next();
    for (; next.done !== true; next = examination.next()) {
      defects += 1;
      screen.stdout.write(json ? `${JSON.stringify(next.value)}\n` : row(next.value));
    }
    screen.stdout.write(json ? jsonSummary(next.value, defects) : summary(screen, next.value, defects));
    return defects === 0 ? 0 : 1;
  } finally {
    archive.close();
  }
}

function row({ about, detail }: Defect): string {
  return `  ${printable(about)}: ${printable(detail)}\n`;
}

function jsonSummary({ leaves, checkpoints, records, head }: Fsck, defects: number): string {
  const root = head && Buffer.from(head.root).toString('base64');
  const signed = head === undefined ? null : { origin: head.origin, size: head.size, root };
  return `${JSON.stringify({ leaves, checkpoints, records, head: signed, defects })}\n`;
}

function summary(screen: Screen, { leaves, checkpoints, records, head }: Fsck, defects: number): string {
  const signed =
    head === undefined
      ? 'no checkpoint covers them'
      : `${head.size} of them under a checkpoint of ${head.origin}`;
  const verdict =
    defects === 0 ? paint(screen, 'green', 'everything holds') : paint(screen, 'red', `${defects} defects`);
  return `looked at ${leaves} leaves, ${signed}; ${checkpoints} checkpoints, ${records} records\n${verdict}\n`;
}
