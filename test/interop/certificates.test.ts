import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pkijs from 'pkijs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import {
  buildTrustStore,
  verifyCertificate,
  verifyCrl,
  verifyMasterList,
} from '../../src/rules/passive-authentication/index.ts';
import { type BouncyCastleLine, BouncyCastle, describeWith, openssl, run, twoAtATime } from './readers.ts';
import { serveInstance, type ServedInstance } from './served-instance.ts';

/** What an instance publishes, read by OpenSSL, GnuTLS, Bouncy Castle, PKI.js and our own strict reader. */

/** Key algorithms of the Document Signers under each CSCA. */
const hierarchies: Readonly<Record<string, readonly string[]>> = {
  'ecdsa-brainpoolP384r1-sha384': [
    'ecdsa-P-256-sha256',
    'ecdsa-P-384-sha384',
    'ecdsa-P-521-sha512',
    'ecdsa-brainpoolP256r1-sha256',
    'ecdsa-brainpoolP512r1-sha512',
    'rsassa-pss-3072-sha256',
    'rsassa-pkcs1-3072-sha256',
  ],
  'ecdsa-P-521-sha512': ['ecdsa-P-384-sha384', 'rsassa-pss-3072-sha384'],
  'rsassa-pss-4096-sha512': ['ecdsa-brainpoolP384r1-sha384', 'rsassa-pkcs1-3072-sha512'],
};

type Kind = 'csca' | 'document-signer' | 'master-list-signer' | 'crl' | 'master-list';

interface Published {
  readonly kind: Kind;
  readonly title: string;
  readonly der: Uint8Array;
  readonly file: string;
}

