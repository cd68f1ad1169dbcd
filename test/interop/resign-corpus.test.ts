import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import type { LdsSecurityObject } from '../../src/formats/lds/lds-security-object.ts';
import { corpusFiles, describeCorpus, readCorpus } from '../support/corpus.ts';
import { documentSignerUses, recordsSnapshot } from '../support/records-snapshot.ts';
import { BouncyCastle, describeWith, openssl, twoAtATime } from './readers.ts';
import { contentInfoOf, serveInstance, type ServedInstance } from './served-instance.ts';

/**
 * What real states signed, signed anew by us under every algorithm, and read by everybody: the sets of data
 * group numbers and hashes of the corpus go through the station API, and every EF.SOD that comes back is
 * accepted by OpenSSL, Bouncy Castle and our own border reader.
 */

const algorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-P-384-sha384',
  'ecdsa-P-521-sha512',
  'ecdsa-brainpoolP256r1-sha256',
  'ecdsa-brainpoolP384r1-sha384',
  'ecdsa-brainpoolP512r1-sha512',
  'rsassa-pss-3072-sha256',
  'rsassa-pss-4096-sha512',
  'rsassa-pkcs1-3072-sha256',
];

/** What a chip of the corpus holds and what of it is signed. */
interface RealSet {
  readonly name: string;
  readonly lds: Pick<LdsSecurityObject, 'version' | 'dataGroupHashes'> & {
    readonly hashAlgorithm: { readonly name: string };
  };
}

interface Signed extends RealSet {
  readonly algorithm: string;
  readonly efSod: Uint8Array;
  readonly documentSigner: string;
  /** Where EF.SOD, its ContentInfo and its Document Signer certificate (PEM) lie. */
  readonly sodFile: string;
  readonly cmsFile: string;
  readonly dscFile: string;
}

/** The EF.SODs of real states and of their specimens; the folders below hold mocks and damaged ones. */
function realSets(): RealSet[] {
  return corpusFiles('sod')
    .filter((file) => !file.includes('/'))
    .map((file) => ({ name: file, lds: decodeEfSod(readCorpus('sod', file)).ldsSecurityObject }));
}

/** What no chip of the corpus has: every data group, under each digest. */
function fullSets(): RealSet[] {
  return (['SHA-256', 'SHA-384', 'SHA-512'] as const).map((name, index) => {
    const hash = (number: number) => new Uint8Array(digestByName(name).octets).fill(16 * index + number);
    const numbers = Array.from({ length: 16 }, (_, position) => position + 1);
    const dataGroupHashes = new Map(numbers.map((number) => [number, hash(number)]));
    return { name: `all-groups-${name}`, lds: { version: 1, hashAlgorithm: { name }, dataGroupHashes } };
  });
}

