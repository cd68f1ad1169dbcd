import { keyIdentifierOf } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { algorithmOf, publicKeyValueOf } from '../../rules/exchange/exchange-key.ts';
import {
  isProven,
  isRequestSigned,
  parseRequestBundle,
  type RequestBundle,
  type RequestedKey,
} from '../../rules/exchange/request-bundle.ts';
import {
  encodeResponseContent,
  isResponseSigned,
  parseResponseBundle,
  type ResponseContent,
} from '../../rules/exchange/response-bundle.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { publishCrl } from '../crl/publish-crl.ts';
import { InvariantBroken } from '../errors.ts';
import { certifiedKey } from '../issuance/certified-key.ts';
import { issueCertificate } from '../issuance/issue-certificate.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import { noticeOf } from '../keys/csca-rollover.ts';
import { signingCsca } from '../keys/signing-csca.ts';
import type { CertificateRecord } from '../ports.ts';
import { holderKey } from '../signing-core/holder-key.ts';
import { roles } from '../signing-core/roles.ts';
import { bundleRefusal, type ExchangeDeps, partnerOf } from './exchange-deps.ts';
import { assertExchangeKey, publicKeyInfo } from './exchange-key.ts';
import type { GivenResponse } from './exchange-records.ts';
import { usageUntil } from './request-certificates.ts';

/** A request that may be answered. */
export interface CheckedRequest {
  readonly bundle: RequestBundle;
  readonly octets: Uint8Array;
  /** The answer that a crash interrupted. */
  readonly begun: GivenResponse | undefined;
  /** Sequence numbers that never arrived, for people to ask about. */
  readonly missing: readonly number[];
}

/**
 * Holds a request bundle against everything that is known here, before anything is made.
 *
 * @param octets the bundle's file
 * @throws MalformedInput, Refused with the rule
 */
export async function checkRequest(deps: ExchangeDeps, octets: Uint8Array): Promise<CheckedRequest> {
  const bundle = parseRequestBundle(octets);
  assertOrigin(deps, bundle);
  const { begun, missing } = await assertSequence(deps, bundle, octets);
  const certificates = await deps.records.certificates();
  const csca = await signingCsca(deps);
  const issuer = csca && decodeCertificate(csca.certificate, { strict: true });
  const seen = new Set<string>();
  bundle.content.requests.forEach((request, index) => {
    const field = `requests.${index}`;
    if (!isProven(bundle, index)) {
      throw bundleRefusal('E-POP', 'the proof of possession does not hold', field, 'have it requested anew');
    }
    const profile = assertKey(deps, request, field);
    assertSubject(deps, request, issuer, field);
    assertNew(request, begun === undefined ? certificates : [], seen, field);
    assertDates(deps, request, profile, issuer, field);
  });
  assertRevocations(bundle, certificates);
  return { bundle, octets, begun, missing };
}

function assertOrigin(deps: ExchangeDeps, bundle: RequestBundle): void {
  const partner = partnerOf(deps);
  const { content, proofs } = bundle;
  if (!isRequestSigned(bundle, partner.publicKey)) {
    const detail = 'the bundle is not signed by the exchange key that is pinned';
    throw bundleRefusal('E-SIG', detail, 'signature', 'fetch the file again; if it stays so, ask the sender');
  }
  if (content.from !== partner.instanceId) {
    throw bundleRefusal('E-FROM', `the bundle is from ${content.from}`, 'from', 'use the pinned instance’s');
  }
  if (content.to !== deps.instanceId) {
    const detail = `the bundle is for another CSCA: ${content.to}`;
    throw bundleRefusal('E-TO', detail, 'to', `process it there; this one is ${deps.instanceId}`);
  }
  if (content.policyDigest !== deps.policies.digest) {
    const detail = 'the request was made under other policies than this CSCA has';
    throw bundleRefusal('E-POL', detail, 'policyDigest', 'bring both machines to the same policies');
  }
  if (content.createdAt > deps.clock.now()) {
    const detail = `the bundle was made later than now, at ${content.createdAt.toISOString()}`;
    throw bundleRefusal('E-TIME', detail, 'createdAt', 'set the clocks of both machines');
  }
  const { country, mrzCode } = deps.state;
  if (content.state.country !== country || content.state.mrzCode !== mrzCode) {
    const detail = `the request is of ${content.state.country}, ${content.state.mrzCode}`;
    throw bundleRefusal('E-DN', detail, 'state', `this CSCA is of ${country}, ${mrzCode}`);
  }
  if (proofs.length !== content.requests.length) {
    throw bundleRefusal('E-POP', 'there is not one proof for each key', 'proofs', 'have it requested anew');
  }
}

