import { createHash } from 'node:crypto';
import { integerContent } from '../../formats/der/writer.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import { decodeEfSodSignedData } from '../../formats/lds/ef-sod.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import {
  buildTrustStore,
  type Finding,
  passiveAuthentication,
  type TrustStore,
  verifyCertificate,
  verifyCrl,
  verifyMasterList,
} from '../../rules/passive-authentication/index.ts';
import { lintCertificate, lintCrl } from '../../rules/lint/index.ts';
import { policyDigest } from '../../rules/profile/policies.ts';
import { day, nameOf, recheckWaivers } from './recheck-waivers.ts';
import type { ArchiveRecords, CertificateRecord, IssuanceRecords, WaivedRecord } from '../ports.ts';

/** Something on record that does not hold. */
export interface Defect {
  /** What it is about, e.g. `certificate 1f2e…`, `SOD order-4711`. */
  readonly about: string;
  readonly detail: string;
  /** What to do about it, where that is not plain. */
  readonly mend?: string;
}

/** How much was looked at, and what does not hold. */
export interface Recheck {
  readonly certificates: number;
  readonly crls: number;
  readonly masterLists: number;
  readonly sods: number;
  readonly leaves: number;
  readonly defects: readonly Defect[];
  /** What an auditor should know and is no defect: findings that policy waived, policies whose text is not kept. */
  readonly notes: readonly Defect[];
}

export interface RecheckDeps {
  readonly records: Pick<
    IssuanceRecords,
    'certificates' | 'keys' | 'latestCrl' | 'listedRevocations' | 'revocations'
  >;
  readonly archive: ArchiveRecords;
  readonly at: Date;
}

/**
 * Looks at everything that was ever issued again, with nothing but the records and the certificates in them: no
 * token, no configuration, no memory of what was meant; by the border's reader and by the lint. Self-signed certificates on record are the anchors.
 */
export async function recheck(deps: RecheckDeps): Promise<Recheck> {
  const records = await deps.records.certificates();
  const defects: Defect[] = [];
  const certificates = records.flatMap((record) => recheckCertificate(record, defects));
  const trust = buildTrustStore(certificates.filter(({ basicConstraints }) => basicConstraints?.cA === true));
  for (const certificate of certificates) recheckPath(certificate, trust, deps.at, defects);
  const waived = deps.archive.waivedFindings();
  recheckRules(certificates, waived, { access: accessCertificates(records), defects });
  const context = { trust, at: deps.at, defects, waived };
  const isOurs = (await deps.records.keys()).some(({ role }) => role === 'csca');
  const crls = recheckCrls(deps.archive, isOurs, context);
  await recheckRevocations(deps.records, records, defects);
  const masterLists = recheckMasterLists(deps.archive, context);
  const sods = recheckSods(deps.archive, await revokedSince(deps.records, records), context);
  const leaves = recheckLeaves(deps.archive, defects);
  const waivers = recheckWaivers(deps.archive);
  defects.push(...waivers.defects);
  const notes = [...waived.map(noteOf), ...recheckPolicies(deps.archive, records, defects), ...waivers.notes];
  return { certificates: records.length, crls, masterLists, sods, leaves, defects, notes };
}

interface Context {
  readonly trust: TrustStore;
  readonly at: Date;
  readonly defects: Defect[];
  readonly waived: readonly WaivedRecord[];
}

/** Whether the row is about the certificate in it, and that one is strict DER. */
function recheckCertificate(record: CertificateRecord, defects: Defect[]): Certificate[] {
  const about = `certificate ${record.serialNumber.toString(16)}`;
  try {
    const certificate = decodeCertificate(record.der, { strict: true });
    if (certificate.serialNumber !== record.serialNumber) {
      defects.push({ about, detail: 'has another serial number than its record' });
    }
    if (certificate.fingerprint !== record.sha256) {
      defects.push({ about, detail: 'has another SHA-256 than its record' });
    }
    return [certificate];
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    defects.push({ about, detail: `is not strict DER: ${error.message}` });
    return [];
  }
}

function recheckPath(certificate: Certificate, trust: TrustStore, at: Date, defects: Defect[]): void {
  const about = `certificate ${certificate.serialNumber.toString(16)}`;
  const inValidity = new Date(
    Math.min(Math.max(at.getTime(), certificate.notBefore.getTime()), certificate.notAfter.getTime()),
  );
  const report = verifyCertificate({
    certificate: certificate.bytes,
    trust,
    crls: [],
    at: inValidity,
    strict: true,
  });
  addFindings(about, report.findings, defects);
}

