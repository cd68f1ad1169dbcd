import { Readable } from 'node:stream';
import {
  type JobMessage,
  type PieceMessage,
  type SignerMessage,
  type SignerMessages,
  toWire,
} from '../adapters/signer-pool/index.ts';
import { Refused, Unavailable } from '../services/errors.ts';
import type { EntryPieces } from '../services/ports.ts';
import { SigningCore } from '../services/signing-core/signing-core.ts';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { logSettings, tokenNamed } from './instance/configuration.ts';
import { loadAnyInstance } from './instance/load-instance.ts';

/**
 * The signer process: the only one that loads the PKCS#11 module and knows a PIN. It takes typed jobs from
 * the service that started it and ends with it. When nothing in this process brings the token back, it gives
 * back what it has not begun and ends; the service starts a new one.
 *
 * @param tokenName which token of the instance it holds
 * @param sessions other than configured, for a measurement
 */
export async function runSigner(
  home: string,
  tokenName: string,
  sessions: number | undefined,
): Promise<void> {
  const send = process.send?.bind(process);
  if (send === undefined) {
    throw new Unavailable('signer', 'was not started by a service', {
      outcome: 'not-applied',
      mend: 'run sigillo serve; it starts its signers itself',
    });
  }
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the service decides when its signers end.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  const outbox = new Outbox((messages, then) => void send(messages, undefined, undefined, then));
  try {
    await serveJobs(home, tokenName, sessions, outbox);
  } catch (error) {
    outbox.put({ kind: 'failed', error: toWire(error) });
    outbox.end();
  }
}

async function serveJobs(
  home: string,
  tokenName: string,
  sessions: number | undefined,
  outbox: Outbox,
): Promise<void> {
  const { configuration, policies, paths } = loadAnyInstance(home);
  const { state, exchange } = configuration;
  const configured = tokenNamed(configuration, tokenName);
  const settings = { ...configured, sessions: sessions ?? configured.sessions };
  const token = Pkcs11Token.open({ ...settings, traceFolder: paths.trace }, (healing) =>
    outbox.put({ kind: 'healing', healing }),
  );
  const logOrigin = 'machine' in configuration ? undefined : logSettings(configuration).origin;
  const core = new SigningCore(token, policies, state, exchange?.partner, logOrigin);
  const jobs = new Jobs(core, token, outbox);
  process.on('message', (message: readonly JobMessage[] | PieceMessage) => {
    if ('piece' in message) jobs.takePiece(message);
    else jobs.take(message);
  });
  // Nothing is put on the token of an offline CSCA but by its ceremonies.
  const status = 'machine' in configuration ? await core.status() : await core.probe();
  outbox.put({ kind: 'ready', token: status });
}

/** As many jobs at a time as the token has sessions; the others wait in the order in which they came. */
class Jobs {
  readonly #core: SigningCore;
  readonly #token: Pkcs11Token;
  readonly #outbox: Outbox;
  #waiting: JobMessage[] = [];
  /** Entries of CRLs that are ordered, as they come. */
  readonly #entries = new Map<number, EntryStream>();
  #running = 0;
  #isEnding = false;

  constructor(core: SigningCore, token: Pkcs11Token, outbox: Outbox) {
    this.#core = core;
    this.#token = token;
    this.#outbox = outbox;
  }

  take(messages: readonly JobMessage[]): void {
    for (const message of messages) {
      if (message.job === 'signCrl')
        this.#entries.set(message.id, new EntryStream(message.order.entryOctets));
    }
    this.#waiting.push(...messages);
    this.#startNext();
  }

  /** Of a job that has failed already none is wanted any more. */
  takePiece({ id, piece }: PieceMessage): void {
    this.#entries.get(id)?.take(piece);
  }

  #startNext(): void {
    if (this.#isEnding || this.#token.isLost) return this.#giveUp();
    while (this.#running < this.#token.sessions) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#running += 1;
      this.#run(message).catch(neverThrown);
    }
  }

