import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { returnValueCode } from '../../../hsm/return-values.ts';
import type { Chance } from './chance.ts';

const calls = [
  'C_Sign',
  'C_SignInit',
  'C_FindObjectsInit',
  'C_OpenSession',
  'C_GetSessionInfo',
  '*',
] as const;
const codes = [
  'CKR_DEVICE_ERROR',
  'CKR_GENERAL_ERROR',
  'CKR_FUNCTION_FAILED',
  'CKR_HOST_MEMORY',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_DEVICE_REMOVED',
  'CKR_USER_NOT_LOGGED_IN',
] as const;
const deeds = ['abort', 'segfault', 'exit', 'logout', 'close-sessions'] as const;
const durations = ['session-closed', 'finalize', 'process-ends'] as const;

/**
 * A PKCS#11 module in front of that of the token, which fails as it is told to and counts signatures. Its source is a
 * C file that is compiled into a folder of its own; it reads its script and writes its log there.
 */
export class FaultyModule {
  /** Path for `token.module`. */
  readonly path: string;
  readonly #folder: string;
  readonly #signatures = new Map<string, number>();
  #read = 0;
  #rest = '';
  #lastId = 0;

  /** @param folder to be made @throws Error when there is no C compiler, or it does not compile */
  constructor(folder: string, source: string, realModule: string) {
    this.#folder = folder;
    this.path = join(folder, 'module.so');
    mkdirSync(folder, { recursive: true });
    const flags = ['-std=gnu11', '-O1', '-shared', '-fPIC'];
    execFileSync('cc', [...flags, '-o', this.path, source, '-ldl', '-lpthread'], { stdio: 'pipe' });
    writeFileSync(join(folder, 'module'), `${realModule}\n`);
    writeFileSync(join(folder, 'log'), '');
    this.heal();
  }

  /** One fault, or a few of a kind. @returns whether it makes a wrong signature */
  fail(chance: Chance): boolean {
    const fault = this.#randomFault(chance);
    this.#lastId = 1 + (this.#lastId % 4_000);
    this.#write(`rule id=${this.#lastId} ${fault}\n`);
    return fault.includes(' flip=');
  }

  /** From the next call on nothing goes wrong any more. */
  heal(): void {
    this.#write('');
  }

  /** Signatures that the token has made so far, for whoever asked, by CKA_ID of the key in hexadecimal. */
  signatures(): ReadonlyMap<string, number> {
    for (const line of this.#newLines()) {
      const [, , , name, , answered, , , keyId = '-'] = line.split(' ');
      if (name !== 'C_Sign' || answered !== '0x0' || keyId === '-') continue;
      this.#signatures.set(keyId, (this.#signatures.get(keyId) ?? 0) + 1);
    }
    return new Map(this.#signatures);
  }

  #randomFault(chance: Chance): string {
    const call = chance.oneOf(calls);
    const when = `from=${1 + chance.below(4)} times=${1 + chance.below(3)}`;
    const after = `after=${chance.below(2)}`;
    switch (chance.below(5)) {
      case 0:
        return `call=C_Sign ${when} delay=${500 * (1 + chance.below(6))}`;
      case 1:
        return `call=C_Sign from=${1 + chance.below(4)} times=1 ${after} do=${chance.oneOf(deeds)}`;
      case 2:
        return `call=${call} ${when} code=${this.#code(chance)} until=${chance.oneOf(durations)}`;
      case 3:
        return `call=C_Sign from=${1 + chance.below(4)} times=1 flip=${1 << chance.below(8)}`;
      default:
        return `call=${call} ${when} ${after} code=${this.#code(chance)}`;
    }
  }

  #code(chance: Chance): number {
    return returnValueCode(chance.oneOf(codes)) ?? 5;
  }

  /** Whole lines that have come since the last time. */
  #newLines(): readonly string[] {
    const file = openSync(join(this.#folder, 'log'), 'r');
    try {
      const chunk = Buffer.alloc(1 << 20);
      for (;;) {
        const count = readSync(file, chunk, 0, chunk.length, this.#read);
        if (count === 0) break;
        this.#read += count;
        this.#rest += chunk.toString('latin1', 0, count);
      }
    } finally {
      closeSync(file);
    }
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }

  /** Renamed into place, so that the module reads a whole script or the one before. */
  #write(script: string): void {
    const path = join(this.#folder, 'script');
    writeFileSync(`${path}.new`, script);
    renameSync(`${path}.new`, path);
  }
}
