import { createHash } from 'node:crypto';
import { InvariantBroken, Refused } from '../errors.ts';
import type { CertificateOrder, CertificateRecord, IssuerReference, KeyRecord, KeyRole } from '../ports.ts';
import { roles } from '../signing-core/roles.ts';
import { assertKeysOfAYear } from './bar-code-keys.ts';
import { checkCertificate } from './check-certificate.ts';
import { type IssuanceDeps, wholeSecond } from './issuance-deps.ts';
import { noSerialNumberFree, serialNumbers } from './serial-numbers.ts';

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
  await assertKeysOfAYear(deps, request.profile);
  const order = await claimSerialNumber(deps, {
    ...request,
    notBefore: wholeSecond(deps.clock.now()),
    policyDigest: deps.policies.digest,
  });
  return completeCertificate(deps, order);
}

/** Takes the first serial number that was never used, as far as the records know. */
async function claimSerialNumber(
  deps: IssuanceDeps,
  request: Omit<CertificateOrder, 'serialNumber'>,
): Promise<CertificateOrder> {
  const form = deps.policies.profiles.get(request.profile)?.serialNumber;
  if (form === undefined) {
    throw new Refused('policy', `there is no profile ${request.profile}`, {
      field: 'profile',
      mend: `use one of ${[...deps.policies.profiles.keys()].join(', ')}`,
    });
  }
  for (const serialNumber of serialNumbers(form, request.notBefore, deps.random)) {
    const order = { ...request, serialNumber };
    try {
      await deps.records.begin({ kind: 'certificate', order });
      return order;
    } catch (error) {
      const isTaken = error instanceof Refused && error.code === 'duplicate';
      if (!isTaken) throw error;
    }
  }
  throw noSerialNumberFree(request.profile);
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
  const waived = await checkCertificate(deps, der, order);
  const record: CertificateRecord = {
    sha256: createHash('sha256').update(der).digest('hex'),
    serialNumber: order.serialNumber,
    profile: order.profile,
    keyId: 'keyId' in order.subjectKey ? order.subjectKey.keyId : undefined,
    issuedAt: deps.clock.now(),
    policyDigest: deps.policies.digest,
    der,
  };
  await deps.records.recordCertificate(record, waived);
  return record;
}

/** The newest certificate of a role, with its key, as issuer of others. */
export async function newestIssuer(deps: IssuanceDeps, role: KeyRole): Promise<IssuerReference | undefined> {
  return newestCertificate(deps, role, (key) => key.role === role && key.retired === undefined);
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
  isWanted: (key: KeyRecord) => boolean,
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