function noteOf(finding: WaivedRecord): Defect {
  const { rule, detail, reason, until } = finding;
  return { about: nameOf(finding), detail: `${rule}: ${detail}; waived until ${day(until)}: ${reason}` };
}

/** Each digest on record is that of the text on record; older records have digests without text. */
function recheckPolicies(
  archive: ArchiveRecords,
  records: readonly CertificateRecord[],
  defects: Defect[],
): readonly Defect[] {
  const sets = archive.policySets();
  for (const { digest, files } of sets) {
    if (policyDigest(files) === digest) continue;
    defects.push({ about: `policies ${digest}`, detail: 'their text on record has another digest' });
  }
  const known = new Set(sets.map(({ digest }) => digest));
  const digests = new Set([...records, ...archive.waivedFindings()].map((record) => record.policyDigest));
  return [...digests]
    .filter((digest) => !known.has(digest))
    .map((digest) => ({ about: `policies ${digest}`, detail: 'their text is not on record' }));
}

/** Access certificates are no part of the eMRTD PKI. */
function accessCertificates(records: readonly CertificateRecord[]): ReadonlySet<string> {
  return new Set(records.filter(({ profile }) => profile.startsWith('access')).map(({ sha256 }) => sha256));
}

/** Every rule of the lint that was not waived, by the edition at its time. */
function recheckRules(
  certificates: readonly Certificate[],
  waived: readonly WaivedRecord[],
  { access, defects }: { readonly access: ReadonlySet<string>; readonly defects: Defect[] },
): void {
  const roots = certificates.filter(({ isSelfIssued }) => isSelfIssued);
  for (const certificate of certificates) {
    if (access.has(certificate.fingerprint)) continue;
    const keyIdentifier = certificate.authorityKeyIdentifier?.keyIdentifier;
    const issuer = roots.find(
      (root) => keyIdentifier && Buffer.compare(root.keyIdentifier, keyIdentifier) === 0,
    );
    const about = `certificate ${certificate.serialNumber.toString(16)}`;
    for (const finding of lintCertificate(certificate.bytes, { issuer }).findings) {
      if (finding.severity !== 'error') continue;
      if (isWaived(waived, 'certificate', certificate.serialNumber, finding.code)) continue;
      defects.push({ about, detail: `${finding.code}: ${finding.detail} (${finding.source})` });
    }
  }
}

function isWaived(
  waived: readonly WaivedRecord[],
  about: WaivedRecord['about'],
  number: bigint,
  rule: string,
): boolean {
  return waived.some((one) => one.about === about && one.number === number && one.rule === rule);
}

/** @param isOurs whether the CSCA's key is here: of one without network some numbers never come, the first too */
function recheckCrls(archive: ArchiveRecords, isOurs: boolean, { trust, defects, waived }: Context): number {
  let count = 0;
  let previous = 0n;
  for (const { crlNumber, thisUpdate, der } of archive.crls()) {
    const about = `CRL ${crlNumber}`;
    if (isOurs ? crlNumber !== previous + 1n : crlNumber <= previous)
      defects.push({ about, detail: `does not follow number ${previous}` });
    previous = crlNumber;
    const report = verifyCrl({ crl: der, trust, at: thisUpdate, strict: true });
    addFindings(about, report.findings, defects);
    for (const { severity, code, detail } of lintCrl(der).findings) {
      if (severity !== 'error' || isWaived(waived, 'crl', crlNumber, code)) continue;
      defects.push({ about, detail: `${code}: ${detail}` });
    }
    if (decodeCrl(der).crlNumber !== crlNumber) {
      defects.push({ about, detail: 'has another number than its record' });
    }
    count += 1;
  }
  return count;
}

/** The latest CRL lists whatever the records say that it does: each CRL takes over the entries of the one before. */
async function recheckRevocations(
  records: RecheckDeps['records'],
  certificates: readonly CertificateRecord[],
  defects: Defect[],
): Promise<void> {
  const latest = await records.latestCrl();
  const listed = await records.listedRevocations();
  if (latest === undefined || listed === 0) return;
  const entries = decodeCrl(latest.der).revokedCertificates;
  const profiles = [...new Set(certificates.map(({ profile }) => profile))];
  let found = 0;
  for await (const page of records.revocations({ profiles, isUnlisted: false })) {
    found += page.filter(({ serialNumber }) => entries.find(integerContent(serialNumber))).length;
  }
  if (found === listed && entries.length === listed) return;
  const about = `CRL ${latest.crlNumber}`;
  defects.push({ about, detail: `has ${entries.length} entries where ${listed} revocations are on record` });
}

