import graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import type { PublicKeyValue } from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import { encodeSubjectPublicKeyInfo } from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import type {
  SignatureAlgorithm,
  TokenAlgorithm,
  TokenKeyType,
} from '../src/formats/algorithms/signature-algorithms.ts';
import { InvariantBroken, isServiceError, Refused, Unavailable } from '../src/services/errors.ts';
import {
  type KeyRole,
  keyRoles,
  type Token,
  type TokenHealth,
  type TokenKey,
  type TokenStatus,
} from '../src/services/ports.ts';
import { healthKey } from './health-key.ts';
import { assertKeptOnToken, keyPairTemplates, publicKeyValue } from './key-objects.ts';
import {
  digestOperation,
  encodeSignature,
  longestSignature,
  type SignOperation,
  signOperation,
} from './mechanisms.ts';
import { mayHaveSigned, remedyFor, unavailableToken } from './pkcs11-error.ts';
import { proveKeyPair } from './prove-key-pair.ts';
import { type Healing, type Rung, type TokenConfiguration, TokenConnection } from './token-connection.ts';
import { assertAble } from './token-quirks.ts';

export type { Healing, TokenConfiguration } from './token-connection.ts';

/** A key whose handle is known in this process. */
interface OpenKey {
  readonly key: TokenKey;
  readonly privateKey: Buffer;
}

/** An error of `C_Sign` itself: what it returned says whether a signature was made. */
class SigningFailed extends Error {
  constructor(cause: unknown) {
    super('C_Sign failed', { cause });
  }
}

/**
 * One token through one PKCS#11 module, for a process of its own. With one session, calls are synchronous, one
 * after the other; with more, signatures are made side by side. What the module returns is healed where it can
 * be: by a new session, a login, a new initialisation. When that does not help, `isLost` says so.
 */
export class Pkcs11Token implements Token {
  readonly #connection: TokenConnection;
  /** Handles, until something is healed: they may mean another object then. */
  #keys = new Map<string, OpenKey>();
  /** What was found under a CKA_ID once is expected there ever after. */
  readonly #publicKeys = new Map<string, Uint8Array>();
  readonly #out = Buffer.alloc(longestSignature);
  #isLost = false;

  private constructor(connection: TokenConnection) {
    this.#connection = connection;
  }

  /**
   * Loads the module, finds the token by its label and logs in, with one attempt at the PIN.
   *
   * @param onHealing told each rung that is climbed
   * @throws Unavailable when the module does not load, the label names no token or two, or the PIN is refused
   */
  static open(
    configuration: TokenConfiguration,
    onHealing: (healing: Healing) => void = () => undefined,
  ): Pkcs11Token {
    return new Pkcs11Token(new TokenConnection(configuration, onHealing));
  }

  /** Operations that it takes at a time. */
  get sessions(): number {
    return this.#connection.sessions;
  }

  /** Only a new process helps. */
  get isLost(): boolean {
    return this.#isLost || this.#connection.isLost;
  }

