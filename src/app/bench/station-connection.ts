import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { Unavailable } from '../../services/errors.ts';
import { credentialPaths } from '../instance/credentials.ts';
import type { Instance } from '../instance/load-instance.ts';

export interface StationAnswer {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (answer: StationAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One mTLS connection of a station that sends prepared octets and reads just enough of HTTP/1.1 to know where an
 * answer ends: the load shares its processors with the service, and whatever it took would count against it.
 */
export class StationConnection {
  readonly #socket: tls.TLSSocket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    const fail = (error?: Error) => this.#waiting?.reject(broken(error));
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  static async open(instance: Instance, port: number, holder?: string): Promise<StationConnection> {
    return new StationConnection(await connectStation(instance, port, holder));
  }

  /** One request at a time. */
  send(request: Uint8Array): Promise<StationAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#socket.destroyed) reject(broken());
      else this.#socket.write(request);
    });
  }

  /** A request that has no answer yet fails. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(this.#received);
    if (answer === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The one that a development instance has. */
export const ownStation = 'station';

/** Connects with the credentials of a station. @throws Unavailable */
export function connectStation(
  { paths }: Instance,
  port: number,
  holder: string = ownStation,
): Promise<tls.TLSSocket> {
  const files = credentialPaths(paths.credentials, holder);
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: readFileSync(files.ca),
  });
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(broken(error));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/** The answer, once it is complete; the station API always sends a Content-Length. */
function readAnswer(octets: Buffer): StationAnswer | undefined {
  const headEnd = octets.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = octets.toString('latin1', 0, headEnd);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const bodyStart = headEnd + 4;
  if (octets.length < bodyStart + length) return undefined;
  return {
    status: Number(head.slice(9, 12)),
    body: octets.toString('latin1', bodyStart, bodyStart + length),
  };
}

function broken(cause?: Error): Unavailable {
  return new Unavailable('station API', cause?.message ?? 'the connection was closed', {
    outcome: 'unknown',
    mend: 'see the log of the service',
    cause,
  });
}
