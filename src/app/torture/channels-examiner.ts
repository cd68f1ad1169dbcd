import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import type { Instance } from '../instance/load-instance.ts';
import type { Breach } from './answers.ts';
import type { NumberedKind } from './issued-examiner.ts';
import type { RecordsExaminer } from './records-examiner.ts';

/**
 * What the outside sees of CRL, master list and log, over HTTP and in the folder for borders: on each of these
 * channels a number never goes back, and nothing is seen that is not on record.
 */
export class ChannelsExaminer {
  readonly #instance: Instance;
  readonly #records: RecordsExaminer;
  readonly #latest = new Map<string, number>();

  constructor(instance: Instance, records: RecordsExaminer) {
    this.#instance = instance;
    this.#records = records;
  }

  /** Fetches all of it; the caller lets the records be examined afterwards, and then asks for `breaches`. */
  async fetch(): Promise<() => readonly Breach[]> {
    const { paths, configuration } = this.#instance;
    const { mrzCode } = configuration.state;
    const port = configuration.http.portBase + 3;
    const numbered: readonly [NumberedKind, string][] = [
      ['crl', `/crl/${mrzCode}.crl`],
      ['master list', `/masterlist/${mrzCode}.ml`],
    ];
    const seen = await Promise.all(
      numbered.flatMap(([kind, path]) => [
        get(port, path).then((octets) => ({ kind, channel: `http ${path}`, octets })),
        Promise.resolve({
          kind,
          channel: `trust ${path}`,
          octets: fileOctets(join(paths.trust, path.slice(1).replaceAll('/', '-'))),
        }),
      ]),
    );
    const checkpoint = await get(port, '/log/checkpoint');
    return () => [
      ...seen.flatMap(({ kind, channel, octets }) => this.#examine(kind, channel, octets)),
      ...this.#examineCheckpoint(checkpoint),
    ];
  }

  #examine(kind: NumberedKind, channel: string, octets: Uint8Array | undefined): readonly Breach[] {
    if (octets === undefined) return [];
    const number = this.#records.issued.numberOf(kind, octets);
    if (number === undefined) {
      return [{ invariant: 'I1', detail: `${channel} shows a ${kind} that is not on record` }];
    }
    return this.#rises(channel, `${kind} number`, number);
  }

  #examineCheckpoint(octets: Uint8Array | undefined): readonly Breach[] {
    if (octets === undefined) return [];
    const { size, root } = decodeCheckpoint(octets);
    if (!this.#records.log.hasRoot(size, root)) {
      return [
        { invariant: 'I1', detail: `the checkpoint of ${size} leaves that is served is not of the log` },
      ];
    }
    return this.#rises('http /log/checkpoint', 'tree size', size);
  }

  #rises(channel: string, what: string, number: number): readonly Breach[] {
    const before = this.#latest.get(channel) ?? 0;
    this.#latest.set(channel, Math.max(before, number));
    if (number >= before) return [];
    return [{ invariant: 'I4', detail: `${channel} shows the ${what} ${number} and has shown ${before}` }];
  }
}

function fileOctets(path: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** @returns undefined when nothing answers, or there is no such thing yet */
function get(port: number, path: string): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', () => resolve(undefined));
      response.once('end', () => {
        resolve(response.statusCode === 200 ? Uint8Array.from(Buffer.concat(chunks)) : undefined);
      });
    });
    request.once('error', () => resolve(undefined));
  });
}
