import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pkcs11 from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import { objectIdentifier } from '../../src/formats/der/writer.ts';
import { FaultyToken } from '../support/faulty-token.ts';

// The tests of tokens that fail are worth what this module is worth: each of its faults is seen here from outside.

const folder = mkdtempSync(join(tmpdir(), 'sigillo-faulty-'));
const keyId = randomBytes(16);
const lib = new pkcs11.PKCS11();
let token: FaultyToken;
let session: Buffer;
let privateKey: Buffer;

beforeAll(() => {
  process.env['SOFTHSM2_CONF'] = writeSoftHsmConfiguration(folder);
  initialiseToken(softHsmModule() ?? '', 'test', 'so-pin-1', '12345678');
  token = new FaultyToken(join(folder, 'faulty'), softHsmModule() ?? '');
  lib.load(token.module);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
  session = openSession();
  lib.C_Login(session, pkcs11.CKU_USER, '12345678');
  privateKey = findKey() ?? generateKey();
});
afterEach(() => {
  token.heal();
  lib.C_Finalize();
});

function openSession(): Buffer {
  return lib.C_OpenSession(slot(), pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
}

function slot(): Buffer {
  const found = slots();
  if (found[0] === undefined) throw new Error('no slot');
  return found[0];
}

function slots(): Buffer[] {
  return lib.C_GetSlotList(true).filter((each) => lib.C_GetTokenInfo(each).label.trim() === 'test');
}

function findKey(): Buffer | undefined {
  lib.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_ID, value: keyId },
  ]);
  const [found] = lib.C_FindObjects(session, 1);
  lib.C_FindObjectsFinal(session);
  return found;
}

function generateKey(): Buffer {
  const common = [
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_ID, value: keyId },
  ];
  const curve = Buffer.from(objectIdentifier(curveByName('P-256').oid));
  return lib.C_GenerateKeyPair(
    session,
    { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN },
    [...common, { type: pkcs11.CKA_EC_PARAMS, value: curve }],
    [...common, { type: pkcs11.CKA_SIGN, value: true }],
  ).privateKey;
}

const digest = randomBytes(32);

function sign(inSession = session): Buffer {
  lib.C_SignInit(inSession, { mechanism: pkcs11.CKM_ECDSA }, privateKey);
  return lib.C_Sign(inSession, digest, Buffer.alloc(128));
}

/** Signatures that the token has made so far. */
function made(): number {
  return token.signatures().get(keyId.toString('hex')) ?? 0;
}

/** What the token had made more after `work`. */
function madeBy(work: () => void): number {
  const before = made();
  work();
  return made() - before;
}

describe('a call fails', () => {
  it('as often as told, counted from the moment it was told', () => {
    token.fail({ call: 'C_Sign', from: 2, times: 2, code: 'CKR_DEVICE_ERROR' });
    const before = made();
    sign();
    expect(() => sign()).toThrow('CKR_DEVICE_ERROR');
    expect(() => sign(openSession())).toThrow('CKR_DEVICE_ERROR');
    sign(openSession());
    expect(made() - before).toBe(2);
  });

  it('not applied, or applied with the answer lost', () => {
    token.fail({ call: 'C_Sign', code: 'CKR_DEVICE_ERROR' });
    expect(madeBy(() => expect(() => sign()).toThrow('CKR_DEVICE_ERROR'))).toBe(0);
    session = openSession();
    token.fail({ call: 'C_Sign', code: 'CKR_DEVICE_ERROR', isApplied: true });
    expect(madeBy(() => expect(() => sign()).toThrow('CKR_DEVICE_ERROR'))).toBe(1);
    expect(token.calls('C_Sign').at(-1)).toMatchObject({ answered: 'CKR_OK', told: 'CKR_DEVICE_ERROR' });
  });

  it('late', () => {
    token.fail({ call: 'C_Sign', delayMs: 120 });
    sign();
    expect(token.calls('C_Sign').at(-1)?.microseconds).toBeGreaterThanOrEqual(120_000);
  });

  it('any call whatever', () => {
    token.fail({ call: '*', code: 'CKR_GENERAL_ERROR' });
    expect(() => lib.C_GetSlotList(true)).toThrow('CKR_GENERAL_ERROR');
    expect(() => lib.C_GetTokenInfo(Buffer.alloc(8))).toThrow('CKR_GENERAL_ERROR');
  });
});

