import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pkcs11 from 'pkcs11js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import type { OpenTokenOrder, OpenTokenOutcome } from './open-token.ts';

const program = fileURLToPath(new URL('./open-token.ts', import.meta.url));
const module = softHsmModule() ?? '';
let folder: string;
let pinFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-hsm-'));
  pinFile = join(folder, 'pin');
  writeSoftHsmConfiguration(folder);
  writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
  open({ initialise: 'test' });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the token in a process of its own. */
function open(order: Partial<OpenTokenOrder> = {}): OpenTokenOutcome {
  const whole = { configuration: { module, tokenLabel: 'test', pinFile }, ...order };
  const output = execFileSync(process.execPath, [program, JSON.stringify(whole)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], SOFTHSM2_CONF: join(folder, 'softhsm2.conf') },
  });
  return JSON.parse(output) as OpenTokenOutcome;
}

function expectUnavailable(outcome: OpenTokenOutcome, message: RegExp, mend: RegExp): void {
  expect(outcome.error?.name).toBe('Unavailable');
  expect(outcome.outcome).toBe('not-applied');
  expect(outcome.error?.message).toMatch(message);
  expect(outcome.error?.mend).toMatch(mend);
}

describe('a token is found by its label', () => {
  it('and opened with one login', () => {
    expect(open()).toMatchObject({ status: { label: 'test', keys: 0 }, logins: 1 });
  });

  it('refuses a label that no token has', () => {
    const outcome = open({ configuration: { module, tokenLabel: 'other', pinFile } });
    expectUnavailable(outcome, /no token is labelled other/, /correct token\.tokenLabel/);
    expect(outcome.error).toMatchObject({ rule: 'token-label', source: 'docs/tokens.md' });
    expect(outcome.logins).toBe(0);
  });

  it('refuses a label that two tokens have', () => {
    const [tokens, aside] = [join(folder, 'tokens'), join(folder, 'aside')];
    renameSync(tokens, aside);
    mkdirSync(tokens, { mode: 0o700 });
    open({ initialise: 'test' });
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(tokens, name));
    expectUnavailable(open(), /2 tokens are labelled test/, /label of its own/);
  });

  it('refuses a module that is not there, or is none', () => {
    for (const path of [join(folder, 'missing.so'), pinFile]) {
      const outcome = open({ configuration: { module: path, tokenLabel: 'test', pinFile } });
      expectUnavailable(outcome, /loading PKCS#11 module/, /./);
    }
  });

  it('is initialised to the end when that was cut short', () => {
    // As C_InitToken leaves it, before the security officer sets the user PIN.
    const library = join(folder, 'tokens');
    rmSync(library, { recursive: true });
    mkdirSync(library, { mode: 0o700 });
    initialiseWithoutUserPin('test');
    expectUnavailable(open(), /CKR_USER_PIN_NOT_INITIALIZED/, /initialise the user PIN/);
    open({ initialise: 'test' });
    expect(open().status?.label).toBe('test');
  });
});

describe('the PIN file', () => {
  it('is refused when others can read it', () => {
    for (const mode of [0o644, 0o640, 0o604, 0o660]) {
      chmodSync(pinFile, mode);
      const outcome = open();
      expectUnavailable(outcome, new RegExp(`mode 0${mode.toString(8)}`), /chmod 0600/);
      expect(outcome.logins).toBe(0);
    }
  });

  it('is refused when it is missing or empty', () => {
    writeFileSync(pinFile, '\n');
    expectUnavailable(open(), /is empty/, /write the user PIN/);
    rmSync(pinFile);
    expectUnavailable(open(), /is not there/, /mode 0600/);
  });
});

