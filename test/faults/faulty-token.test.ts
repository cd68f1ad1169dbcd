import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { softHsmModule } from '../../hsm/softhsm.ts';
import { configure } from '../support/configuration.ts';
import { type Appearance, type Fault, FaultyToken } from '../support/faulty-token.ts';
import type { TestInstance } from '../support/instance.ts';
import { recordsSnapshot, rowsOf } from '../support/records-snapshot.ts';
import { endInstance, serveInstance } from '../support/served-instance.ts';
import { eventually, newOrder, Served, sigillo, untilAnswered } from '../support/served.ts';
import type { Answer, Station } from '../support/station.ts';
import { expectWhole } from '../support/whole-records.ts';

/**
 * Every fault of tokens that is known from the field (reference: peers of Sigillo), injected into the token of a
 * running service. In each case: what was accepted is on record, once; every request is answered in the end, with
 * the same bytes for ever; the service heals without anybody starting it again; as many uses are counted as the
 * token made signatures, or more; and the flight recorder shows what happened.
 */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const options = { algorithms: ['ecdsa-P-256-sha256'], processes: 2 };
const deadlineMs = 1_000;

let instance: TestInstance;
let token: FaultyToken;
let service: Served;
let station: Station;

beforeAll(async () => {
  ({ instance, service, station } = await serveInstance(options, ({ home }) => {
    token = new FaultyToken(join(home, 'faulty'), softHsmModule() ?? '');
    configure(home, { token: { module: token.module }, limits: { deadlineMs } });
  }));
});
afterAll(() => endInstance({ instance, service, station }));

async function start(): Promise<void> {
  service = new Served(instance);
  await service.untilReady();
  station = service.station();
}

interface Count {
  readonly uses: number;
  readonly signatures: number;
}

/** Uses of the Document Signer's key on record, and signatures that the token says it made with it. */
function counted(): Count {
  const [row] = rowsOf(instance.home, "SELECT key_id, uses FROM keys WHERE label LIKE 'dsc-%'");
  const signatures = token.signatures().get(String(row?.['key_id'])) ?? 0;
  return { uses: Number(row?.['uses']), signatures };
}

/** One SOD for each request, the same bytes for ever; whatever was answered with 201 is what stays. */
async function expectAllAnswered(bodies: readonly object[], first: readonly Answer[]): Promise<void> {
  const answers = await Promise.all(bodies.map((body) => untilAnswered(station, body)));
  const again = await Promise.all(bodies.map((body) => station.post('/v1/sods', body)));
  for (const [index, answer] of answers.entries()) {
    expect([200, 201]).toContain(answer.status);
    expect(again[index]?.status).toBe(200);
    expect(again[index]?.json()).toEqual(answer.json());
    if (first[index]?.status === 201) expect(first[index].json()).toEqual(answer.json());
  }
}

/** Everything on record holds, nothing is open, and no signature was made without a use on record. */
async function expectCounted(before: Count): Promise<void> {
  await expectWhole(instance.home);
  const after = counted();
  expect(after.signatures, 'the token counts').toBeGreaterThan(before.signatures);
  expect(after.uses - before.uses).toBeGreaterThanOrEqual(after.signatures - before.signatures);
}

/** What `sigillo token trace` shows of calls that failed. */
async function traced(since: Date, ...options: readonly string[]): Promise<readonly TraceLine[]> {
  const args = [
    '--home',
    instance.home,
    '--since',
    since.toISOString(),
    '--last',
    '100000',
    '--json',
    ...options,
  ];
  const { code, stdout } = await sigillo('token', 'trace', ...args);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceLine);
}

interface TraceLine {
  readonly pid: number;
  readonly function: string;
  readonly returnValue: string | null;
  readonly milliseconds: number | null;
  readonly isUnderWay?: boolean;
  readonly keyId?: string;
}

interface FaultCase {
  readonly name: string;
  readonly faults: Fault | readonly Fault[];
  readonly appearance?: Appearance;
  /** How the flight recorder shows it; null for calls that never came back. */
  readonly shows: readonly [name: string, returnValue: string | null];
  /** Calls that the token is slow in: at least so many milliseconds. */
  readonly milliseconds?: number;
}