describe('a fault lasts', () => {
  it('until the session is closed', () => {
    token.fail({ call: 'C_SignInit', times: 1, code: 'CKR_SESSION_HANDLE_INVALID', until: 'session-closed' });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(() => sign()).toThrow('CKR_SESSION_HANDLE_INVALID');
    }
    const other = openSession();
    sign(other);
    lib.C_CloseSession(session);
    session = other;
    sign(openSession());
  });

  it('until C_Finalize', () => {
    token.fail({ call: 'C_Sign', times: 1, code: 'CKR_DEVICE_ERROR', until: 'finalize' });
    expect(() => sign()).toThrow('CKR_DEVICE_ERROR');
    expect(() => openSession()).toThrow('CKR_DEVICE_ERROR');
    expect(() => lib.C_CloseSession(session)).toThrow('CKR_DEVICE_ERROR');
    lib.C_Finalize();
    lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
    session = openSession();
    lib.C_Login(session, pkcs11.CKU_USER, '12345678');
    privateKey = findKey() ?? Buffer.alloc(0);
    expect(sign()).toHaveLength(64);
  });

  it('until the process ends, and takes the login or all sessions along', () => {
    token.fail({ call: 'C_GetTokenInfo', times: 1, code: 'CKR_DEVICE_ERROR', until: 'process-ends' });
    const work = `tell(() => lib.C_GetTokenInfo(slot));
      lib.C_Finalize();
      lib.C_Initialize();
      tell(() => lib.C_GetTokenInfo(slot));`;
    expect(inOtherProcess(work).stdout).toBe('CKR_DEVICE_ERROR CKR_DEVICE_ERROR ');
    expect(inOtherProcess(work).stdout).toBe('CKR_OK CKR_OK ');

    token.fail({ call: 'C_SignInit', times: 1, deed: 'logout' });
    // SoftHSM takes the handles of private objects back with the login.
    expect(() => sign()).toThrow('CKR_OBJECT_HANDLE_INVALID');
    lib.C_Login(session, pkcs11.CKU_USER, '12345678');
    privateKey = findKey() ?? Buffer.alloc(0);
    sign();

    token.fail({ call: 'C_SignInit', times: 1, deed: 'close-sessions' });
    const other = openSession();
    expect(() => sign()).toThrow('CKR_SESSION_HANDLE_INVALID');
    expect(() => sign(other)).toThrow('CKR_SESSION_HANDLE_INVALID');
    session = openSession();
    lib.C_Login(session, pkcs11.CKU_USER, '12345678');
  });
});

describe('a process crashes in a call', () => {
  it.each([
    ['abort', 'SIGABRT'],
    ['segfault', 'SIGSEGV'],
  ] as const)('with %s, before or after the token has signed', (deed, signal) => {
    for (const isApplied of [false, true]) {
      token.fail({ call: 'C_GetTokenInfo', deed, isApplied });
      const before = token.calls('C_GetTokenInfo').length;
      expect(inOtherProcess('lib.C_GetTokenInfo(slot)').signal).toBe(signal);
      const [last] = token.calls('C_GetTokenInfo').slice(before);
      expect(last).toMatchObject({ answered: isApplied ? 'CKR_OK' : undefined, told: undefined });
    }
  });
});

describe('a signature', () => {
  it('comes wrong or too short', () => {
    token.fail({ call: 'C_Sign', times: 1, flip: 0x10 });
    expect(verifies(sign())).toBe(false);
    token.fail({ call: 'C_Sign', times: 1, truncate: 3 });
    expect(sign()).toHaveLength(61);
    expect(verifies(sign())).toBe(true);
  });
});

describe('a token', () => {
  it('shows in another slot, which is the same token', () => {
    const before = slot();
    token.appear({ slotShift: 5 });
    expect(slots()).toHaveLength(1);
    expect(slot()).not.toEqual(before);
    expect(() => lib.C_GetTokenInfo(before)).toThrow('CKR_SLOT_ID_INVALID');
    expect(lib.C_GetSessionInfo(session).slotID).toEqual(slot());
    sign(openSession());
  });

  it('shows in two slots', () => {
    token.appear({ hasTwin: true });
    expect(slots()).toHaveLength(2);
  });

  it('goes and comes back', () => {
    token.appear({ isAbsent: true });
    expect(lib.C_GetSlotList(true)).toEqual([]);
    expect(() => sign()).toThrow('CKR_DEVICE_REMOVED');
    token.heal();
    sign();
  });

  it('locks after wrong PINs, by whatever process they are tried', () => {
    lib.C_Logout(session);
    token.appear({ pinTries: 2 });
    const logIn = (pin: string) => lib.C_Login(session, pkcs11.CKU_USER, pin);
    expect(() => logIn('wrong')).toThrow('CKR_PIN_INCORRECT');
    expect(lib.C_GetTokenInfo(slot()).flags & pkcs11.CKF_USER_PIN_FINAL_TRY).not.toBe(0);
    expect(() => logIn('wrong')).toThrow('CKR_PIN_INCORRECT');
    expect(() => logIn('12345678')).toThrow('CKR_PIN_LOCKED');
    expect(lib.C_GetTokenInfo(slot()).flags & pkcs11.CKF_USER_PIN_LOCKED).not.toBe(0);
  });
});

function verifies(signature: Buffer): boolean {
  try {
    lib.C_VerifyInit(session, { mechanism: pkcs11.CKM_ECDSA }, publicKey());
    return lib.C_Verify(session, digest, signature);
  } catch {
    return false;
  }
}

function publicKey(): Buffer {
  lib.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PUBLIC_KEY },
    { type: pkcs11.CKA_ID, value: keyId },
  ]);
  const [found] = lib.C_FindObjects(session, 1);
  lib.C_FindObjectsFinal(session);
  return found ?? Buffer.alloc(0);
}

function inOtherProcess(script: string): { readonly stdout: string; readonly signal: string | null } {
  const prelude = `import pkcs11 from 'pkcs11js';
    const lib = new pkcs11.PKCS11();
    lib.load(${JSON.stringify(token.module)});
    lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
    const [slot] = lib.C_GetSlotList(true);
    const say = (word) => process.stdout.write(word + ' ');
    const tell = (call) => { try { call(); say('CKR_OK'); } catch (error) { say(error.message); } };`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', `${prelude}${script}`], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
}