const suffixes: Readonly<Record<Kind, string>> = {
  csca: 'cer',
  'document-signer': 'cer',
  'master-list-signer': 'cer',
  crl: 'crl',
  'master-list': 'ml',
};

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe.each(Object.entries(hierarchies))('under a CSCA with %s', (cscaAlgorithm, documentSigners) => {
  describeWith(['openssl', 'certtool', 'bouncyCastle'], 'what is published', () => {
    let served: ServedInstance;
    let folder: string;
    let published: readonly Published[];
    let bouncyCastle: BouncyCastle;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sigillo-published-'));
      served = await serveInstance({ algorithms: documentSigners, csca: cscaAlgorithm });
      bouncyCastle = BouncyCastle.compile();
      published = await fetchPublished(served, folder);
      for (const { file, der } of certificates()) {
        writeFileSync(`${file}.pem`, (await openssl(['x509', '-inform', 'DER'], der)).stdout);
      }
    });

    afterAll(async () => {
      await served?.end();
      bouncyCastle?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const ofKind = (kind: Kind) => published.filter((one) => one.kind === kind);
    const one = (kind: Kind) => ofKind(kind)[0]!;
    const certificates = () => published.filter(({ file }) => file.endsWith('.cer'));
    const decoded = () =>
      certificates().map((file) => ({
        ...file,
        certificate: decodeCertificate(file.der, { strict: true }),
      }));
    const isRsa = ({ certificate }: { certificate: Certificate }) =>
      certificate.subjectPublicKey.kind === 'rsa';
    const csca = () => decodeCertificate(one('csca').der, { strict: true });
    const isRsaCsca = cscaAlgorithm.startsWith('rsa');

    it('is a CSCA, its signers, a CRL and a master list', () => {
      const kinds = published.map(({ kind }) => kind);
      const count = (kind: Kind) => kinds.filter((each) => each === kind).length;
      expect(count('document-signer')).toBe(documentSigners.length);
      for (const kind of ['csca', 'master-list-signer', 'crl', 'master-list'] as const) {
        expect(count(kind)).toBe(1);
      }
    });

    it('our strict reader trusts every certificate, the CRL and the master list', () => {
      const crl = decodeCrl(one('crl').der, { strict: true });
      const trust = buildTrustStore([csca()]);
      const border = { trust, crls: [crl], at: new Date(), strict: true };
      const verdicts = [
        ...certificates().map(({ der }) => verifyCertificate({ certificate: der, ...border })),
        verifyCrl({ crl: one('crl').der, ...border }),
        verifyMasterList({ masterList: one('master-list').der, ...border }),
      ].map(({ verdict, findings }) => ({ verdict, findings }));
      expect(verdicts).toEqual(published.map(() => ({ verdict: 'TRUSTED', findings: [] })));
    });

    it('OpenSSL prints every certificate without a doubt', async () => {
      await twoAtATime(certificates(), async ({ title, file }) => {
        const { exitCode, stdout, stderr } = await openssl([
          'x509',
          '-inform',
          'DER',
          '-in',
          file,
          '-noout',
          '-text',
        ]);
        expect({ title, exitCode, stderr }).toEqual({ title, exitCode: 0, stderr: '' });
        expect(String(stdout)).toContain('X509v3 Key Usage: critical');
        expect(String(stdout)).not.toMatch(/unknown|invalid|unable/i);
      });
    });

    it('OpenSSL verifies the signature of every certificate under the key of the CSCA', async () => {
      const outcomes = await twoAtATime(certificates(), async ({ title, file }) => ({
        title,
        holds: await holdsUnderCsca(file),
      }));
      expect(outcomes).toEqual(certificates().map(({ title }) => ({ title, holds: true })));
    });

    /**
     * `openssl verify` takes no explicit EC parameters anywhere in a chain (error 94, since OpenSSL 3.0). So it
     * verifies the CSCA certificate and RSA under RSA, and refuses the others for this reason and no other;
     * their signatures are verified one by one above.
     */
    it('OpenSSL verifies the chains without explicit parameters, and says why not the others', async () => {
      const trust = ['-CAfile', `${one('csca').file}.pem`, '-no-CApath', '-no-CAstore', '-check_ss_sig'];
      for (const { title, kind, file, certificate } of decoded()) {
        const { exitCode, stderr } = await openssl(['verify', ...trust, `${file}.pem`]);
        const isVerified = kind === 'csca' || (isRsaCsca && isRsa({ certificate }));
        const errors = [...stderr.matchAll(/error (\d+) at \d depth/g)].map(([, number]) => number);
        expect({ title, isVerified: exitCode === 0, errors: [...new Set(errors)] }).toEqual({
          title,
          isVerified,
          errors: isVerified ? [] : ['94'],
        });
      }
    });

    it('OpenSSL verifies the CRL', async () => {
      const how = ['crl', '-inform', 'DER', '-in', one('crl').file, '-noout', '-text', '-verify'];
      const { exitCode, stdout, stderr } = await openssl([...how, '-CAfile', `${one('csca').file}.pem`]);
      expect({ exitCode, stderr: stderr.trim() }).toEqual({ exitCode: 0, stderr: 'verify OK' });
      expect(String(stdout)).toMatch(/Version 2 \(0x1\)/);
      expect(String(stdout)).toContain('No Revoked Certificates');
    });

    /** `-noverify`, because the path to the CSCA has explicit parameters; the signer comes from outside. */
    it('OpenSSL verifies the signature of the master list, which holds the CSCA certificate', async () => {
      const how = [
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        one('master-list').file,
        '-noverify',
      ];
      const verify = (signer: Published) => openssl([...how, '-nointern', '-certfile', `${signer.file}.pem`]);
      const { exitCode, stdout } = await verify(one('master-list-signer'));
      expect(exitCode).toBe(0);
      expect(hex(stdout)).toContain(hex(one('csca').der));
      expect((await verify(one('document-signer'))).exitCode).not.toBe(0);
    });

    it('GnuTLS reads everything', async () => {
      // GnuTLS 3.7 says of explicit EC parameters that it cannot import the key, and prints all the rest.
      await twoAtATime(decoded(), async ({ title, file, certificate }) => {
        const { exitCode, stdout, stderr } = await run('certtool', ['-i', '--inder', '--infile', file]);
        expect({ title, exitCode }).toEqual({ title, exitCode: 0 });
        const text = String(stdout) + stderr;
        expect(text).toContain(`Serial Number (hex): ${hex(certificate.serialNumberOctets)}`);
        expect(text).toContain('Key Usage (critical)');
        expect(text).toContain('directoryName: L=UTO');
        if (isRsa({ certificate })) expect(text).not.toContain('error');
      });
      const crl = await run('certtool', ['--crl-info', '--inder', '--infile', one('crl').file]);
      expect(String(crl.stdout)).toMatch(/CRL Number \(not critical\): 0*1\b/);
      const list = await run('certtool', ['--p7-info', '--inder', '--infile', one('master-list').file]);
      expect(String(list.stdout)).toContain('eContent Type: 2.23.136.1.1.2');
      expect(String(list.stdout)).toContain('Number of certificates: 2');
    });

    if (isRsaCsca) {
      it('GnuTLS verifies what has no explicit parameters', async () => {
        const ca = ['--load-ca-certificate', `${one('csca').file}.pem`];
        for (const { file } of decoded().filter(isRsa)) {
          const { exitCode, stdout } = await run('certtool', ['--verify', ...ca, '--infile', `${file}.pem`]);
          expect(exitCode).toBe(0);
          expect(String(stdout)).toContain('The certificate is trusted');
        }
      });
    }

    it('Bouncy Castle verifies everything under the CSCA, with the extensions of Doc 9303-12 Table 6', async () => {
      const lines = await readByBouncyCastle(published.map(({ file }) => file));
      const common = [
        '2.5.29.14',
        '2.5.29.15!',
        '2.5.29.16',
        '2.5.29.17',
        '2.5.29.18',
        '2.5.29.31',
        '2.5.29.35',
      ];
      const expected: Readonly<Record<Exclude<Kind, 'master-list'>, readonly string[]>> = {
        csca: [...common, '2.5.29.19!'],
        'document-signer': [...common, '2.23.136.1.1.6.2'],
        'master-list-signer': [...common, '2.5.29.37!'],
        crl: ['2.5.29.20', '2.5.29.35'],
      };
      for (const { kind, title, file } of published) {
        const { verdict, detail } = lines.get(file)!;
        expect({ title, verdict, detail }).toMatchObject({ title, verdict: 'OK' });
        if (kind === 'master-list') expect(detail).toBe('1 certificates');
        else expect(new Set(detail.split(' '))).toEqual(new Set(expected[kind]));
      }
    });

    it('PKI.js encodes everything again as it was', () => {
      for (const { kind, der, title } of published) {
        expect({ title, der: hex(encodedByPkijs(kind, der)) }).toEqual({ title, der: hex(der) });
      }
    });

    describe('Doc 9303-12', () => {
      const includes = (der: Uint8Array, block: string) =>
        hex(der).includes(block.replaceAll(' ', '').toLowerCase());

      it('keyUsage and basicConstraints are critical and say what Table 6 says, octet by octet', () => {
        const caUsage = '30 0E 06 03 55 1D 0F 01 01 FF 04 04 03 02 01 06';
        const signerUsage = '30 0E 06 03 55 1D 0F 01 01 FF 04 04 03 02 07 80';
        const basicConstraints = '30 12 06 03 55 1D 13 01 01 FF 04 08 30 06 01 01 FF 02 01 00';
        for (const { kind, der } of certificates()) {
          const isCsca = kind === 'csca';
          expect(includes(der, caUsage)).toBe(isCsca);
          expect(includes(der, signerUsage)).toBe(!isCsca);
          expect(includes(der, basicConstraints)).toBe(isCsca);
          expect(includes(der, '06 03 55 1D 13')).toBe(isCsca);
        }
      });

      it('documentTypeList is of Document Signers, extKeyUsage of the Master List Signer', () => {
        const masterListUsage = '30 14 06 03 55 1D 25 01 01 FF 04 0A 30 08 06 06 67 81 08 01 01 03';
        for (const { kind, der, title } of certificates()) {
          expect(includes(der, masterListUsage)).toBe(kind === 'master-list-signer');
          const [, type] = /Document Signer (P[A-Z])/.exec(title) ?? [];
          const list = (letters: string) =>
            `30 16 06 07 67 81 08 01 01 06 02 04 0B 30 09 02 01 00 31 04 13 02 ${hex(Buffer.from(letters))}`;
          expect(type !== undefined && includes(der, list(type))).toBe(kind === 'document-signer');
          expect(includes(der, '06 07 67 81 08 01 01 06 02')).toBe(kind === 'document-signer');
        }
      });

      it('privateKeyUsagePeriod has both ends as GeneralizedTime, within what Table 1 allows', () => {
        for (const { kind, title, der, certificate } of decoded()) {
          const from = generalizedTime(certificate.notBefore);
          const ends = /302b0603551d1004243022800f((?:3\d){14}5a)810f((?:3\d){14}5a)/.exec(hex(der));
          expect({ title, from: ascii(ends?.[1]) }).toEqual({ title, from });
          const months = monthsBetween(certificate.notBefore, ascii(ends?.[2]));
          const [least, most] = { csca: [36, 60], 'document-signer': [1, 3] }[kind as string] ?? [1, 60];
          expect(months).toBeGreaterThanOrEqual(least!);
          expect(months).toBeLessThanOrEqual(most!);
        }
      });

      it('alternative names have the country as in the MRZ; those of the CSCA are the same', () => {
        const country = 'A4 10 30 0E 31 0C 30 0A 06 03 55 04 07 13 03 55 54 4F';
        for (const { der, certificate } of decoded()) {
          expect(hex(der).split(country.replaceAll(' ', '').toLowerCase())).toHaveLength(3);
          const issuerAltName = certificate.extensions.get('2.5.29.18')?.value;
          expect(issuerAltName).toEqual(csca().extensions.get('2.5.29.17')?.value);
        }
      });

      it('serial numbers are positive, of at most 20 octets and all different', () => {
        const numbers = decoded().map(({ certificate }) => certificate.serialNumber);
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const number of numbers) {
          expect(number > 0n && number < 1n << 159n).toBe(true);
        }
      });

      it('EC keys have explicit parameters with cofactor and uncompressed points, and name no curve', async () => {
        const curveNames = /:(prime\d+v\d|secp\w+|sect\w+|brainpool\w+|wap-\w+)\s*$/m;
        for (const { title, file, certificate } of decoded()) {
          const { stdout } = await openssl(['asn1parse', '-inform', 'DER', '-in', file]);
          const tree = String(stdout);
          expect({ title, names: curveNames.exec(tree)?.[1] }).toEqual({ title, names: undefined });
          if (isRsa({ certificate })) continue;
          const [, parameters = ''] = /:id-ecPublicKey\n([\s\S]*?)\n[^\n]*BIT STRING/.exec(tree) ?? [];
          const shapes = parameters.split('\n').map((line) => line.replace(/^.*(?:cons|prim): /, '').trim());
          expect(shapes).toEqual([
            'SEQUENCE', // ECParameters
            'INTEGER           :01', // version
            'SEQUENCE', // fieldID
            'OBJECT            :prime-field',
            expect.stringMatching(/^INTEGER +:[0-9A-F]{64,132}$/), // the prime
            'SEQUENCE', // curve, without a seed
            expect.stringMatching(/^OCTET STRING +\[HEX DUMP\]:[0-9A-F]{64,132}$/), // a
            expect.stringMatching(/^OCTET STRING +\[HEX DUMP\]:[0-9A-F]{64,132}$/), // b
            expect.stringMatching(/^OCTET STRING +\[HEX DUMP\]:04[0-9A-F]{128,264}$/), // base point
            expect.stringMatching(/^INTEGER +:[0-9A-F]{64,132}$/), // its order
            'INTEGER           :01', // cofactor
          ]);
          expect(certificate.subjectPublicKey.subjectPublicKey[0]).toBe(4);
        }
      });
    });

    it('a revoked Document Signer is on the next CRL, a revoked station is not', async () => {
      const { certificate, der } = decoded().find(({ kind }) => kind === 'document-signer')!;
      revoke(served, certificate.serialNumber);
      revoke(served, stationSerialNumber(served));
      const next = await nextCrl(served, 2n);
      const path = join(folder, 'next.crl');
      writeFileSync(path, next);
      const crl = decodeCrl(next, { strict: true });
      const listed = [...crl.revokedCertificates].map(({ serialNumber }) => serialNumber);
      expect(listed).toEqual([certificate.serialNumber]);
      const how = ['crl', '-inform', 'DER', '-in', path, '-noout', '-text', '-verify'];
      const text = await openssl([...how, '-CAfile', `${one('csca').file}.pem`]);
      expect(text.stderr.trim()).toBe('verify OK');
      expect(String(text.stdout).match(/Serial Number: .*/g)).toEqual([
        `Serial Number: ${hex(certificate.serialNumberOctets).toUpperCase()}`,
      ]);
      expect((await readByBouncyCastle([path])).get(path)).toEqual({
        verdict: 'OK',
        detail: expect.any(String),
      });
      expect(hex(encodedByPkijs('crl', next))).toBe(hex(next));
      const border = { trust: buildTrustStore([csca()]), crls: [crl], at: new Date(), strict: true };
      const revoked = verifyCertificate({ certificate: der, ...border });
      expect(revoked).toMatchObject({ verdict: 'INVALID', findings: [{ code: 'CERT_REVOKED' }] });
    });

    function readByBouncyCastle(files: readonly string[]): Promise<ReadonlyMap<string, BouncyCastleLine>> {
      return bouncyCastle.run('CertificateCheck', [one('csca').file], files);
    }

    /** TBSCertificate and signature are cut out by OpenSSL itself. */
    async function holdsUnderCsca(file: string): Promise<boolean> {
      // Of its own: another file is verified at the same time.
      const key = `${file}.pub`;
      writeFileSync(
        key,
        (await openssl(['x509', '-in', `${one('csca').file}.pem`, '-noout', '-pubkey'])).stdout,
      );
      const tree = String((await openssl(['asn1parse', '-inform', 'DER', '-in', file])).stdout);
      const [tbs, , signature] = [...tree.matchAll(/^ *(\d+):d=1 /gm)].map(([, offset]) => offset);
      const cut = async (offset: string | undefined, to: string) => {
        await openssl([
          'asn1parse',
          '-inform',
          'DER',
          '-in',
          file,
          '-strparse',
          offset ?? '',
          '-noout',
          '-out',
          to,
        ]);
      };
      await cut(tbs, `${file}.tbs`);
      await cut(signature, `${file}.sig`);
      const digest = `-${cscaAlgorithm.split('-').at(-1)}`;
      const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
      const how = [
        'dgst',
        digest,
        '-verify',
        key,
        '-signature',
        `${file}.sig`,
        ...(isRsaCsca ? padding : []),
      ];
      return (await openssl([...how, `${file}.tbs`])).exitCode === 0;
    }
  });
});

