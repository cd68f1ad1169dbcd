import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyAlgorithms } from '../../src/formats/algorithms/signature-algorithms.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { lintCertificate } from '../../src/rules/lint/index.ts';
import type { CertificateProfile } from '../../src/rules/profile/certificate-profile.ts';
import type { CertificateOrder, IssuerReference, KeyRole } from '../../src/services/ports.ts';
import { lintedKind } from '../../src/services/signing-core/lint-order.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { opensslRequest, type RequestKey } from '../support/certification-request.ts';
import { shippedPolicies } from '../support/policies.ts';
import { openTestToken, type TestToken } from '../support/token.ts';
import { BouncyCastle, describeWith, openssl, run } from './readers.ts';
import { utopia } from '../support/utopia.ts';

const policies = shippedPolicies();
const notBefore = new Date('2026-11-01T00:00:00Z');

/** Names that a profile asks for with the order. */
const names: Readonly<Record<string, string>> = {
  'vds-signer': 'VS',
  'lds2-visa-signer': 'VISA00001',
  'vds-nc-signer': 'HEALTH01',
  communication: 'pkd.utopia.example',
};

/** Keys of those who send a PKCS#10 request. */
const holderKeys = new Map<string, RequestKey>([
  ['ecdsa-P-256-sha256', 'P-256'],
  ['ecdsa-P-384-sha384', 'P-384'],
  ['rsassa-pkcs1-3072-sha256', 'RSA 3072'],
]);

interface Issued {
  readonly profile: CertificateProfile;
  readonly algorithm: string;
  readonly path: string;
  readonly der: Uint8Array;
  readonly issuer: IssuerReference | undefined;
}

/** A certificate of every profile that comes with the program, with every algorithm that it allows. */
class Issuance {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-kinds-'));
  readonly #token: TestToken = openTestToken();
  readonly #core = new SigningCore(this.#token.token, policies, utopia);
  readonly #keys = new Map<string, string>();
  readonly issued: Issued[] = [];
  #serial = 0x10000n;

  /** Before anything else. */
  async issueAll(): Promise<void> {
    const csca = policies.profiles.get('csca');
    const roots: IssuerReference[] = [];
    for (const algorithm of csca?.keys.allowed ?? []) roots.push(await this.#issueRoot('csca', algorithm));
    const [issuer] = roots;
    if (issuer === undefined) throw new Error('no CSCA was issued');
    for (const profile of policies.profiles.values()) {
      if (profile.kind === 'csca' || profile.kind === 'access-ca' || profile.kind === 'access') continue;
      if (profile.kind === 'csca-link') await this.#issueLinks(roots);
      else
        for (const algorithm of profile.keys.allowed) await this.#issue(profile.profile, algorithm, issuer);
    }
    // A Document Signer under every kind of CSCA key: its signature is of the issuer's algorithm.
    for (const root of roots) await this.#issue('dsc-passport', 'ecdsa-P-256-sha256', root);
  }

  async #issueRoot(profile: string, algorithm: string): Promise<IssuerReference> {
    const certificate = await this.#issue(profile, algorithm, undefined);
    return { keyId: await this.#keyOf('csca', algorithm), certificate, keyAlgorithm: algorithm };
  }

  /** From every generation to the next, whatever their algorithms. */
  async #issueLinks(roots: readonly IssuerReference[]): Promise<void> {
    for (const [index, root] of roots.entries()) {
      const next = roots[(index + 1) % roots.length];
      if (next !== undefined)
        await this.#issue('csca-link', next.keyAlgorithm, root, { successor: next.certificate });
    }
  }

