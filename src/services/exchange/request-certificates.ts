import { createHash } from 'node:crypto';
import { encodeSubjectPublicKeyInfo } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import {
  encodeRequestContent,
  isProven,
  isRequestSigned,
  parseRequestBundle,
  parseRequestContent,
  type RequestContent,
  type RequestedKey,
} from '../../rules/exchange/request-bundle.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { type CertificateProfile, usageLimitOf } from '../../rules/profile/certificate-profile.ts';
import { decodedCrl, profilesUnderCsca } from '../crl/crl-entries.ts';
import { integerContent } from '../../formats/der/writer.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type { PlannedSigner } from '../issuance/establish.ts';
import { checkHolderRequest, type HolderRequest } from '../issuance/issue-for-holder.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import { makeKeyPair } from '../issuance/make-key-pair.ts';
import { rehearseCertificate } from '../issuance/rehearse-certificate.ts';
import { type KeyLife, keyLives } from '../keys/key-life.ts';
import { startOfNext } from '../keys/maintain-keys.ts';
import type { KeyOrder, Revocation } from '../ports.ts';
import { bundleRefusal, type ExchangeDeps, partnerOf } from './exchange-deps.ts';
import { establishExchangeKey, publicKeyInfo } from './exchange-key.ts';
import type { SentRequest } from './exchange-records.ts';

export interface RequestOptions {
  /** Profiles to request the next key of whether it is due or not; those that are due where empty. */
  readonly profiles: readonly string[];
  /** Request a CRL even where no key and no revocation waits for one. */
  readonly crlOnly: boolean;
  /** A PKCS#10 request of a holder outside, to be passed on; no key on the token is requested then. */
  readonly holder?: HolderRequest | undefined;
}

/**
 * Makes the keys that are due and writes one signed request for their certificates. While a request is open, the
 * same file comes back: a lost file is no reason to make anything twice.
 *
 * @param progress told each thing that is made, before it is
 * @returns the request bundle's file
 * @throws Refused when nothing is due; Unavailable; InvariantBroken when the check of the signed bundle fails
 */
export async function requestCertificates(
  deps: ExchangeDeps,
  planned: readonly PlannedSigner[],
  options: RequestOptions,
  progress: (making: string) => void,
): Promise<Uint8Array> {
  const latest = await deps.exchange.latestRequest();
  if (latest !== undefined && options.holder !== undefined) assertPassedOn(latest, options.holder);
  if (latest?.state === 'open' && latest.bundle !== undefined) return latest.bundle;
  if (latest?.state === 'begun') {
    await deps.exchange.countUses(latest.keyIds);
    return completeRequest(deps, latest);
  }
  const { to, previous, sequence } = await successorOf(deps, latest);
  const ofHolder = options.holder && [await requestForHolder(deps, options.holder)];
  const wanted = ofHolder === undefined ? await wantedKeys(deps, planned, options) : [];
  const revocations = await unlistedRevocations(deps);
  const isNothingDue = ofHolder === undefined && wanted.length === 0 && revocations.length === 0;
  if (isNothingDue && !options.crlOnly) throw nothingDue();
  const exchangeKey = await establishExchangeKey(deps);
  const requests: RequestedKey[] = [...(ofHolder ?? [])];
  for (const key of wanted) requests.push(await requestFor(deps, key, progress));
  const content: RequestContent = {
    kind: 'sigillo-request',
    version: 1,
    from: deps.instanceId,
    to,
    sequence,
    previous,
    createdAt: wholeSecond(deps.clock.now()),
    state: { country: deps.state.country, mrzCode: deps.state.mrzCode },
    policyDigest: deps.policies.digest,
    requests,
    revocations,
  };
  const onToken = requests.filter(({ csr }) => csr === undefined);
  const keyIds = [exchangeKey.keyId, ...onToken.map(({ keyId }) => keyId)];
  const request = { sequence, content: encodeRequestContent(content), keyIds };
  progress(`request ${sequence} for ${requests.length} certificates`);
  await deps.exchange.beginRequest(request);
  return completeRequest(deps, request);
}

/** While another request is open, a holder's cannot be passed on: the file that comes back would lack it. */
function assertPassedOn({ state, sequence, content }: SentRequest, { csr }: HolderRequest): void {
  if (state === 'answered' || state === 'withdrawn') return;
  const { requests } = parseRequestContent(content);
  if (requests.some((request) => request.csr !== undefined && Buffer.compare(request.csr, csr) === 0)) return;
  throw bundleRefusal(
    'E-OPEN',
    `request ${sequence} is open and does not ask for this key`,
    'csr',
    'accept its answer first, or give it up with --withdraw REASON',
  );
}

