import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { healthKey } from '../../hsm/health-key.ts';
import { softHsmModule } from '../../hsm/softhsm.ts';
import { configure } from '../support/configuration.ts';
import { type Fault, FaultyToken } from '../support/faulty-token.ts';
import type { TestInstance } from '../support/instance.ts';
import { recordsSnapshot } from '../support/records-snapshot.ts';
import { endInstance, serveInstance } from '../support/served-instance.ts';
import { eventually, newOrder, type Served } from '../support/served.ts';
import type { Station } from '../support/station.ts';

/**
 * A token that ends sessions which idle, as many do after minutes: the signer that proves itself with the health key
 * notices it and heals, so that no order ever meets it.
 */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let instance: TestInstance;
let token: FaultyToken;
let service: Served;
let station: Station;

beforeAll(async () => {
  const options = { algorithms: ['ecdsa-P-256-sha256'], processes: 2 };
  ({ instance, service, station } = await serveInstance(options, ({ home }) => {
    token = new FaultyToken(join(home, 'faulty'), softHsmModule() ?? '');
    configure(home, { token: { module: token.module, keepAliveSeconds: 1 } });
  }));
  await eventually('both signers', () => service.signerPids.length === 2);
  await signOne();
});
afterAll(() => endInstance({ instance, service, station }));

async function signOne(): Promise<void> {
  const answer = await station.post('/v1/sods', newOrder());
  expect(answer.status).toBe(201);
}

/** Rungs that were climbed, by process, in the log since then. */
function healings(since: number): ReadonlyMap<number, readonly string[]> {
  const lines = service.log.slice(since).split('\n').slice(0, -1);
  const events = lines.map((line) => JSON.parse(line) as HealingLine);
  const climbed = events.filter(({ kind, healing }) => kind === 'healing' && healing.failure === undefined);
  const byPid = Map.groupBy(climbed, ({ signerPid }) => signerPid);
  return new Map([...byPid].map(([pid, own]) => [pid, own.map(({ healing }) => healing.rung)]));
}

/** What was ordered is under a checkpoint: no key but the health key has anything to do. */
function untilNothingIsDue(): Promise<void> {
  return eventually('a checkpoint over all leaves', async () => {
    const served = await fetch(`http://localhost:${instance.portBase + 3}/log/checkpoint`);
    return (await served.text()).split('\n')[1] === String(recordsSnapshot(instance.home).logLeaves);
  });
}

interface HealingLine {
  readonly kind?: string;
  readonly signerPid: number;
  readonly healing: { readonly rung: string; readonly because: string; readonly failure?: string };
}

const once = { call: 'C_SignInit', times: 1, perProcess: true } as const;

describe('while no order comes', () => {
  it.each<[string, Fault, string]>([
    [
      'sessions are ended (Boulder 3468)',
      { ...once, code: 'CKR_SESSION_HANDLE_INVALID', until: 'session-closed' },
      'session',
    ],
    ['the device was removed', { ...once, code: 'CKR_DEVICE_REMOVED', until: 'finalize' }, 'reinitialise'],
    ['the login is forgotten', { ...once, deed: 'logout' }, 'login'],
  ])('%s: each signer notices and heals, and the next order meets nothing of it', async (_, fault, rung) => {
    await untilNothingIsDue();
    const [logged, called] = [service.log.length, token.calls().length];
    token.fail(fault);
    const pids = service.signerPids;
    await eventually('both healed', () => {
      const healed = healings(logged);
      return pids.every((pid) => healed.get(pid)?.includes(rung) === true);
    }).catch((cause: unknown) => {
      const healed = JSON.stringify([...healings(logged)]);
      const now = service.signerPids.join(' and ');
      const log = service.log.slice(logged);
      throw new Error(`of ${pids.join(' and ')} (now ${now}) healed only ${healed}:\n${log}`, { cause });
    });
    const signed = () => token.calls('C_Sign').filter(({ answered }) => answered === 'CKR_OK');
    const proofs = () => signed().length;
    const before = proofs();
    await eventually('both have signed since', () => proofs() >= before + 2);
    const meanwhile = token.calls().slice(called);
    const keys = new Set(meanwhile.filter((call) => call.function === 'C_Sign').map(({ keyId }) => keyId));
    expect([...keys]).toEqual([healthKey.keyId]);
    const [healedAt, orderAt] = [service.log.length, token.calls().length];
    for (let i = 0; i < 4; i += 1) await signOne();
    expect(healings(healedAt).size).toBe(0);
    const failed = token
      .calls()
      .slice(orderAt)
      .filter(({ told }) => told !== 'CKR_OK');
    expect(failed).toEqual([]);
    expect(service.signerPids).toEqual(pids);
    token.heal();
  });
});