function requestFor({ name, lds }: RealSet, algorithm: string, documentType: string | undefined) {
  const hashes = [...lds.dataGroupHashes].map(([number, hash]) => [
    String(number),
    Buffer.from(hash).toString('base64'),
  ]);
  return {
    requestId: `${name}:${algorithm}`,
    documentType,
    digestAlgorithm: lds.hashAlgorithm.name,
    lds: lds.version === 0 ? { version: '1.7' } : { version: '1.8', unicode: '4.0.0' },
    dataGroupHashes: Object.fromEntries(hashes) as Record<string, string>,
  };
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const isSha1 = ({ lds }: RealSet) => lds.hashAlgorithm.name === 'SHA-1';

describeCorpus('real sets of hashes, signed anew', () => {
  describeWith(['openssl', 'bouncyCastle'], 'under every algorithm', () => {
    const sets = [...realSets(), ...fullSets()];
    const signed: Signed[] = [];
    let folder: string;
    let served: ServedInstance;
    let usesBefore: number;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sigillo-resigned-'));
      served = await serveInstance({ algorithms });
      usesBefore = documentSignerUses(recordsSnapshot(served.instance.home));
      for (const algorithm of algorithms) await signAll(algorithm);
    });

    afterAll(async () => {
      await served?.end();
      rmSync(folder, { recursive: true, force: true });
    });

    async function signAll(algorithm: string): Promise<void> {
      const documentType = served.instance.documentTypes.get(algorithm);
      const allowed = sets.filter((set) => !isSha1(set));
      const answers = await Promise.all(
        allowed.map((set) => served.station.post('/v1/sods', requestFor(set, algorithm, documentType))),
      );
      const [first] = answers;
      expect(answers.map(({ status }) => status)).toEqual(allowed.map(() => 201));
      const { documentSigner } = first!.json<{ documentSigner: string }>();
      const dscFile = join(folder, `${algorithm}.pem`);
      writeFileSync(dscFile, await documentSignerPem(documentSigner));
      for (const [index, set] of allowed.entries()) {
        const answer = answers[index]!.json<{ sod: string; documentSigner: string }>();
        const efSod = Uint8Array.from(Buffer.from(answer.sod, 'base64'));
        const sodFile = join(folder, `${algorithm}-${set.name}`);
        const cmsFile = `${sodFile}.cms`;
        writeFileSync(sodFile, efSod);
        writeFileSync(cmsFile, contentInfoOf(efSod));
        const { documentSigner: signer } = answer;
        signed.push({ ...set, algorithm, efSod, documentSigner: signer, sodFile, cmsFile, dscFile });
      }
    }

    /** From the distribution, as a border gets it, and not from the EF.SOD that is to be checked. */
    async function documentSignerPem(sha256: string): Promise<Buffer> {
      const { portBase } = served.instance;
      const answer = await fetch(`http://localhost:${portBase + 3}/dsc/${sha256}.cer`);
      const der = new Uint8Array(await answer.arrayBuffer());
      return (await openssl(['x509', '-inform', 'DER'], der)).stdout;
    }

    it('covers what the corpus has', () => {
      expect(realSets().filter((set) => !isSha1(set)).length).toBeGreaterThanOrEqual(10);
      expect(new Set(sets.map(({ lds }) => lds.version))).toEqual(new Set([0, 1]));
    });

    it.each(algorithms)('%s: a border that trusts the CSCA only trusts every EF.SOD', (algorithm) => {
      for (const { name, lds, efSod, documentSigner } of ofAlgorithm(algorithm)) {
        const { verdict, findings, dsc, ldsSecurityObject: read } = served.border.examine(efSod);
        const found = findings.map(({ code }) => code);
        const hashes = read === undefined ? undefined : sorted(read);
        const digest = read?.hashAlgorithm.name;
        const seen = { name, verdict, found, dsc: dsc?.fingerprint, version: read?.version, digest, hashes };
        expect(seen).toEqual({
          name,
          verdict: 'TRUSTED',
          found: ['DG_NOT_CHECKED'],
          dsc: documentSigner,
          version: lds.version,
          digest: lds.hashAlgorithm.name,
          hashes: sorted(lds),
        });
      }
    });

    it.each(algorithms)(
      '%s: openssl cms -verify, with the published certificate as anchor',
      async (algorithm) => {
        const outcomes = await twoAtATime(ofAlgorithm(algorithm), ({ cmsFile, dscFile }) =>
          openssl(cmsVerify(cmsFile, dscFile)),
        );
        for (const [index, outcome] of outcomes.entries()) {
          const { name, efSod } = ofAlgorithm(algorithm)[index]!;
          const content = Buffer.from(decodeEfSod(efSod).signedData.eContent!);
          expect({ name, ...outcome }).toMatchObject({ name, exitCode: 0, stdout: content });
        }
      },
    );

    it('openssl cms -verify refuses them under the certificate of another Document Signer', async () => {
      const { cmsFile } = ofAlgorithm('ecdsa-P-256-sha256')[0]!;
      const other = ofAlgorithm('ecdsa-brainpoolP256r1-sha256')[0]!.dscFile;
      const outcome = await openssl(cmsVerify(cmsFile, other));
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.stderr).toContain('signer certificate not found');
    });

    it.each(algorithms)('%s: openssl asn1parse reads every octet', async (algorithm) => {
      await twoAtATime(ofAlgorithm(algorithm), async ({ name, sodFile, efSod }) => {
        const { exitCode, stdout, stderr } = await openssl(['asn1parse', '-inform', 'DER', '-in', sodFile]);
        expect({ name, exitCode, stderr }).toEqual({ name, exitCode: 0, stderr: '' });
        const [, header, content] = /^ *0:d=0 +hl=(\d) l= *(\d+) cons: appl \[ 23 \]/.exec(String(stdout))!;
        expect({ name, octets: Number(header) + Number(content) }).toEqual({ name, octets: efSod.length });
      });
    });

    it('Bouncy Castle accepts every EF.SOD, and reads in it what was sent', async () => {
      const bouncyCastle = BouncyCastle.compile();
      const files = signed.map(({ sodFile }) => sodFile);
      const lines = await bouncyCastle.run('SodCheck', [served.border.csca], files);
      bouncyCastle.remove();
      for (const { name, algorithm, lds, sodFile } of signed) {
        const oid = digestByName(lds.hashAlgorithm.name as 'SHA-256').oid;
        const hashes = sorted(lds).map(([number, hash]) => `${number}=${hash}`);
        const detail = `${lds.version} ${oid} ${hashes.join(',')}`;
        expect({ algorithm, name, ...lines.get(sodFile) }).toEqual({
          algorithm,
          name,
          verdict: 'OK',
          detail,
        });
      }
    });

    it.each(algorithms)('%s: sets hashed with SHA-1 are refused, nothing is signed', async (algorithm) => {
      const before = recordsSnapshot(served.instance.home);
      const refused = sets.filter(isSha1);
      expect(refused.length).toBeGreaterThan(0);
      const documentType = served.instance.documentTypes.get(algorithm);
      for (const set of refused) {
        const answer = await served.station.post('/v1/sods', requestFor(set, algorithm, documentType));
        expect(answer.status).toBe(422);
        expect(answer.json()).toMatchObject({
          type: 'urn:sigillo:problem:policy',
          rule: 'S-SHA1',
          source: 'Doc 9303-12 §4.1.6.4',
          field: 'digestAlgorithm',
          mend: expect.stringContaining('SHA-256'),
        });
      }
      expect(recordsSnapshot(served.instance.home)).toEqual(before);
    });

    it('has claimed one signature for each EF.SOD', () => {
      const snapshot = recordsSnapshot(served.instance.home);
      expect(snapshot.sods).toBe(signed.length);
      expect(documentSignerUses(snapshot) - usesBefore).toBe(signed.length);
    });

    function ofAlgorithm(algorithm: string): Signed[] {
      return signed.filter((one) => one.algorithm === algorithm);
    }
  });
});

/**
 * The certificate comes from outside (`-nointern -certfile`) and is the trust anchor (`-CAfile -partial_chain`).
 * Its path to the CSCA is not OpenSSL's to check: it refuses explicit EC parameters in chains.
 */
function cmsVerify(cmsFile: string, dscFile: string): string[] {
  const signer = ['-nointern', '-certfile', dscFile];
  const anchor = ['-CAfile', dscFile, '-no-CApath', '-no-CAstore', '-partial_chain', '-purpose', 'any'];
  return ['cms', '-verify', '-binary', '-inform', 'DER', '-in', cmsFile, ...signer, ...anchor];
}

function sorted({ dataGroupHashes }: Pick<LdsSecurityObject, 'dataGroupHashes'>): [number, string][] {
  return [...dataGroupHashes]
    .toSorted(([a], [b]) => a - b)
    .map(([number, hash]): [number, string] => [number, hex(hash)]);
}