/** @throws Refused with the rule of docs/requests.md */
async function requestForHolder(deps: ExchangeDeps, holder: HolderRequest): Promise<RequestedKey> {
  const { profile, keyAlgorithm, publicKey, name, hosts } = await checkHolderRequest(deps, holder);
  const spki = encodeSubjectPublicKeyInfo(publicKey, 'named');
  const from = wholeSecond(deps.clock.now());
  return {
    keyId: createHash('sha256').update(spki).digest('hex').slice(0, 32),
    profile: profile.profile,
    keyAlgorithm,
    publicKey: spki,
    subject: { country: deps.state.country, name, hosts: hosts && [...hosts] },
    usage: { from, until: usageUntil(profile, from) },
    csr: holder.csr,
  };
}

async function successorOf(
  deps: ExchangeDeps,
  latest: SentRequest | undefined,
): Promise<{ to: string; previous: string | null; sequence: number }> {
  const { instanceId } = partnerOf(deps);
  const previous = latest?.bundle === undefined ? null : parseRequestBundle(latest.bundle).sha256;
  return { to: instanceId, previous, sequence: (latest?.sequence ?? 0) + 1 };
}

/** The second half of `requestCertificates`, after a crash too. */
async function completeRequest(
  deps: ExchangeDeps,
  { sequence, content, keyIds }: Pick<SentRequest, 'sequence' | 'content' | 'keyIds'>,
): Promise<Uint8Array> {
  const [exchangeKeyId = ''] = keyIds;
  const file = await deps.signer.signBundle({ keyId: exchangeKeyId, kind: 'request', content });
  const exchangeKey = (await deps.records.keys()).find(({ keyId }) => keyId === exchangeKeyId);
  if (exchangeKey === undefined) throw new InvariantBroken('the exchange key is not on record');
  const bundle = parseRequestBundle(file);
  const holds =
    Buffer.compare(bundle.contentOctets, content) === 0 &&
    isRequestSigned(bundle, await publicKeyInfo(deps, exchangeKey)) &&
    bundle.content.requests.every((_, index) => isProven(bundle, index));
  if (!holds) throw new InvariantBroken('the request bundle is not what was to be signed');
  await deps.exchange.recordRequest(sequence, file);
  return file;
}

interface WantedKey {
  readonly planned: PlannedSigner;
  readonly number: number;
  /** A key that was made for an earlier request and never certified. */
  readonly made: KeyOrder | undefined;
  readonly usageFrom: Date;
}

async function wantedKeys(
  deps: ExchangeDeps,
  planned: readonly PlannedSigner[],
  options: RequestOptions,
): Promise<readonly WantedKey[]> {
  const unknown = options.profiles.find((name) => !planned.some(({ profile }) => profile === name));
  if (unknown !== undefined) {
    throw new Refused('policy', `sigillo.yaml plans no key of the profile ${unknown}`, {
      field: 'profile',
      mend: `use one of ${planned.map(({ profile }) => profile).join(', ')}`,
    });
  }
  const lives = keyLives(
    await deps.records.keys(),
    await deps.records.certificates(),
    deps.policies,
    deps.clock.now(),
  );
  return planned.flatMap((key) => {
    const isAsked = options.profiles.includes(key.profile);
    if (options.profiles.length > 0 && !isAsked) return [];
    const wanted = nextKey(deps, key, lives, isAsked);
    return wanted === undefined ? [] : [wanted];
  });
}

/** The key to request for a plan; undefined while the newest one serves. */
function nextKey(
  deps: ExchangeDeps,
  planned: PlannedSigner,
  lives: readonly KeyLife[],
  isAsked: boolean,
): WantedKey | undefined {
  const label = new RegExp(`^${planned.profile}-(\\d{5})$`);
  const own = lives.flatMap((life) => {
    const number = label.exec(life.key.label)?.[1];
    return number === undefined ? [] : [{ ...life, number: Number(number) }];
  });
  const certified = own.filter(({ certificate }) => certificate !== undefined);
  const newest = certified.at(-1);
  const now = wholeSecond(deps.clock.now());
  const from = newest === undefined ? now : dueFrom(deps, planned, newest, isAsked ? now : undefined);
  if (from === undefined) return undefined;
  const spare = own.find(({ certificate, state }) => certificate === undefined && state === 'generated');
  const number = spare?.number ?? Math.max(0, ...own.map((life) => life.number)) + 1;
  return { planned, number, made: spare?.key, usageFrom: from };
}

