import { createHash } from 'node:crypto';
import { InvariantBroken, Refused } from '../errors.ts';
import type { CertificateOrder, CertificateRecord, IssuerReference, KeyOrder, KeyRole } from '../ports.ts';
import { checkCertificate } from './check-certificate.ts';
import { type IssuanceDeps, wholeSecond } from './issuance-deps.ts';

export type CertificateRequest = Omit<CertificateOrder, 'serialNumber' | 'notBefore'>;

/**
 * Issues one certificate: claim → intent on record → sign → independent check → durable record.
 *
 * @throws Refused, Unavailable; InvariantBroken when the check fails, and then nothing is released
 */
export async function issueCertificate(
  deps: IssuanceDeps,
  request: CertificateRequest,
): Promise<CertificateRecord> {
  const order: CertificateOrder = {
    ...request,
    serialNumber: drawSerialNumber(deps, request.profile),
    notBefore: wholeSecond(deps.clock.now()),
  };
  await deps.records.begin({ kind: 'certificate', order });
  return completeCertificate(deps, order);
}

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
  checkCertificate(der, order);
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

/** Random, positive and unpredictable; never used before is what the records see to. */
function drawSerialNumber(deps: IssuanceDeps, profileName: string): bigint {
  const octets = deps.policies.profiles.get(profileName)?.serialNumber.randomOctets;
  if (octets === undefined) {
    throw new Refused('policy', `there is no profile ${profileName}`, {
      field: 'profile',
      mend: `use one of ${[...deps.policies.profiles.keys()].join(', ')}`,
    });
  }
  return BigInt(`0x01${Buffer.from(deps.random.octets(octets)).toString('hex')}`);
}

/** The newest certificate of a role, with its key, as issuer of others. */
export async function newestIssuer(deps: IssuanceDeps, role: KeyRole): Promise<IssuerReference | undefined> {
  return newestCertificate(deps, (key) => key.role === role);
}

/** The certificate of a key on record. @throws InvariantBroken without one */
export async function issuerWithKey(deps: IssuanceDeps, keyId: string): Promise<IssuerReference> {
  const issuer = await newestCertificate(deps, (key) => key.keyId === keyId);
  if (issuer === undefined) throw new InvariantBroken(`key ${keyId} has no certificate on record`);
  return issuer;
}

async function newestCertificate(
  deps: IssuanceDeps,
  isWanted: (key: KeyOrder) => boolean,
): Promise<IssuerReference | undefined> {
  const keys = new Map((await deps.records.keys()).map((key) => [key.keyId, key]));
  for (const certificate of (await deps.records.certificates()).toReversed()) {
    const key = keys.get(certificate.keyId ?? '');
    if (key === undefined || !isWanted(key)) continue;
    return { keyId: key.keyId, certificate: certificate.der, keyAlgorithm: key.keyAlgorithm };
  }
  return undefined;
}