async function fetchPublished({ instance }: ServedInstance, folder: string): Promise<readonly Published[]> {
  const origin = `http://localhost:${instance.portBase + 3}`;
  const index = (await (await fetch(`${origin}/index.json`)).json()) as {
    artefacts: readonly { kind: Kind; path: string; title: string }[];
  };
  return Promise.all(
    index.artefacts.map(async ({ kind, path, title }, position) => {
      const der = new Uint8Array(await (await fetch(`${origin}${path}`)).arrayBuffer());
      const file = join(folder, `${position}.${suffixes[kind]}`);
      writeFileSync(file, der);
      return { kind, title, der, file };
    }),
  );
}

interface PkijsObject {
  toSchema(encodeAnew: boolean): { toBER(): ArrayBuffer };
}

function encodedByPkijs(kind: Kind, der: Uint8Array): Uint8Array {
  const octets = Uint8Array.from(der).buffer;
  const encode = (object: PkijsObject) => new Uint8Array(object.toSchema(true).toBER());
  if (kind === 'crl') return encode(pkijs.CertificateRevocationList.fromBER(octets) as PkijsObject);
  if (kind !== 'master-list') return encode(pkijs.Certificate.fromBER(octets));
  const { contentType, content } = pkijs.ContentInfo.fromBER(octets);
  const signedData = new pkijs.SignedData({ schema: content });
  return encode(new pkijs.ContentInfo({ contentType, content: signedData.toSchema(true) }));
}

