import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { holds } from '../../src/rules/passive-authentication/index.ts';
import { BouncyCastle, describeWith, openssl, twoAtATime } from './readers.ts';
import { contentInfoOf, serveInstance, type ServedInstance } from './served-instance.ts';

/** One bit of an EF.SOD of ours, changed: no reader may take it for what was signed. */

const algorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-brainpoolP384r1-sha384',
  'rsassa-pss-3072-sha256',
  'rsassa-pkcs1-3072-sha256',
];

/** Which bits are changed; BIT_FLIPS_SEED repeats a run. */
const seed = Number(process.env['BIT_FLIPS_SEED'] ?? randomInt(2 ** 32));
/** How many changed files each of the other readers gets, per algorithm and part. */
const sampleSize = 40;

/** A part of EF.SOD that some signature covers, or is one. */
interface Part {
  readonly name:
    | 'content'
    | 'message digest'
    | 'signed attributes'
    | 'signature'
    | 'Document Signer certificate';
  readonly start: number;
  readonly length: number;
}

interface Subject {
  readonly algorithm: string;
  readonly efSod: Uint8Array;
  readonly parts: readonly Part[];
}

describeWith(['openssl', 'bouncyCastle'], `a flipped bit anywhere (BIT_FLIPS_SEED=${seed})`, () => {
  const random = mulberry32(seed);
  const subjects = new Map<string, Subject>();
  let served: ServedInstance;
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigillo-flips-'));
    served = await serveInstance({ algorithms });
    for (const algorithm of algorithms) subjects.set(algorithm, await signOne(algorithm));
  });

  afterAll(async () => {
    await served?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function signOne(algorithm: string): Promise<Subject> {
    const hash = (octet: number) => Buffer.alloc(32, octet).toString('base64');
    const answer = await served.station.post('/v1/sods', {
      requestId: algorithm,
      documentType: served.instance.documentTypes.get(algorithm),
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.8', unicode: '4.0.0' },
      dataGroupHashes: { 1: hash(0x11), 2: hash(0x22), 14: hash(0xee) },
    });
    expect(answer.status).toBe(201);
    const efSod = Uint8Array.from(Buffer.from(answer.json<{ sod: string }>().sod, 'base64'));
    return { algorithm, efSod, parts: partsOf(efSod) };
  }

  describe.each(algorithms)('%s', (algorithm) => {
    const subject = () => subjects.get(algorithm)!;

    it('is trusted as it was signed', () => {
      expect(served.border.examine(subject().efSod).verdict).toBe('TRUSTED');
    });

    it('our strict reader never trusts it with one bit of any octet changed', () => {
      const { efSod, parts } = subject();
      const wrong: string[] = [];
      for (let at = 0; at < efSod.length; at += 1) {
        const part = parts.find(({ start, length }) => at >= start && at < start + length);
        const bit = Math.floor(random() * 8);
        const { verdict, findings } = served.border.examine(flipped(efSod, at, bit));
        // What nothing signs cannot be INVALID: there the reader warns, and our own service releases nothing.
        const isRefused = part === undefined ? verdict !== 'TRUSTED' : !holds(verdict);
        const says = findings.map(({ code }) => code).join(' ');
        if (!isRefused)
          wrong.push(`octet ${at} bit ${bit} (${part?.name ?? 'unsigned'}): ${verdict} ${says}`);
      }
      expect(wrong).toEqual([]);
    });

    it('OpenSSL refuses changed content, digests and signatures', async () => {
      const { efSod, parts } = subject();
      const dsc = await pemOf(efSod);
      // It encodes the signed attributes anew before it verifies, so that some changes of mere tags are undone.
      const changed = changes(
        subject(),
        parts.filter(({ name }) => name !== 'signed attributes' && name !== 'Document Signer certificate'),
      );
      const accepts = async (octets: Uint8Array) => {
        const signer = ['-nointern', '-certfile', dsc, '-noverify'];
        const file = write(contentInfoOf(octets));
        return (
          (await openssl(['cms', '-verify', '-binary', '-inform', 'DER', '-in', file, ...signer]))
            .exitCode === 0
        );
      };
      expect(await accepts(efSod)).toBe(true);
      const accepted = await twoAtATime(changed, async ({ change, octets }) =>
        (await accepts(octets)) ? [change] : [],
      );
      expect(accepted.flat()).toEqual([]);
    });
  });

  it('Bouncy Castle refuses changed content, signed attributes, signatures and certificates', async () => {
    const bouncyCastle = BouncyCastle.compile();
    const all = algorithms.map((algorithm) => subjects.get(algorithm)!);
    const intact = all.map(({ efSod }) => write(efSod));
    const changed = all.flatMap((subject) =>
      changes(subject, subject.parts).map(({ change, octets }) => ({ change, file: write(octets) })),
    );
    const lines = await bouncyCastle.run(
      'SodCheck',
      [served.border.csca],
      [...intact, ...changed.map(({ file }) => file)],
    );
    bouncyCastle.remove();
    expect(intact.map((file) => lines.get(file)?.verdict)).toEqual(algorithms.map(() => 'OK'));
    const unrefused = changed.filter(({ file }) => lines.get(file)?.verdict !== 'REFUSED');
    expect(unrefused.map(({ change }) => change)).toEqual([]);
  });

  /** A sample of changed octets of each part. */
  function changes({ algorithm, efSod }: Subject, parts: readonly Part[]) {
    return parts.flatMap(({ name, start, length }) =>
      Array.from({ length: sampleSize }, () => {
        const at = start + Math.floor(random() * length);
        const bit = Math.floor(random() * 8);
        const change = `${algorithm}: octet ${at} bit ${bit} (${name})`;
        return { change, octets: flipped(efSod, at, bit) };
      }),
    );
  }

  function write(octets: Uint8Array): string {
    files += 1;
    const file = join(folder, `${files}`);
    writeFileSync(file, octets);
    return file;
  }

  /** The Document Signer certificate as it was embedded before anything was changed. */
  async function pemOf(efSod: Uint8Array): Promise<string> {
    const [certificate] = decodeEfSod(efSod).signedData.certificates;
    return write((await openssl(['x509', '-inform', 'DER'], certificate!.bytes)).stdout);
  }
});

function partsOf(efSod: Uint8Array): readonly Part[] {
  const { signedData } = decodeEfSod(efSod, { strict: true });
  const [signerInfo] = signedData.signerInfos;
  const part = (name: Part['name'], octets: Uint8Array): Part => {
    const start = Buffer.from(efSod).indexOf(octets);
    expect(start).toBeGreaterThan(0);
    return { name, start, length: octets.length };
  };
  return [
    part('content', signedData.eContent!),
    part('message digest', signerInfo!.signedAttributes!.messageDigest!),
    // What is signed has the tag SET in place of [0], so that the first octet differs.
    part('signed attributes', signerInfo!.signedAttributes!.received.subarray(1)),
    part('signature', signerInfo!.signature),
    part('Document Signer certificate', signedData.certificates[0]!.bytes),
  ];
}

function flipped(octets: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = Uint8Array.from(octets);
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  return changed;
}

/** A small generator with a seed; good enough to choose bits. */
function mulberry32(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