function dueFrom(
  deps: ExchangeDeps,
  planned: PlannedSigner,
  newest: KeyLife,
  otherwise: Date | undefined,
): Date | undefined {
  const profile = deps.policies.profiles.get(planned.profile);
  const due = profile && startOfNext(newest, profile, deps.clock.now());
  return due ?? otherwise;
}

async function requestFor(
  deps: ExchangeDeps,
  { planned, number, made, usageFrom }: WantedKey,
  progress: (making: string) => void,
): Promise<RequestedKey> {
  const { profile: name, keyAlgorithm, role } = planned;
  const profile = deps.policies.profiles.get(name);
  if (profile === undefined)
    throw new InvariantBroken(`sigillo.yaml plans a profile ${name} that is not there`);
  const sequence = String(number).padStart(5, '0');
  const open = placeholders(profile, sequence, planned.name);
  let key = made;
  if (key === undefined) {
    await rehearseCertificate(deps, { profile: name, subject: open, keyAlgorithm, usageFrom }, 'elsewhere');
    progress(`key pair ${name}-${sequence} (${keyAlgorithm}) on the token`);
    key = await makeKeyPair(deps, role, `${name}-${sequence}`, keyAlgorithm, usageLimitOf(profile));
  }
  return {
    keyId: key.keyId,
    profile: name,
    keyAlgorithm: key.keyAlgorithm,
    publicKey: await publicKeyInfo(deps, key),
    subject: { country: deps.state.country, ...open },
    usage: { from: usageFrom, until: usageUntil(profile, usageFrom) },
  };
}

/** Values for what the subject of the profile leaves open. */
function placeholders(
  { profile, subject }: CertificateProfile,
  sequence: string,
  name: string | undefined,
): { sequence?: string; name?: string } {
  const asks = (placeholder: string) => JSON.stringify(subject).includes(`{${placeholder}}`);
  if (asks('name') && name === undefined) {
    throw new Refused('policy', `the subject of ${profile} needs a name`, {
      field: 'keys.otherSigners.name',
      mend: 'give it in sigillo.yaml',
    });
  }
  return {
    ...(asks('sequence') ? { sequence } : {}),
    ...(asks('name') && name !== undefined ? { name } : {}),
  };
}

/** When the private key's usage ends, as its profile has it; the certificate's own end where it has no such period. */
export function usageUntil({ validity, profile }: CertificateProfile, from: Date): Date {
  if (validity === 'of-successor') throw new InvariantBroken(`${profile} is a profile for links`);
  return addPeriod(from, validity.privateKeyUsage ?? validity.certificate);
}

/** Revocations of what the CSCA issued that its latest CRL does not list. */
async function unlistedRevocations(deps: ExchangeDeps): Promise<RequestContent['revocations']> {
  const crl = await deps.records.latestCrl();
  const listed = crl && decodedCrl(crl).revokedCertificates;
  const unlisted: Revocation[] = [];
  const filter = { profiles: profilesUnderCsca(deps.policies), isUnlisted: true };
  for await (const page of deps.records.revocations(filter)) {
    unlisted.push(
      ...page.filter(({ serialNumber }) => listed?.find(integerContent(serialNumber)) === undefined),
    );
  }
  return unlisted.map((entry) => ({ ...entry, revocationDate: wholeSecond(entry.revocationDate) }));
}

/**
 * Gives up the open request, so that the next one can be made. Its keys are requested again.
 *
 * @throws Refused `not-found` when none is open
 */
export async function withdrawRequest(deps: ExchangeDeps, reason: string): Promise<number> {
  const latest = await deps.exchange.latestRequest();
  if (latest === undefined || latest.state === 'answered' || latest.state === 'withdrawn') {
    throw new Refused('not-found', 'no request is open', { mend: 'nothing is to be done' });
  }
  await deps.exchange.withdrawRequest(latest.sequence, reason);
  return latest.sequence;
}

function nothingDue(): Refused {
  return bundleRefusal(
    'E-NONE',
    'no key is due, and no revocation waits for a CRL',
    'requests',
    'name a profile (--profile NAME) to request its next key, or ask for a CRL alone (--crl-only)',
  );
}
