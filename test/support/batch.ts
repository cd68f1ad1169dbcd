import { readFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';

/** One line of an answer. */
export type BatchLine = Readonly<Record<string, unknown>>;

export interface BatchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly lines: readonly BatchLine[];
}

/** Connects as a holder of credentials, and begins `POST /v1/sods/batch`. */
export function openBatch(
  at: { readonly home: string; readonly portBase: number; readonly holder?: string },
  headers: Record<string, string> = {},
): ClientRequest {
  const file = (name: string) => readFileSync(join(at.home, 'credentials', at.holder ?? 'station', name));
  return https.request({
    host: 'localhost',
    port: at.portBase,
    method: 'POST',
    path: '/v1/sods/batch',
    cert: file('cert.pem'),
    key: file('key.pem'),
    ca: file('ca.pem'),
    agent: false,
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  });
}

/** The whole of an answer. @throws when it is cut short */
export function wholeAnswer(request: ClientRequest): Promise<BatchAnswer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body, lines: status === 200 ? linesOf(body) : [] });
      });
    });
  });
}

/** Sends a body in these parts, each in a packet of its own, and reads the whole answer. */
export async function sendBatch(
  at: Parameters<typeof openBatch>[0],
  parts: readonly (string | Uint8Array)[],
  headers?: Record<string, string>,
): Promise<BatchAnswer> {
  const request = openBatch(at, headers);
  request.setNoDelay(true);
  const answer = wholeAnswer(request);
  for (const part of parts) {
    if (part.length > 0) await new Promise((resolve) => request.write(part, resolve));
  }
  request.end();
  return answer;
}

export function linesOf(body: string): readonly BatchLine[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BatchLine);
}

/** As NDJSON. */
export function ndjson(orders: readonly unknown[]): string {
  return orders.map((order) => `${JSON.stringify(order)}\n`).join('');
}
