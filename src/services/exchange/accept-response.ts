import { createHash } from 'node:crypto';
import { keyIdentifierOf } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { keyIdentifier } from '../../formats/algorithms/subject-public-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { hostsOf } from '../../formats/x509/extensions/alternative-name.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import { publicKeyValueOf } from '../../rules/exchange/exchange-key.ts';
import {
  parseRequestBundle,
  type RequestBundle,
  type RequestedKey,
} from '../../rules/exchange/request-bundle.ts';
import {
  isResponseSigned,
  parseResponseBundle,
  type ResponseBundle,
  type ResponseContent,
} from '../../rules/exchange/response-bundle.ts';
import {
  buildTrustStore,
  type Report,
  type TrustStore,
  verifyCertificate,
  verifyCrl,
} from '../../rules/passive-authentication/index.ts';
import { applyWaivers, lintCertificate } from '../../rules/lint/index.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { noticeOf, pendingRollover } from '../keys/csca-rollover.ts';
import { profilesOfCsca } from '../keys/signing-csca.ts';
import { waivedRecords } from '../issuance/assert-clean.ts';
import type { CertificateRecord, CrlRecord, WaivedRecord } from '../ports.ts';
import { lintedKind } from '../signing-core/lint-order.ts';
import { bundleRefusal, type ExchangeDeps, partnerOf } from './exchange-deps.ts';
import type { Acceptance } from './exchange-records.ts';

export interface AcceptanceDeps extends ExchangeDeps {
  /** SHA-256 of the first CSCA certificate, hexadecimal, as `sigillo.yaml` pins it. */
  readonly anchor: string;
}

/** What a response has brought. */
export interface AcceptedResponse {
  readonly certificates: readonly CertificateRecord[];
  readonly crl: CrlRecord;
}

/**
 * Takes over a response: holds everything in it against the open request and the pinned anchor, by the reader of a
 * border, and puts it on record in one transaction.
 *
 * @param octets the bundle's file
 * @throws MalformedInput, Refused with the rule: then nothing of it is on record
 */
export async function acceptResponse(deps: AcceptanceDeps, octets: Uint8Array): Promise<AcceptedResponse> {
  const bundle = parseResponseBundle(octets);
  const request = await assertAnswer(deps, bundle);
  const { content } = bundle;
  const roots = await acceptedRoots(deps, content);
  const crl = await crlOf(deps, content, roots.trust);
  const signers = signersOf(deps, content, request, roots.trust);
  const certificates = [...roots.added, ...signers.map(({ record }) => record)];
  await assertNewSerialNumbers(deps, certificates);
  const acceptance: Acceptance = {
    requestSequence: content.answers.sequence,
    responseSequence: content.sequence,
    sha256: bundle.sha256,
    certificates,
    crl,
    waived: signers.flatMap(({ waived }) => waived),
    rollover: await newRollover(deps, content),
    isRolledOver: await hasNewRoot(deps, roots.added),
  };
  await deps.exchange.accept(acceptance);
  return { certificates, crl };
}

async function assertAnswer(deps: AcceptanceDeps, bundle: ResponseBundle): Promise<RequestBundle> {
  const partner = partnerOf(deps);
  const { content } = bundle;
  if (!isResponseSigned(bundle, partner.publicKey)) {
    const detail = 'the bundle is not signed by the exchange key that is pinned';
    throw bundleRefusal('E-SIG', detail, 'signature', 'fetch the file again; if it stays so, ask the sender');
  }
  if (content.from !== partner.instanceId) {
    throw bundleRefusal('E-FROM', `the bundle is from ${content.from}`, 'from', 'use the pinned instance’s');
  }
  if (content.to !== deps.instanceId) {
    const detail = `the bundle is for another instance: ${content.to}`;
    throw bundleRefusal('E-TO', detail, 'to', `accept it there; this one is ${deps.instanceId}`);
  }
  if (content.createdAt > deps.clock.now()) {
    const detail = `the bundle was made later than now, at ${content.createdAt.toISOString()}`;
    throw bundleRefusal('E-TIME', detail, 'createdAt', 'set the clocks of both machines');
  }
  await assertNumber(deps, content);
  const open = await deps.exchange.latestRequest();
  const request = open?.bundle && parseRequestBundle(open.bundle);
  const answers =
    open?.state === 'open' &&
    request?.content.sequence === content.answers.sequence &&
    request.sha256 === content.answers.sha256;
  if (!answers) {
    const detail = `the bundle answers request ${content.answers.sequence}, which is not open`;
    throw bundleRefusal(
      'E-ANSWER',
      detail,
      'answers',
      'accept the response to the request that is open, once',
    );
  }
  if (content.policyDigest !== request.content.policyDigest) {
    const detail = 'the response was made under other policies than the request';
    throw bundleRefusal('E-POL', detail, 'policyDigest', 'bring both machines to the same policies');
  }
  return request;
}