const whileServing: readonly FaultCase[] = [
  {
    name: 'its daemon was restarted: sessions and login are gone (Boulder 3468)',
    faults: { call: 'C_SignInit', times: 2, deed: 'close-sessions' },
    shows: ['C_SignInit', 'CKR_SESSION_HANDLE_INVALID'],
  },
  {
    name: 'sessions are dead after idling, until C_Finalize (yubihsm-shell 541, step-ca 937)',
    faults: { call: 'C_Sign', times: 2, code: 'CKR_SESSION_HANDLE_INVALID', until: 'finalize' },
    shows: ['C_Sign', 'CKR_SESSION_HANDLE_INVALID'],
  },
  {
    name: 'everything fails until the process ends',
    faults: { call: 'C_Sign', times: 1, code: 'CKR_GENERAL_ERROR', until: 'process-ends' },
    shows: ['C_Sign', 'CKR_GENERAL_ERROR'],
  },
  {
    name: 'a long hang, then CKR_CRYPTOKI_NOT_INITIALIZED (Pkcs11Interop 214)',
    faults: {
      call: 'C_Sign',
      times: 1,
      delayMs: deadlineMs - 400,
      code: 'CKR_CRYPTOKI_NOT_INITIALIZED',
      until: 'finalize',
    },
    shows: ['C_Sign', 'CKR_CRYPTOKI_NOT_INITIALIZED'],
    milliseconds: deadlineMs - 400,
  },
  {
    name: 'a hang that does not end',
    faults: { call: 'C_Sign', times: 2, delayMs: 3_600_000 },
    shows: ['C_Sign', null],
  },
  {
    name: 'a session that stays bad (fabric 1022, 1670)',
    faults: { call: 'C_SignInit', times: 2, code: 'CKR_SESSION_HANDLE_INVALID', until: 'session-closed' },
    shows: ['C_SignInit', 'CKR_SESSION_HANDLE_INVALID'],
  },
  {
    name: 'it forgets the login',
    faults: { call: 'C_SignInit', times: 1, deed: 'logout' },
    shows: ['C_SignInit', 'CKR_OBJECT_HANDLE_INVALID'],
  },
  {
    name: 'a device error, not applied (Boulder 1003)',
    faults: { call: 'C_Sign', times: 3, code: 'CKR_DEVICE_ERROR' },
    shows: ['C_Sign', 'CKR_DEVICE_ERROR'],
  },
  {
    name: 'a device error, applied, its answer lost',
    faults: { call: 'C_Sign', times: 3, code: 'CKR_DEVICE_ERROR', isApplied: true },
    shows: ['C_Sign', 'CKR_DEVICE_ERROR'],
  },
  {
    name: 'the process crashes before it has signed',
    faults: { call: 'C_Sign', times: 2, deed: 'segfault' },
    shows: ['C_Sign', null],
  },
  {
    name: 'the process crashes after it has signed',
    faults: { call: 'C_Sign', times: 2, deed: 'abort', isApplied: true },
    shows: ['C_Sign', null],
  },
  {
    name: 'it is gone, and back',
    faults: [],
    appearance: { isAbsent: true },
    shows: ['C_SignInit', 'CKR_DEVICE_REMOVED'],
  },
  {
    name: 'its slots have other numbers (labca 10)',
    faults: { call: 'C_Sign', times: 2, code: 'CKR_CRYPTOKI_NOT_INITIALIZED', until: 'finalize' },
    appearance: { slotShift: 7 },
    shows: ['C_Sign', 'CKR_CRYPTOKI_NOT_INITIALIZED'],
  },
  {
    name: 'every signature is slow',
    faults: { call: 'C_Sign', delayMs: 60 },
    shows: ['C_Sign', 'CKR_OK'],
    milliseconds: 60,
  },
];

describe('while it serves, the token fails:', () => {
  it.each(whileServing)('$name', async ({ faults, appearance, shows, milliseconds = 0 }) => {
    const since = new Date();
    const before = counted();
    const early = newOrder();
    const signed = await station.post('/v1/sods', early);
    expect(signed.status).toBe(201);

    token.fail(faults, appearance);
    const bodies = Array.from({ length: 12 }, () => newOrder());
    const first = await Promise.all(bodies.map((body) => station.post('/v1/sods', body)));
    for (const { status } of first) expect([201, 503, 504]).toContain(status);
    const repeated = await station.post('/v1/sods', early);
    expect(repeated.json(), 'what was answered is answered whatever the token does').toEqual(signed.json());

    token.heal();
    await expectAllAnswered(bodies, first);
    await eventually('ready', async () => (await service.health())?.ready === true);
    expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    await expectCounted(before);
    const [name, returnValue] = shows;
    const seen = (await traced(since)).filter(
      (line) =>
        line.function === name &&
        line.returnValue === returnValue &&
        (line.milliseconds === null || line.milliseconds >= milliseconds),
    );
    expect(seen).not.toEqual([]);
  });
});

interface StartFault {
  readonly name: string;
  readonly faults: Fault | readonly Fault[];
  readonly appearance?: Appearance;
  /** What the service says of itself, and callers are told. */
  readonly reason: RegExp;
  readonly shows?: readonly [name: string, returnValue: string];
}

