import graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import type { TokenAlgorithm, TokenKeyType } from '../src/formats/algorithms/signature-algorithms.ts';
import { InvariantBroken, Refused, Unavailable } from '../src/services/errors.ts';
import {
  type KeyRole,
  keyRoles,
  type Token,
  type TokenKey,
  type TokenStatus,
} from '../src/services/ports.ts';
import { assertKeptOnToken, keyPairTemplates, publicKeyValue } from './key-objects.ts';
import { encodeSignature, longestSignature, signOperation } from './mechanisms.ts';
import { PinFile } from './pin-file.ts';
import { returnValueOf, unavailableToken } from './pkcs11-error.ts';
import { proveKeyPair } from './prove-key-pair.ts';

export interface TokenConfiguration {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  readonly tokenLabel: string;
  /** Path of the file with the user PIN. */
  readonly pinFile: string;
}

/** A key whose handle is known in this process. */
interface OpenKey {
  readonly key: TokenKey;
  readonly privateKey: Buffer;
}

/**
 * One token through one PKCS#11 module, for a process of its own: calls are synchronous, one at a time, on
 * one session that stays open. After any failure of the module the session is not used again: the process
 * ends and a new one starts from `open`.
 */
export class Pkcs11Token implements Token {
  readonly #session: graphene.Session;
  readonly #keys = new Map<string, OpenKey>();
  readonly #out = Buffer.alloc(longestSignature);

  private constructor(session: graphene.Session) {
    this.#session = session;
  }

  /**
   * Loads the module, finds the token by its label and logs in, with one attempt at the PIN.
   *
   * @throws Unavailable when the module does not load, the label names no token or two, or the PIN is refused
   */
  static open(configuration: TokenConfiguration): Pkcs11Token {
    const slot = findSlot(loadModule(configuration.module), configuration.tokenLabel);
    const session = attempt('opening a session', () =>
      slot.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION),
    );
    logIn(session, slot, new PinFile(configuration.pinFile));
    return new Pkcs11Token(session);
  }

  generateKeyPair(keyId: string, role: KeyRole, label: string, type: TokenKeyType): TokenKey {
    const tokenLabel = `sigillo/${role}/${label}`;
    if (!this.#has(keyId)) {
      const templates = keyPairTemplates(Buffer.from(keyId, 'hex'), tokenLabel, type);
      attempt(`generating key pair ${tokenLabel}`, () =>
        this.#session.generateKeyPair(
          { name: templates.mechanism, params: null },
          templates.publicKey,
          templates.privateKey,
        ),
      );
    }
    const { key } = this.#open(keyId, role);
    proveKeyPair(tokenLabel, key.publicKey, (algorithm, data) => this.sign(keyId, role, algorithm, data));
    return key;
  }

  destroyKey(keyId: string, role: KeyRole): void {
    if (!this.#has(keyId)) return;
    const { key } = this.#open(keyId, role);
    this.#keys.delete(keyId);
    attempt(`destroying key ${key.label}`, () => {
      for (const object of this.#session.find({ id: Buffer.from(keyId, 'hex') }))
        this.#session.destroy(object);
    });
    if (this.#has(keyId)) throw new InvariantBroken(`key ${key.label} is still on the token`);
  }

  findKey(keyId: string, role: KeyRole): TokenKey {
    return this.#open(keyId, role).key;
  }

  sign(keyId: string, role: KeyRole, algorithm: TokenAlgorithm, data: Uint8Array): Uint8Array {
    const { key, privateKey } = this.#open(keyId, role);
    const { mechanism, input } = signOperation(algorithm, data);
    const raw = attempt(`signing with ${key.label}`, () => {
      this.#session.lib.C_SignInit(this.#session.handle, mechanism, privateKey);
      return this.#session.lib.C_Sign(this.#session.handle, input, this.#out);
    });
    return encodeSignature(algorithm, raw);
  }

  status(): TokenStatus {
    return attempt('reading the token', () => {
      const token = this.#session.slot.getToken();
      const keys = this.#session.find({ class: graphene.ObjectClass.PRIVATE_KEY, token: true });
      return {
        label: token.label.trim(),
        serialNumber: token.serialNumber.trim(),
        manufacturer: token.manufacturerID.trim(),
        model: token.model.trim(),
        keys: keys.length,
      };
    });
  }

  /** Whether the key pair is there; half a pair, left by a crash while it was made, is destroyed. */
  #has(keyId: string): boolean {
    const id = Buffer.from(keyId, 'hex');
    return attempt('looking for keys', () => {
      const found = this.#session.find({ id });
      if (found.length === 1) this.#session.destroy(found.items(0));
      return found.length > 1;
    });
  }

  #open(keyId: string, role: KeyRole): OpenKey {
    const known = this.#keys.get(keyId) ?? this.#load(keyId);
    if (known.key.role !== role) {
      throw new Refused('key-not-active', `key ${known.key.label} is not for ${role}`, {
        mend: 'a key is used for its own role only',
      });
    }
    return known;
  }

  /** Finds both halves by CKA_ID; the role stands in the label that the key was generated under. */
  #load(keyId: string): OpenKey {
    const loaded = attempt(`looking for key ${keyId}`, () => {
      const id = Buffer.from(keyId, 'hex');
      const privateKeys = this.#session.find({ class: graphene.ObjectClass.PRIVATE_KEY, id });
      const publicKeys = this.#session.find({ class: graphene.ObjectClass.PUBLIC_KEY, id });
      if (privateKeys.length === 0 && publicKeys.length === 0) return undefined;
      if (privateKeys.length !== 1 || publicKeys.length !== 1) {
        throw new InvariantBroken(
          `the token has ${privateKeys.length} private and ${publicKeys.length} public keys with CKA_ID ${keyId}`,
        );
      }
      const [privateKey, publicKey] = [privateKeys.items(0), publicKeys.items(0)];
      const label = privateKey.getAttribute({ label: null }).label ?? '';
      assertKeptOnToken(privateKey, label);
      return { label, privateKey, publicKey: publicKeyValue(publicKey, label) };
    });
    if (loaded === undefined) {
      throw new Refused('not-found', `the token has no key with CKA_ID ${keyId}`, {
        mend: 'check that token.label in sigillo.yaml names the token that the key was made on',
      });
    }
    const { label, privateKey, publicKey } = loaded;
    const open = { key: { keyId, role: roleOf(label), label, publicKey }, privateKey: privateKey.handle };
    this.#keys.set(keyId, open);
    return open;
  }
}