async function assertNumber(deps: AcceptanceDeps, content: ResponseContent): Promise<void> {
  const latest = await deps.exchange.latestAccepted();
  const last = latest?.sequence ?? 0;
  if (content.sequence <= last) {
    const detail = `response ${content.sequence} after ${last}`;
    throw bundleRefusal('E-SEQ', detail, 'sequence', 'each response is accepted once, in order');
  }
  if (content.sequence === last + 1 && content.previous !== (latest?.sha256 ?? null)) {
    const detail = 'the response does not follow the one before';
    throw bundleRefusal('E-PREV', detail, 'previous', 'find out who else answers under this name');
  }
}

interface AcceptedRoots {
  /** Every CSCA certificate that is trusted from now on. */
  readonly trust: TrustStore;
  /** Self-signed and link certificates that are not on record yet, oldest first. */
  readonly added: readonly CertificateRecord[];
}

/**
 * The CSCA certificates of the response that can be trusted: the pinned anchor, what is on record, and what link
 * certificates lead to from there (Doc 9303-12 §4.1.4.3).
 */
async function acceptedRoots(deps: AcceptanceDeps, content: ResponseContent): Promise<AcceptedRoots> {
  const onRecord = new Map((await deps.records.certificates()).map((record) => [record.sha256, record]));
  const given = content.cscaCertificates.map(({ profile, certificate }) => ({
    kind: deps.policies.profiles.get(profile)?.kind,
    record: recordOf(deps, profile, certificate),
    certificate: readCertificate(certificate, 'cscaCertificates'),
  }));
  const roots = given.filter(({ kind }) => kind === 'csca');
  const links = given.filter(({ kind }) => kind === 'csca-link').map(({ certificate }) => certificate);
  if (roots.length + links.length !== given.length) {
    throw bundleRefusal(
      'E-CSCA',
      'a certificate is not of a CSCA profile',
      'cscaCertificates',
      'leave it out',
    );
  }
  const anchors = roots.filter(({ record }) => onRecord.has(record.sha256) || record.sha256 === deps.anchor);
  const followed = buildTrustStore([...anchors.map(({ certificate }) => certificate), ...links]);
  for (const link of links) {
    if (followed.find(link.fingerprint) !== undefined) continue;
    const detail = `the link certificate ${link.subject.display} does not come from a trusted key`;
    throw bundleRefusal('E-CSCA', detail, 'cscaCertificates', 'have the link signed by the key before');
  }
  for (const { certificate, record } of roots) {
    const isAnchor = anchors.some((anchor) => anchor.record.sha256 === record.sha256);
    if (isAnchor || links.some((link) => introduces(link, certificate))) continue;
    const detail = `no link certificate leads from the pinned anchor to ${certificate.subject.display}`;
    throw bundleRefusal('E-CSCA', detail, 'cscaCertificates', 'correct exchange.anchor, or issue the link');
  }
  return {
    trust: buildTrustStore(roots.map(({ certificate }) => certificate)),
    added: given.map(({ record }) => record).filter(({ sha256 }) => !onRecord.has(sha256)),
  };
}

/** Root and link of a new key have its name and SubjectPublicKeyInfo in common (Doc 9303-12 §7.1.1.5). */
function introduces(link: Certificate, root: Certificate): boolean {
  return (
    Buffer.compare(link.subject.bytes, root.subject.bytes) === 0 &&
    Buffer.compare(link.subjectPublicKey.bytes, root.subjectPublicKey.bytes) === 0
  );
}

interface AcceptedSigner {
  readonly record: CertificateRecord;
  readonly waived: readonly WaivedRecord[];
}

