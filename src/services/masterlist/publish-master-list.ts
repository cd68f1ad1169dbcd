import { createHash } from 'node:crypto';
import { decodeMasterList, type MasterList } from '../../formats/masterlist/master-list.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { buildTrustStore, holds, verifyMasterList } from '../../rules/passive-authentication/index.ts';
import { lintMasterList } from '../../rules/lint/index.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { assertClean } from '../issuance/assert-clean.ts';
import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import { countAgain, orAbandoned } from '../issuance/or-abandoned.ts';
import { issuerWithKey, newestIssuer } from '../issuance/issue-certificate.ts';
import type { IssuanceIntent, MasterListRecord } from '../ports.ts';

/**
 * Makes the next version of the state's master list, which holds its own CSCA certificates. One that was begun
 * before and not ended is completed instead: its version is taken.
 *
 * @throws Refused `key-not-active` without CSCA or Master List Signer; Unavailable; InvariantBroken
 * @see Doc 9303-12 §5.3, §9
 */
export async function publishMasterList(deps: IssuanceDeps): Promise<MasterListRecord> {
  const open = (await deps.records.openIntents()).find((candidate) => candidate.kind === 'master-list');
  if (open !== undefined) {
    await countAgain(deps, open);
    return completeMasterList(deps, open);
  }
  const signer = await newestIssuer(deps, 'master-list-signer');
  if (signer === undefined) throw notThere('Master List Signer');
  const version = ((await deps.records.latestMasterList())?.version ?? 0) + 1;
  const signingTime = wholeSecond(deps.clock.now());
  const intent = { kind: 'master-list', keyId: signer.keyId, version, signingTime } as const;
  await deps.records.begin(intent);
  return completeMasterList(deps, intent);
}

const decoded = new WeakMap<MasterListRecord, MasterList>();

/**
 * Why the next master list is due, or undefined while it is not: other States learn of a new CSCA key by it, with its
 * link certificate, before that key signs; and nobody takes a list whose signer was revoked (Doc 9303-12 §5.3).
 */
export async function reasonForMasterList(deps: IssuanceDeps): Promise<string | undefined> {
  if ((await newestIssuer(deps, 'master-list-signer')) === undefined) return undefined;
  const latest = await deps.records.latestMasterList();
  if (latest === undefined) return 'there is none';
  const list = decoded.get(latest) ?? decodeMasterList(latest.der, { strict: true });
  decoded.set(latest, list);
  const listed = new Set(list.certificates.map(({ fingerprint }) => fingerprint));
  const isWhole = (await cscaCertificates(deps)).every(({ fingerprint }) => listed.has(fingerprint));
  if (!isWhole) return 'a CSCA certificate is not in it';
  for (const { serialNumber } of list.signedData.certificates) {
    if ((await deps.records.findRevocation(serialNumber)) !== undefined) return 'its signer was revoked';
  }
  return undefined;
}

export type MasterListIntent = Extract<IssuanceIntent, { kind: 'master-list' }>;

/** The second half of `publishMasterList`, after a crash too. */
export async function completeMasterList(
  deps: IssuanceDeps,
  intent: MasterListIntent,
): Promise<MasterListRecord> {
  const { keyId, version, signingTime } = intent;
  const signer = await issuerWithKey(deps, 'master-list-signer', keyId);
  const ours = await cscaCertificates(deps);
  const issuer = decodeCertificate(signer.certificate, { strict: true }).authorityKeyIdentifier
    ?.keyIdentifier;
  const csca = ours.find((root) => root.isSelfIssued && issuer && sameOctets(root.keyIdentifier, issuer));
  if (csca === undefined) throw notThere('CSCA');
  const certificates = ours.map(({ bytes }) => bytes);
  const order = {
    keyId,
    keyAlgorithm: signer.keyAlgorithm,
    signer: signer.certificate,
    csca: csca.bytes,
    certificates,
    signingTime,
  };
  const der = await orAbandoned(deps, intent, () => deps.signer.signMasterList(order));
  checkMasterList(der, certificates, csca, signingTime);
  const record = { version, signedAt: signingTime, der };
  await deps.records.recordMasterList(record);
  return record;
}

/** Every generation of our CSCA, self-signed and link (Doc 9303-12 §5.3). */
async function cscaCertificates(deps: IssuanceDeps): Promise<readonly Certificate[]> {
  const kinds = ['csca', 'csca-link'];
  return (await deps.records.certificates())
    .filter(({ profile }) => kinds.includes(deps.policies.profiles.get(profile)?.kind ?? ''))
    .map(({ der }) => decodeCertificate(der, { strict: true }));
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function notThere(what: string): Refused {
  return new Refused('key-not-active', `there is no ${what}`, { mend: 'run sigillo init' });
}

/** As a receiving state does it, by code that shares nothing with what made it. */
function checkMasterList(
  der: Uint8Array,
  certificates: readonly Uint8Array[],
  csca: Certificate,
  at: Date,
): void {
  const trust = buildTrustStore([csca]);
  const report = verifyMasterList({ masterList: der, trust, crls: [], at, strict: true });
  const listed = new Set(report.masterList?.certificates.map(({ fingerprint }) => fingerprint));
  const isComplete =
    listed.size === certificates.length &&
    certificates.every((certificate) => listed.has(createHash('sha256').update(certificate).digest('hex')));
  if (!isComplete) throw new InvariantBroken('the master list does not hold what was ordered');
  assertClean(lintMasterList(der, { edition: 8, at }), 'the master list');
  if (holds(report.verdict)) return;
  const codes = report.findings.map(({ code, detail }) => `${code} (${detail})`).join(', ');
  throw new InvariantBroken(`another state would not trust the master list: ${codes}`);
}
