import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SodRequestBody } from '../http/sod-request.ts';
import type { Answers, SodAnswer } from './answers.ts';
import type { Chance } from './chance.ts';
import type { Connection, HttpAnswer } from './connection.ts';
import { randomOrder, withOtherContent } from './order.ts';
import type { RequestAction, Step } from './plan.ts';

/** After so long without an answer the service has not healed by itself. */
const patienceMs = 180_000;
/** Connections are broken within so many milliseconds of the request. */
const breakWithinMs = 60;
const mostLines = 12;

export interface StationParts {
  readonly connection: Connection;
  readonly answers: Answers;
  readonly signal: AbortSignal;
  /** Asked for every 500: whether a wrong signature of the token may be why. */
  readonly excusesError: () => boolean;
}

/** An order that was sent, and when it will have been answered. */
interface Sent {
  readonly order: SodRequestBody;
  readonly answered: Promise<unknown>;
}

/**
 * The personalisation stations. Whatever becomes of the service, they repeat the same request until it is answered;
 * now and then they repeat an old one, send other content under an old request id, send a request twice at once, or
 * break a connection before the answer has come.
 */
export class Stations {
  readonly #name: string;
  readonly #connection: Connection;
  readonly #answers: Answers;
  readonly #signal: AbortSignal;
  readonly #excusesError: () => boolean;
  readonly #sent: Sent[] = [];

  /** @param name that no other run uses on the same records */
  constructor(name: string, parts: StationParts) {
    this.#name = name;
    this.#connection = parts.connection;
    this.#answers = parts.answers;
    this.#signal = parts.signal;
    this.#excusesError = parts.excusesError;
  }

  /** Settles when everything that the step sends is answered. */
  take({ number, chance }: Step, action: RequestAction): Promise<void> {
    const requestId = `${this.#name}:${number}`;
    switch (action) {
      case 'new':
        return this.#send(this.#newOrder(chance, requestId), chance);
      case 'twice-at-once':
        return this.#sendTwiceAtOnce(this.#newOrder(chance, requestId), chance);
      case 'two-contents-at-once':
        return this.#sendTwoContentsAtOnce(this.#newOrder(chance, requestId), chance);
      case 'lost-answer':
        return this.#loseAnswer(this.#newOrder(chance, requestId), chance);
      case 'batch':
        return this.#sendBatch(this.#newOrders(chance, requestId), chance, false);
      case 'broken-batch':
        return this.#sendBatch(this.#newOrders(chance, requestId), chance, true);
      case 'repeat':
        return this.#repeat(this.#oldOne(chance), chance);
      case 'conflict':
        return this.#conflict(this.#oldOne(chance), chance);
    }
  }

