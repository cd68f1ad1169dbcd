import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { publishCrl } from '../../services/crl/publish-crl.ts';
import { InvariantBroken } from '../../services/errors.ts';
import type { IssuanceDeps } from '../../services/issuance/issuance-deps.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule, openInstance } from '../instance/open-instance.ts';
import { peakKiB } from './cpu-time.ts';

/** One CRL by the service's own way: entries, signer, check, lint, record. */
export interface CrlAct {
  readonly ms: number;
  /** The longest time that the event loop did nothing else. */
  readonly longestHoldMs: number;
}

/** Peak of resident memory before the first act, after it, and at the end. */
export interface ActsMemory {
  readonly before: number;
  /** The first act also fills what any work does: the cache of the records and V8's young space. */
  readonly afterFirst: number;
  readonly peak: number;
}

/** A CRL of a number of entries, made in a process of its own. */
export interface CrlActs {
  readonly entries: number;
  /** Of the last CRL. */
  readonly octets: number;
  /** All entries encoded. */
  readonly first: CrlAct;
  /** The next ones, each after one more revocation. */
  readonly next: readonly CrlAct[];
  readonly serviceKiB: ActsMemory;
  readonly signerKiB: ActsMemory;
}

/**
 * Has the acts made in a process of its own, with a copy of the instance's records.
 *
 * @param execArgv options that Node is started with
 */
export async function crlActs(
  instance: Instance,
  entries: number,
  next: number,
  execArgv: readonly string[] = process.execArgv,
): Promise<CrlActs> {
  const command = ['bench-crl', '--home', instance.paths.home, `${entries}`, `${next}`];
  const child = fork(mainModule, command, { serialization: 'advanced', execArgv: [...execArgv] });
  const ended = once(child, 'exit');
  const told = once(child, 'message') as Promise<[CrlActs]>;
  const [acts] = await Promise.race([told, ended.then(() => [undefined])]);
  await ended;
  if (acts === undefined) throw new InvariantBroken('the process that makes CRLs ended by itself');
  return acts;
}

/** The process of `crlActs`; tells its figures to the one that started it. */
export async function runCrlActs(home: string, entries: number, next: number): Promise<void> {
  const instance = loadInstance(home);
  const records = join(home, `crl-${entries}.sqlite`);
  copyRecords(instance.paths.records, records, entries + next);
  const open = openInstance(
    { ...instance, paths: { ...instance.paths, records } },
    { processes: 1, onEvent: () => undefined },
  );
  try {
    await open.signer.status();
    const [signerPid = 0] = open.signer.pids;
    const peaks = () => ({ service: peakKiB(process.pid), signer: peakKiB(signerPid) });
    const before = peaks();
    revokeNext(records, entries);
    const first = await measured(open.issuance);
    const afterFirst = peaks();
    const following: CrlAct[] = [];
    for (let round = 0; round < next; round += 1) {
      revokeNext(records, 1);
      following.push(await measured(open.issuance));
    }
    const peak = peaks();
    const memory = (of: keyof typeof peak): ActsMemory => ({
      before: before[of],
      afterFirst: afterFirst[of],
      peak: peak[of],
    });
    const acts: CrlActs = {
      entries,
      octets: (await open.issuance.records.latestCrl())?.der.length ?? 0,
      first,
      next: following,
      serviceKiB: memory('service'),
      signerKiB: memory('signer'),
    };
    process.send?.(acts);
  } finally {
    open.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(records + suffix, { force: true });
  }
}

async function measured(deps: IssuanceDeps): Promise<CrlAct> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begun = performance.now();
  await publishCrl(deps);
  const ms = performance.now() - begun;
  delay.disable();
  return { ms, longestHoldMs: delay.max / 1e6 };
}

/** A copy with certificates that can be revoked; only their numbers matter to a CRL. */
function copyRecords(from: string, to: string, certificates: number): void {
  const source = new DatabaseSync(from);
  source.prepare('VACUUM INTO ?').run(to);
  source.close();
  const database = new DatabaseSync(to);
  database.exec(`
    BEGIN;
    CREATE TABLE made AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${certificates})
      SELECT '1' || lower(hex(randomblob(16))) AS serial_number FROM n;
    INSERT INTO serial_numbers SELECT serial_number FROM made;
    INSERT INTO certificates (serial_number, sha256, profile, issued_at, policy_digest, der)
      SELECT serial_number, lower(hex(randomblob(32))), 'dsc-passport', '2026-01-01T00:00:00.000Z', '', x'' FROM made;
    COMMIT;`);
  database.close();
}

function revokeNext(records: string, count: number): void {
  const database = new DatabaseSync(records, { timeout: 5_000 });
  database
    .prepare(
      `INSERT INTO revocations (serial_number, revoked_at, reason)
       SELECT serial_number, '2026-02-01T00:00:00.000Z', 'superseded' FROM made
       WHERE serial_number NOT IN (SELECT serial_number FROM revocations) LIMIT ?`,
    )
    .run(count);
  database.close();
}
