import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords, type Records } from '../../adapters/store/index.ts';
import { decodeVerifierKey } from '../../formats/log/verifier-key.ts';
import { Refused, Unavailable } from '../../services/errors.ts';
import { auditExport, type ExportReader } from '../../services/log/audit-export.ts';
import { type ExportFolder, exportLog } from '../../services/log/export-log.ts';
import type { CheckpointRecord } from '../../services/log/log-records.ts';
import { proveConsistency, proveInclusion } from '../../services/log/prove.ts';
import { logSettings } from '../instance/configuration.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { orUnavailable, writeWholeFile } from '../instance/whole-file.ts';
import { readBytes, UnreadablePath } from './files.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { readVerifierKeys } from './log-keys.ts';
import { paint, printable, type Screen } from './screen.ts';
import { exitCodeOf } from './verify.ts';

interface HomeOptions {
  readonly home: string;
  readonly json?: boolean;
}

interface ProofOptions extends HomeOptions {
  readonly leaf?: number;
  readonly request?: string;
  readonly file?: string;
  readonly out?: string;
}

interface ConsistencyOptions extends HomeOptions {
  readonly since: string;
  readonly out?: string;
}

/** `sigillo export`: proofs for whoever holds a product, and the whole log for an auditor. */
export function registerExport(program: Command, screen: Screen): void {
  const command = program
    .command('export')
    .description('proofs and the log as files that stand for themselves');
  const withHome = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome));

  withHome('proof', 'prove that something is in the log (C2SP tlog-proof)')
    .option('--leaf <n>', 'by its leaf', leafNumber)
    .option('--request <id>', 'the SOD of a request')
    .option('--file <file>', 'a product: EF.SOD, certificate, CRL, list')
    .option('--out <file>', 'where to write it; standard output otherwise')
    .action((options: ProofOptions) =>
      exporting(screen, options, async (records, checkpoint) => {
        const proof = proveInclusion(records.log, await leafOf(records, options), checkpoint);
        give(screen, options.out, proof);
      }),
    );

  withHome('consistency', 'prove that the log continues an earlier checkpoint')
    .requiredOption('--since <file>', 'the earlier checkpoint')
    .option('--out <file>', 'where to write it; standard output otherwise')
    .action((options: ConsistencyOptions) =>
      exporting(screen, options, async ({ log }, checkpoint) => {
        give(screen, options.out, proveConsistency(log, readBytes(options.since), checkpoint));
      }),
    );

  withHome(
    'log',
    'the whole log with all products, for sigillo audit; what is there already is not written again',
  )
    .argument('<dir>', 'folder to write to')
    .option('--json', 'one JSON object')
    .action((dir: string, options: HomeOptions) =>
      exporting(screen, options, async ({ log, archive, issuance }, checkpoint) => {
        const folder = exportFolder(resolve(dir));
        const exported = await exportLog({ log, archive, records: issuance, folder }, checkpoint);
        const { before, size, artefacts } = exported;
        const text = `${size} leaves, ${size - before} of them new, with ${artefacts} new artefacts: ${dir}\n`;
        screen.stdout.write(options.json === true ? `${JSON.stringify({ dir, ...exported })}\n` : text);
      }),
    );
}