const ascii = (hexadecimal: string | undefined) => Buffer.from(hexadecimal ?? '', 'hex').toString('latin1');

function generalizedTime(instant: Date): string {
  return instant
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
}

function monthsBetween(from: Date, until: string): number {
  const years = Number(until.slice(0, 4)) - from.getUTCFullYear();
  return years * 12 + Number(until.slice(4, 6)) - 1 - from.getUTCMonth();
}

function stationSerialNumber({ instance }: ServedInstance): bigint {
  const pem = readFileSync(join(instance.home, 'credentials/station/cert.pem'), 'utf8');
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return decodeCertificate(Uint8Array.from(der)).serialNumber;
}

function revoke({ instance }: ServedInstance, serialNumber: bigint): void {
  const database = new DatabaseSync(join(instance.home, 'records.sqlite'), { timeout: 5_000 });
  database
    .prepare('INSERT INTO revocations (serial_number, revoked_at, reason) VALUES (?, ?, ?)')
    .run(serialNumber.toString(16), new Date(Date.now() - 60_000).toISOString(), 'keyCompromise');
  database.close();
}

/** The CRL with a number, once it is published. */
async function nextCrl({ instance }: ServedInstance, crlNumber: bigint): Promise<Uint8Array> {
  for (let attempt = 0; attempt < 450; attempt += 1) {
    const answer = await fetch(`http://localhost:${instance.portBase + 3}/crl/UTO.crl`);
    const der = new Uint8Array(await answer.arrayBuffer());
    if (decodeCrl(der).crlNumber === crlNumber) return der;
    await sleep(100);
  }
  throw new Error(`there is no CRL number ${crlNumber}`);
}
