import pkcs11 from 'pkcs11js';
import type { BeginningCall, CallRecorder } from './call-recorder.ts';
import { tracedFunctions } from './trace-file.ts';

/** Functions whose first argument is a slot; that of all others that have one is a session. */
const onSlots = new Set([
  'C_GetSlotInfo',
  'C_GetTokenInfo',
  'C_GetMechanismList',
  'C_GetMechanismInfo',
  'C_InitToken',
  'C_OpenSession',
  'C_CloseAllSessions',
]);

/** Return values that are part of asking and answering, not faults. */
const usual: readonly number[] = [
  pkcs11.CKR_BUFFER_TOO_SMALL,
  pkcs11.CKR_ATTRIBUTE_TYPE_INVALID,
  pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED,
  pkcs11.CKR_USER_ALREADY_LOGGED_IN,
];

/** For what the binding throws without having asked the module. */
const notAsked = 0xffff_ffff;

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Has every call that goes through `module` recorded, synchronous or not. Of the arguments only handles, the
 * mechanism, the length of what is signed and CKA_IDs that are looked for are read.
 */
export function recordCalls(module: pkcs11.PKCS11, recorder: CallRecorder): void {
  const keys = new KeyIds();
  for (const [index, name] of tracedFunctions.entries()) {
    for (const method of [name, `${name}Async`]) {
      const original: unknown = Reflect.get(module, method);
      if (typeof original !== 'function') continue;
      const recorded = recording(index, original as Method, module, recorder, keys);
      Object.defineProperty(module, method, { value: recorded, configurable: true });
    }
  }
}

function recording(
  index: number,
  original: Method,
  module: pkcs11.PKCS11,
  recorder: CallRecorder,
  keys: KeyIds,
): Method {
  const name = tracedFunctions[index] ?? '';
  const isOnSlot = onSlots.has(name);
  const succeed = (call: number, args: readonly unknown[], result: unknown) => {
    recorder.end(call, pkcs11.CKR_OK, false);
    keys.learn(name, args, result);
  };
  const fail = (call: number, error: unknown): never => {
    const code = codeOf(error);
    recorder.end(call, code, !usual.includes(code));
    throw error;
  };
  return (...args) => {
    const handle = handleOf(args[0]);
    const beginning: BeginningCall = {
      function: index,
      session: isOnSlot ? 0 : handle,
      slot: isOnSlot ? handle : 0,
      inputOctets: name === 'C_Sign' && args[1] instanceof Uint8Array ? args[1].length : 0,
      mechanism: name === 'C_SignInit' ? mechanismOf(args[1]) : 0,
      keyId: keys.of(name, args),
    };
    const call = recorder.begin(beginning);
    let result: unknown;
    try {
      result = original.apply(module, args as unknown[]);
    } catch (error) {
      return fail(call, error);
    }
    if (!(result instanceof Promise)) {
      succeed(call, args, result);
      return result;
    }
    return result.then(
      (value: unknown) => {
        succeed(call, args, value);
        return value;
      },
      (error: unknown) => fail(call, error),
    );
  };
}

/** The binding gives handles as octets, CK_ULONG of this machine; their lower half tells them apart. */
function handleOf(argument: unknown): number {
  if (!(argument instanceof Uint8Array) || argument.length !== 8) return 0;
  const octet = (index: number) => (argument[index] ?? 0) << (8 * index);
  return (octet(0) | octet(1) | octet(2) | octet(3)) >>> 0;
}

function mechanismOf(argument: unknown): number {
  const mechanism: unknown = argument instanceof Object ? Reflect.get(argument, 'mechanism') : 0;
  return typeof mechanism === 'number' ? mechanism : 0;
}

function codeOf(error: unknown): number {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'number' && code !== 0 ? code : notAsked;
}

/** Which CKA_ID the keys have that calls name by handle, learnt from the searches that found them. */
class KeyIds {
  readonly #byHandle = new Map<number, Uint8Array>();
  readonly #searched = new Map<number, Uint8Array>();
  readonly #signing = new Map<number, Uint8Array | undefined>();

  of(name: string, args: readonly unknown[]): Uint8Array | undefined {
    switch (name) {
      case 'C_SignInit': {
        const keyId = this.#byHandle.get(handleOf(args[2]));
        this.#signing.set(handleOf(args[0]), keyId);
        return keyId;
      }
      case 'C_Sign':
        return this.#signing.get(handleOf(args[0]));
      case 'C_FindObjectsInit': {
        const keyId = searchedId(args[1]);
        if (keyId === undefined) this.#searched.delete(handleOf(args[0]));
        else this.#searched.set(handleOf(args[0]), keyId);
        return keyId;
      }
      default:
        return undefined;
    }
  }

  learn(name: string, args: readonly unknown[], result: unknown): void {
    if (name === 'C_Finalize') this.#byHandle.clear();
    if (name !== 'C_FindObjects') return;
    const keyId = this.#searched.get(handleOf(args[0]));
    if (keyId === undefined) return;
    for (const found of Array.isArray(result) ? result : [result]) {
      if (found instanceof Uint8Array) this.#byHandle.set(handleOf(found), keyId);
    }
  }
}

function searchedId(template: unknown): Uint8Array | undefined {
  if (!Array.isArray(template)) return undefined;
  for (const attribute of template as readonly { type?: unknown; value?: unknown }[]) {
    if (attribute.type === pkcs11.CKA_ID && attribute.value instanceof Uint8Array) return attribute.value;
  }
  return undefined;
}