async function assertSequence(
  deps: ExchangeDeps,
  { content, sha256 }: RequestBundle,
  octets: Uint8Array,
): Promise<Pick<CheckedRequest, 'begun' | 'missing'>> {
  const latest = await deps.exchange.latestResponse();
  const last = latest?.requestSequence ?? 0;
  const isLatest = latest !== undefined && Buffer.compare(latest.request, octets) === 0;
  if (isLatest && latest.bundle === undefined) return { begun: latest, missing: [] };
  if (content.sequence <= last) {
    const detail = isLatest ? `request ${last} was answered` : `request ${content.sequence} after ${last}`;
    throw bundleRefusal('E-SEQ', detail, 'sequence', 'each request is processed once, in order');
  }
  if (latest !== undefined && latest.bundle === undefined) {
    const detail = `request ${last} is not answered yet`;
    throw bundleRefusal('E-SEQ', detail, 'sequence', 'finish the ceremony that processes it first');
  }
  const follows = latest === undefined ? null : parseRequestBundle(latest.request).sha256;
  if (content.sequence === last + 1 && content.previous !== follows) {
    const detail = `request ${sha256} does not follow the one before`;
    throw bundleRefusal('E-PREV', detail, 'previous', 'find out who else makes requests under this name');
  }
  const missing = Array.from({ length: content.sequence - last - 1 }, (_, index) => last + 1 + index);
  return { begun: undefined, missing };
}

function assertKey(deps: ExchangeDeps, request: RequestedKey, field: string): CertificateProfile {
  const { profile: name, keyAlgorithm } = request;
  if (request.csr !== undefined) return assertHolder(deps, request.csr, request, field);
  const profile = deps.policies.profiles.get(name);
  const role = profile?.issuer === 'csca' ? roles[profile.kind].subject : undefined;
  if (profile === undefined || role === undefined || role === 'csca') {
    const detail = `${name} is no profile of a signer under the CSCA`;
    throw bundleRefusal('E-KEY', detail, `${field}.profile`, 'request a Document Signer or list signer');
  }
  if (!profile.keys.allowed.includes(keyAlgorithm)) {
    const detail = `${keyAlgorithm} is not allowed for ${name}`;
    const mend = `use one of ${profile.keys.allowed.join(', ')}`;
    throw bundleRefusal('E-KEY', detail, `${field}.keyAlgorithm`, mend);
  }
  const value = publicKeyValueOf(request.publicKey, `${field}.publicKey`);
  const { key } = algorithmOf(keyAlgorithm);
  const isOfKind =
    value.kind === 'ec'
      ? key.kind === 'ec' && key.curve === value.curve
      : value.kind === 'rsa' &&
        key.kind === 'rsa' &&
        key.modulusBits === BigInt(`0x${hex(value.modulus)}`).toString(2).length;
  if (isOfKind) return profile;
  const detail = `the key is not of the kind that ${keyAlgorithm} names`;
  throw bundleRefusal('E-KEY', detail, `${field}.publicKey`, 'make a key pair of that kind');
}

