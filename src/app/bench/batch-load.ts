import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { InvariantBroken } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import { OrderTemplate } from './order-template.ts';
import { connectStation } from './station-connection.ts';
import type { LoadResult, SodLoad } from './station-load.ts';

/** Enough that the service never waits for the station; the rest would only lie in the kernel's buffers. */
const linesAhead = 1_024;
const linesPerWrite = 32;
const lineFeed = 0x0a;

const signed = Buffer.from('{"status":201,');
const lastChunk = Buffer.from('\r\n0\r\n\r\n');
const head =
  'POST /v1/sods/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n' +
  'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n';

/** One station that sends one batch, every line under a request id of its own. */
export class BatchLoad implements SodLoad {
  readonly #instance: Instance;
  readonly #run = randomBytes(4).toString('hex');
  #nextOrder = 0;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  run(documentType: string, seconds: number, signal: AbortSignal): Promise<LoadResult> {
    const until = performance.now() + seconds * 1_000;
    return this.#send(documentType, () => performance.now() >= until, signal);
  }

  /** A batch of so many lines. */
  runLines(documentType: string, lines: number, signal: AbortSignal): Promise<LoadResult> {
    return this.#send(documentType, (sent) => sent >= lines, signal);
  }

  /** Latencies are not measured: a line waits for the lines before it, as many as the station likes. */
  async #send(
    documentType: string,
    isEnough: (sent: number) => boolean,
    signal: AbortSignal,
  ): Promise<LoadResult> {
    const socket = await connectStation(this.#instance, this.#instance.configuration.http.portBase);
    const close = () => socket.destroy();
    signal.addEventListener('abort', close);
    try {
      const cpuBefore = process.cpuUsage();
      const begun = performance.now();
      const sods = await this.#converse(socket, new OrderTemplate(this.#run, documentType), isEnough);
      const { user, system } = process.cpuUsage(cpuBefore);
      const seconds = (performance.now() - begun) / 1_000;
      return { sods, seconds, latenciesMs: [], cpuSeconds: (user + system) / 1e6 };
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  /** @returns lines answered 201, once the answer is complete. @throws InvariantBroken when it is anything else */
  #converse(
    socket: TLSSocket,
    template: OrderTemplate,
    isEnough: (sent: number) => boolean,
  ): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let sent = 0;
    let answered = 0;
    let isEnded = false;
    let tail: Buffer = Buffer.alloc(0);
    const sendMore = () => {
      while (!isEnded && sent - answered < linesAhead && !socket.writableNeedDrain) {
        if (isEnough(sent)) {
          isEnded = true;
          socket.write('0\r\n\r\n');
        } else {
          socket.write(this.#chunk(template));
          sent += linesPerWrite;
        }
      }
    };
    socket.on('data', (received: Buffer) => {
      const text = Buffer.concat([tail, received]);
      answered += count(text, signed);
      // What may be the beginning of one more, and never a whole one.
      tail = text.subarray(Math.max(0, text.length - signed.length + 1));
      sendMore();
    });
    socket.on('drain', sendMore);
    socket.once('error', reject);
    socket.once('close', () => {
      if (isEnded && answered === sent && tail.includes(lastChunk)) resolve(answered);
      else reject(new InvariantBroken(`of a batch of ${sent} lines ${answered} were signed`));
    });
    socket.write(head);
    sendMore();
    return promise;
  }

  /** Lines as one chunk of HTTP. */
  #chunk(template: OrderTemplate): Buffer {
    const octets = (template.octets + 1) * linesPerWrite;
    const size = `${octets.toString(16)}\r\n`;
    const chunk = Buffer.allocUnsafe(size.length + octets + 2);
    chunk.write(size, 'latin1');
    for (let line = 0; line < linesPerWrite; line += 1) {
      const at = size.length + line * (template.octets + 1);
      template.writeTo(chunk, at, this.#nextOrder);
      chunk[at + template.octets] = lineFeed;
      this.#nextOrder += 1;
    }
    chunk.write('\r\n', chunk.length - 2, 'latin1');
    return chunk;
  }
}

function count(text: Buffer, sought: Buffer): number {
  let found = 0;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) found += 1;
  return found;
}