  async generateKeyPair(keyId: string, role: KeyRole, label: string, type: TokenKeyType): Promise<TokenKey> {
    const tokenLabel = `sigillo/${role}/${label}`;
    const key = await this.#onToken(`generating key pair ${tokenLabel}`, (session) => {
      if (!isThere(session, keyId)) {
        assertAble(this.#connection.quirks, type);
        const templates = keyPairTemplates(Buffer.from(keyId, 'hex'), tokenLabel, type);
        const mechanism = { name: templates.mechanism, params: null };
        session.generateKeyPair(mechanism, templates.publicKey, templates.privateKey);
      }
      return this.#open(session, keyId, role).key;
    });
    await this.#prove(key);
    return key;
  }

  async destroyKey(keyId: string, role: KeyRole): Promise<void> {
    await this.#onToken(`destroying key ${keyId}`, (session) => {
      if (!isThere(session, keyId)) return;
      const { key } = this.#open(session, keyId, role);
      this.#keys.delete(keyId);
      this.#publicKeys.delete(keyId);
      for (const object of session.find({ id: Buffer.from(keyId, 'hex') })) session.destroy(object);
      if (isThere(session, keyId)) throw new InvariantBroken(`key ${key.label} is still on the token`);
    });
  }

  async findKey(keyId: string, role: KeyRole): Promise<TokenKey> {
    const known = this.#keys.get(keyId);
    if (known !== undefined) return ofRole(known, role).key;
    return this.#onToken(`looking for key ${keyId}`, (session) => this.#open(session, keyId, role).key);
  }

  async sign(keyId: string, role: KeyRole, algorithm: TokenAlgorithm, data: Uint8Array): Promise<Uint8Array> {
    return this.#sign(keyId, role, algorithm, signOperation(algorithm, data));
  }

  async signDigest(
    keyId: string,
    role: KeyRole,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
  ): Promise<Uint8Array> {
    return this.#sign(keyId, role, algorithm, digestOperation(algorithm, Buffer.from(digest)));
  }

  async #sign(
    keyId: string,
    role: KeyRole,
    algorithm: TokenAlgorithm,
    operation: SignOperation,
  ): Promise<Uint8Array> {
    return this.#onToken(`signing with key ${keyId}`, async (session) => {
      const raw = await this.#signOn(session, this.#open(session, keyId, role), operation);
      return encodeSignature(algorithm, raw);
    });
  }

  async status(): Promise<TokenStatus> {
    return this.#onToken('reading the token', (session) => {
      const { label, keyIds: _, ...status } = statusOf(session);
      return { label, ...status };
    });
  }

  async probe(): Promise<TokenHealth> {
    const isProved = await this.proveHealth();
    const health = await this.#onToken('reading the token', (session) => statusOf(session));
    return { ...health, isProved };
  }

  async proveHealth(): Promise<boolean> {
    const { keyId, label, type } = healthKey;
    try {
      const known = await this.findKey(keyId, 'health').catch((error: unknown) => {
        if (error instanceof Refused && error.code === 'not-found') return undefined;
        throw error;
      });
      if (known === undefined) await this.generateKeyPair(keyId, 'health', label, type);
      else await this.#prove(known);
      return true;
    } catch (error) {
      // A token that cannot make such keys, is full, or forbids new ones says so for this job only.
      if (error instanceof Refused && error.code === 'policy') return false;
      const isWell = error instanceof Unavailable && !this.isLost && remedyFor(error.cause) === 'job';
      if (isWell) return false;
      throw error;
    }
  }

  #prove({ keyId, role, label, publicKey }: TokenKey): Promise<void> {
    return proveKeyPair(label, publicKey, (algorithm, data) => this.sign(keyId, role, algorithm, data));
  }

  /**
   * One session: in this thread, where it costs least, and into the same octets each time. Several: in others,
   * side by side.
   */
  async #signOn(
    session: graphene.Session,
    { privateKey }: OpenKey,
    { mechanism, input }: SignOperation,
  ): Promise<Buffer> {
    const { lib, handle } = session;
    lib.C_SignInit(handle, mechanism, privateKey);
    try {
      if (this.#connection.sessions === 1) return Buffer.from(lib.C_Sign(handle, input, this.#out));
      return await lib.C_SignAsync(handle, input, Buffer.alloc(longestSignature));
    } catch (error) {
      throw new SigningFailed(error);
    }
  }

  /**
   * Carries an operation out on a session, again after each rung of the ladder that helps. An operation that may
   * have made a signature is not repeated: its caller has to count another use first.
   */
  async #onToken<T>(doing: string, operation: (session: graphene.Session) => T | Promise<T>): Promise<T> {
    const climbed = new Set<Rung>();
    for (;;) {
      const since = this.#connection.generation;
      try {
        return await this.#connection.lend(operation);
      } catch (failure) {
        if (isServiceError(failure)) throw failure;
        const isSigning = failure instanceof SigningFailed;
        const error = isSigning ? failure.cause : failure;
        const isUnknown = isSigning && mayHaveSigned(error);
        try {
          await this.#connection.heal(doing, error, climbed, since);
        } catch (beyondHelp) {
          throw isUnknown ? unavailableToken(doing, error, 'unknown') : beyondHelp;
        }
        this.#keys = new Map();
        if (isUnknown) throw unavailableToken(doing, error, 'unknown');
      }
    }
  }

  #open(session: graphene.Session, keyId: string, role: KeyRole): OpenKey {
    return ofRole(this.#keys.get(keyId) ?? this.#load(session, keyId), role);
  }

  /** Finds both halves by CKA_ID; the role stands in the label that the key was generated under. */
  #load(session: graphene.Session, keyId: string): OpenKey {
    assertLoggedIn(session);
    const id = Buffer.from(keyId, 'hex');
    const privateKeys = session.find({ class: graphene.ObjectClass.PRIVATE_KEY, id });
    const publicKeys = session.find({ class: graphene.ObjectClass.PUBLIC_KEY, id });
    if (privateKeys.length === 0 && publicKeys.length === 0) {
      throw new Refused('not-found', `the token has no key with CKA_ID ${keyId}`, {
        mend: 'check that token.tokenLabel in sigillo.yaml names the token that the key was made on',
      });
    }
    if (privateKeys.length !== 1 || publicKeys.length !== 1) {
      throw new InvariantBroken(
        `the token has ${privateKeys.length} private and ${publicKeys.length} public keys with CKA_ID ${keyId}`,
      );
    }
    const privateKey = privateKeys.items(0);
    const label = privateKey.getAttribute({ label: null }).label ?? '';
    assertKeptOnToken(privateKey, label, this.#connection.quirks.unsaidAttributes);
    const publicKey = publicKeyValue(publicKeys.items(0), label);
    this.#assertSame(keyId, publicKey);
    const open = { key: { keyId, role: roleOf(label), label, publicKey }, privateKey: privateKey.handle };
    this.#keys.set(keyId, open);
    return open;
  }

  /** A certificate was held against the key once; another token in its place must not sign under it. */
  #assertSame(keyId: string, publicKey: PublicKeyValue): void {
    const octets = encodeSubjectPublicKeyInfo(publicKey, 'named');
    const known = this.#publicKeys.get(keyId);
    if (known !== undefined && Buffer.compare(known, octets) !== 0) {
      this.#isLost = true;
      throw new Unavailable('token', `the key with CKA_ID ${keyId} is another one than before`, {
        outcome: 'not-applied',
        mend: 'check that sigillo.yaml names the right token; the signer starts again by itself',
      });
    }
    this.#publicKeys.set(keyId, octets);
  }
}

