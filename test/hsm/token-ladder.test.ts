import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11 from 'pkcs11js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Healing, Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import type { SignatureAlgorithm } from '../../src/formats/algorithms/signature-algorithms.ts';
import { type Fault, FaultyToken, type TokenCall } from '../support/faulty-token.ts';

/**
 * Each rung of the ladder with a SoftHSM token behind a module that fails as it is told to. A process holds one
 * module, and C_Finalize ends every session in it; so all tokens here are one after the other in one process.
 */

const ecdsa: SignatureAlgorithm = { kind: 'ecdsa', digest: 'SHA-256' };
const role = 'document-signer';
const folder = mkdtempSync(join(tmpdir(), 'sigillo-ladder-'));
const pinFile = join(folder, 'pin');
const keyId = randomBytes(16).toString('hex');
let faulty: FaultyToken;
let token: Pkcs11Token;
let healings: Healing[] = [];

beforeAll(async () => {
  process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(folder);
  writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
  const real = softHsmModule() ?? '';
  initialiseToken(real, 'test', 'so-pin-1', '12345678');
  faulty = new FaultyToken(join(folder, 'faulty'), real);
  const configuration = { module: faulty.module, tokenLabel: 'test', pinFile };
  token = Pkcs11Token.open(configuration, (healing) => healings.push(healing));
  await token.generateKeyPair(keyId, role, 'test', { kind: 'ec', curve: 'P-256' });
});
afterEach(() => {
  faulty.heal();
  healings = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

const sign = () => token.sign(keyId, role, ecdsa, randomBytes(20));
const logins = (calls: readonly TokenCall[]) => calls.filter((call) => call.function === 'C_Login').length;

/** Signs while it fails. @returns the calls that the token saw */
async function signThrough(faults: Fault | readonly Fault[]): Promise<readonly TokenCall[]> {
  const before = faulty.calls().length;
  faulty.fail(faults);
  await sign();
  return faulty.calls().slice(before);
}

/** C_Initialize is called again without harm: a new process would do the same. */
function openAnew(sessions = 1): Pkcs11Token {
  faulty.heal();
  const lib = new pkcs11.PKCS11();
  lib.load(faulty.module);
  try {
    lib.C_Finalize();
  } catch {
    // The token before may have left it so.
  }
  const configuration = { module: faulty.module, tokenLabel: 'test', pinFile, sessions };
  return Pkcs11Token.open(configuration, (healing) => healings.push(healing));
}

describe('a new session', () => {
  it.each([
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_KEY_HANDLE_INVALID',
    'CKR_OPERATION_ACTIVE',
    'CKR_OBJECT_HANDLE_INVALID',
  ] as const)('heals %s, without another signature', async (code) => {
    const fault: Fault = { call: 'C_SignInit', times: 1, code, until: 'session-closed' };
    const calls = await signThrough(fault);
    expect(healings).toEqual([{ rung: 'session', because: code }]);
    expect(calls.filter((call) => call.function === 'C_Sign')).toHaveLength(1);
    expect(logins(calls)).toBe(0);
    // A session that failed is never used again.
    expect(calls.some((call) => call.function === 'C_CloseSession')).toBe(true);
  });

  it('may still not know the login: then that is next', async () => {
    const calls = await signThrough({ call: 'C_SignInit', times: 1, deed: 'close-sessions' });
    expect(healings.map(({ rung }) => rung)).toEqual(['session', 'login']);
    expect(logins(calls)).toBe(1);
  });
});

describe('a login', () => {
  it('heals a token that forgot it, and half a key is not taken for a leftover', async () => {
    const calls = await signThrough({ call: 'C_SignInit', times: 1, deed: 'logout' });
    expect(healings.at(-1)?.rung).toBe('login');
    expect(logins(calls)).toBe(1);
    faulty.fail({ call: 'C_GetSessionInfo', times: 1, deed: 'logout' });
    await token.generateKeyPair(keyId, role, 'test', { kind: 'ec', curve: 'P-256' });
    expect((await token.probe()).keyIds).toContain(keyId);
  });

  it('with a PIN that the token refuses is tried once, and the process is given up', async () => {
    const before = faulty.calls('C_Login').length;
    writeFileSync(pinFile, '87654321\n');
    faulty.fail({ call: 'C_SignInit', times: 1, deed: 'logout' });
    await expect(sign()).rejects.toThrow(/refused the PIN/);
    expect(token.isLost).toBe(true);
    await expect(sign()).rejects.toThrow(/not tried a second time/);
    expect(() => openAnew()).toThrow(/not tried a second time/);
    expect(faulty.calls('C_Login').length - before).toBe(1);
    writeFileSync(pinFile, '12345678\n');
    token = openAnew();
    await sign();
  });
});

describe('C_Finalize and C_Initialize', () => {
  it.each(['CKR_CRYPTOKI_NOT_INITIALIZED', 'CKR_TOKEN_NOT_PRESENT'] as const)('heal %s', async (code) => {
    token = openAnew();
    const calls = await signThrough({ call: 'C_SignInit', times: 1, code, until: 'finalize' });
    expect(healings).toEqual([{ rung: 'reinitialise', because: code }]);
    expect(calls.filter((call) => call.function === 'C_Finalize')).toHaveLength(1);
    expect(calls.filter((call) => call.function === 'C_Initialize')).toHaveLength(1);
  });

  it('heal a session that is dead whatever new session is opened (yubihsm-shell 541)', async () => {
    token = openAnew();
    const code = 'CKR_SESSION_HANDLE_INVALID';
    await signThrough({ call: 'C_SignInit', times: 1, code, until: 'finalize' });
    expect(healings.at(-1)).toEqual({ rung: 'reinitialise', because: code });
  });

  it('find the token in whatever slot it is then', async () => {
    token = openAnew();
    faulty.appear({ slotShift: 3 });
    await sign();
    expect(healings.at(-1)?.rung).toBe('reinitialise');
  });

  it.each([
    ['the token does not show for a moment', { call: 'C_GetSlotList', code: 'CKR_GENERAL_ERROR' }],
    ['its PIN seems not to be set for a moment', { call: 'C_Login', code: 'CKR_USER_PIN_NOT_INITIALIZED' }],
  ] as const)('are done again where %s', async (_, { call, code }) => {
    token = openAnew();
    const removed = { call: 'C_SignInit', times: 1, code: 'CKR_DEVICE_REMOVED', until: 'finalize' } as const;
    faulty.fail([removed, { call, times: 2, code }]);
    const since = faulty.calls().length;
    await sign();
    expect(healings).toEqual([{ rung: 'reinitialise', because: 'CKR_DEVICE_REMOVED' }]);
    const calls = faulty.calls().slice(since);
    expect(calls.filter((made) => made.function === 'C_Initialize')).toHaveLength(3);
    expect(token.isLost).toBe(false);
  });

  it('are given up when the token does not come back', async () => {
    token = openAnew();
    faulty.fail(
      { call: 'C_SignInit', times: 1, code: 'CKR_DEVICE_REMOVED', until: 'finalize' },
      { isAbsent: true },
    );
    await expect(sign()).rejects.toThrow(/no token is labelled test/);
    expect(token.isLost).toBe(true);
    faulty.heal();
  });

  it('refuse two tokens of one label, and name their serial numbers', async () => {
    token = openAnew();
    faulty.fail({ call: 'C_SignInit', times: 1, code: 'CKR_SLOT_ID_INVALID' }, { hasTwin: true });
    await expect(sign()).rejects.toThrow(
      /2 tokens are labelled test \(serial numbers [0-9a-f]+, [0-9a-f]+\)/,
    );
    expect(token.isLost).toBe(true);
  });
});

describe('a signature that may have been made', () => {
  it.each(['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED', 'CKR_DEVICE_REMOVED'] as const)(
    'is not asked for again after %s: the caller counts another use first',
    async (code) => {
      token = openAnew();
      const before = faulty.signatures().get(keyId) ?? 0;
      faulty.fail({ call: 'C_Sign', times: 1, code, isApplied: true });
      await expect(sign()).rejects.toMatchObject({ kind: 'unavailable', outcome: 'unknown' });
      expect((faulty.signatures().get(keyId) ?? 0) - before).toBe(1);
      // Healed meanwhile, for the next one.
      await sign();
      expect(token.isLost).toBe(false);
    },
  );
});

describe('nothing in the process', () => {
  it.each(['CKR_DEVICE_ERROR', 'CKR_HOST_MEMORY'] as const)('heals %s: it is given up', async (code) => {
    token = openAnew();
    faulty.fail({ call: 'C_Sign', times: 1, code });
    await expect(sign()).rejects.toMatchObject({ outcome: 'unknown' });
    expect(token.isLost).toBe(true);
    expect(healings).toEqual([]);
  });

  it('is climbed for a job that is wrong itself: the token is well', async () => {
    token = openAnew();
    faulty.fail({ call: 'C_SignInit', times: 1, code: 'CKR_MECHANISM_INVALID' });
    await expect(sign()).rejects.toMatchObject({ outcome: 'not-applied' });
    expect([token.isLost, healings]).toEqual([false, []]);
    await sign();
  });
});

describe('several sessions', () => {
  it('sign side by side, and one that dies takes no other along', async () => {
    token = openAnew(4);
    faulty.fail([
      { call: 'C_SignInit', from: 7, times: 1, code: 'CKR_SESSION_HANDLE_INVALID', until: 'session-closed' },
      { call: 'C_Sign', delayMs: 30 },
    ]);
    const before = faulty.calls().length;
    await Promise.all(Array.from({ length: 24 }, sign));
    const calls = faulty.calls().slice(before);
    const signing = calls.filter((call) => call.function === 'C_Sign');
    expect(signing).toHaveLength(24);
    const isOverlapped = signing.some((one, index) =>
      signing.some(
        (other, at) =>
          at !== index && other.start < one.start && one.start < other.start + other.microseconds,
      ),
    );
    expect(isOverlapped).toBe(true);
    expect(calls.filter((call) => call.told === 'CKR_OPERATION_ACTIVE')).toEqual([]);
  });

  it('forget the login together, and log in once', async () => {
    token = openAnew(4);
    await Promise.all(Array.from({ length: 8 }, sign));
    const before = faulty.calls().length;
    faulty.fail({ call: 'C_SignInit', times: 1, deed: 'logout' });
    await Promise.all(Array.from({ length: 16 }, sign));
    const told = faulty
      .calls()
      .slice(before)
      .filter((call) => call.function === 'C_Login');
    expect(told.filter((call) => call.told === 'CKR_OK')).toHaveLength(1);
  });
});