function signersOf(
  deps: AcceptanceDeps,
  content: ResponseContent,
  request: RequestBundle,
  trust: TrustStore,
): readonly AcceptedSigner[] {
  const { requests } = request.content;
  const crls = [decodeCrl(content.crl, { strict: true })];
  if (content.certificates.length !== requests.length) {
    const detail = `${requests.length} certificates were requested and ${content.certificates.length} came`;
    throw bundleRefusal('E-CERT', detail, 'certificates', 'have the request answered anew');
  }
  return requests.map((requested, index) => {
    const field = `certificates.${index}`;
    const given = content.certificates[index];
    if (given?.keyId !== requested.keyId) {
      throw bundleRefusal(
        'E-CERT',
        'another key was requested',
        `${field}.keyId`,
        'keep the order of the request',
      );
    }
    const certificate = readCertificate(given.certificate, field);
    const at = laterOf(deps.clock.now(), certificate.notBefore);
    assertTrusted(
      verifyCertificate({ certificate: given.certificate, trust, crls, at, strict: true, requireCrl: true }),
      field,
      deps.policies.profiles.get(requested.profile)?.keys.ecParameters === 'named' ? ['EC_NAMED_CURVE'] : [],
    );
    const waived = assertRequested(deps, certificate, requested, field);
    // The key of a holder outside is not on the token.
    const keyId = requested.csr === undefined ? requested.keyId : undefined;
    return { record: { ...recordOf(deps, requested.profile, given.certificate), keyId }, waived };
  });
}

/** The certificate is for the requested key and says what its profile has for that request. */
function assertRequested(
  deps: AcceptanceDeps,
  certificate: Certificate,
  requested: RequestedKey,
  field: string,
): readonly WaivedRecord[] {
  const refuse = (what: string): never => {
    throw bundleRefusal(
      'E-CERT',
      `${what} is not what was requested`,
      field,
      'have the request answered anew',
    );
  };
  const key = keyIdentifierOf(publicKeyValueOf(requested.publicKey, 'publicKey'));
  if (Buffer.compare(keyIdentifier(certificate.subjectPublicKey), key) !== 0) refuse('the public key');
  if (certificate.subject.country !== requested.subject.country) refuse("the subject's country");
  for (const part of [requested.subject.sequence, requested.subject.name]) {
    if (part !== undefined && !certificate.subject.display.includes(part)) refuse('the subject');
  }
  const { subjectAltName } = certificate;
  const hosts = subjectAltName === undefined ? [] : hostsOf(subjectAltName);
  if (requested.csr !== undefined && hosts.join(' ') !== (requested.subject.hosts ?? []).join(' ')) {
    refuse('the list of hosts');
  }
  const profile = deps.policies.profiles.get(requested.profile);
  const validity = profile?.validity;
  if (profile === undefined || validity === undefined || validity === 'of-successor')
    return refuse('the profile');
  const from = certificate.privateKeyUsagePeriod?.notBefore ?? certificate.notBefore;
  if (from < requested.usage.from) refuse('the start of the usage period');
  const until = certificate.privateKeyUsagePeriod?.notAfter ?? certificate.notAfter;
  const isLimited = profile.extensions.privateKeyUsagePeriod !== undefined;
  const usage = (isLimited ? validity.privateKeyUsage : undefined) ?? validity.certificate;
  if (until.getTime() !== addPeriod(from, usage).getTime()) {
    refuse('the usage period');
  }
  if (certificate.notAfter.getTime() !== addPeriod(from, validity.certificate).getTime())
    refuse('the validity');
  const types = profile.extensions.documentTypeList?.types ?? [];
  const listed = certificate.documentTypeList?.types ?? [];
  if (types.toSorted().join() !== listed.toSorted().join()) refuse('the list of document types');
  return assertRules(deps, certificate, profile, field);
}

/** Every rule of Doc 9303 on what the other machine issued, with the waivers of this one. */
function assertRules(
  deps: AcceptanceDeps,
  certificate: Certificate,
  profile: CertificateProfile,
  field: string,
): readonly WaivedRecord[] {
  const options = { kind: lintedKind(profile), edition: 8, mrzCode: deps.state.mrzCode } as const;
  const report = lintCertificate(certificate.bytes, options);
  const { waivers, digest: policyDigest } = deps.policies;
  const at = deps.clock.now();
  const waived = applyWaivers(report, waivers, at);
  const error = waived.findings.find(({ severity }) => severity === 'error');
  if (error === undefined) {
    const { serialNumber: number } = certificate;
    return waivedRecords(waived, { about: 'certificate', number, policyDigest, at });
  }
  throw bundleRefusal('E-CERT', `the certificate breaks ${error.code}: ${error.detail}`, field, error.mend);
}

