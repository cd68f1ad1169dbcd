import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { returnValueCode, returnValueName } from '../../hsm/return-values.ts';

const source = fileURLToPath(new URL('./faulty-token/faulty-token.c', import.meta.url));

/** Name of a return value, e.g. `CKR_DEVICE_ERROR`. */
export type ReturnValue = `CKR_${string}`;

/**
 * One thing that goes wrong. It matches calls of one function, of which it affects `times` from the `from`-th on,
 * counted over all processes and from the moment that it was told to the token.
 */
export interface Fault {
  /** Name of the function, or `*` for every one. */
  readonly call: `C_${string}` | '*';
  /** First matching call that is affected, counted from 1. */
  readonly from?: number;
  /** Calls that are affected; for ever without it. */
  readonly times?: number;
  /** Count in each process for itself. */
  readonly perProcess?: boolean;
  /** Milliseconds that the call takes longer. */
  readonly delayMs?: number;
  /** What the caller is told. */
  readonly code?: ReturnValue;
  /** The token has done what it was asked, and the answer is lost; without it, it has not. */
  readonly isApplied?: boolean;
  /**
   * How long `code` is all that the caller hears: from every call with this session, until it is closed; or from
   * every call in this process, until `C_Finalize`, or until the process ends. Without it, from this call only.
   */
  readonly until?: 'session-closed' | 'finalize' | 'process-ends';
  /** What happens besides: the process crashes, or the token forgets the login, or the sessions with the login. */
  readonly deed?: 'abort' | 'segfault' | 'exit' | 'logout' | 'close-sessions';
  /** Bits that are flipped in the middle octet of the signature. */
  readonly flip?: number;
  /** Octets that the signature is too short by. */
  readonly truncate?: number;
}

/** What the token looks like from outside while it is so. */
export interface Appearance {
  /** Added to the number of every slot. */
  readonly slotShift?: number;
  /** Every token shows in two slots. */
  readonly hasTwin?: boolean;
  readonly isAbsent?: boolean;
  /** Wrong PINs after which the token locks. */
  readonly pinTries?: number;
}

/** A call as the token saw it. */
export interface TokenCall {
  readonly pid: number;
  /** Microseconds since 1970. */
  readonly start: number;
  readonly microseconds: number;
  readonly function: string;
  /** What the real module answered; undefined when it was not asked. */
  readonly answered: string | undefined;
  /** What the caller was told; undefined when it was told nothing. */
  readonly told: string | undefined;
  /** CKA_ID of the key that signed. */
  readonly keyId: string | undefined;
}

/** A PKCS#11 module in front of a real one, which fails as it is told to. Lives in a folder of its own. */
export class FaultyToken {
  /** Path for `token.module`. */
  readonly module: string;
  readonly #folder: string;
  #lastId = 0;

  /**
   * Builds the module.
   *
   * @param folder to be made; @param realModule path of the module that does the work
   */
  constructor(folder: string, realModule: string) {
    this.#folder = folder;
    this.module = join(folder, 'faulty-token.so');
    mkdirSync(folder, { recursive: true });
    const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-shared', '-fPIC'];
    execFileSync('cc', [...flags, '-o', this.module, source, '-ldl', '-lpthread']);
    writeFileSync(join(folder, 'module'), `${realModule}\n`);
    writeFileSync(join(folder, 'log'), '');
    this.heal();
  }

  /** From the next call on, this goes wrong and nothing else. */
  fail(faults: Fault | readonly Fault[], appearance: Appearance = {}): void {
    const { slotShift = 0, hasTwin = false, isAbsent = false, pinTries = 0 } = appearance;
    this.#write([
      `slots shift=${slotShift} twin=${Number(hasTwin)} absent=${Number(isAbsent)}`,
      `pin tries=${pinTries}`,
      ...[faults].flat().map((fault) => this.#line(fault)),
    ]);
  }

  /** From the next call on, the token looks like this and otherwise works. */
  appear(appearance: Appearance): void {
    this.fail([], appearance);
  }

  /** From the next call on, nothing goes wrong any more; what lasts in a process lasts there. */
  heal(): void {
    this.#write([]);
  }

  /** All calls so far, of all processes. */
  calls(name?: string): readonly TokenCall[] {
    const lines = readFileSync(join(this.#folder, 'log'), 'utf8').split('\n').slice(0, -1);
    const calls = lines.map(parseCall);
    return name === undefined ? calls : calls.filter((call) => call.function === name);
  }

  /** Signatures that the token has made, for whoever asked, by CKA_ID of the key in hexadecimal. */
  signatures(): ReadonlyMap<string, number> {
    const made = this.calls('C_Sign').filter(({ answered }) => answered === 'CKR_OK');
    const byKey = Map.groupBy(made, ({ keyId }) => keyId ?? 'unknown');
    return new Map([...byKey].map(([keyId, calls]) => [keyId, calls.length]));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #line(fault: Fault): string {
    this.#lastId += 1;
    const { call, from = 1, times, perProcess = false, delayMs = 0, code, isApplied = false } = fault;
    return [
      `rule id=${this.#lastId} call=${call} from=${from}`,
      ...(times === undefined ? [] : [`times=${times}`]),
      `per-process=${Number(perProcess)} delay=${delayMs} after=${Number(isApplied)}`,
      ...(code === undefined ? [] : [`code=${codeOf(code)}`]),
      ...(fault.until === undefined ? [] : [`until=${fault.until}`]),
      ...(fault.deed === undefined ? [] : [`do=${fault.deed}`]),
      `flip=${fault.flip ?? 0} truncate=${fault.truncate ?? 0}`,
    ].join(' ');
  }

  /** Renamed into place, so that the module reads a whole script or the one before. */
  #write(lines: readonly string[]): void {
    const path = join(this.#folder, 'script');
    writeFileSync(`${path}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${path}.new`, path);
  }
}

function codeOf(name: ReturnValue): number {
  const code = returnValueCode(name);
  if (code === undefined) throw new Error(`${name} is not a PKCS#11 return value`);
  return code;
}

function nameOf(field: string): string | undefined {
  return field === '-' ? undefined : returnValueName(Number(field));
}

function parseCall(line: string): TokenCall {
  const [pid, start, microseconds, name = '', , answered = '-', told = '-', , keyId = '-'] = line.split(' ');
  return {
    pid: Number(pid),
    start: Number(start),
    microseconds: Number(microseconds),
    function: name,
    answered: nameOf(answered),
    told: nameOf(told),
    keyId: keyId === '-' ? undefined : keyId,
  };
}
