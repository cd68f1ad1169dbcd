import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { CallRecorder } from '../../hsm/trace/call-recorder.ts';
import { tracedFunctions } from '../../hsm/trace/trace-file.ts';
import { prepareTraceFolder, readTraceFolder } from '../../hsm/trace/trace-folder.ts';
import { FaultyToken } from '../support/faulty-token.ts';
import { sigillo } from '../support/served.ts';

const pin = '49201537';
const keyId = 'a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4';
const program = fileURLToPath(new URL('./sign-on-token.ts', import.meta.url));

let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sigillo-trace-'));
  folder = join(home, 'trace');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const call = {
  function: tracedFunctions.indexOf('C_Sign'),
  session: 5,
  slot: 0,
  inputOctets: 32,
  mechanism: 0,
};

function record(recorder: CallRecorder, returnValue: number, id?: Uint8Array): void {
  recorder.end(recorder.begin({ ...call, keyId: id }), returnValue, returnValue !== 0);
}

describe('the flight recorder', () => {
  it('keeps the last calls in the order in which they began, however many there were', () => {
    const recorder = new CallRecorder(folder, 8);
    for (let index = 0; index < 21; index += 1) record(recorder, 0, Buffer.alloc(16, index));
    recorder.begin({ ...call, keyId: undefined });
    const calls = readTraceFolder(folder);
    expect(calls.map(({ number }) => number)).toEqual([15, 16, 17, 18, 19, 20, 21, 22]);
    expect(calls[0]).toMatchObject({
      pid: process.pid,
      function: 'C_Sign',
      session: 5,
      inputOctets: 32,
      returnValue: 0,
      keyId: Buffer.alloc(16, 14).toString('hex'),
    });
    expect(calls.map(({ duration }) => duration === undefined)).toEqual([
      ...Array<boolean>(7).fill(false),
      true,
    ]);
  });

  it('has calls that overlap, and end in another order', () => {
    const recorder = new CallRecorder(folder, 8);
    const [first, second] = [1, 2].map(() => recorder.begin({ ...call, keyId: undefined }));
    recorder.end(second ?? 0, 0x30, true);
    recorder.end(first ?? 0, 0, false);
    recorder.begin({ ...call, keyId: undefined });
    expect(readTraceFolder(folder).map(({ returnValue }) => returnValue)).toEqual([0, 0x30, 0]);
  });

  it('keeps what led to a fault, when the calls after it have gone round the ring', () => {
    const recorder = new CallRecorder(folder, 4);
    for (const returnValue of [0, 0, 0x30]) record(recorder, returnValue);
    for (let index = 0; index < 40; index += 1) record(recorder, 0);
    const calls = readTraceFolder(folder);
    expect(calls.slice(0, 3)).toMatchObject([{ returnValue: 0 }, { returnValue: 0 }, { returnValue: 0x30 }]);
    expect(calls.at(-1)?.number).toBe(43);
  });

  it('is bounded: of processes that have ended, the oldest and the newest files stay, for a week', () => {
    mkdirSync(folder);
    const name = (index: number) => `signer-${4_194_305 + index}-${index}.trace`;
    for (let index = 0; index < 100; index += 1) {
      writeFileSync(join(folder, name(index)), '');
      const age = index < 10 ? 8 * 86_400 : 1_000 - index;
      utimesSync(join(folder, name(index)), Date.now() / 1_000 - age, Date.now() / 1_000 - age);
    }
    const own = `signer-${process.pid}-1.trace`;
    writeFileSync(join(folder, own), '');
    utimesSync(join(folder, own), 0, 0);
    prepareTraceFolder(folder);
    const left = new Set(readdirSync(folder));
    expect(left.size).toBe(49);
    expect(left).toContain(own);
    for (const index of [10, 17, 60, 99]) expect(left).toContain(name(index));
    for (const index of [0, 9, 18, 59]) expect(left).not.toContain(name(index));
  });

  it('is bounded while a process runs that meets faults without end', () => {
    mkdirSync(folder);
    for (let index = 0; index < 100; index += 1) {
      writeFileSync(join(folder, `fault-${process.pid}-1-${index}.trace`), '');
    }
    prepareTraceFolder(folder);
    expect(readdirSync(folder)).toHaveLength(48);
  });

  it('never keeps anybody from calling, where the disk takes no file', () => {
    writeFileSync(folder, 'a file where the folder should be');
    record(new CallRecorder(folder, 4), 0x30);
    expect(readFileSync(folder, 'utf8')).toMatch(/^a file/);
  });

  it('leaves files out that are none of its own, whole or cut short', () => {
    record(new CallRecorder(folder, 4), 0);
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, 'signer-1-1.trace'), 'SIGILLO TRACE 1\n');
    writeFileSync(join(folder, 'signer-1-2.trace'), readFileSync(join(folder, file)).subarray(0, 150));
    expect(readTraceFolder(folder).every(({ pid }) => pid === process.pid)).toBe(true);
  });
});