async function crlOf(deps: AcceptanceDeps, content: ResponseContent, trust: TrustStore): Promise<CrlRecord> {
  assertTrusted(verifyCrl({ crl: content.crl, trust, at: deps.clock.now(), strict: true }), 'crl');
  const { crlNumber, thisUpdate, nextUpdate } = decodeCrl(content.crl, { strict: true });
  const latest = await deps.records.latestCrl();
  if (crlNumber === undefined || nextUpdate === undefined || crlNumber <= (latest?.crlNumber ?? 0n)) {
    const detail = `the CRL number ${crlNumber} does not rise above ${latest?.crlNumber ?? 0n}`;
    throw bundleRefusal('R-NUM', detail, 'crl', 'accept responses in their order (Doc 9303-12 §7.1.4)');
  }
  return { crlNumber, thisUpdate, nextUpdate, der: content.crl };
}

async function assertNewSerialNumbers(
  deps: AcceptanceDeps,
  certificates: readonly CertificateRecord[],
): Promise<void> {
  const taken = new Set((await deps.records.certificates()).map(({ serialNumber }) => serialNumber));
  for (const { serialNumber } of certificates) {
    if (taken.has(serialNumber)) {
      const detail = `the serial number ${serialNumber.toString(16)} was used before`;
      throw bundleRefusal('C-SER', detail, 'certificates', 'have the certificate issued anew');
    }
    taken.add(serialNumber);
  }
}

/** The announcement of the response, where it is not on record; its notice is that of the policy. */
async function newRollover(
  deps: AcceptanceDeps,
  { rollover }: ResponseContent,
): Promise<Acceptance['rollover']> {
  if (rollover === null) return undefined;
  if (addPeriod(rollover.announcedAt, noticeOf(deps.policies)) > rollover.notBefore) {
    const detail = `the change of the CSCA key on ${rollover.notBefore.toISOString()} leaves less than the notice`;
    throw bundleRefusal('E-NOTICE', detail, 'rollover', 'announce a later day (Doc 9303-12 §4.1.4.3)');
  }
  const pending = await pendingRollover(deps);
  if (pending === undefined) return rollover;
  if (pending.announcedAt.getTime() === rollover.announcedAt.getTime()) return undefined;
  const detail = `a change of the CSCA key was announced on ${pending.announcedAt.toISOString()}`;
  throw bundleRefusal('E-NOTICE', detail, 'rollover', 'announce one change at a time');
}

/** Whether a self-signed CSCA certificate comes after others. */
async function hasNewRoot(deps: AcceptanceDeps, added: readonly CertificateRecord[]): Promise<boolean> {
  const profiles = profilesOfCsca(deps.policies);
  const before = await deps.records.certificatesOf(profiles);
  return before.length > 0 && added.some(({ profile }) => profiles.includes(profile));
}

/** @param expected findings of what the profile asks for, such as a curve by its name in TLS */
function assertTrusted(report: Report, field: string, expected: readonly string[] = []): void {
  const warnings = report.findings.filter(({ severity }) => severity !== 'info');
  const isExpected = warnings.every(({ code }) => expected.includes(code));
  if (report.verdict === 'TRUSTED' || (report.verdict === 'TRUSTED_WITH_WARNINGS' && isExpected)) return;
  const codes = report.findings.map(({ code, detail }) => `${code} (${detail})`).join(', ');
  throw bundleRefusal('E-TRUST', `a border would not trust it: ${codes}`, field, 'have it issued anew');
}

function readCertificate(der: Uint8Array, field: string): Certificate {
  try {
    return decodeCertificate(der, { strict: true });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    throw bundleRefusal('E-CERT', error.message, field, 'have it issued anew');
  }
}

function recordOf(deps: AcceptanceDeps, profile: string, der: Uint8Array): CertificateRecord {
  return {
    sha256: createHash('sha256').update(der).digest('hex'),
    serialNumber: decodeCertificate(der, { strict: true }).serialNumber,
    profile,
    keyId: undefined,
    issuedAt: deps.clock.now(),
    policyDigest: deps.policies.digest,
    der,
  };
}

function laterOf(a: Date, b: Date): Date {
  return a > b ? a : b;
}
