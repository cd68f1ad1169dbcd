import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers';
import type { Logger } from 'pino';
import type { BatchShare } from './batch-shares.ts';
import { type Line, LineReader } from './line-reader.ts';
import { HttpProblem, retryAfterSeconds, toProblem } from './problem.ts';
import { requestIdIn, sodJson } from './sod-request.ts';
import type { SignedSod } from '../../services/sod/sod-service.ts';
import { parseJsonOctets } from './unambiguous-json.ts';
import { endUnreadBody } from './unread-body.ts';

export interface SodBatchDeps {
  /** One order, as JSON: rules, signature, record. */
  readonly sign: (order: unknown) => Promise<SignedSod>;
  /** A longer line is refused. */
  readonly maxLineOctets: number;
  /** How many lines may be under way. */
  readonly share: BatchShare;
  /** Asked every second. @throws when the caller may not go on */
  readonly assertAllowed: () => Promise<unknown>;
  /** Aborted when the service ends. */
  readonly stopping: AbortSignal;
  /** Milliseconds after which a batch ends whose station neither sends nor reads. */
  readonly silenceMs: number;
  readonly log: Logger;
}

/** Lines begun before others get their turn: parsing them must not hold up single requests. */
const linesPerTurn = 32;
const lookMs = 1_000;

/**
 * Answers NDJSON with NDJSON, each line as soon as its SOD is there. What it holds is bounded, however long the
 * batch: nothing is read while as many lines are under way as it may have, or while the station does not
 * read its answers. A line that fails is answered with a problem and stops no other. When the station goes
 * away, what was begun is completed and found under its request id; nothing else is begun.
 */
export class SodBatch {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #deps: SodBatchDeps;
  readonly #lines: LineReader;
  readonly #look: NodeJS.Timeout;
  /** Lines by the status of their answer. */
  readonly #outcomes = new Map<number, number>();
  #answers = '';
  #inFlight = 0;
  #isTurnDue = false;
  /** The station has not read what was written last. */
  #isBlocked = false;
  /** No line is read any more. */
  #isReadOut = false;
  #isOver = false;
  #silentMs = 0;