/** A holder outside, whose PKCS#10 request the other instance has passed on. */
function assertHolder(
  deps: ExchangeDeps,
  csr: Uint8Array,
  { profile: name, keyAlgorithm, subject }: RequestedKey,
  field: string,
): CertificateProfile {
  const { policies, state } = deps;
  const key = holderKey(csr, { profile: name, hosts: subject.hosts }, { policies, country: state.country });
  if (key.keyAlgorithm === keyAlgorithm) return key.profile;
  const detail = `the key is not of the kind that ${keyAlgorithm} names`;
  throw bundleRefusal('E-KEY', detail, `${field}.keyAlgorithm`, 'have it requested anew');
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

function assertSubject(
  deps: ExchangeDeps,
  { subject }: RequestedKey,
  issuer: Certificate | undefined,
  field: string,
): void {
  const country = issuer?.subject.country ?? deps.state.country;
  if (subject.country === country) return;
  throw bundleRefusal(
    'E-DN',
    `the subject's country ${subject.country} is not the issuer's, ${country}`,
    `${field}.subject.country`,
    'a CSCA certifies keys of its own country only (Doc 9303-12 §7.1.1.1)',
  );
}

function assertNew(
  request: RequestedKey,
  certified: readonly CertificateRecord[],
  seen: Set<string>,
  field: string,
): void {
  const publicKey = publicKeyValueOf(request.publicKey, `${field}.publicKey`);
  const identifier = hex(keyIdentifierOf(publicKey));
  const before = certifiedKey(certified, publicKey)?.certificate;
  if (before !== undefined || seen.has(identifier)) {
    const whose = before === undefined ? 'is requested twice' : `is certified: ${before.subject.display}`;
    throw bundleRefusal(
      'E-DUP',
      `the key ${whose}`,
      `${field}.publicKey`,
      'one key, one certificate: make a new key',
    );
  }
  seen.add(identifier);
}

function assertDates(
  deps: ExchangeDeps,
  { usage }: RequestedKey,
  profile: CertificateProfile,
  issuer: Certificate | undefined,
  field: string,
): void {
  if (usageUntil(profile, usage.from).getTime() !== usage.until.getTime()) {
    const detail = `the requested usage period is not the one of ${profile.profile}`;
    throw bundleRefusal('E-VAL', detail, `${field}.usage`, 'request the period of the profile');
  }
  if (issuer === undefined || profile.validity === 'of-successor') return;
  const from = laterOf(usage.from, wholeSecond(deps.clock.now()));
  const lastFrom = issuer.privateKeyUsagePeriod?.notAfter ?? issuer.notAfter;
  if (deps.clock.now() > lastFrom || addPeriod(from, profile.validity.certificate) > issuer.notAfter) {
    const detail = `the certificate would go beyond its issuer's, which ends ${issuer.notAfter.toISOString()}`;
    throw bundleRefusal(
      'E-VAL',
      detail,
      `${field}.usage`,
      'issue under a newer CSCA key (Doc 9303-12 §4.1.1)',
    );
  }
}

function laterOf(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function assertRevocations({ content }: RequestBundle, certificates: readonly CertificateRecord[]): void {
  const known = new Set(certificates.map(({ serialNumber }) => serialNumber));
  const unknown = content.revocations.find(({ serialNumber }) => !known.has(serialNumber));
  if (unknown === undefined) return;
  const detail = `no certificate has the serial number ${unknown.serialNumber.toString(16)}`;
  throw bundleRefusal('E-REV', detail, 'revocations', 'revoke only what this CSCA has issued');
}

/**
 * Answers a request: issues its certificates, puts its revocations on record, makes the next CRL and writes one
 * signed response. After a crash it goes on with what is missing.
 *
 * @param progress told each thing that is made, before it is
 * @param announced from when the receiving States are told of a change of the CSCA key
 * @returns the response bundle's file
 * @throws Refused, Unavailable, InvariantBroken
 */
export async function processRequest(
  deps: ExchangeDeps,
  octets: Uint8Array,
  progress: (making: string) => void,
  announced?: Date,
): Promise<Uint8Array> {
  const request = await checkRequest(deps, octets);
  const exchangeKey = await assertExchangeKey(deps);
  const response = request.begun ?? (await beginResponse(deps, request));
  let { content } = response;
  if (content === undefined) {
    const certificates: ResponseContent['certificates'] = [];
    for (const key of request.bundle.content.requests) {
      const { der } = await certify(deps, request, key, progress);
      certificates.push({ keyId: key.keyId, certificate: der });
    }
    await recordRevocations(deps, request);
    progress('CRL');
    const { der: crl } = await publishCrl(deps);
    const made = await contentOf(deps, request, response.sequence, certificates, crl);
    const rollover = announced === undefined ? null : announcement(deps, announced);
    content = encodeResponseContent({ ...made, rollover });
    await deps.exchange.prepareResponse(response.sequence, content, [exchangeKey.keyId]);
  } else {
    await deps.exchange.countUses(response.keyIds);
  }
  progress(`response ${response.sequence}`);
  const csca = await signingCsca(deps);
  const order = { keyId: exchangeKey.keyId, kind: 'response', content, cscaKeyId: csca?.keyId } as const;
  const file = await deps.signer.signBundle(order);
  const bundle = parseResponseBundle(file);
  const holds =
    Buffer.compare(bundle.contentOctets, content) === 0 &&
    isResponseSigned(bundle, await publicKeyInfo(deps, exchangeKey));
  if (!holds) throw new InvariantBroken('the response bundle is not what was to be signed');
  await deps.exchange.recordResponse(response.sequence, file);
  return file;
}

function announcement(deps: ExchangeDeps, announcedAt: Date): ResponseContent['rollover'] {
  return { announcedAt, notBefore: addPeriod(announcedAt, noticeOf(deps.policies)) };
}

async function beginResponse(deps: ExchangeDeps, { bundle, octets }: CheckedRequest): Promise<GivenResponse> {
  const sequence = ((await deps.exchange.latestResponse())?.sequence ?? 0) + 1;
  const response = { sequence, requestSequence: bundle.content.sequence, request: octets };
  await deps.exchange.beginResponse(response);
  return { ...response, content: undefined, keyIds: [], bundle: undefined };
}

/** The certificate of a requested key: the one on record after a crash, or a new one. */
async function certify(
  deps: ExchangeDeps,
  { octets }: CheckedRequest,
  key: RequestedKey,
  progress: (making: string) => void,
): Promise<CertificateRecord> {
  const publicKey = publicKeyValueOf(key.publicKey, 'publicKey');
  const there = certifiedKey(await deps.records.certificates(), publicKey);
  if (there !== undefined) return there.record;
  progress(`certificate ${key.profile} ${key.subject.sequence ?? key.subject.name ?? ''}`);
  const { country: _, hosts, ...subject } = key.subject;
  const now = wholeSecond(deps.clock.now());
  return issueCertificate(deps, {
    profile: key.profile,
    subject: definedMembers(subject),
    subjectKey: { requested: { bundle: octets, requestKeyId: key.keyId } },
    keyAlgorithm: key.keyAlgorithm,
    issuer: await signingCsca(deps),
    usageFrom: key.usage.from > now ? key.usage.from : undefined,
    hosts,
  });
}

function definedMembers(subject: { sequence?: string | undefined; name?: string | undefined }): {
  sequence?: string;
  name?: string;
} {
  return {
    ...(subject.sequence === undefined ? {} : { sequence: subject.sequence }),
    ...(subject.name === undefined ? {} : { name: subject.name }),
  };
}

async function recordRevocations(deps: ExchangeDeps, { bundle }: CheckedRequest): Promise<void> {
  for (const revocation of bundle.content.revocations) {
    const before = await deps.records.findRevocation(revocation.serialNumber);
    if (before === undefined) await deps.records.revoke(revocation);
  }
}

async function contentOf(
  deps: ExchangeDeps,
  { bundle }: CheckedRequest,
  sequence: number,
  certificates: ResponseContent['certificates'],
  crl: Uint8Array,
): Promise<Omit<ResponseContent, 'rollover'>> {
  const before = (await deps.exchange.findResponse(sequence - 1))?.bundle;
  const cscaCertificates = (await deps.records.certificates())
    .filter(({ profile }) => {
      const kind = deps.policies.profiles.get(profile)?.kind;
      return kind === 'csca' || kind === 'csca-link';
    })
    .map(({ profile, der }) => ({ profile, certificate: der }));
  return {
    kind: 'sigillo-response',
    version: 1,
    from: deps.instanceId,
    to: bundle.content.from,
    sequence,
    previous: before === undefined ? null : parseResponseBundle(before).sha256,
    answers: { sequence: bundle.content.sequence, sha256: bundle.sha256 },
    createdAt: wholeSecond(deps.clock.now()),
    policyDigest: deps.policies.digest,
    cscaCertificates,
    certificates,
    crl,
  };
}
