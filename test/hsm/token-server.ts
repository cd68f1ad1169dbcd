import { Pkcs11Token, type TokenConfiguration } from '../../hsm/pkcs11-token.ts';
import type { TokenKeyType } from '../../src/formats/algorithms/signature-algorithms.ts';
import { isServiceError, Refused, Unavailable } from '../../src/services/errors.ts';
import type { Token } from '../../src/services/ports.ts';
import { RawToken } from './raw-token.ts';

/**
 * A process that opens a token, as a signer process does, and does with it what it is told over IPC. Besides what
 * Sigillo asks of a token it does some things past all of Sigillo's code.
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

class RawCalls implements Raw {
  readonly #token: RawToken;

  constructor(token: RawToken) {
    this.#token = token;
  }

  generate(...order: Parameters<Raw['generate']>): void {
    this.#token.generate(...order);
  }

  destroyHalf(keyId: string, half: 'private' | 'public'): void {
    for (const object of this.#token.find(keyId, half)) this.#token.destroy(object);
  }

  count(keyId: string) {
    const [{ length: ofPrivate }, { length: ofPublic }] = [
      this.#token.find(keyId, 'private'),
      this.#token.find(keyId, 'public'),
    ];
    return { private: ofPrivate, public: ofPublic };
  }

  library(): string {
    return this.#token.library();
  }

  secretOf(keyId: string, kind: TokenKeyType['kind']): string {
    try {
      return `${String(this.#token.secret(keyId, kind)?.length)} octets`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
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
    const raw = new RawCalls(new RawToken(configuration));
    process.on('message', ({ name, args }: TokenServerCall) => {
      const owner: object = name in token ? token : raw;
      const method = Reflect.get(owner, name) as (...values: readonly unknown[]) => unknown;
      answer(() => method.apply(owner, args as unknown[])).catch(neverThrown);
    });
    return token.status();
  });
}
