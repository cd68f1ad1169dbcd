import { createHash } from 'node:crypto';
import { InvariantBroken, Refused } from '../errors.ts';
import type { CertificateOrder, CertificateRecord, IssuerReference, KeyOrder, KeyRole } from '../ports.ts';
import { roles } from '../signing-core/roles.ts';
import { checkCertificate } from './check-certificate.ts';
import { type IssuanceDeps, wholeSecond } from './issuance-deps.ts';

export type CertificateRequest = Omit<CertificateOrder, 'serialNumber' | 'notBefore' | 'policyDigest'>;

/**
 * Issues one certificate: claim → intent on record → sign → independent check → durable record.
 *
 * @throws Refused, Unavailable; InvariantBroken when the check fails, and then nothing is released
 */
export async function issueCertificate(
  deps: IssuanceDeps,
  request: CertificateRequest,
): Promise<CertificateRecord> {
  const order = await claimSerialNumber(deps, {
    ...request,
    notBefore: wholeSecond(deps.clock.now()),
    policyDigest: deps.policies.digest,
  });
  return completeCertificate(deps, order);
}

/** Draws until a serial number is new; only certificate references of five digits ever collide. */
async function claimSerialNumber(
  deps: IssuanceDeps,
  request: Omit<CertificateOrder, 'serialNumber'>,
): Promise<CertificateOrder> {
  for (let draw = 1; ; draw += 1) {
    const order = { ...request, serialNumber: drawSerialNumber(deps, request.profile) };
    try {
      await deps.records.begin({ kind: 'certificate', order });
      return order;
    } catch (error) {
      const isTaken = error instanceof Refused && error.code === 'duplicate';
      if (!isTaken || draw >= longestDraw) throw error;
    }
  }
}

/** Enough to find a free one among 2^20 while a state uses five a year. */
const longestDraw = 100;

/** The second half of `issueCertificate`, after a crash too. */
export async function completeCertificate(
  deps: IssuanceDeps,
  order: CertificateOrder,
): Promise<CertificateRecord> {
  let der: Uint8Array;
  try {
    der = await deps.signer.signCertificate(order);
  } catch (error) {
    if (error instanceof Refused) await deps.records.abandon({ kind: 'certificate', order }, error.message);
    throw error;
  }
  await checkCertificate(deps, der, order);
  const record: CertificateRecord = {
    sha256: createHash('sha256').update(der).digest('hex'),
    serialNumber: order.serialNumber,
    profile: order.profile,
    keyId: 'keyId' in order.subjectKey ? order.subjectKey.keyId : undefined,
    issuedAt: deps.clock.now(),
    policyDigest: deps.policies.digest,
    der,
  };
  await deps.records.recordCertificate(record);
  return record;
}

/**
 * Random, positive and unpredictable; that it was never used before is what the records see to. The certificate
 * reference of a seal is five hexadecimal digits, and all zeros are for tests (Doc 9303-13 §2.2.1).
 */
function drawSerialNumber(deps: IssuanceDeps, profileName: string): bigint {
  const form = deps.policies.profiles.get(profileName)?.serialNumber;
  if (form === undefined) {
    throw new Refused('policy', `there is no profile ${profileName}`, {
      field: 'profile',
      mend: `use one of ${[...deps.policies.profiles.keys()].join(', ')}`,
    });
  }
  const random = (octets: number) => BigInt(`0x${Buffer.from(deps.random.octets(octets)).toString('hex')}`);
  if ('randomOctets' in form) return (1n << BigInt(8 * form.randomOctets)) | random(form.randomOctets);
  return (random(8) % 0xfffffn) + 1n;
}

/** The newest certificate of a role, with its key, as issuer of others. */
export async function newestIssuer(deps: IssuanceDeps, role: KeyRole): Promise<IssuerReference | undefined> {
  return newestCertificate(deps, role, (key) => key.role === role);
}

/** The certificate of a key on record. @throws InvariantBroken without one */
export async function issuerWithKey(
  deps: IssuanceDeps,
  role: KeyRole,
  keyId: string,
): Promise<IssuerReference> {
  const issuer = await newestCertificate(deps, role, (key) => key.keyId === keyId);
  if (issuer === undefined) throw new InvariantBroken(`key ${keyId} has no certificate on record`);
  return issuer;
}

async function newestCertificate(
  deps: IssuanceDeps,
  role: KeyRole,
  isWanted: (key: KeyOrder) => boolean,
): Promise<IssuerReference | undefined> {
  const keys = new Map((await deps.records.keys()).map((key) => [key.keyId, key]));
  const ofRole = [...deps.policies.profiles.values()]
    .filter(({ kind }) => kind !== 'csca-link' && roles[kind].subject === role)
    .map(({ profile }) => profile);
  for (const certificate of (await deps.records.certificatesOf(ofRole)).toReversed()) {
    const key = keys.get(certificate.keyId ?? '');
    if (key === undefined || !isWanted(key)) continue;
    return { keyId: key.keyId, certificate: certificate.der, keyAlgorithm: key.keyAlgorithm };
  }
  return undefined;
}