function recheckMasterLists(archive: ArchiveRecords, { trust, defects }: Context): number {
  let count = 0;
  for (const { version, signedAt, der } of archive.masterLists()) {
    const report = verifyMasterList({ masterList: der, trust, crls: [], at: signedAt, strict: true });
    addFindings(`master list ${version}`, report.findings, defects);
    count += 1;
  }
  return count;
}

/** When what is revoked was, by the SHA-256 of the certificate. */
async function revokedSince(
  records: RecheckDeps['records'],
  certificates: readonly CertificateRecord[],
): Promise<ReadonlyMap<string, Date>> {
  const sha256 = new Map(certificates.map((record) => [record.serialNumber, record.sha256]));
  const profiles = [...new Set(certificates.map(({ profile }) => profile))];
  const since = new Map<string, Date>();
  for await (const page of records.revocations({ profiles, isUnlisted: false })) {
    for (const { serialNumber, revocationDate } of page) {
      since.set(sha256.get(serialNumber) ?? '', revocationDate);
    }
  }
  return since;
}

/** A revocation has its time before it is on record; a document may be begun in between. */
const revocationDelayMs = 10_000;

/** Each at the time when it was signed, because its Document Signer may be expired or revoked since. */
function recheckSods(
  archive: ArchiveRecords,
  revoked: ReadonlyMap<string, Date>,
  { trust, at, defects }: Context,
): number {
  let count = 0;
  for (const { requestId, efSod, documentSigner } of archive.sods()) {
    const about = `SOD ${requestId}`;
    const signedAt = signingTimeOf(efSod);
    const report = passiveAuthentication({ efSod, trust, crls: [], at: signedAt ?? at, strict: true });
    const revokedAt = revoked.get(documentSigner);
    if (signedAt && revokedAt && signedAt.getTime() > revokedAt.getTime() + revocationDelayMs) {
      defects.push({ about, detail: `was signed after its Document Signer was revoked` });
    }
    addFindings(about, report.findings, defects);
    if (report.dsc?.fingerprint !== documentSigner) {
      defects.push({ about, detail: 'names another Document Signer than its record' });
    }
    count += 1;
  }
  return count;
}

function signingTimeOf(efSod: Uint8Array): Date | undefined {
  try {
    return decodeEfSodSignedData(efSod).signerInfos[0]?.signedAttributes?.signingTime;
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}

/** Leaves are numbered without gaps, hash to what they say, and every SOD has the leaf that is about it. */
function recheckLeaves(archive: ArchiveRecords, defects: Defect[]): number {
  const sods = archive.sods()[Symbol.iterator]();
  let sod = sods.next();
  let count = 0;
  for (const { leafIndex, leafHash, event } of archive.leaves()) {
    const about = `log leaf ${leafIndex}`;
    if (leafIndex !== count) defects.push({ about, detail: `comes where leaf ${count} must be` });
    const hash = createHash('sha256').update(Uint8Array.of(0)).update(event).digest();
    if (!hash.equals(leafHash)) defects.push({ about, detail: 'does not hash to what is on record' });
    if (sod.done !== true && sod.value.logLeaf === leafIndex) {
      const sha256 = createHash('sha256').update(sod.value.efSod).digest('hex');
      if (!event.includes(`"event":"sod"`) || !event.includes(sha256)) {
        defects.push({ about, detail: `is not about the SOD of ${sod.value.requestId}` });
      }
      sod = sods.next();
    }
    count = leafIndex + 1;
  }
  if (sod.done !== true) defects.push({ about: `SOD ${sod.value.requestId}`, detail: 'has no log leaf' });
  return count;
}

/**
 * No CRL of the time is at hand, and that the data groups were not read is no defect of what was signed. Named
 * curves are for TLS (RFC 8422); under the CSCA they are a defect that the lint of issuance refuses.
 */
const expected: readonly string[] = ['CRL_MISSING', 'DG_NOT_CHECKED', 'EC_NAMED_CURVE'];

function addFindings(about: string, findings: readonly Finding[], defects: Defect[]): void {
  for (const { code, detail } of findings) {
    if (!expected.includes(code)) defects.push({ about, detail: `${code}: ${detail}` });
  }
}
