import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { tlv } from '../formats/der/writer.ts';
import { decodeEfSod } from '../formats/lds/ef-sod.ts';
import { credentialPaths } from './instance/credentials.ts';
import type { Instance } from './instance/load-instance.ts';

/** A document of an invented person, signed through the station API at every `start`. */
export interface Specimen {
  readonly efSod: string;
  readonly dataGroups: ReadonlyMap<number, string>;
  readonly documentSigner: string;
  readonly signedBefore: boolean;
}

/** MRZ of the specimen passport in Doc 9303-4 appendix B: Anna Maria Eriksson of Utopia. */
const mrz = 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<' + 'L898902C36UTO7408122F1204159ZE184226B<<<<<10';

/** DG1 and a DG2 without a face: an empty list of biometric templates. */
function specimenDataGroups(): Map<number, Uint8Array> {
  const text = (characters: string) => new TextEncoder().encode(characters);
  const dg1 = tlv(0x61, Uint8Array.of(0x5f), tlv(0x1f, text(mrz)));
  const dg2 = tlv(0x75, Uint8Array.of(0x7f), tlv(0x61, tlv(0x02, Uint8Array.of(0))));
  return new Map([
    [1, dg1],
    [2, dg2],
  ]);
}

/**
 * Has the specimen signed over mTLS as a station would, and writes EF.SOD and data groups into the
 * instance's folder. The request id is always the same, so that it is signed once in an instance's life.
 */
export async function signSpecimen(instance: Instance, port: number): Promise<Specimen> {
  const groups = specimenDataGroups();
  const byNumber = (encode: (octets: Uint8Array) => string) =>
    Object.fromEntries([...groups].map(([number, octets]) => [number, encode(octets)]));
  const answer = await post(instance, port, {
    requestId: 'specimen-1',
    documentType: 'P',
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.8', unicode: '4.0.0' },
    dataGroupHashes: byNumber((octets) => createHash('sha256').update(octets).digest('base64')),
    dataGroups: byNumber((octets) => Buffer.from(octets).toString('base64')),
  });
  const folder = join(instance.paths.home, 'specimen');
  mkdirSync(folder, { recursive: true });
  const efSod = join(folder, 'EF.SOD.bin');
  writeFileSync(efSod, Buffer.from(answer.sod, 'base64'));
  decodeEfSod(readFileSync(efSod), { strict: true });
  const dataGroups = new Map<number, string>();
  for (const [number, octets] of groups) {
    const path = join(folder, `EF.DG${number}.bin`);
    writeFileSync(path, octets);
    dataGroups.set(number, path);
  }
  return { efSod, dataGroups, documentSigner: answer.documentSigner, signedBefore: answer.status === 200 };
}

interface Answer {
  readonly status: number;
  readonly sod: string;
  readonly documentSigner: string;
}

function post(instance: Instance, port: number, body: object): Promise<Answer> {
  const station = credentialPaths(instance.paths.credentials, 'station');
  const options: https.RequestOptions = {
    host: 'localhost',
    port,
    path: '/v1/sods',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    cert: readFileSync(station.cert),
    key: readFileSync(station.key),
    ca: readFileSync(station.ca),
  };
  return new Promise((resolve, reject) => {
    const request = https.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status !== 200 && status !== 201)
          reject(new Error(`the station API answered ${status}: ${text}`));
        else resolve({ status, ...(JSON.parse(text) as Omit<Answer, 'status'>) });
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}