  constructor(request: IncomingMessage, response: ServerResponse, deps: SodBatchDeps) {
    this.#request = request;
    this.#response = response;
    this.#deps = deps;
    this.#lines = new LineReader(deps.maxLineOctets);
    this.#look = setInterval(() => this.#lookAround(), lookMs);
    request.on('data', (chunk: Buffer) => this.#receive(chunk));
    request.once('end', () => this.#receiveEnd());
    // The response closes then too.
    request.on('error', (err) => deps.log.debug({ err }, 'batch: the station went away'));
    response.on('drain', () => this.#unblock());
    response.once('close', () => this.#close());
    deps.stopping.addEventListener('abort', this.#onStop);
    // A station that waits for the status before it sends must not wait for ever.
    response.flushHeaders();
  }

  readonly #onStop = (): void => {
    this.#refuse(
      new HttpProblem({
        type: 'stopping',
        title: 'The service is stopping',
        status: 503,
        detail: 'the lines that are not answered were not begun',
        mend: 'send them again',
      }),
    );
  };

  #receive(chunk: Buffer): void {
    this.#silentMs = 0;
    if (this.#isReadOut) return;
    this.#lines.give(chunk);
    this.#request.pause();
    this.#turn();
  }

  #receiveEnd(): void {
    this.#lines.end();
    this.#turn();
  }

  #unblock(): void {
    this.#silentMs = 0;
    this.#isBlocked = false;
    this.#soon();
  }

  /** What is answered in one turn of the event loop is written at once, into one TLS record. */
  #soon(): void {
    if (this.#isTurnDue || this.#isOver) return;
    this.#isTurnDue = true;
    nextTurn(() => {
      this.#isTurnDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isOver) return;
    this.#write();
    for (let begun = 0; this.#mayBegin; begun += 1) {
      if (begun === linesPerTurn) {
        this.#soon();
        return;
      }
      const line = this.#lines.next();
      if (line === undefined) {
        this.#readOn();
        return;
      }
      this.#begin(line);
    }
    if (this.#isReadOut) this.#endWhenAnswered();
  }

  get #mayBegin(): boolean {
    return !this.#isReadOut && !this.#isBlocked && this.#inFlight < this.#deps.share.lines;
  }

  #readOn(): void {
    if (!this.#request.readableEnded) {
      this.#request.resume();
      return;
    }
    this.#isReadOut = true;
    this.#endWhenAnswered();
  }

  #begin({ number, octets }: Line): void {
    this.#inFlight += 1;
    let requestId: string | undefined;
    const fail = (error: unknown) => this.#answer(...this.#problem(error, number, requestId));
    try {
      if (octets === undefined) throw this.#tooLong();
      const order = parseJsonOctets(octets);
      requestId = requestIdIn(order);
      this.#deps.sign(order).then(({ sod, isRepeat }) => {
        const status = isRepeat ? 200 : 201;
        this.#answer(status, `{"status":${status},${sodJson(sod).slice(1)}`);
      }, fail);
    } catch (error) {
      fail(error);
    }
  }

  #answer(status: number, line: string): void {
    this.#inFlight -= 1;
    this.#outcomes.set(status, (this.#outcomes.get(status) ?? 0) + 1);
    if (this.#isOver) return;
    this.#answers += `${line}\n`;
    this.#soon();
  }

  /** The first of a kind is logged if it is the service's own fault; an outage would fill the log otherwise. */
  #problem(error: unknown, line: number, requestId: string | undefined): [status: number, line: string] {
    const problem = toProblem(error);
    const { status } = problem;
    if (status >= 500 && !this.#outcomes.has(status)) {
      this.#deps.log.error({ err: error, line, requestId }, `batch: ${problem.title}`);
    }
    const retryAfter = retryAfterSeconds(problem);
    return [status, JSON.stringify({ requestId, line, ...problem, retryAfter })];
  }

  #tooLong(): HttpProblem {
    return new HttpProblem({
      type: 'too-large',
      title: 'The line is too long',
      status: 413,
      detail: `the line has more than ${this.#deps.maxLineOctets} octets`,
      mend: 'send the hashes without dataGroups, or raise limits.maxBodyOctets in sigillo.yaml',
    });
  }

  #write(): void {
    if (this.#answers === '' || this.#isBlocked) return;
    const answers = this.#answers;
    this.#answers = '';
    this.#isBlocked = !this.#response.write(answers);
  }

  #endWhenAnswered(): void {
    if (this.#inFlight > 0 || this.#answers !== '' || this.#response.writableEnded) return;
    this.#response.end();
    endUnreadBody(this.#request);
  }

  #lookAround(): void {
    this.#deps.assertAllowed().catch((error: unknown) => this.#refuse(error));
    this.#silentMs += lookMs;
    if (this.#silentMs < this.#deps.silenceMs) return;
    if (this.#isBlocked) this.#response.destroy();
    else if (this.#inFlight === 0) this.#refuse(this.#silence());
  }

  #silence(): HttpProblem {
    return new HttpProblem({
      type: 'silence',
      title: 'Nothing was sent for too long',
      status: 408,
      detail: `nothing was sent for ${this.#deps.silenceMs / 1_000} s`,
      mend: 'end a batch with its last line, and begin another one when there is more to sign',
    });
  }

  /** Begins no further line, says why, and ends when those under way are answered. */
  #refuse(error: unknown): void {
    if (this.#isReadOut || this.#isOver) return;
    this.#isReadOut = true;
    this.#answers += `${JSON.stringify(toProblem(error))}\n`;
    this.#request.resume();
    this.#soon();
  }

  #close(): void {
    this.#isOver = true;
    this.#answers = '';
    clearInterval(this.#look);
    this.#deps.stopping.removeEventListener('abort', this.#onStop);
    this.#deps.share.leave();
    const isWhole = this.#response.writableFinished;
    this.#deps.log.info({ isWhole, ...Object.fromEntries(this.#outcomes) }, 'batch');
  }
}
