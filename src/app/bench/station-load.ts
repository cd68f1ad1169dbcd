import { randomBytes } from 'node:crypto';
import { InvariantBroken } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import { StationConnection } from './station-connection.ts';

export interface LoadResult {
  readonly sods: number;
  readonly seconds: number;
  /** Of each request, in the order of the answers. */
  readonly latenciesMs: readonly number[];
  /** Processor time of the load itself. */
  readonly cpuSeconds: number;
}

/** Stations that each send one order after the other, every one under a request id of its own. */
export class StationLoad {
  readonly #instance: Instance;
  readonly #inFlight: number;
  readonly #run = randomBytes(4).toString('hex');
  #nextOrder = 0;

  constructor(instance: Instance, inFlight: number) {
    this.#instance = instance;
    this.#inFlight = inFlight;
  }

  /**
   * Keeps every connection busy for a time. They are opened anew, because the service closes what idles.
   *
   * @throws InvariantBroken when an order is not answered 201
   */
  async run(documentType: string, seconds: number, signal: AbortSignal): Promise<LoadResult> {
    const connections = await Promise.all(
      Array.from({ length: this.#inFlight }, () => StationConnection.open(this.#instance)),
    );
    const close = () => {
      for (const connection of connections) connection.close();
    };
    // Also when the service no longer answers.
    signal.addEventListener('abort', close);
    try {
      return await this.#keepBusy(connections, new OrderTemplate(this.#run, documentType), seconds);
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  /** Has one SOD signed. */
  async signOne(documentType: string): Promise<void> {
    const connection = await StationConnection.open(this.#instance);
    try {
      await this.#sign(connection, new OrderTemplate(this.#run, documentType));
    } finally {
      connection.close();
    }
  }

  async #keepBusy(
    connections: readonly StationConnection[],
    template: OrderTemplate,
    seconds: number,
  ): Promise<LoadResult> {
    const latenciesMs: number[] = [];
    const cpuBefore = process.cpuUsage();
    const begun = performance.now();
    const until = begun + seconds * 1_000;
    const station = async (connection: StationConnection) => {
      for (let sent = performance.now(); sent < until; sent = performance.now()) {
        await this.#sign(connection, template);
        latenciesMs.push(performance.now() - sent);
      }
    };
    await Promise.all(connections.map(station));
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      sods: latenciesMs.length,
      seconds: (performance.now() - begun) / 1_000,
      latenciesMs,
      cpuSeconds: (user + system) / 1e6,
    };
  }

  async #sign(connection: StationConnection, template: OrderTemplate): Promise<void> {
    const order = template.order(this.#nextOrder);
    this.#nextOrder += 1;
    const { status, body } = await connection.send(order);
    if (status !== 201) throw new InvariantBroken(`the station API answered ${status}: ${body}`);
  }
}

const counterDigits = 8;

/** The octets of `POST /v1/sods`, where only the request id and the hash of DG1 change from order to order. */
class OrderTemplate {
  readonly #octets: Buffer;
  readonly #requestIdAt: number;
  readonly #hashAt: number;

  constructor(run: string, documentType: string) {
    const requestId = `bench-${run}-${'0'.repeat(counterDigits)}`;
    const hash = (fill: number) => Buffer.alloc(32, fill).toString('base64');
    const body = JSON.stringify({
      requestId,
      documentType,
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.8', unicode: '4.0.0' },
      dataGroupHashes: { 1: hash(1), 2: hash(2), 3: hash(3), 14: hash(14), 15: hash(15) },
    });
    const head = [
      'POST /v1/sods HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    this.#octets = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
    this.#requestIdAt = this.#octets.indexOf(requestId) + requestId.length - counterDigits;
    this.#hashAt = this.#octets.indexOf(hash(1));
  }

  order(index: number): Buffer {
    const octets = Buffer.from(this.#octets);
    const counter = String(index).padStart(counterDigits, '0');
    octets.write(counter, this.#requestIdAt, 'latin1');
    // Decimal digits are base64 too: another hash, of the same length.
    octets.write(counter, this.#hashAt, 'latin1');
    return octets;
  }
}
