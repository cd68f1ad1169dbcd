import { createHash } from 'node:crypto';
import type { SodRequestBody } from '../http/sod-request.ts';

/** An invariant of ARCHITECTURE.md that was seen not to hold. */
export interface Breach {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I8';
  readonly detail: string;
}

/** A SOD that a station got from the service: from here on it has to be there, with these bytes. */
export interface AnsweredSod {
  readonly order: SodRequestBody;
  readonly sha256: string;
  readonly documentSigner: string;
  readonly logLeaf: number;
}

export interface SodAnswer {
  readonly sod: string;
  readonly documentSigner: string;
  readonly logLeaf: number;
}

/** What all stations together were answered, and what was wrong with it. */
export class Answers {
  readonly #byRequestId = new Map<string, AnsweredSod>();
  readonly breaches: Breach[] = [];
  readonly totals = { answered: 0, repeated: 0, conflictsRefused: 0, answersLost: 0, sentAgain: 0 };

  get size(): number {
    return this.#byRequestId.size;
  }

  get(requestId: string): AnsweredSod | undefined {
    return this.#byRequestId.get(requestId);
  }

  /** As it is now; what is answered later is not in it. */
  snapshot(): ReadonlyMap<string, AnsweredSod> {
    return new Map(this.#byRequestId);
  }

  /** Notes a SOD; a second one under the same request id has to be the first, octet by octet. */
  note(order: SodRequestBody, answer: SodAnswer): void {
    const known = this.#byRequestId.get(order.requestId);
    if (known === undefined) {
      const { documentSigner, logLeaf } = answer;
      this.#byRequestId.set(order.requestId, { order, sha256: digestOf(answer), documentSigner, logLeaf });
      this.totals.answered += 1;
      return;
    }
    this.totals.repeated += 1;
    this.expectSame(known, answer);
  }

  expectSame(known: AnsweredSod, answer: SodAnswer): void {
    const isSame =
      known.sha256 === digestOf(answer) &&
      known.logLeaf === answer.logLeaf &&
      known.documentSigner === answer.documentSigner;
    if (!isSame) this.breach('I2', `${known.order.requestId} was answered with two different SODs`);
  }

  breach(invariant: Breach['invariant'], detail: string): void {
    this.breaches.push({ invariant, detail });
  }
}

function digestOf({ sod }: SodAnswer): string {
  return createHash('sha256').update(Buffer.from(sod, 'base64')).digest('hex');
}