/** Whether the key pair is there; half a pair, left by a crash while it was made, is destroyed. */
function isThere(session: graphene.Session, keyId: string): boolean {
  assertLoggedIn(session);
  const found = session.find({ id: Buffer.from(keyId, 'hex') });
  if (found.length === 1) session.destroy(found.items(0));
  return found.length > 1;
}

function statusOf(session: graphene.Session): TokenStatus & { readonly keyIds: readonly string[] } {
  assertLoggedIn(session);
  const token = session.slot.getToken();
  const keys = session.find({ class: graphene.ObjectClass.PRIVATE_KEY, token: true });
  const keyIds: string[] = [];
  for (const key of keys) keyIds.push(key.getAttribute({ id: null }).id?.toString('hex') ?? '');
  return {
    label: token.label.trim(),
    serialNumber: token.serialNumber.trim(),
    manufacturer: token.manufacturerID.trim(),
    model: token.model.trim(),
    keys: keys.length,
    keyIds,
  };
}

/** CKS_RW_USER_FUNCTIONS: a read-write session of a process that is logged in as user. */
const rwUserFunctions = 3;

/** A token that forgot the login hides its private keys, as if it had never had them. */
function assertLoggedIn(session: graphene.Session): void {
  const { state } = session.lib.C_GetSessionInfo(session.handle);
  if (state === rwUserFunctions) return;
  throw new pkcs11.Pkcs11Error('CKR_USER_NOT_LOGGED_IN', pkcs11.CKR_USER_NOT_LOGGED_IN, 'C_GetSessionInfo');
}

function ofRole(open: OpenKey, role: KeyRole): OpenKey {
  if (open.key.role === role) return open;
  throw new Refused('key-not-active', `key ${open.key.label} is not for ${role}`, {
    mend: 'a key is used for its own role only',
  });
}

function roleOf(label: string): KeyRole {
  const role = keyRoles.find((candidate) => label.startsWith(`sigillo/${candidate}/`));
  if (role === undefined) throw new InvariantBroken(`key ${label} was not made by Sigillo`);
  return role;
}
