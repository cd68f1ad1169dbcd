import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TokenConfiguration } from '../../hsm/pkcs11-token.ts';
import type { TokenStatus } from '../../src/services/ports.ts';
import type { TokenServerAnswer, TokenServerCall, TokenServerCalls } from './token-server.ts';

const program = fileURLToPath(new URL('./token-server.ts', import.meta.url));

/** How a process reaches a token. */
export interface TokenAccess {
  readonly configuration: TokenConfiguration;
  readonly environment: Readonly<Record<string, string>>;
  /** What starts a process where the module finds its token, before the program and its arguments. */
  readonly launcher: readonly string[];
}

type Answered<Call> = Call extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Awaited<Result>>
  : never;

/** An error of the other process, as it said it. */
class TokenProcessError extends Error {
  readonly kind: string;
  readonly code: string | undefined;

  constructor({ kind, code, message }: NonNullable<TokenServerAnswer['error']>) {
    super(message);
    this.name = 'TokenProcessError';
    this.kind = kind;
    this.code = code;
  }
}

/** A token opened in a process of its own, as a signer process opens it; calls are answered one after another. */
export class TokenProcess {
  readonly status: TokenStatus;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, status: TokenStatus) {
    this.#child = child;
    this.status = status;
  }

  /** @throws TokenProcessError with what the module or our code said */
  static async open({ configuration, environment, launcher }: TokenAccess): Promise<TokenProcess> {
    const [command, ...args] = [...launcher, process.execPath];
    const child = spawn(command, [...args, program, JSON.stringify(configuration)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { PATH: process.env['PATH'], ...environment },
    });
    try {
      return new TokenProcess(child, (await answerOf(child)) as TokenStatus);
    } catch (error) {
      child.disconnect();
      throw error;
    }
  }

  get call(): { readonly [Name in keyof TokenServerCalls]: Answered<TokenServerCalls[Name]> } {
    return new Proxy({} as never, {
      get:
        (_, name: keyof TokenServerCalls) =>
        async (...args: readonly unknown[]) => {
          this.#child.send({ name, args } satisfies TokenServerCall);
          return answerOf(this.#child);
        },
    });
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const end = () => ended.abort();
  child.once('exit', end);
  try {
    const [answer] = (await once(child, 'message', { signal: ended.signal })) as [TokenServerAnswer];
    if (answer.error !== undefined) throw new TokenProcessError(answer.error);
    return answer.result;
  } finally {
    child.off('exit', end);
  }
}