const whenItStarts: readonly StartFault[] = [
  {
    name: 'it is absent (krill 761)',
    faults: [],
    appearance: { isAbsent: true },
    reason: /no token is labelled/,
  },
  {
    name: 'two slots have its label (labca 10)',
    faults: [],
    appearance: { hasTwin: true },
    reason: /2 tokens are labelled/,
  },
  {
    name: 'C_Initialize fails without a word (step-ca 2409)',
    faults: { call: 'C_Initialize', code: 'CKR_FUNCTION_FAILED' },
    reason: /CKR_FUNCTION_FAILED/,
    shows: ['C_Initialize', 'CKR_FUNCTION_FAILED'],
  },
  {
    name: 'C_Login fails with something else than the PIN',
    faults: { call: 'C_Login', code: 'CKR_FUNCTION_FAILED' },
    reason: /CKR_FUNCTION_FAILED/,
    shows: ['C_Login', 'CKR_FUNCTION_FAILED'],
  },
];

/** Ends the signers after `change`, so that new ones start with what it has changed. */
async function restartSigners(change: () => void): Promise<void> {
  await eventually('both signers', () => service.signerPids.length === 2);
  change();
  for (const pid of service.signerPids) process.kill(pid, 'SIGKILL');
}

describe('when a signer starts, of the token', () => {
  it.each(whenItStarts)(
    '$name: it says so, and heals by itself',
    async ({ faults, appearance, reason, shows }) => {
      const since = new Date();
      const before = counted();
      await restartSigners(() => token.fail(faults, appearance));
      await service.untilNotReady(reason);
      const body = newOrder();
      const refused = await station.post('/v1/sods', body);
      expect(refused.status).toBe(503);
      expect(refused.json()).toMatchObject({
        detail: expect.stringMatching(reason),
        mend: expect.any(String),
      });
      token.heal();
      await service.untilReady();
      await expectAllAnswered([body], [refused]);
      await expectCounted(before);
      if (shows === undefined) return;
      const [name, returnValue] = shows;
      const seen = await traced(since, '--errors');
      expect(seen).toContainEqual(expect.objectContaining({ function: name, returnValue }));
    },
  );

  it('the PIN is another: it is tried once, and the token never locks (CKR_PIN_LOCKED)', async () => {
    const before = counted();
    const pinFile = join(instance.home, 'secrets', 'pin');
    const pin = readFileSync(pinFile, 'utf8');
    const wrongLogins = () =>
      token
        .calls('C_Login')
        .filter(({ told }) => told !== 'CKR_OK')
        .map(({ told }) => told);
    const earlier = wrongLogins().length;
    await restartSigners(() => {
      token.appear({ pinTries: 3 });
      writeFileSync(pinFile, 'wrong-pin\n');
    });
    await service.untilNotReady(/PIN/);
    const failures = () => service.log.split('"signer failed to start"').length;
    const atFirst = failures();
    await eventually('three starts more', () => failures() >= atFirst + 3);
    expect(wrongLogins().slice(earlier)).toEqual(['CKR_PIN_INCORRECT']);
    writeFileSync(pinFile, pin);
    await service.untilReady();
    expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    await expectCounted(before);
    token.heal();
  });
});

describe('the token signs wrongly', () => {
  it.each([
    ['other bits', { call: 'C_Sign', flip: 0x10 }],
    ['too few octets', { call: 'C_Sign', truncate: 3 }],
  ] as const)(
    '%s: nothing of it leaves, and nothing is signed until an operator has looked',
    async (_, fault) => {
      const before = counted();
      const recorded = recordsSnapshot(instance.home);
      token.fail(fault);
      const bodies = Array.from({ length: 4 }, () => newOrder());
      const first = await Promise.all(bodies.map((body) => station.post('/v1/sods', body)));
      expect(first.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
      token.heal();
      expect((await station.post('/v1/sods', newOrder())).status).toBe(500);
      expect((await service.health())?.reasons.join()).toMatch(/an invariant is broken/);
      expect(recordsSnapshot(instance.home).sods).toBe(recorded.sods);
      station.close();
      await service.stop();
      await start();
      await expectAllAnswered(bodies, first);
      await expectCounted(before);
    },
  );

  it('a checkpoint: nothing of it is published, and the next one is right', async () => {
    const before = counted();
    const isSealed = async () => {
      const served = await fetch(`http://localhost:${instance.portBase + 3}/log/checkpoint`);
      return (await served.text()).split('\n')[1] === String(recordsSnapshot(instance.home).logLeaves);
    };
    // Whose first signature is one with the health key.
    await eventually('both signers', () => service.signerPids.length === 2);
    await eventually('a checkpoint over all leaves', isSealed);
    const logged = service.log.length;
    // The first one is that of the SOD; nothing else is due.
    token.fail({ call: 'C_Sign', from: 2, times: 1, flip: 0x10 });
    expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    await eventually('the wrong one', () =>
      /checkpoint of \d+ leaves does not hold/.test(service.log.slice(logged)),
    );
    expect((await service.health())?.ready).toBe(true);
    await eventually('the right one', isSealed);
    await expectCounted(before);
    token.heal();
  });
});