  async #issue(
    profileName: string,
    algorithm: string,
    issuer: IssuerReference | undefined,
    changes: Partial<CertificateOrder> = {},
  ): Promise<Uint8Array> {
    const profile = policies.profiles.get(profileName);
    if (profile === undefined) throw new Error(`no profile ${profileName}`);
    this.#serial += 1n;
    const der = await this.#core.signCertificate({
      profile: profileName,
      subject: { sequence: '00001', name: names[profileName] ?? 'x' },
      subjectKey: await this.#subjectKey(profile, algorithm),
      keyAlgorithm: algorithm,
      issuer,
      serialNumber: this.#serial,
      notBefore,
      policyDigest: policies.digest,
      hosts: profile.extensions.subjectAltName?.hosts === true ? ['pkd.utopia.example'] : undefined,
      ...changes,
    });
    const path = join(this.folder, `${this.issued.length}-${profileName}-${algorithm}.cer`);
    writeFileSync(path, der);
    this.issued.push({ profile, algorithm, path, der, issuer });
    return der;
  }

  async #subjectKey(profile: CertificateProfile, algorithm: string): Promise<CertificateOrder['subjectKey']> {
    if (profile.kind !== 'communication' && !profile.kind.startsWith('spoc-')) {
      const role = profile.kind === 'csca-link' ? 'csca' : (profile.kind as KeyRole);
      return { keyId: await this.#keyOf(role, algorithm) };
    }
    return { csr: opensslRequest(holderKeys.get(algorithm) ?? 'P-256') };
  }

  /** One key for each role and kind of key; which digest it is used with does not matter to the token. */
  async #keyOf(role: KeyRole, algorithm: string): Promise<string> {
    const type = keyAlgorithms.get(algorithm)?.key;
    const name = `${role}-${type?.kind === 'ec' ? type.curve : type?.modulusBits}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const keyId = randomBytes(16).toString('hex');
    await this.#core.generateKeyPair({ keyId, role, label: name, keyAlgorithm: algorithm });
    this.#keys.set(name, keyId);
    return keyId;
  }

  remove(): void {
    this.#token.remove();
    rmSync(this.folder, { recursive: true });
  }
}

describeWith(
  ['openssl', 'certtool', 'bouncyCastle'],
  'every kind of certificate with every algorithm',
  () => {
    let issuance: Issuance;
    beforeAll(async () => {
      issuance = new Issuance();
      await issuance.issueAll();
    }, 300_000);
    afterAll(() => issuance.remove());

    /** Runs a check on each and names those that fail. */
    async function forEach(check: (issued: Issued) => Promise<string | undefined> | string | undefined) {
      const failures: string[] = [];
      for (const issued of issuance.issued) {
        const failure = await check(issued);
        if (failure !== undefined) failures.push(`${issued.profile.profile} ${issued.algorithm}: ${failure}`);
      }
      expect(failures).toEqual([]);
      expect(issuance.issued.length).toBeGreaterThan(100);
    }

    it('is read by our strict reader without a note, and finds no error in the lint', () =>
      forEach(({ der, profile, issuer }) => {
        const { notes } = decodeCertificate(der, { strict: true });
        const expected = profile.keys.ecParameters === 'named' ? ['EC_NAMED_CURVE'] : [];
        const others = notes.filter(({ code }) => !expected.includes(code));
        const report = lintCertificate(der, {
          kind: lintedKind(profile),
          edition: 8,
          issuer: issuer && decodeCertificate(issuer.certificate),
          mrzCode: 'UTO',
        });
        const errors = report.findings.filter(({ severity }) => severity === 'error');
        return [...others, ...errors].map(({ code, detail }) => `${code} ${detail}`).join('; ') || undefined;
      }));

    it('is read by openssl x509 and asn1parse', () =>
      forEach(async ({ path }) => {
        const x509 = await openssl(['x509', '-inform', 'DER', '-in', path, '-noout', '-text']);
        const asn1 = await openssl(['asn1parse', '-inform', 'DER', '-in', path]);
        const text = x509.stdout.toString();
        if (x509.exitCode !== 0 || asn1.exitCode !== 0) return `${x509.stderr}${asn1.stderr}`;
        return text.includes('C = UT') && !text.includes('Unable to load Public Key') ? undefined : text;
      }));

    it('has a signature that openssl verifies with the key of its issuer', () =>
      forEach(async ({ path, der, algorithm, issuer }) => {
        const signed = keyAlgorithms.get(issuer?.keyAlgorithm ?? algorithm)?.signature;
        const { tbsBytes, signature } = decodeCertificate(der);
        const file = (suffix: string) => `${path}.${suffix}`;
        writeFileSync(file('issuer'), issuer?.certificate ?? der);
        writeFileSync(file('tbs'), tbsBytes);
        writeFileSync(file('sig'), signature);
        const key = await openssl(['x509', '-inform', 'DER', '-in', file('issuer'), '-noout', '-pubkey']);
        writeFileSync(file('pub'), key.stdout);
        const digest = `-${signed?.digest.toLowerCase().replace('-', '')}`;
        const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
        const options = signed?.kind === 'rsassa-pss' ? pss : [];
        const { stdout, stderr } = await openssl([
          'dgst',
          digest,
          '-verify',
          file('pub'),
          ...options,
          '-signature',
          file('sig'),
          file('tbs'),
        ]);
        return stdout.toString().includes('Verified OK') ? undefined : `${stdout.toString()}${stderr}`;
      }));

    it('is read, encoded again and verified by Bouncy Castle, with explicit parameters', async () => {
      const bouncyCastle = BouncyCastle.compile();
      try {
        const explicit = issuance.issued.filter(({ profile }) => profile.keys.ecParameters === 'explicit');
        const roots = explicit.filter(({ issuer }) => issuer === undefined);
        for (const root of roots) {
          const under = explicit.filter(({ issuer }) => issuer?.certificate === root.der);
          const paths = [root, ...under].map(({ path }) => path);
          const lines = await bouncyCastle.run('CertificateCheck', [root.path], paths);
          expect(paths.filter((path) => lines.get(path)?.verdict !== 'OK')).toEqual([]);
        }
      } finally {
        bouncyCastle.remove();
      }
    });

    it('is read by GnuTLS certtool', () =>
      forEach(async ({ path }) => {
        const { exitCode, stdout, stderr } = await run('certtool', [
          '--certificate-info',
          '--inder',
          '--infile',
          path,
        ]);
        const text = stdout.toString();
        return exitCode === 0 && text.includes('Issuer:') && text.includes('Signature Algorithm')
          ? undefined
          : stderr;
      }));
  },
);
