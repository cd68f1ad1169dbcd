import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SodRequestBody } from '../http/sod-request.ts';
import type { Answers, SodAnswer } from './answers.ts';
import type { Chance } from './chance.ts';
import type { Connection, HttpAnswer } from './connection.ts';
import { randomOrder, withOtherContent } from './order.ts';

/** After so long without an answer the service has not healed by itself. */
const patienceMs = 180_000;

/** Orders that a station remembers to repeat. */
const remembered = 200;

/**
 * One personalisation station. Whatever becomes of the service, it repeats the same request until it is
 * answered; now and then it repeats an old one, sends other content under an old request id, or sends a
 * request twice at once.
 */
export class Station {
  readonly #name: string;
  readonly #chance: Chance;
  readonly #connection: Connection;
  readonly #answers: Answers;
  readonly #signal: AbortSignal;
  readonly #sent: SodRequestBody[] = [];
  #made = 0;

  constructor(
    name: string,
    parts: { chance: Chance; connection: Connection; answers: Answers; signal: AbortSignal },
  ) {
    this.#name = name;
    this.#chance = parts.chance;
    this.#connection = parts.connection;
    this.#answers = parts.answers;
    this.#signal = parts.signal;
  }

  /** Sends until `isOver`; returns when everything that it sent is answered. */
  async work(isOver: () => boolean): Promise<void> {
    while (!isOver() && !this.#signal.aborted) {
      const dice = this.#chance.below(100);
      if (this.#sent.length > 0 && dice < 15) await this.#repeatOld();
      else if (this.#sent.length > 0 && dice < 25) await this.#conflictWithOld();
      else if (dice < 30) await this.#sendTwiceAtOnce();
      else if (dice < 35) await this.#conflictAtOnce();
      else await this.#sendNew();
    }
  }

  async #sendNew(): Promise<void> {
    const order = this.#newOrder();
    this.#expectSod(order, await this.#ask(order), [200, 201]);
  }

  async #repeatOld(): Promise<void> {
    const order = this.#chance.oneOf(this.#sent);
    this.#expectSod(order, await this.#ask(order), [200]);
  }

  async #conflictWithOld(): Promise<void> {
    const order = withOtherContent(this.#chance, this.#chance.oneOf(this.#sent));
    this.#expectConflict(order, await this.#ask(order));
  }

  async #sendTwiceAtOnce(): Promise<void> {
    const order = this.#newOrder();
    for (const answer of await Promise.all([this.#ask(order), this.#ask(order)])) {
      this.#expectSod(order, answer, [200, 201]);
    }
  }

  /** Two contents under one new request id: whichever comes first has it, the other one is refused. */
  async #conflictAtOnce(): Promise<void> {
    const one = randomOrder(this.#chance, this.#newRequestId());
    const orders = [one, withOtherContent(this.#chance, one)];
    const answers = await Promise.all(orders.map((order) => this.#ask(order)));
    const signed = answers.findIndex((answer) => answer !== undefined && isSigned(answer));
    for (const [index, order] of orders.entries()) {
      if (index === signed) this.#expectSod(order, answers[index], [200, 201]);
      else this.#expectConflict(order, answers[index]);
    }
    const winner = orders[signed];
    if (winner !== undefined) this.#remember(winner);
  }

  #newRequestId(): string {
    this.#made += 1;
    return `${this.#name}:${this.#made}`;
  }

  #newOrder(): SodRequestBody {
    const order = randomOrder(this.#chance, this.#newRequestId());
    this.#remember(order);
    return order;
  }

  #remember(order: SodRequestBody): void {
    this.#sent.push(order);
    if (this.#sent.length > remembered) this.#sent.splice(0, 1);
  }

  /** @returns the answer; undefined when the torture is being ended, or patience is */
  async #ask(order: SodRequestBody): Promise<HttpAnswer | undefined> {
    const body = JSON.stringify(order);
    const started = performance.now();
    while (!this.#signal.aborted) {
      const answer = await this.#connection.send('POST', '/v1/sods', body).catch(() => undefined);
      if (answer !== undefined && answer.status !== 503 && answer.status !== 504) return answer;
      if (performance.now() - started > patienceMs) {
        this.#answers.breach('I6', `${order.requestId} is not answered: ${answer?.body ?? 'no connection'}`);
        return undefined;
      }
      this.#answers.totals.sentAgain += 1;
      await sleep(20 + this.#chance.below(80));
    }
    return undefined;
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

function isSigned({ status }: HttpAnswer): boolean {
  return status === 200 || status === 201;
}