  async #run(message: JobMessage): Promise<void> {
    const { id } = message;
    try {
      this.#outbox.put({ kind: 'done', id, result: await this.#result(message) });
    } catch (error) {
      if (isMissingKey(message, error)) this.#isEnding = true;
      this.#outbox.put({ kind: 'error', id, error: toWire(error) });
    }
    this.#entries.delete(id);
    this.#running -= 1;
    this.#startNext();
  }

  #result(message: JobMessage): Promise<unknown> {
    if (message.job !== 'signCrl') return runJob(this.#core, message);
    const { entryOctets, ...order } = message.order;
    const entries = this.#entries.get(message.id) ?? new EntryStream(entryOctets);
    return this.#core.signCrl({ ...order, revokedCertificates: entries });
  }

  /** What was not begun is given back, so that another signer takes it without another use of the key. */
  #giveUp(): void {
    for (const { id } of this.#waiting) this.#outbox.put({ kind: 'returned', id });
    this.#waiting = [];
    if (this.#running === 0) this.#outbox.end();
  }
}

/** The entries of a CRL on their way; each piece is forgotten once it was read. */
class EntryStream implements EntryPieces {
  readonly octets: number;
  readonly #stream = new Readable({ objectMode: true, read: () => undefined });
  #missing: number;

  constructor(octets: number) {
    this.octets = octets;
    this.#missing = octets;
    if (octets === 0) this.#stream.push(null);
  }

  /** What comes after as much as was announced is not looked at: that there is too much is known already. */
  take(piece: Uint8Array): void {
    if (this.#missing <= 0) return;
    this.#missing -= piece.length;
    this.#stream.push(piece);
    if (this.#missing <= 0) this.#stream.push(null);
  }

  readonly pieces = (): AsyncIterable<Uint8Array> => this.#stream;
}

/** Whatever happens to a job becomes its answer; so this ends the process, and the service takes it for lost. */
function neverThrown(bug: unknown): never {
  throw bug;
}

/** A key that is not there to sign with is looked for on the token that is there when the next process starts. */
function isMissingKey({ job }: JobMessage, error: unknown): boolean {
  return error instanceof Refused && error.code === 'not-found' && job !== 'findKey';
}

/** Answers within this time go as one message: each write to the pipe takes as long as a signature on P-256. */
const gatheredMs = 1;

/** Messages to the service. */
class Outbox {
  readonly #send: (messages: SignerMessages, then: () => void) => void;
  #messages: SignerMessage[] = [];
  #since = 0;

  constructor(send: (messages: SignerMessages, then: () => void) => void) {
    this.#send = send;
  }

  put(message: SignerMessage): void {
    const now = performance.now();
    if (this.#messages.length === 0) {
      this.#since = now;
      setImmediate(() => this.#flush());
    }
    this.#messages.push(message);
    // Synchronous signatures let nothing else run in between.
    if (now - this.#since > gatheredMs) this.#flush();
  }

  /** Sends what there is and ends the process. */
  end(): void {
    this.#flush(() => process.exit(1));
  }

  #flush(then: () => void = () => undefined): void {
    const messages = this.#messages;
    this.#messages = [];
    if (messages.length > 0) this.#send(messages, then);
    else then();
  }
}

async function runJob(
  core: SigningCore,
  message: Exclude<JobMessage, { readonly job: 'signCrl' }>,
): Promise<unknown> {
  switch (message.job) {
    case 'generateKeyPair':
      return core.generateKeyPair(message.order);
    case 'findKey':
      return core.findKey(message.order);
    case 'destroyKey':
      return core.destroyKey(message.order);
    case 'signCertificate':
      return core.signCertificate(message.order);
    case 'signSod':
      return core.signSod(message.order);
    case 'signMasterList':
      return core.signMasterList(message.order);
    case 'signBundle':
      return core.signBundle(message.order);
    case 'signCheckpoint':
      return core.signCheckpoint(message.order);
    case 'status':
      return core.status();
    case 'proveHealth':
      return core.proveHealth();
    case 'probe':
      return core.probe();
  }
}