interface AuditOptions {
  readonly trust: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** `sigillo audit`: an export, checked with its files and a vkey alone. */
export function registerAudit(program: Command, screen: Screen): void {
  program
    .command('audit')
    .description('check an exported log with its files and the vkey alone')
    .argument('<dir>', 'folder that sigillo export log has written')
    .requiredOption('--trust <path>', 'file or folder with the vkey of the log, from elsewhere')
    .option('--since <file>', 'checkpoint of an earlier audit, which the log must continue')
    .option('--json', 'one JSON object for each defect, and one at the end')
    .action((dir: string, options: AuditOptions) => {
      screen.exit(exitCodeOf(screen, () => audit(screen, resolve(dir), options)));
    });
}

function audit(screen: Screen, dir: string, { trust, since, json = false }: AuditOptions): 0 | 1 {
  const keys = readVerifierKeys([trust]).map(decodeVerifierKey);
  const earlier = since === undefined ? [] : [readBytes(since)];
  const examination = auditExport(exportReader(dir), keys, earlier);
  let defects = 0;
  let next = examination.next();
  for (; next.done !== true; next = examination.next()) {
    defects += 1;
    const { about, detail } = next.value;
    const line = `  ${printable(about)}: ${printable(detail)}\n`;
    screen.stdout.write(json ? `${JSON.stringify(next.value)}\n` : line);
  }
  const { leaves, checkpoints, artefacts, head } = next.value;
  const signed = head === undefined ? null : { origin: head.origin, size: head.size };
  if (json) {
    screen.stdout.write(`${JSON.stringify({ leaves, checkpoints, artefacts, head: signed, defects })}\n`);
  } else {
    const holds = defects === 0;
    const verdict = paint(screen, holds ? 'green' : 'red', holds ? 'everything holds' : `${defects} defects`);
    const looked = `looked at ${leaves} leaves, ${checkpoints} checkpoints, ${artefacts} artefacts`;
    screen.stdout.write(`${looked} of ${printable(signed?.origin ?? 'no known log')}\n${verdict}\n`);
  }
  return defects === 0 ? 0 : 1;
}

/** Opens the records beside a running service, with the checkpoint that the public sees. */
async function exporting(
  screen: Screen,
  { home }: HomeOptions,
  work: (records: Records, checkpoint: CheckpointRecord) => Promise<void>,
): Promise<void> {
  const { configuration, paths } = loadInstance(home);
  const records = openRecords(paths.records, systemClock);
  try {
    const checkpoint = records.log.servableCheckpoint(logSettings(configuration).cosignatures);
    if (checkpoint === undefined) {
      throw new Unavailable('log', 'there is no checkpoint yet', {
        outcome: 'not-applied',
        mend: 'start the service with its token; it signs one within seconds',
      });
    }
    await work(records, checkpoint);
  } catch (error) {
    if (!(error instanceof UnreadablePath)) throw error;
    screen.stderr.write(`sigillo: ${printable(error.message)}\n`);
    screen.exit(2);
  } finally {
    records.close();
  }
}

async function leafOf(records: Records, { leaf, request, file }: ProofOptions): Promise<number> {
  if (leaf !== undefined) return leaf;
  const found =
    request !== undefined
      ? (await records.sods.find(request))?.logLeaf
      : file === undefined
        ? undefined
        : leafAbout(records, readBytes(file));
  if (found !== undefined) return found;
  throw new Refused('not-found', 'nothing in the log is what was named', {
    mend: 'name it by one of --leaf, --request and --file',
  });
}

/** Leaf by leaf: the log has no index by digest. */
function leafAbout({ archive }: Records, product: Uint8Array): number | undefined {
  const digest = createHash('sha256').update(product).digest('hex');
  for (const { leafIndex, event } of archive.leaves()) if (event.includes(digest)) return leafIndex;
  return undefined;
}

function give(screen: Screen, out: string | undefined, octets: Uint8Array): void {
  if (out === undefined) screen.stdout.write(Buffer.from(octets).toString('utf8'));
  else writeWholeFile(resolve(out), octets);
}

function exportReader(dir: string): ExportReader {
  return {
    read: (path) => {
      const file = join(dir, path);
      return existsSync(file) ? Uint8Array.from(readFileSync(file)) : undefined;
    },
    list: (path) => (existsSync(join(dir, path)) ? readdirSync(join(dir, path)) : []),
  };
}

function exportFolder(dir: string): ExportFolder {
  const made = new Set<string>();
  return {
    ...exportReader(dir),
    has: (path) => existsSync(join(dir, path)),
    remove: (path) => orUnavailable(dir, () => rmSync(join(dir, path), { force: true })),
    write: (path, octets) => {
      const file = join(dir, path);
      const folder = dirname(file);
      if (!made.has(folder)) orUnavailable(dir, () => mkdirSync(folder, { recursive: true }));
      made.add(folder);
      writeWholeFile(file, octets);
    },
  };
}

function leafNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('write the number of a leaf, from 0 on.');
  return Number(value);
}
