import pkcs11 from 'pkcs11js';
import { Pkcs11Token, type TokenConfiguration } from '../../hsm/pkcs11-token.ts';
import { PinFile } from '../../hsm/pin-file.ts';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import type { TokenKeyType } from '../../src/formats/algorithms/signature-algorithms.ts';
import { objectIdentifier } from '../../src/formats/der/writer.ts';
import { oids } from '../../src/formats/oids.ts';
import { isServiceError, Refused, Unavailable } from '../../src/services/errors.ts';
import type { Token } from '../../src/services/ports.ts';

/**
 * A process that opens a token, as a signer process does, and does with it what it is told over IPC. Besides what
 * Sigillo asks of a token it can make what Sigillo never makes: keys that could leave, and halves of pairs.
 */

/** What can be asked past all of Sigillo's code. */
interface Raw {
  generate(
    keyId: string,
    label: string,
    type: TokenKeyType,
    options: { readonly extractable: boolean },
  ): void;
  destroyHalf(keyId: string, half: 'private' | 'public'): void;
  count(keyId: string): { readonly private: number; readonly public: number };
  /** `libraryDescription` of CK_INFO. */
  library(): string;
  /** What the module says instead of the secret part of the private key. */
  secretOf(keyId: string, kind: TokenKeyType['kind']): string;
}

export type TokenServerCalls = Token & Raw;
export interface TokenServerCall {
  readonly name: keyof TokenServerCalls;
  readonly args: readonly unknown[];
}

/** The first message says how opening went. */
export interface TokenServerAnswer {
  readonly result?: unknown;
  readonly error?: { readonly kind: string; readonly code?: string; readonly message: string };
}

function unless(name: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error && error.message === name)) throw error;
  }
}

class RawToken implements Raw {
  readonly #lib = new pkcs11.PKCS11();
  readonly #session: Buffer;

  /** What is initialised and logged in counts for the whole process, save with p11-kit's client. */
  constructor({ module, tokenLabel, pinFile }: TokenConfiguration) {
    this.#lib.load(module);
    unless('CKR_CRYPTOKI_ALREADY_INITIALIZED', () =>
      this.#lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK }),
    );
    const slot = this.#lib
      .C_GetSlotList(true)
      .find((candidate) => this.#lib.C_GetTokenInfo(candidate).label.trim() === tokenLabel);
    if (slot === undefined) throw new Error(`no token is labelled ${tokenLabel}`);
    this.#session = this.#lib.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
    unless('CKR_USER_ALREADY_LOGGED_IN', () =>
      this.#lib.C_Login(this.#session, pkcs11.CKU_USER, new PinFile(pinFile).read()),
    );
  }

  generate(
    keyId: string,
    label: string,
    type: TokenKeyType,
    options: { readonly extractable: boolean },
  ): void {
    const { mechanism, keyType, parameters } = generation(type);
    const common = [
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
      { type: pkcs11.CKA_LABEL, value: label },
      { type: pkcs11.CKA_KEY_TYPE, value: keyType },
    ];
    this.#lib.C_GenerateKeyPair(
      this.#session,
      { mechanism },
      [...common, ...parameters],
      [
        ...common,
        { type: pkcs11.CKA_PRIVATE, value: true },
        { type: pkcs11.CKA_SENSITIVE, value: true },
        { type: pkcs11.CKA_SIGN, value: true },
        { type: pkcs11.CKA_DECRYPT, value: false },
        { type: pkcs11.CKA_UNWRAP, value: false },
        { type: pkcs11.CKA_DERIVE, value: false },
        { type: pkcs11.CKA_EXTRACTABLE, value: options.extractable },
      ],
    );
  }

  destroyHalf(keyId: string, half: 'private' | 'public'): void {
    for (const object of this.#find(keyId, half)) this.#lib.C_DestroyObject(this.#session, object);
  }

  count(keyId: string) {
    return { private: this.#find(keyId, 'private').length, public: this.#find(keyId, 'public').length };
  }

  library(): string {
    return this.#lib.C_GetInfo().libraryDescription;
  }

  secretOf(keyId: string, kind: TokenKeyType['kind']): string {
    const [object = Buffer.alloc(8)] = this.#find(keyId, 'private');
    const type = kind === 'rsa' ? pkcs11.CKA_PRIVATE_EXPONENT : pkcs11.CKA_VALUE;
    try {
      const [attribute] = this.#lib.C_GetAttributeValue(this.#session, object, [{ type }]);
      return `${String(attribute?.value.length)} octets`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #find(keyId: string, half: 'private' | 'public'): Buffer[] {
    const objectClass = half === 'private' ? pkcs11.CKO_PRIVATE_KEY : pkcs11.CKO_PUBLIC_KEY;
    this.#lib.C_FindObjectsInit(this.#session, [
      { type: pkcs11.CKA_CLASS, value: objectClass },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
    ]);
    const found = this.#lib.C_FindObjects(this.#session, 100);
    this.#lib.C_FindObjectsFinal(this.#session);
    return found;
  }
}

function generation(type: TokenKeyType) {
  if (type.kind === 'rsa') {
    const parameters = [
      { type: pkcs11.CKA_MODULUS_BITS, value: type.modulusBits },
      { type: pkcs11.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ];
    return { mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, keyType: pkcs11.CKK_RSA, parameters };
  }
  const oid = type.kind === 'ec' ? curveByName(type.curve).oid : oids.ed25519;
  const parameters = [{ type: pkcs11.CKA_EC_PARAMS, value: Buffer.from(objectIdentifier(oid)) }];
  return type.kind === 'ec'
    ? { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN, keyType: pkcs11.CKK_EC, parameters }
    : // CKM_EC_EDWARDS_KEY_PAIR_GEN and CKK_EC_EDWARDS of PKCS#11 3.0.
      { mechanism: 0x1055, keyType: 0x40, parameters };
}

function failureOf(error: unknown): NonNullable<TokenServerAnswer['error']> {
  if (error instanceof Refused) return { kind: error.kind, code: error.code, message: error.message };
  if (error instanceof Unavailable) return { kind: error.kind, message: `${error.message}; ${error.mend}` };
  if (isServiceError(error)) return { kind: error.kind, message: error.message };
  return { kind: 'other', message: error instanceof Error ? error.message : String(error) };
}

async function answer(work: () => unknown): Promise<void> {
  let message: TokenServerAnswer;
  try {
    message = { result: await work() };
  } catch (error) {
    message = { error: failureOf(error) };
  }
  process.send?.(message);
}

/** Whatever goes wrong becomes the answer; so this ends the process. */
function neverThrown(bug: unknown): never {
  throw bug;
}

if (import.meta.main && process.send !== undefined) {
  const configuration = JSON.parse(process.argv[2] ?? '{}') as TokenConfiguration;
  process.on('disconnect', () => process.exit(0));
  await answer(async () => {
    const token = Pkcs11Token.open(configuration);
    const raw = new RawToken(configuration);
    process.on('message', ({ name, args }: TokenServerCall) => {
      const owner: object = name in token ? token : raw;
      const method = Reflect.get(owner, name) as (...values: readonly unknown[]) => unknown;
      answer(() => method.apply(owner, args as unknown[])).catch(neverThrown);
    });
    return token.status();
  });
}
