const counterDigits = 8;
/** An odd number: times it, the numbers below 2³² are each other once. */
const mixer = 0x9e3779b1;

/** Orders of one run, where only the request id and the hash of DG1 change from one to the next. */
export class OrderTemplate {
  readonly #order: Buffer;
  readonly #requestIdAt: number;
  readonly #hashAt: number;

  /** @param run what makes the request ids of a run its own */
  constructor(run: string, documentType: string) {
    // As with UUIDs, one request has its place in an index anywhere among the others.
    const requestId = `${'0'.repeat(counterDigits)}-bench-${run}`;
    const hash = (fill: number) => Buffer.alloc(32, fill).toString('base64');
    const order = JSON.stringify({
      requestId,
      documentType,
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.8', unicode: '4.0.0' },
      dataGroupHashes: { 1: hash(1), 2: hash(2), 3: hash(3), 14: hash(14), 15: hash(15) },
    });
    this.#order = Buffer.from(order, 'latin1');
    this.#requestIdAt = order.indexOf(requestId);
    this.#hashAt = order.indexOf(hash(1));
  }

  get octets(): number {
    return this.#order.length;
  }

  /** Writes an order as JSON. */
  writeTo(target: Buffer, offset: number, index: number): void {
    this.#order.copy(target, offset);
    const mixed = Math.imul(index, mixer) >>> 0;
    const counter = mixed.toString(16).padStart(counterDigits, '0');
    target.write(counter, offset + this.#requestIdAt, 'latin1');
    // Hexadecimal digits are base64 too: another hash, of the same length.
    target.write(counter, offset + this.#hashAt, 'latin1');
  }
}
