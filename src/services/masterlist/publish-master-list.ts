import { createHash } from 'node:crypto';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { buildTrustStore, holds, verifyMasterList } from '../../rules/passive-authentication/index.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import { issuerWithKey, newestIssuer } from '../issuance/issue-certificate.ts';
import type { IssuanceIntent, MasterListRecord } from '../ports.ts';

/**
 * Makes the next version of the state's master list, which holds its own CSCA certificates.
 *
 * @throws Refused `key-not-active` without CSCA or Master List Signer; Unavailable; InvariantBroken
 * @see Doc 9303-12 §5.3, §9
 */
export async function publishMasterList(deps: IssuanceDeps): Promise<MasterListRecord> {
  const signer = await newestIssuer(deps, 'master-list-signer');
  if (signer === undefined) throw notThere('Master List Signer');
  const version = ((await deps.records.latestMasterList())?.version ?? 0) + 1;
  const signingTime = wholeSecond(deps.clock.now());
  const intent = { kind: 'master-list', keyId: signer.keyId, version, signingTime } as const;
  await deps.records.begin(intent);
  return completeMasterList(deps, intent);
}

export type MasterListIntent = Extract<IssuanceIntent, { kind: 'master-list' }>;

/** The second half of `publishMasterList`, after a crash too. */
export async function completeMasterList(
  deps: IssuanceDeps,
  { keyId, version, signingTime }: MasterListIntent,
): Promise<MasterListRecord> {
  const csca = await newestIssuer(deps, 'csca');
  if (csca === undefined) throw notThere('CSCA');
  const signer = await issuerWithKey(deps, keyId);
  const certificates = (await deps.records.certificates())
    .filter(({ profile }) => deps.policies.profiles.get(profile)?.kind === 'csca')
    .map(({ der }) => der);
  const der = await deps.signer.signMasterList({
    keyId,
    keyAlgorithm: signer.keyAlgorithm,
    signer: signer.certificate,
    csca: csca.certificate,
    certificates,
    signingTime,
  });
  checkMasterList(der, certificates, csca.certificate, signingTime);
  const record = { version, signedAt: signingTime, der };
  await deps.records.recordMasterList(record);
  return record;
}

function notThere(what: string): Refused {
  return new Refused('key-not-active', `there is no ${what}`, { mend: 'run sigillo init' });
}

/** As a receiving state does it, by code that shares nothing with what made it. */
function checkMasterList(
  der: Uint8Array,
  certificates: readonly Uint8Array[],
  csca: Uint8Array,
  at: Date,
): void {
  const trust = buildTrustStore([decodeCertificate(csca, { strict: true })]);
  const report = verifyMasterList({ masterList: der, trust, crls: [], at, strict: true });
  const listed = new Set(report.masterList?.certificates.map(({ fingerprint }) => fingerprint));
  const isComplete =
    listed.size === certificates.length &&
    certificates.every((certificate) => listed.has(createHash('sha256').update(certificate).digest('hex')));
  if (!isComplete) throw new InvariantBroken('the master list does not hold what was ordered');
  if (holds(report.verdict)) return;
  const codes = report.findings.map(({ code, detail }) => `${code} (${detail})`).join(', ');
  throw new InvariantBroken(`another state would not trust the master list: ${codes}`);
}