describe('a wrong PIN', () => {
  it('is tried exactly once, by however many processes', () => {
    writeFileSync(pinFile, '87654321\n');
    const first = open();
    expectUnavailable(first, /refused the PIN/, /correct the PIN/);
    expect(first.logins).toBe(1);
    expect(pinCountIsLow()).toBe(true);
    for (let start = 0; start < 3; start += 1) {
      const again = open();
      expectUnavailable(again, /not tried a second time/, /correct the PIN/);
      expect(again.logins).toBe(0);
    }
  });

  it('is healed by the right one in the file, nothing else', () => {
    writeFileSync(pinFile, '87654321\n');
    open();
    writeFileSync(pinFile, '12345678\n');
    expect(open()).toMatchObject({ status: { label: 'test' }, logins: 1 });
    expect(existsSync(`${pinFile}.refused`)).toBe(false);
    expect(open().logins).toBe(1);
  });

  it('is tried once more only when the file was written again', () => {
    writeFileSync(pinFile, '87654321\n');
    open();
    utimesSync(pinFile, new Date(), new Date(Date.now() + 5_000));
    expect(open().logins).toBe(1);
    expect(open().logins).toBe(0);
  });

  it('leaves a mark that is private and does not name the PIN', () => {
    writeFileSync(pinFile, '87654321\n');
    open();
    const mark = readFileSync(`${pinFile}.refused`, 'utf8');
    expect(mark).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is not tried at all where its refusal could not be remembered', () => {
    writeFileSync(pinFile, '87654321\n');
    // Stands for a disk without room or a folder that cannot be written to.
    symlinkSync(join(folder, 'missing', 'mark'), `${pinFile}.refused`);
    for (let start = 0; start < 2; start += 1) {
      const outcome = open();
      expectUnavailable(outcome, /could not be remembered/, /move it to a folder/);
      expect(outcome.logins).toBe(0);
    }
  });

  it.each([
    ['CKR_PIN_LEN_RANGE', pkcs11.CKR_PIN_LEN_RANGE],
    ['CKR_PIN_INVALID', pkcs11.CKR_PIN_INVALID],
  ])('that the token calls %s is remembered too', (name, code) => {
    expect(open({ loginReturns: { name, code } }).logins).toBe(1);
    expect(open().logins).toBe(0);
  });

  it.each([
    ['CKR_PIN_LOCKED', pkcs11.CKR_PIN_LOCKED, /security officer/],
    ['CKR_PIN_EXPIRED', pkcs11.CKR_PIN_EXPIRED, /changed/],
    ['CKR_DEVICE_ERROR', pkcs11.CKR_DEVICE_ERROR, /HSM/],
  ])('is not what %s says, which passes by itself', (name, code, mend) => {
    expectUnavailable(open({ loginReturns: { name, code } }), new RegExp(name), mend);
    expect(open().status?.label).toBe('test');
  });

  it.each([
    ['locked', pkcs11.CKF_USER_PIN_LOCKED],
    ['one attempt from being locked', pkcs11.CKF_USER_PIN_FINAL_TRY],
  ])('is not even tried on a token that is %s', (_, tokenFlags) => {
    const outcome = open({ tokenFlags });
    expectUnavailable(outcome, /lock/, /by hand|security officer/);
    expect(outcome.logins).toBe(0);
  });
});

/** What the token itself says about wrong PINs since the last right one. */
function pinCountIsLow(): boolean {
  const flags = inOtherProcess(`
    const tokens = lib.C_GetSlotList(true).map((slot) => lib.C_GetTokenInfo(slot));
    process.stdout.write(String(tokens.find(({ label }) => label.trim() === 'test').flags));`);
  return (Number(flags) & pkcs11.CKF_USER_PIN_COUNT_LOW) !== 0;
}

function initialiseWithoutUserPin(label: string): void {
  inOtherProcess(`lib.C_InitToken(lib.C_GetSlotList(true)[0], 'so-pin-1', ${JSON.stringify(label)});`);
}

function inOtherProcess(script: string): string {
  const prelude = `import pkcs11 from 'pkcs11js';
    const lib = new pkcs11.PKCS11();
    lib.load(${JSON.stringify(module)});
    lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', `${prelude}${script}`], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], SOFTHSM2_CONF: join(folder, 'softhsm2.conf') },
  });
}