  #newOrder(chance: Chance, requestId: string): SodRequestBody {
    return randomOrder(chance, requestId);
  }

  #newOrders(chance: Chance, requestId: string): readonly SodRequestBody[] {
    const count = 1 + chance.below(mostLines);
    return Array.from({ length: count }, (_, index) => randomOrder(chance, `${requestId}-${index + 1}`));
  }

  #oldOne(chance: Chance): Sent | undefined {
    return this.#sent.length === 0 ? undefined : chance.oneOf(this.#sent);
  }

  async #send(order: SodRequestBody, chance: Chance): Promise<void> {
    await this.#remember(order, this.#askForSod(order, chance, [200, 201]));
  }

  async #repeat(old: Sent | undefined, chance: Chance): Promise<void> {
    if (old === undefined) return;
    await old.answered;
    await this.#askForSod(old.order, chance, [200]);
  }

  async #conflict(old: Sent | undefined, chance: Chance): Promise<void> {
    if (old === undefined) return;
    await old.answered;
    const order = withOtherContent(chance, old.order);
    this.#expectConflict(order, await this.#ask(order, chance));
  }

  async #sendTwiceAtOnce(order: SodRequestBody, chance: Chance): Promise<void> {
    const both = [order, order].map((each) => this.#askForSod(each, chance, [200, 201]));
    await this.#remember(order, Promise.all(both));
  }

  /** Two contents under one new request id: whichever comes first has it, the other one is refused. */
  async #sendTwoContentsAtOnce(one: SodRequestBody, chance: Chance): Promise<void> {
    const orders = [one, withOtherContent(chance, one)];
    const answers = await Promise.all(orders.map((order) => this.#ask(order, chance)));
    const signed = answers.findIndex((answer) => answer !== undefined && isSigned(answer.status));
    for (const [index, order] of orders.entries()) {
      if (index === signed) this.#expectSod(order, answers[index], [200, 201]);
      else this.#expectConflict(order, answers[index]);
    }
  }

  async #loseAnswer(order: SodRequestBody, chance: Chance): Promise<void> {
    const afterMs = chance.below(breakWithinMs);
    const work = async () => {
      const answer = await this.#connection.sendAndBreak('/v1/sods', JSON.stringify(order), afterMs);
      if (answer === undefined) this.#answers.totals.answersLost += 1;
      else if (isSigned(answer.status)) this.#expectSod(order, answer, [200, 201]);
      await this.#askForSod(order, chance, [200, 201]);
    };
    await this.#remember(order, work());
  }

  /** Whatever the batch left without an answer is asked for line by line. */
  async #sendBatch(orders: readonly SodRequestBody[], chance: Chance, isBroken: boolean): Promise<void> {
    const breakAfterMs = isBroken ? chance.below(2 * breakWithinMs) : undefined;
    const missing = new Map(orders.map((order) => [order.requestId, order]));
    const lines = await this.#connection.batch(
      orders.map((order) => JSON.stringify(order)),
      breakAfterMs,
    );
    for (const line of lines) {
      const { requestId, status } = JSON.parse(line) as { requestId: string; status: number };
      const order = missing.get(requestId);
      if (order === undefined) {
        this.#answers.breach('I2', `a batch was answered with a line that it has not asked for: ${line}`);
      } else if (!this.#isLater({ status, body: line })) {
        this.#expectSod(order, { status, body: line }, [200, 201]);
        missing.delete(requestId);
      }
    }
    this.#answers.totals.answersLost += isBroken ? missing.size : 0;
    for (const order of missing.values()) await this.#askForSod(order, chance, [200, 201]);
  }

  async #remember(order: SodRequestBody, answered: Promise<unknown>): Promise<void> {
    this.#sent.push({ order, answered });
    await answered;
  }

  async #askForSod(order: SodRequestBody, chance: Chance, statuses: readonly number[]): Promise<void> {
    this.#expectSod(order, await this.#ask(order, chance), statuses);
  }

  /** @returns the answer; undefined when the torture is being ended, or patience is */
  async #ask(order: SodRequestBody, chance: Chance): Promise<HttpAnswer | undefined> {
    const body = JSON.stringify(order);
    const started = performance.now();
    for (let pauseMs = 20; !this.#signal.aborted; pauseMs = Math.min(2 * pauseMs, 640)) {
      const answer = await this.#connection.send('POST', '/v1/sods', body).catch(() => undefined);
      if (answer !== undefined && !this.#isLater(answer)) return answer;
      if (performance.now() - started > patienceMs) {
        this.#answers.breach('I6', `${order.requestId} is not answered: ${answer?.body ?? 'no connection'}`);
        return undefined;
      }
      this.#answers.totals.sentAgain += 1;
      await sleep(pauseMs + chance.below(pauseMs));
    }
    return undefined;
  }

  /** To be sent again: the service could not, or not in time, or its Document Signer was revoked while it signed. */
  #isLater({ status, body }: HttpAnswer): boolean {
    if (status === 500) return this.#excusesError();
    return status === 503 || status === 504 || status === 429 || (status >= 400 && body.includes('"S-REV"'));
  }

  #expectSod(order: SodRequestBody, answer: HttpAnswer | undefined, statuses: readonly number[]): void {
    if (answer === undefined) return;
    if (statuses.includes(answer.status)) this.#answers.note(order, JSON.parse(answer.body) as SodAnswer);
    else this.#answers.breach('I2', `${order.requestId} was answered ${answer.status}: ${answer.body}`);
  }

  #expectConflict(order: SodRequestBody, answer: HttpAnswer | undefined): void {
    if (answer === undefined) return;
    if (answer.status === 409) this.#answers.totals.conflictsRefused += 1;
    else {
      const detail = `${order.requestId} with other content was answered ${answer.status}: ${answer.body}`;
      this.#answers.breach('I2', detail);
    }
  }
}

function isSigned(status: number): boolean {
  return status === 200 || status === 201;
}
