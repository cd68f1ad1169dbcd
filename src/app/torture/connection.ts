import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { credentialPaths } from '../instance/credentials.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request that hangs is given up and sent again like one whose connection broke. */
const requestTimeoutMs = 30_000;

/** The mTLS connections of stations, kept alive. */
export class Connection {
  readonly #options: https.AgentOptions;
  readonly #agent: https.Agent;
  readonly #port: number;

  constructor(credentials: string, port: number, maxSockets: number) {
    const { cert, key, ca } = credentialPaths(credentials, 'station');
    const [certificate, privateKey, trusted] = [cert, key, ca].map((path) => readFileSync(path));
    this.#options = { cert: certificate, key: privateKey, ca: trusted };
    this.#agent = new https.Agent({ ...this.#options, keepAlive: true, maxSockets });
    this.#port = port;
  }

  /** @throws whatever the socket says when the connection breaks or cannot be made */
  send(method: 'GET' | 'POST', path: string, body?: string): Promise<HttpAnswer> {
    const request = this.#request(method, path, this.#agent, 'application/json');
    const answer = wholeAnswer(request);
    request.end(body);
    return answer;
  }

  /**
   * Sends and breaks the connection after a while, whatever has come by then.
   *
   * @returns the answer if it was faster; undefined when it is lost
   */
  async sendAndBreak(path: string, body: string, afterMs: number): Promise<HttpAnswer | undefined> {
    const request = this.#request('POST', path, false, 'application/json');
    const breaking = setTimeout(() => request.destroy(), afterMs);
    const answer = wholeAnswer(request).catch(() => undefined);
    request.end(body);
    try {
      return await answer;
    } finally {
      clearTimeout(breaking);
    }
  }

  /**
   * Sends a batch of lines over a connection of its own.
   *
   * @param breakAfterMs when the connection breaks; never where undefined
   * @returns the lines that came whole, in the order in which they came
   */
  async batch(lines: readonly string[], breakAfterMs: number | undefined): Promise<readonly string[]> {
    const request = this.#request('POST', '/v1/sods/batch', false, 'application/x-ndjson');
    const breaking =
      breakAfterMs === undefined ? undefined : setTimeout(() => request.destroy(), breakAfterMs);
    let received = '';
    const over = new Promise<void>((resolve) => {
      request.once('error', () => resolve());
      request.once('close', () => resolve());
      request.once('response', (response) => {
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          received += response.statusCode === 200 ? text : '';
        });
        response.once('error', () => resolve());
        response.once('close', () => resolve());
      });
    });
    for (const line of lines) request.write(`${line}\n`);
    request.end();
    await over;
    clearTimeout(breaking);
    return received.split('\n').slice(0, -1);
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(
    method: 'GET' | 'POST',
    path: string,
    agent: https.Agent | false,
    contentType: string,
  ): ClientRequest {
    const request = https.request({
      ...(agent === false ? this.#options : {}),
      agent,
      host: 'localhost',
      port: this.#port,
      path,
      method,
      headers: method === 'GET' ? {} : { 'content-type': contentType },
      timeout: requestTimeoutMs,
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    return request;
  }
}

function wholeAnswer(request: ClientRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('close', () => reject(new Error('the connection was closed')));
    request.once('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('aborted', () => reject(new Error('the connection broke within the answer')));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
  });
}
