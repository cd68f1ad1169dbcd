import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignerPool, type SignerPoolEvent } from '../../src/adapters/signer-pool/index.ts';
import { eventually } from '../support/served.ts';

/** What a signer process does: the pool sees processes and messages only. */
const behaviours = {
  /** Answers every job with the id of its process. */
  works: `process.send([{ kind: 'ready', token: { label: 'test', keys: 0 } }]);
    process.on('message', (jobs) => {
      for (const { id } of jobs) process.send([{ kind: 'done', id, result: process.pid }]);
    });`,
  /** Answers a CRL, once its entries are there, with what came in which order. */
  gathers: `process.send([{ kind: 'ready', token: { label: 'test', keys: 0 } }]);
    let job;
    const came = [];
    let octets = 0;
    process.on('message', (message) => {
      if (!('piece' in message)) [job] = message;
      else if (message.id === job.id) octets += message.piece.length;
      came.push('piece' in message ? 'piece' : job.job);
      const result = { came, octets };
      if (octets === job.order.entryOctets) process.send([{ kind: 'done', id: job.id, result }]);
    });`,
  /** Logs in and never answers. */
  'hangs at work': `process.send([{ kind: 'ready', token: { label: 'test', keys: 0 } }]);
    process.on('message', () => { for (;;); });`,
  /** Never says anything, and does not listen either. */
  'hangs at the start': 'for (;;);',
  'ends at the start': 'process.exit(3);',
  'ends at work': `process.send([{ kind: 'ready', token: { label: 'test', keys: 0 } }]);
    process.on('message', () => process.exit(3));`,
  'is refused': `process.send([{ kind: 'failed', error: { kind: 'unavailable', message: 'token: no token',
      fields: { what: 'token', outcome: 'not-applied', mend: 'connect it' } } }], () => process.exit(1));`,
} as const;
type Behaviour = keyof typeof behaviours;

let folder: string;
let pool: SignerPool | undefined;
let children: ChildProcess[];
let events: SignerPoolEvent[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-pool-'));
  children = [];
  events = [];
});
afterEach(() => {
  pool?.close();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A pool whose processes behave one after the other as given, the last one for ever. */
function start(sequence: readonly Behaviour[], processes = 1): SignerPool {
  for (const [name, script] of Object.entries(behaviours)) {
    writeFileSync(join(folder, `${name}.mjs`), `process.on('disconnect', () => process.exit(0));\n${script}`);
  }
  pool = new SignerPool({
    tokens: [
      {
        name: 'token',
        preference: 1,
        spawn: () => {
          const behaviour = sequence[Math.min(children.length, sequence.length - 1)] ?? 'works';
          const child = fork(join(folder, `${behaviour}.mjs`), { serialization: 'advanced' });
          children.push(child);
          return child;
        },
        processes,
        inFlight: 16,
        startTimeoutMs: sequence[0] === 'hangs at the start' ? 3_000 : 30_000,
        hangMs: sequence.includes('hangs at work') ? 3_000 : 30_000,
        keepAliveMs: 60_000,
      },
    ],
    signTimeoutMs: 30_000,
    keyTimeoutMs: 30_000,
    maxWaiting: 64,
    onEvent: (event) => events.push(event),
  });
  return pool;
}

const lost = expect.objectContaining({ kind: 'unavailable', outcome: 'unknown' });

describe('a signer process', () => {
  it('that hangs at the start is ended and replaced; who waits is told why', async () => {
    const started = start(['hangs at the start', 'works']);
    await expect(started.status()).rejects.toMatchObject({ kind: 'unavailable', outcome: 'not-applied' });
    await eventually('the next one', () => started.isReady);
    await started.status();
    expect(children[0]?.signalCode).toBe('SIGKILL');
    expect(started.failure).toBeUndefined();
  });

  it('that hangs at work is ended and replaced; its job may have been done', async () => {
    const started = start(['hangs at work', 'works']);
    await expect(started.status()).rejects.toEqual(lost);
    await eventually('its end', () => children[0]?.signalCode === 'SIGKILL');
    await started.status();
  });

  it('that ends at work takes its jobs along, and is replaced', async () => {
    const started = start(['ends at work', 'works']);
    const outcomes = await Promise.allSettled([started.status(), started.status()]);
    expect(outcomes).toMatchObject([{ reason: lost }, { reason: lost }]);
    await started.status();
  });

  it.each<Behaviour>(['ends at the start', 'is refused'])(
    'that %s is tried again; meanwhile jobs are refused at once, as not applied',
    async (behaviour) => {
      const started = start([behaviour, behaviour, behaviour, 'works']);
      await expect(started.status()).rejects.toMatchObject({ outcome: 'not-applied' });
      expect(started.failure).toMatchObject({ kind: 'unavailable' });
      await eventually('one that works', () => started.isReady);
      await started.status();
      expect(events.filter(({ kind }) => kind === 'failed')).toHaveLength(3);
    },
  );
});

describe('the entries of a CRL', () => {
  const order = (pieces: () => Iterable<Uint8Array>) => ({
    issuer: { keyId: 'aa', certificate: Uint8Array.of(1), keyAlgorithm: 'ecdsa-P-384-sha384' },
    crlNumber: 1n,
    thisUpdate: new Date(),
    revokedCertificates: { octets: 300_000, pieces },
  });
  const three = () => Array.from({ length: 3 }, () => new Uint8Array(100_000));

  it('follow their job, a message each, and none of another one', async () => {
    const answer = await start(['gathers']).signCrl(order(three));
    expect(answer).toEqual({ came: ['signCrl', 'piece', 'piece', 'piece'], octets: 300_000 });
  });

  it('end with the process that takes them, and the next one gets all of its own', async () => {
    const started = start(['ends at work', 'gathers']);
    await expect(started.signCrl(order(three))).rejects.toEqual(lost);
    expect(await started.signCrl(order(three))).toMatchObject({ octets: 300_000 });
  });

  it('that do not all come let no process wait for the others', async () => {
    const started = start(['gathers', 'works']);
    const broken = function* () {
      yield new Uint8Array(100_000);
      throw new Error('no more');
    };
    await expect(started.signCrl(order(broken))).rejects.toEqual(lost);
    await eventually('its end', () => children[0]?.signalCode === 'SIGKILL');
    await started.status();
  });
});

describe('several signer processes', () => {
  it('log in one at a time, so that a wrong PIN is tried by one only', async () => {
    start(['is refused'], 4);
    await eventually('some attempts', () => events.length >= 3);
    // Each one has ended before the next one was begun.
    expect(children.length - events.length).toBeLessThanOrEqual(1);
  });

  it('share the jobs; those of a hung one fail, the others go on', async () => {
    const started = start(['hangs at work', 'works'], 2);
    await eventually('both', () => started.pids.length === 2);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => started.status()));
    const done = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(done.length).toBeGreaterThanOrEqual(5);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(lost);
    await eventually('both again', () => started.pids.length === 2);
  });
});

describe('closing', () => {
  it('ends a hung process too, at work or at the start', async () => {
    const started = start(['works', 'hangs at the start'], 2);
    await eventually('one at work, one starting', () => started.isReady && children.length === 2);
    started.close();
    await eventually('both ended', () =>
      children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    );
    for (const { pid } of children) expect(existsSync(`/proc/${pid}`)).toBe(false);
    await expect(started.status()).rejects.toMatchObject({ outcome: 'not-applied' });
  });
});
