import type { VerifierKey } from '../../formats/log/verifier-key.ts';
import { Unavailable } from '../../services/errors.ts';
import type { Witness, WitnessAnswer } from '../../services/log/cosign-checkpoint.ts';

/** More than any answer needs: some lines of at most 5 kB. */
const longestAnswer = 65_536;

/** What the answers of a witness mean (C2SP tlog-witness, add-checkpoint). */
const refusals: ReadonlyMap<number, string> = new Map([
  [400, 'takes the request for malformed'],
  [403, 'has another key for this log: give its operator the vkey of the log'],
  [404, 'does not know this log: give its operator the vkey of the log'],
  [422, 'does not accept the consistency proof: it has seen another history of this log'],
]);

/** A witness over HTTP. */
export class HttpWitness implements Witness {
  readonly key: VerifierKey;
  readonly #url: string;
  readonly #deadlineMs: number;

  /** @param url its submission prefix */
  constructor(key: VerifierKey, url: string, deadlineMs: number) {
    this.key = key;
    this.#url = `${url.replace(/\/+$/, '')}/add-checkpoint`;
    this.#deadlineMs = deadlineMs;
  }

  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain; charset=utf-8' },
        body: Buffer.from(body).toString('utf8'),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#deadlineMs),
      });
      const text = await limitedText(response);
      if (response.status === 200) return { kind: 'cosigned', lines: text };
      const size = Number(text);
      if (response.status === 409 && /^(0|[1-9]\d{0,15})\n$/.test(text)) return { kind: 'conflict', size };
      throw this.#unavailable(refusals.get(response.status) ?? `answers with ${response.status}`);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      const reason = error instanceof Error ? (error.cause ?? error) : error;
      throw this.#unavailable(
        `does not answer: ${reason instanceof Error ? reason.message : String(reason)}`,
        error,
      );
    }
  }

  #unavailable(detail: string, cause?: unknown): Unavailable {
    return new Unavailable('witness', `${this.key.name} ${detail}`, {
      outcome: 'unknown',
      mend: 'it is asked again by itself; SODs do not wait for it',
      cause,
    });
  }
}

async function limitedText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    octets += chunk.length;
    if (octets > longestAnswer) throw new Error(`an answer of more than ${longestAnswer} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
