import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifiesConsistency } from './rfc6962.ts';

/**
 * A witness over HTTP, written from C2SP tlog-witness and tlog-cosignature and nothing of ours: it reads requests,
 * verifies the log's signature and the consistency proof by RFC 9162, remembers what it cosigned, and signs.
 */
export class TestWitness {
  readonly name: string;
  readonly vkey: string;
  /** What comes next instead of an answer. */
  misbehave: 'hang' | 'forge' | 'garbage' | undefined;
  /** Status codes that it has answered with. */
  readonly answered: number[] = [];
  readonly #logKey: () => string;
  readonly #server = http.createServer((request, response) => this.#serve(request, response));
  readonly #pair;
  readonly #keyId: Buffer;
  readonly #isPostQuantum: boolean;
  latest = { size: 0, root: createHash('sha256').digest() };

  /** @param logKey vkey of the log that it knows */
  constructor(name: string, logKey: () => string, type: 'ed25519' | 'ml-dsa-44' = 'ed25519') {
    this.name = name;
    this.#logKey = logKey;
    this.#isPostQuantum = type === 'ml-dsa-44';
    this.#pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
    const raw = this.#pair.publicKey
      .export({ format: 'der', type: 'spki' })
      .subarray(this.#isPostQuantum ? -1312 : -32);
    const typed = Buffer.concat([Buffer.from([this.#isPostQuantum ? 6 : 4]), raw]);
    this.#keyId = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
    this.vkey = `${name}+${this.#keyId.toString('hex')}+${typed.toString('base64')}`;
  }

  /** @returns its submission prefix */
  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/witness`);
      });
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      if (this.misbehave === 'hang') return;
      const [status, text, type] =
        request.method === 'POST' && request.url === '/witness/add-checkpoint'
          ? this.#addCheckpoint(body)
          : [404, '', 'text/plain'];
      this.answered.push(status ?? 500);
      response.writeHead(status ?? 500, { 'Content-Type': type ?? 'text/plain' }).end(text);
    });
  }

  #addCheckpoint(body: string): readonly [number, string, string?] {
    const [head = '', note = ''] = splitOnce(body, '\n\n');
    const [oldLine = '', ...proofLines] = head.split('\n');
    const oldSize = Number(/^old (0|[1-9]\d*)$/.exec(oldLine)?.[1] ?? 'none');
    if (Number.isNaN(oldSize) || proofLines.length > 63) return [400, 'malformed'];
    const end = note.lastIndexOf('\n\n');
    const text = note.slice(0, end + 1);
    const [origin, sizeText, rootText = ''] = text.split('\n');
    const [logName = '', , ...material] = this.#logKey().split('+');
    if (origin !== logName) return [404, 'unknown log'];
    const key = Buffer.from(material.join('+'), 'base64').subarray(1);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const signatures = note
      .slice(end + 2)
      .split('\n')
      .filter((line) => line.startsWith(`— ${logName} `))
      .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(4));
    if (!signatures.some((signature) => verify(null, Buffer.from(text), publicKey, signature))) {
      return [403, 'no valid signature'];
    }
    const size = Number(sizeText);
    if (oldSize > size) return [400, 'old size is larger'];
    if (oldSize !== this.latest.size) return [409, `${this.latest.size}\n`, 'text/x.tlog.size'];
    const root = Buffer.from(rootText, 'base64');
    const proof = proofLines.map((line) => Uint8Array.from(Buffer.from(line, 'base64')));
    if (!verifiesConsistency(oldSize, size, this.latest.root, root, proof)) return [422, 'inconsistent'];
    this.latest = { size, root };
    if (this.misbehave === 'garbage') return [200, 'OK\n— nobody AAAAAAA=\n'];
    return [200, this.#line(origin ?? '', size, root, this.misbehave === 'forge' ? `${text}x` : text)];
  }

  #line(origin: string, size: number, root: Buffer, text: string): string {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_800_000_000n);
    const message = this.#isPostQuantum
      ? Buffer.concat([
          Buffer.from('subtree/v1\n\0'),
          Buffer.from([this.name.length]),
          Buffer.from(this.name),
          time,
          Buffer.from([origin.length]),
          Buffer.from(origin),
          Buffer.alloc(8),
          u64(size),
          root,
        ])
      : Buffer.from(`cosignature/v1\ntime 1800000000\n${text}`);
    const signature = sign(null, message, this.#pair.privateKey);
    return `— ${this.name} ${Buffer.concat([this.#keyId, time, signature]).toString('base64')}\n`;
  }
}

function u64(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt(value));
  return octets;
}

function splitOnce(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + at.length)];
}
