import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface StationOptions {
  readonly home: string;
  readonly port: number;
  /** Whose credentials under `credentials/`; none at all with `undefined`. */
  readonly holder?: string | undefined;
  /** Certificate and key other than those of a holder, PEM. */
  readonly credential?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Connections kept open. */
  readonly maxSockets?: number;
}

/** A personalisation station: HTTPS with a client certificate, connections kept alive. */
export class Station {
  readonly #agent: https.Agent;
  readonly #port: number;

  constructor(options: StationOptions) {
    const file = (holder: string, name: string) =>
      readFileSync(join(options.home, 'credentials', holder, name));
    const { holder } = options;
    const own =
      holder === undefined ? undefined : { cert: file(holder, 'cert.pem'), key: file(holder, 'key.pem') };
    this.#port = options.port;
    this.#agent = new https.Agent({
      ...(options.credential ?? own),
      ca: file('station', 'ca.pem'),
      keepAlive: true,
      maxSockets: options.maxSockets ?? 32,
    });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return this.request('POST', path, payload, { 'content-type': 'application/json', ...headers });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, undefined, headers);
  }

  /** A kept connection may be closed by the server just as it is used again; then the request is sent once more. */
  request(
    method: string,
    path: string,
    payload: string | Buffer | undefined,
    headers: Record<string, string>,
    isRepeated = false,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: 'localhost', port: this.#port, path, method, headers, agent: this.#agent };
      const request = https.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const body = Buffer.concat(chunks);
          const json = <T>() => JSON.parse(body.toString('utf8')) as T;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, json });
        });
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        const wasClosed = request.reusedSocket && error.code === 'ECONNRESET';
        if (!wasClosed || isRepeated) reject(error);
        else this.request(method, path, payload, headers, true).then(resolve, reject);
      });
      request.end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
