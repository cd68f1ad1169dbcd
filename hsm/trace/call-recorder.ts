import { openSync, writeFileSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { at, defaultCapacity, headerOctets, magic, recordOctets } from './trace-file.ts';
import { faultTracePath, prepareTraceFolder, signerTracePath } from './trace-folder.ts';

/** What is known of a call when it begins. Numbers that do not apply are 0. */
export interface BeginningCall {
  readonly function: number;
  readonly session: number;
  readonly slot: number;
  readonly inputOctets: number;
  readonly mechanism: number;
  readonly keyId: Uint8Array | undefined;
}

const words = recordOctets / 4;
const doubles = recordOctets / 8;
const underWay = Number.NaN;

/** More copies than this in so many milliseconds would show the same again. */
const faultEveryMs = 1_000;

/**
 * The flight recorder: the last calls to the module, in memory and in a file of the same shape. Each call is in
 * the file before the module is entered, together with how the one before it ended, by one write of 128 octets;
 * so a module that takes the process down leaves behind which call it was in.
 */
export class CallRecorder {
  readonly #octets: Buffer;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #capacity: number;
  readonly #folder: string;
  readonly #started = performance.timeOrigin;
  /** Undefined where the disk takes no file; the calls are in memory only then, and nothing else changes. */
  #file: number | undefined;
  #number = 0;
  /** Position of the record that has ended since the last write, or -1. */
  #unwritten = -1;
  #faults = 0;
  #lastFault = Number.NEGATIVE_INFINITY;

  /** @param folder `trace/` of the instance; made when it is not there */
  constructor(folder: string, capacity = defaultCapacity) {
    this.#folder = folder;
    this.#capacity = capacity;
    const memory = new ArrayBuffer(headerOctets + capacity * recordOctets);
    this.#octets = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#octets.write(magic, 'latin1');
    this.#octets.writeUInt32LE(process.pid, 16);
    this.#octets.writeUInt32LE(capacity, 20);
    this.#octets.writeDoubleLE(this.#started, 24);
    this.#open();
    process.once('exit', () => this.#flush());
  }

  /** @returns what `end` is told */
  begin(call: BeginningCall): number {
    this.#number += 1;
    const position = (this.#number - 1) % this.#capacity;
    const word = headerOctets / 4 + position * words;
    const double = headerOctets / 8 + position * doubles;
    this.#words[word + at.number] = this.#number;
    this.#words[word + at.function] = call.function;
    this.#words[word + at.returnValue] = 0;
    this.#words[word + at.session] = call.session;
    this.#words[word + at.slot] = call.slot;
    this.#words[word + at.inputOctets] = call.inputOctets;
    this.#words[word + at.mechanism] = call.mechanism;
    this.#setKeyId(position, call.keyId);
    this.#doubles[double + at.duration] = underWay;
    this.#doubles[double + at.start] = this.#started + performance.now();
    this.#write(position);
    return this.#number;
  }

  /** @param returnValue 0 is CKR_OK; @param isFault worth a copy of everything that led there */
  end(number: number, returnValue: number, isFault: boolean): void {
    // A call that took longer than the ring goes round has no record any more.
    if (this.#number - number >= this.#capacity) return;
    const position = (number - 1) % this.#capacity;
    const double = headerOctets / 8 + position * doubles;
    const start = this.#doubles[double + at.start] ?? 0;
    this.#doubles[double + at.duration] = this.#started + performance.now() - start;
    this.#words[headerOctets / 4 + position * words + at.returnValue] = returnValue;
    if (this.#unwritten !== -1) this.#flush();
    this.#unwritten = position;
    if (isFault) this.#copy();
  }

  #setKeyId(position: number, keyId: Uint8Array | undefined): void {
    const start = headerOctets + position * recordOctets + at.keyId;
    if (keyId === undefined) this.#octets.fill(0, start, start + recordOctets - at.keyId);
    else this.#octets.set(keyId.subarray(0, recordOctets - at.keyId), start);
  }

  /** The record at `position`, with the one before it when that has ended since. */
  #write(position: number): void {
    if (this.#unwritten !== -1 && this.#unwritten !== position - 1) this.#flush();
    const first = this.#unwritten === -1 ? position : this.#unwritten;
    this.#unwritten = -1;
    this.#writeFrom(first, position - first + 1);
  }

  #flush(): void {
    if (this.#unwritten === -1) return;
    this.#writeFrom(this.#unwritten, 1);
    this.#unwritten = -1;
  }

  #writeFrom(position: number, records: number): void {
    if (this.#file === undefined) return;
    const start = headerOctets + position * recordOctets;
    try {
      writeSync(this.#file, this.#octets, start, records * recordOctets, start);
    } catch {
      // A disk that fails must not keep the token from signing.
      this.#file = undefined;
    }
  }

  /** The whole file at once, so that there is room for it ever after. */
  #open(): void {
    try {
      prepareTraceFolder(this.#folder);
      this.#file = openSync(signerTracePath(this.#folder, process.pid, this.#started), 'w', 0o600);
      writeSync(this.#file, this.#octets, 0, this.#octets.length, 0);
    } catch {
      this.#file = undefined;
    }
  }

  #copy(): void {
    this.#flush();
    const now = performance.now();
    if (now - this.#lastFault < faultEveryMs || this.#file === undefined) return;
    this.#lastFault = now;
    this.#faults += 1;
    try {
      const path = faultTracePath(this.#folder, process.pid, this.#started, this.#faults);
      writeFileSync(path, this.#octets, { mode: 0o600 });
      prepareTraceFolder(this.#folder);
    } catch {
      // As above; the ring still has it for a while.
    }
  }
}
