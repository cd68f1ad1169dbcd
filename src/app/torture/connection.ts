import { readFileSync } from 'node:fs';
import https from 'node:https';
import { credentialPaths } from '../instance/credentials.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request that hangs is given up and sent again like one whose connection broke. */
const requestTimeoutMs = 30_000;

/** The mTLS connections of one station, kept alive. */
export class Connection {
  readonly #agent: https.Agent;
  readonly #port: number;

  constructor(credentials: string, port: number) {
    const { cert, key, ca } = credentialPaths(credentials, 'station');
    const [certificate, privateKey, trusted] = [cert, key, ca].map((path) => readFileSync(path));
    this.#agent = new https.Agent({
      cert: certificate,
      key: privateKey,
      ca: trusted,
      keepAlive: true,
      maxSockets: 4,
    });
    this.#port = port;
  }

  /** @throws whatever the socket says when the connection breaks or cannot be made */
  send(method: 'GET' | 'POST', path: string, body?: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = https.request({
        host: 'localhost',
        port: this.#port,
        path,
        method,
        agent: this.#agent,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        timeout: requestTimeoutMs,
      });
      request.once('timeout', () => request.destroy(new Error('no answer in time')));
      request.once('error', reject);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('aborted', () => reject(new Error('the connection broke within the answer')));
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
