import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import { newestIssuer } from '../issuance/issue-certificate.ts';
import type { MasterListRecord } from '../ports.ts';

/**
 * Makes the next version of the state's master list, which holds its own CSCA certificates.
 *
 * @throws Refused `key-not-active` without CSCA or Master List Signer; Unavailable; InvariantBroken
 * @see Doc 9303-12 §5.3, §9
 */
export async function publishMasterList(deps: IssuanceDeps): Promise<MasterListRecord> {
  const version = ((await deps.records.latestMasterList())?.version ?? 0) + 1;
  const signingTime = wholeSecond(deps.clock.now());
  await deps.records.begin({ kind: 'master-list', version, signingTime });
  return completeMasterList(deps, version, signingTime);
}

/** The second half of `publishMasterList`, after a crash too. */
export async function completeMasterList(
  deps: IssuanceDeps,
  version: number,
  signingTime: Date,
): Promise<MasterListRecord> {
  const csca = await newestIssuer(deps, 'csca');
  const signer = await newestIssuer(deps, 'master-list-signer');
  if (csca === undefined || signer === undefined) {
    throw new Refused('key-not-active', 'there is no CSCA or no Master List Signer', {
      mend: 'run sigillo init',
    });
  }
  const certificates = (await deps.records.certificates())
    .filter(({ profile }) => deps.policies.profiles.get(profile)?.kind === 'csca')
    .map(({ der }) => der);
  const der = await deps.signer.signMasterList({
    keyId: signer.keyId,
    keyAlgorithm: signer.keyAlgorithm,
    signer: signer.certificate,
    csca: csca.certificate,
    certificates,
    signingTime,
  });
  checkMasterList(der, signer.certificate, certificates);
  const record = { version, signedAt: signingTime, der };
  await deps.records.recordMasterList(record);
  return record;
}

/** By the strict reader and OpenSSL, which share nothing with what made it. */
function checkMasterList(der: Uint8Array, signer: Uint8Array, certificates: readonly Uint8Array[]): void {
  const list = decodeMasterList(der, { strict: true });
  const listed = new Set(list.certificates.map(({ bytes }) => Buffer.from(bytes).toString('base64')));
  const isComplete =
    listed.size === certificates.length &&
    certificates.every((certificate) => listed.has(Buffer.from(certificate).toString('base64')));
  if (!isComplete) throw new InvariantBroken('the master list does not hold what was ordered');
  const [signerInfo] = list.signedData.signerInfos;
  const key = decodeCertificate(signer, { strict: true }).subjectPublicKey;
  const signed = signerInfo?.signedAttributes;
  const holds =
    signerInfo !== undefined &&
    signed !== undefined &&
    signerInfo.signatureAlgorithm.kind !== 'unsupported' &&
    verifySignature(signerInfo.signatureAlgorithm, key, signed.received, signerInfo.signature);
  if (!holds) throw new InvariantBroken("the master list does not verify with its signer's key");
}