function roleOf(label: string): KeyRole {
  const role = keyRoles.find((candidate) => label.startsWith(`sigillo/${candidate}/`));
  if (role === undefined) throw new InvariantBroken(`key ${label} was not made by Sigillo`);
  return role;
}

/** `C_Initialize` always with CKF_OS_LOCKING_OK: without it, modules crash as soon as a thread joins in. */
function loadModule(path: string): graphene.Module {
  return attempt(`loading PKCS#11 module ${path}`, () => {
    const loaded = graphene.Module.load(path);
    loaded.initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
    return loaded;
  });
}

/** Slots move when tokens come and go, so a token is always found by its label. */
function findSlot(module: graphene.Module, tokenLabel: string): graphene.Slot {
  const matching = attempt('listing slots', () =>
    [...module.getSlots(true)].filter((slot) => slot.getToken().label.trim() === tokenLabel),
  );
  const [slot] = matching;
  if (slot === undefined) {
    throw new Unavailable('token', `no token is labelled ${tokenLabel}`, {
      outcome: 'not-applied',
      mend: 'connect the token, or correct token.label in sigillo.yaml',
    });
  }
  if (matching.length > 1) {
    throw new Unavailable('token', `${matching.length} tokens are labelled ${tokenLabel}`, {
      outcome: 'not-applied',
      mend: 'give each token a label of its own',
    });
  }
  return slot;
}

/** What tokens answer to a PIN that is not theirs; some count one of the wrong length or alphabet too. */
const refusals: readonly string[] = ['CKR_PIN_INCORRECT', 'CKR_PIN_INVALID', 'CKR_PIN_LEN_RANGE'];

function logIn(session: graphene.Session, slot: graphene.Slot, pinFile: PinFile): void {
  const flags: number = attempt('reading the token', () => slot.getToken().flags);
  if ((flags & (pkcs11.CKF_USER_PIN_LOCKED | pkcs11.CKF_USER_PIN_FINAL_TRY)) !== 0) {
    throw new Unavailable('token', 'one more wrong PIN would lock the token, or it is locked', {
      outcome: 'not-applied',
      mend: 'log in once by hand with the right PIN, or have the security officer reset it',
    });
  }
  const pin = pinFile.read();
  pinFile.prepareMark();
  try {
    session.login(pin);
  } catch (error) {
    if (!refusals.includes(returnValueOf(error) ?? '')) throw unavailableToken('logging in', error);
    pinFile.markRefused(pin);
    throw new Unavailable('token', 'the token refused the PIN; it is not tried a second time', {
      outcome: 'not-applied',
      mend: `correct the PIN in ${pinFile.path}`,
      cause: error,
    });
  }
  pinFile.clearMark();
}

function attempt<T>(doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof InvariantBroken) throw error;
    throw unavailableToken(doing, error);
  }
}
