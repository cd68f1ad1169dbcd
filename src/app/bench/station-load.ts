import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvariantBroken, Unavailable } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import { OrderTemplate } from './order-template.ts';
import { ownStation, StationConnection } from './station-connection.ts';

/** What keeps the service busy. */
export interface SodLoad {
  /** Keeps it busy for a time. @throws InvariantBroken when an order is not answered 201 */
  run(documentType: string, seconds: number, signal: AbortSignal): Promise<LoadResult>;
}

export interface LoadResult {
  readonly sods: number;
  readonly seconds: number;
  /** Of each request, in the order of the answers. */
  readonly latenciesMs: readonly number[];
  /** Processor time of the load itself. */
  readonly cpuSeconds: number;
}

/** Stations that each send one order after the other, every one under a request id of its own. */
export class StationLoad implements SodLoad {
  readonly #instance: Instance;
  readonly #holders: readonly string[];
  readonly #port: number;
  readonly #run = randomBytes(4).toString('hex');
  #nextOrder = 0;

  /**
   * @param holders whose credentials the connections have, one each; or how many connections of the instance's own station
   * @param port of the station API, or of what stands in for it
   */
  constructor(
    instance: Instance,
    holders: readonly string[] | number,
    port = instance.configuration.http.portBase,
  ) {
    this.#instance = instance;
    this.#holders = typeof holders === 'number' ? Array.from({ length: holders }, () => ownStation) : holders;
    this.#port = port;
  }

  /** As fast as the answers come, on every connection. */
  run(documentType: string, seconds: number, signal: AbortSignal): Promise<LoadResult> {
    return this.#onConnections(documentType, signal, async (connections, sign, latenciesMs) => {
      const until = performance.now() + seconds * 1_000;
      const station = async (connection: StationConnection) => {
        for (let sent = performance.now(); sent < until; sent = performance.now()) {
          await sign(connection);
          latenciesMs.push(performance.now() - sent);
        }
      };
      await Promise.all(connections.map(station));
    });
  }

  /**
   * At a steady rate, whatever the answers do: latency counts from when an order was due, so that an order that
   * waited because others were slow is as late as its station has seen it.
   */
  runAtRate(
    documentType: string,
    perSecond: number,
    seconds: number,
    signal: AbortSignal,
  ): Promise<LoadResult> {
    return this.#onConnections(documentType, signal, async (connections, sign, latenciesMs) => {
      const begun = performance.now();
      const count = Math.floor(perSecond * seconds);
      let next = 0;
      const station = async (connection: StationConnection) => {
        while (next < count) {
          const due = begun + (next / perSecond) * 1_000;
          next += 1;
          const pause = due - performance.now();
          if (pause > 0) await sleep(pause, undefined, { signal });
          // Timers are late by up to a millisecond, which is the load's own doing.
          const sent = Math.max(due, pause > 0 ? performance.now() : due);
          await sign(connection);
          latenciesMs.push(performance.now() - sent);
        }
      };
      await Promise.all(connections.map(station));
    });
  }

  /** Has one SOD signed. @throws Unavailable while nothing listens, or no token is ready */
  async signOne(documentType: string): Promise<void> {
    const connection = await StationConnection.open(this.#instance, this.#port);
    try {
      await this.#sign(connection, new OrderTemplate(this.#run, documentType));
    } finally {
      connection.close();
    }
  }

  /** They are opened anew each time, because the service closes what idles. */
  async #onConnections(
    documentType: string,
    signal: AbortSignal,
    work: (
      connections: readonly StationConnection[],
      sign: (connection: StationConnection) => Promise<void>,
      latenciesMs: number[],
    ) => Promise<void>,
  ): Promise<LoadResult> {
    const connections = await Promise.all(
      this.#holders.map((holder) => StationConnection.open(this.#instance, this.#port, holder)),
    );
    const close = () => {
      for (const connection of connections) connection.close();
    };
    // Also when the service no longer answers.
    signal.addEventListener('abort', close);
    try {
      const template = new OrderTemplate(this.#run, documentType);
      const latenciesMs: number[] = [];
      const cpuBefore = process.cpuUsage();
      const begun = performance.now();
      await work(connections, (connection) => this.#sign(connection, template), latenciesMs);
      const seconds = (performance.now() - begun) / 1_000;
      const { user, system } = process.cpuUsage(cpuBefore);
      return { sods: latenciesMs.length, seconds, latenciesMs, cpuSeconds: (user + system) / 1e6 };
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  async #sign(connection: StationConnection, template: OrderTemplate): Promise<void> {
    const request = requestFor(template, this.#nextOrder);
    this.#nextOrder += 1;
    const { status, body } = await connection.send(request);
    if (status === 503) {
      const mend = 'wait until it is ready';
      throw new Unavailable('station API', body.toString(), { outcome: 'not-applied', mend });
    }
    if (status !== 201) throw new InvariantBroken(`the station API answered ${status}: ${body}`);
  }
}

/** The octets of `POST /v1/sods`. */
function requestFor(template: OrderTemplate, index: number): Buffer {
  const head =
    'POST /v1/sods HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${template.octets}\r\n\r\n`;
  const octets = Buffer.allocUnsafe(head.length + template.octets);
  octets.write(head, 'latin1');
  template.writeTo(octets, head.length, index);
  return octets;
}