describe('sigillo token trace', () => {
  let token: FaultyToken;

  /** A process that makes a key, signs three times with it and ends as the token lets it. */
  function signInOtherProcess(): string | number | null {
    const configuration = {
      module: token.module,
      tokenLabel: 'test',
      pinFile: join(home, 'pin'),
      traceFolder: folder,
    };
    const { signal, status } = spawnSync(process.execPath, [program, JSON.stringify(configuration), keyId], {
      env: { PATH: process.env['PATH'], SOFTHSM2_CONF: join(home, 'softhsm2.conf') },
    });
    return signal ?? status;
  }

  beforeEach(() => {
    process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(home);
    writeFileSync(join(home, 'pin'), `${pin}\n`, { mode: 0o600 });
    initialiseToken(softHsmModule() ?? '', 'test', 'so-pin-1', pin);
    token = new FaultyToken(join(home, 'faulty'), softHsmModule() ?? '');
  });

  const trace = (...options: readonly string[]) => sigillo('token', 'trace', '--home', home, ...options);

  it('shows the call that a process crashed in, and those that led there', async () => {
    token.fail({ call: 'C_Sign', from: 3, deed: 'segfault' });
    expect(signInOtherProcess()).toBe('SIGSEGV');
    const { code, stdout } = await trace('--errors');
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 × no answer before the process ended from C_Sign, last at \d{4}-/);
    expect(stdout).toMatch(/signer \d+ \(ended\)/);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/C_Sign +session \d+ +key a1b2c3d4 +no answer before the process ended$/);
    expect(lines.at(-2)).toMatch(/C_SignInit +session \d+ +key a1b2c3d4 +\d+\.\d{3} ms CKR_OK$/);
  });

  it('says what failed, how often, how slow it was, and what mends it', async () => {
    token.fail({ call: 'C_Sign', from: 3, code: 'CKR_DEVICE_ERROR', delayMs: 30 });
    expect(signInOtherProcess()).toBe(1);
    const { stdout } = await trace();
    expect(stdout).toMatch(/1 × CKR_DEVICE_ERROR from C_Sign/);
    expect(stdout).toMatch(/mend: look at the HSM itself/);
    expect(stdout).toMatch(/C_Sign: 3 times, .* in the middle, \d+ ms at most/);
  });

  it('has all calls of a process as the token saw them, and never a PIN', async () => {
    expect(signInOtherProcess()).toBe(0);
    const { stdout } = await trace('--json', '--last', '10000');
    const calls = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { function: string });
    // The binding asks twice where it must ask for a length first.
    const once = (names: readonly string[]) => names.filter((name, index) => name !== names[index - 1]);
    expect(once(calls.map((each) => each.function))).toEqual(
      once(token.calls().map((each) => each.function)),
    );
    expect(calls.filter((each) => each.function === 'C_Sign')).toHaveLength(4);
    for (const name of readdirSync(folder)) {
      const octets = readFileSync(join(folder, name));
      expect(octets.includes(pin)).toBe(false);
      expect(octets.includes(Buffer.alloc(8, 0x5a))).toBe(false);
    }
  });

  it('shows as much as it is asked for, and says when there is nothing', async () => {
    expect(await trace()).toMatchObject({ code: 1, stderr: expect.stringMatching(/no calls are on record/) });
    expect(signInOtherProcess()).toBe(0);
    const { stdout } = await trace('--json', '--last', '3');
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(await trace('--since', '2999-01-01')).toMatchObject({ code: 1 });
    expect(await trace('--since', '1h', '--errors')).toMatchObject({ code: 0 });
    expect(await trace('--since', 'yesterday')).toMatchObject({ code: 2 });
    expect(await trace('--last', '0')).toMatchObject({ code: 2 });
  });
});
