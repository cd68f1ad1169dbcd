import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSignatureAlgorithm } from '../../formats/algorithms/encode-algorithm-identifier.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import { CrlInPlace } from '../../formats/x509/crl-in-place.ts';
import {
  encodeEntries,
  type RevokedCertificate,
  signedCrlFrame,
  tbsCertListFrame,
} from '../../formats/x509/encode-crl.ts';
import { encodeName } from '../../formats/x509/encode-name.ts';
import { InvariantBroken } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import { type ActsMemory, crlActs } from './crl-act.ts';
import { type Measurement, overRounds, type Round } from './measurement.ts';

const count = 100_000;
const revocationDate = new Date('2026-05-01T00:00:00Z');

/**
 * A CRL with 100,000 entries built and signed, beside `openssl ca -gencrl` on the same list, both with the same
 * kind of software key. Ours has none of the checks that come before and after it in a service.
 */
export function measureCrl(rounds: number): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-crl-'));
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const revoked = revokedCertificates();
    layOutOpenSslCa(folder, privateKey, revoked);
    buildAndSign(privateKey, revoked);
    const measured = Array.from({ length: rounds }, (): Round => {
      const ours = milliseconds(() => buildAndSign(privateKey, revoked));
      return { ours, limit: milliseconds(() => openSslCa(folder, '-gencrl', '-out', 'list.crl')) };
    });
    const against = 'openssl ca -gencrl on the same list';
    return {
      bench: 'crl-100000',
      algorithm: 'ecdsa-P-384-sha384',
      unit: 'ms',
      ...overRounds(measured),
      against,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A CRL with 100,000 entries by the service's own way, with the token, all checks and the records: the next one
 * after one more revocation, beside the first one, whose entries are all encoded.
 */
export async function measureCrlActs(instance: Instance, rounds: number): Promise<CrlMeasurement> {
  const few = await crlActs(instance, 1_000, 1);
  const acts = await crlActs(instance, count, rounds);
  const { serviceKiB, signerKiB, octets, first, next } = acts;
  const growth = (a: ActsMemory, b: ActsMemory) => Math.max(0, a.peak - a.before - (b.peak - b.before));
  return {
    bench: 'crl-100000-next',
    unit: 'ms',
    ...overRounds(next.map(({ ms }): Round => ({ ours: ms, limit: first.ms }))),
    against: 'the first CRL with these entries, all of them encoded',
    octets,
    longestHoldMs: { first: first.longestHoldMs, next: Math.max(...next.map((act) => act.longestHoldMs)) },
    peakGrowthKiB: {
      service: growth(serviceKiB, few.serviceKiB),
      signer: growth(signerKiB, few.signerKiB),
      serviceAfterFirst: serviceKiB.peak - serviceKiB.afterFirst,
    },
  };
}

/** What `measureCrlActs` tells besides. */
interface CrlMeasurement extends Measurement {
  /** Of the CRL. */
  readonly octets: number;
  /** The longest time that the service's event loop did nothing else. */
  readonly longestHoldMs: { readonly first: number; readonly next: number };
  /** Peak of resident memory, beyond what a CRL with 1,000 entries takes. */
  readonly peakGrowthKiB: {
    readonly service: number;
    readonly signer: number;
    /** By all CRLs but the first. */
    readonly serviceAfterFirst: number;
  };
}

function milliseconds(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

function revokedCertificates(): readonly RevokedCertificate[] {
  // In order before there are objects: so the records hand them out, one after the other in memory too.
  const serialNumbers = Array.from(
    { length: count },
    () => `0x01${randomBytes(16).toString('hex')}`,
  ).toSorted();
  return serialNumbers.map((hex) => ({ serialNumber: BigInt(hex), revocationDate }));
}

function buildAndSign(key: KeyObject, revoked: readonly RevokedCertificate[]): void {
  const signatureAlgorithm = encodeSignatureAlgorithm({ kind: 'ecdsa', digest: 'SHA-384' });
  const list = new CrlInPlace();
  list.add(encodeEntries(revoked));
  const { octets } = list.entries();
  const frame = tbsCertListFrame(
    {
      signature: signatureAlgorithm,
      issuer: encodeName([{ type: 'countryName', value: 'UT' }]),
      thisUpdate: new Date('2026-06-01T00:00:00Z'),
      nextUpdate: new Date('2026-07-01T00:00:00Z'),
      authorityKeyIdentifier: new Uint8Array(20),
      crlNumber: 1n,
    },
    octets.length,
  );
  const signatureValue = sign('sha384', list.within(frame), key);
  const signed = signedCrlFrame(frame, octets.length, { signatureAlgorithm, signatureValue });
  const crl = list.within(signed);
  if (crl.length < count * 30) throw new InvariantBroken('the CRL lacks entries');
}

function layOutOpenSslCa(folder: string, key: KeyObject, revoked: readonly RevokedCertificate[]): void {
  const hex = (serialNumber: bigint) => serialNumber.toString(16).toUpperCase().padStart(34, '0');
  const line = ({ serialNumber }: RevokedCertificate) =>
    `R\t410101000000Z\t260501000000Z\t${hex(serialNumber)}\tunknown\t/C=UT/CN=${serialNumber}\n`;
  writeFileSync(join(folder, 'ca.key'), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'index.txt'), revoked.map(line).join(''));
  writeFileSync(join(folder, 'crlnumber'), '01\n');
  const settings = ['database=index.txt', 'crlnumber=crlnumber', 'default_md=sha384', 'default_crl_days=30'];
  writeFileSync(join(folder, 'ca.cnf'), `[ca]\ndefault_ca=ours\n[ours]\n${settings.join('\n')}\n`);
  const subject = ['-subj', '/C=UT', '-days', '30', '-out', 'ca.crt'];
  execFileSync('openssl', ['req', '-x509', '-new', '-key', 'ca.key', ...subject], { cwd: folder });
  openSslCa(folder, '-gencrl', '-out', 'first.pem');
  const first = execFileSync('openssl', ['crl', '-in', 'first.pem', '-outform', 'DER'], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (decodeCrl(Uint8Array.from(first)).revokedCertificates.length !== count) {
    throw new InvariantBroken('openssl ca did not list the same certificates');
  }
}

function openSslCa(folder: string, ...args: readonly string[]): void {
  const ca = ['ca', '-config', 'ca.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key'];
  execFileSync('openssl', [...ca, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}
