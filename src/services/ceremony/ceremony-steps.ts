import type { CeremonyStep } from '../../rules/ceremony/ceremony-file.ts';
import { toBase64 } from '../../rules/exchange/fields.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { publishCrl } from '../crl/publish-crl.ts';
import { Refused } from '../errors.ts';
import type { ExchangeDeps } from '../exchange/exchange-deps.ts';
import { exchangeKeyOf, publicKeyInfo } from '../exchange/exchange-key.ts';
import { checkRequest, processRequest } from '../exchange/process-request.ts';
import { issueCertificate } from '../issuance/issue-certificate.ts';
import { makeKeyPair } from '../issuance/make-key-pair.ts';
import { cscaKeys, referenceTo, signingCsca } from '../keys/signing-csca.ts';
import type { CertificateRecord, KeyRecord } from '../ports.ts';
import { ceremonyRefusal, type CeremonyDeps } from './ceremony-deps.ts';

type Step<Name extends CeremonyStep['step']> = Extract<CeremonyStep, { step: Name }>;

/** A step on its way. */
export interface StepRun {
  /** Since when; what was made since then is what this step made before a crash. */
  readonly begunAt: Date;
  /** What the step was given besides the ceremony file: a request bundle. */
  readonly material: Uint8Array | undefined;
}

/**
 * Carries out one step, or finds what it made before a crash. Doing it twice makes nothing twice.
 *
 * @param progress told each thing that is made, before it is
 * @returns the product: SubjectPublicKeyInfo, certificate, CRL, response bundle or the octets of a file
 */
export async function performStep(
  deps: CeremonyDeps,
  step: CeremonyStep,
  run: StepRun,
  progress: (making: string) => void,
): Promise<Uint8Array> {
  switch (step.step) {
    case 'make-key':
      return makeKey(deps, step);
    case 'issue-certificate':
      return issueRoot(deps, step);
    case 'issue-link':
      return issueLink(deps, step);
    case 'sign-crl':
      return signCrl(deps, step, run);
    case 'process-request':
      return answerRequest(deps, step, run, progress);
    case 'export': {
      const octets = await exported(deps, step);
      writeOnce(deps, step.file, octets);
      return octets;
    }
  }
}

async function makeKey(deps: CeremonyDeps, step: Step<'make-key'>): Promise<Uint8Array> {
  const made = (await deps.records.keys()).find(({ label }) => label === step.label);
  return publicKeyInfo(deps, made ?? (await makeKeyPair(deps, step.role, step.label, step.keyAlgorithm)));
}

async function issueRoot(deps: CeremonyDeps, step: Step<'issue-certificate'>): Promise<Uint8Array> {
  const key = await keyLabelled(deps, step.key);
  const there = await certificateOf(deps, key, step.profile);
  if (there !== undefined) return there.der;
  const { der } = await issueCertificate(deps, {
    profile: step.profile,
    subject: { sequence: step.sequence },
    subjectKey: { keyId: key.keyId },
    keyAlgorithm: key.keyAlgorithm,
    usageFrom: step.usageFrom,
  });
  return der;
}

async function issueLink(deps: CeremonyDeps, step: Step<'issue-link'>): Promise<Uint8Array> {
  const key = await keyLabelled(deps, step.to);
  const there = await certificateOf(deps, key, step.profile);
  if (there !== undefined) return there.der;
  const entries = await cscaKeys(deps);
  const successor = entries.find((entry) => entry.key.keyId === key.keyId)?.record;
  const issuer = referenceTo(entries.find((entry) => entry.key.label === step.from));
  if (successor === undefined || issuer === undefined) throw notCertified(step.to);
  const { der } = await issueCertificate(deps, {
    profile: step.profile,
    subject: {},
    subjectKey: { keyId: key.keyId },
    keyAlgorithm: key.keyAlgorithm,
    issuer,
    successor: successor.der,
  });
  return der;
}

async function signCrl(
  deps: CeremonyDeps,
  step: Step<'sign-crl'>,
  { begunAt }: StepRun,
): Promise<Uint8Array> {
  await assertSigning(deps, step.issuer);
  const latest = await deps.records.latestCrl();
  // CRLs have whole seconds: one of the second in which the step began was made by it.
  const since = Math.floor(begunAt.getTime() / 1000) * 1000;
  if (latest !== undefined && latest.thisUpdate.getTime() >= since) return latest.der;
  return (await publishCrl(deps)).der;
}

async function answerRequest(
  deps: CeremonyDeps,
  step: Step<'process-request'>,
  { material }: StepRun,
  progress: (making: string) => void,
): Promise<Uint8Array> {
  const bundle = material ?? deps.folder.bundle(step.bundle);
  const latest = await deps.exchange.latestResponse();
  const isAnswered =
    latest?.bundle !== undefined && Buffer.compare(latest.request, bundle) === 0 ? latest.bundle : undefined;
  if (isAnswered === undefined) await assertSigning(deps, step.issuer);
  const response = isAnswered ?? (await processRequest(deps, bundle, progress, step.announced));
  writeOnce(deps, step.response, response);
  return response;
}

/** A file that a crash let this step write already is the same one. */
function writeOnce(deps: CeremonyDeps, name: string, octets: Uint8Array): void {
  const there = deps.folder.output(name);
  if (there !== undefined && Buffer.compare(there, octets) === 0) return;
  deps.folder.writeOutput(name, octets);
}

async function exported(deps: CeremonyDeps, step: Step<'export'>): Promise<Uint8Array> {
  switch (step.what) {
    case 'identity':
      return Uint8Array.from(Buffer.from(await identityText(deps)));
    case 'crl': {
      const crl = await deps.records.latestCrl();
      if (crl !== undefined) return crl.der;
      throw new Refused('not-found', 'there is no CRL', { mend: 'sign one in a step before' });
    }
    case 'certificate':
    case 'link': {
      const key = await keyLabelled(deps, step.key ?? '');
      const kind = step.what === 'link' ? 'csca-link' : 'csca';
      const found = (await deps.records.certificates()).find(
        ({ keyId, profile }) => keyId === key.keyId && deps.policies.profiles.get(profile)?.kind === kind,
      );
      if (found !== undefined) return found.der;
      throw notCertified(key.label);
    }
  }
}

/** What the other machine's `sigillo.yaml` pins of this one. */
export async function identityText(
  deps: Pick<ExchangeDeps, 'records' | 'policies' | 'signer' | 'instanceId'>,
): Promise<string> {
  const key = await exchangeKeyOf(deps);
  if (key === undefined) {
    throw new Refused('key-not-active', 'this instance has no exchange key', {
      rule: 'E-KEY',
      mend: 'make it in a step before: make-key with role exchange',
    });
  }
  const publicKey = toBase64(await publicKeyInfo(deps, key));
  const first = (await deps.records.certificates()).find(
    ({ profile }) => deps.policies.profiles.get(profile)?.kind === 'csca',
  );
  const anchor = first === undefined ? '' : `  anchor: ${first.sha256}\n`;
  return `exchange:\n  partner:\n    instanceId: ${deps.instanceId}\n    publicKey: ${publicKey}\n${anchor}`;
}

async function keyLabelled(deps: CeremonyDeps, label: string): Promise<KeyRecord> {
  const key = (await deps.records.keys()).find((candidate) => candidate.label === label);
  if (key !== undefined) return key;
  throw ceremonyRefusal('K-KEY', `there is no key ${label}`, 'key', 'make it in a step before');
}

async function certificateOf(
  deps: CeremonyDeps,
  { keyId }: KeyRecord,
  profile: string,
): Promise<CertificateRecord | undefined> {
  return (await deps.records.certificates()).find(
    (record) => record.keyId === keyId && record.profile === profile,
  );
}

function notCertified(label: string): Refused {
  return ceremonyRefusal('K-KEY', `key ${label} has no certificate`, 'key', 'issue it in a step before');
}

/** The newest key whose rest is over signs, and no other (Doc 9303-12 §4.1.4.3). */
async function assertSigning(deps: CeremonyDeps, label: string): Promise<void> {
  const signing = await signingCsca(deps);
  const key = (await deps.records.keys()).find(({ keyId }) => keyId === signing?.keyId);
  if (key?.label === label) return;
  const detail = key === undefined ? 'no CSCA key signs yet' : `${key.label} is the CSCA key that signs now`;
  throw ceremonyRefusal(
    'K-REST',
    detail,
    'issuer',
    'name the newest key whose two days of rest are over (Doc 9303-12 §4.1.4.3)',
  );
}

/** What is there once the steps before have been carried out, so far as it can be known before. */
export interface Foreseen {
  readonly keys: Map<string, { readonly role: string }>;
  /** `profile key` of every certificate. */
  readonly certificates: Set<string>;
}

export async function foresee(deps: CeremonyDeps): Promise<Foreseen> {
  const keys = await deps.records.keys();
  const labels = new Map(keys.map(({ keyId, label }) => [keyId, label]));
  return {
    keys: new Map(keys.map(({ label, role }) => [label, { role }])),
    certificates: new Set(
      (await deps.records.certificates()).flatMap(({ profile, keyId }) => {
        const label = labels.get(keyId ?? '');
        return label === undefined ? [] : [`${profile} ${label}`];
      }),
    ),
  };
}

/**
 * Holds a step against what will be there when its turn comes, before anything at all is made.
 *
 * @param isBegun a crash may have come after its product was made
 * @throws Refused, MalformedInput
 */
export async function assertFeasible(
  deps: CeremonyDeps,
  step: CeremonyStep,
  foreseen: Foreseen,
  isBegun: boolean,
): Promise<void> {
  switch (step.step) {
    case 'make-key':
      if (!isBegun && foreseen.keys.has(step.label)) {
        throw ceremonyRefusal('K-KEY', `there is a key ${step.label}`, 'label', 'a ceremony replaces no key');
      }
      foreseen.keys.set(step.label, { role: step.role });
      return;
    case 'issue-certificate':
      assertProfile(deps, step.profile, 'csca');
      assertForeseenKey(foreseen, step.key);
      claimCertificate(foreseen, step.profile, step.key, isBegun);
      return;
    case 'issue-link':
      assertProfile(deps, step.profile, 'csca-link');
      assertForeseenKey(foreseen, step.from);
      assertForeseenKey(foreseen, step.to);
      assertNotice(deps, step);
      if (!isBegun) await assertSigning(deps, step.from);
      claimCertificate(foreseen, step.profile, step.to, isBegun);
      return;
    case 'sign-crl':
      assertForeseenKey(foreseen, step.issuer);
      await assertWillSign(deps, step.issuer, foreseen);
      return;
    case 'process-request':
      assertForeseenKey(foreseen, step.issuer);
      await assertWillSign(deps, step.issuer, foreseen);
      assertNoOutput(deps, step.response, isBegun);
      if (!isBegun) await assertBundle(deps, step);
      return;
    case 'export':
      if (step.key !== undefined) assertForeseenKey(foreseen, step.key);
      assertNoOutput(deps, step.file, isBegun);
  }
}

function assertProfile(deps: CeremonyDeps, name: string, kind: 'csca' | 'csca-link'): void {
  if (deps.policies.profiles.get(name)?.kind === kind) return;
  throw ceremonyRefusal('K-PROFILE', `${name} is no ${kind} profile`, 'profile', 'name one of policies/');
}

function assertForeseenKey(foreseen: Foreseen, label: string): void {
  if (foreseen.keys.get(label)?.role === 'csca') return;
  throw ceremonyRefusal('K-KEY', `there will be no CSCA key ${label}`, 'key', 'make it in a step before');
}

function claimCertificate(foreseen: Foreseen, profile: string, key: string, isBegun: boolean): void {
  const name = `${profile} ${key}`;
  if (!isBegun && foreseen.certificates.has(name)) {
    throw ceremonyRefusal('K-CERT', `key ${key} has its ${profile} certificate`, 'key', 'certify it once');
  }
  foreseen.certificates.add(name);
}

/** Receiving States are told 90 days before (Doc 9303-12 §4.1.4.3). */
function assertNotice(deps: CeremonyDeps, step: Step<'issue-link'>): void {
  const profiles = [...deps.policies.profiles.values()];
  const notice = profiles.find(({ kind }) => kind === 'csca')?.rotation?.notice;
  const until = notice && addPeriod(step.announced, notice);
  if (until === undefined || until <= deps.clock.now()) return;
  throw ceremonyRefusal(
    'K-NOTICE',
    `receiving States were told on ${step.announced.toISOString().slice(0, 10)}: their notice is not over`,
    'announced',
    `carry it out after ${until.toISOString()} (Doc 9303-12 §4.1.4.3)`,
  );
}

/** The key signs now, or is the first of the instance and made by this ceremony. */
async function assertWillSign(deps: CeremonyDeps, label: string, foreseen: Foreseen): Promise<void> {
  if ((await signingCsca(deps)) !== undefined) return assertSigning(deps, label);
  const isCertified = [...foreseen.certificates].some((name) => {
    const [profile, key] = name.split(' ');
    return key === label && deps.policies.profiles.get(profile ?? '')?.kind === 'csca';
  });
  if (!isCertified) throw notCertified(label);
}

function assertNoOutput(deps: CeremonyDeps, name: string, isBegun: boolean): void {
  if (isBegun || deps.folder.output(name) === undefined) return;
  throw ceremonyRefusal(
    'K-OUTPUT',
    `${name} is there already`,
    'file',
    'a ceremony never overwrites a file: move it away, or write the ceremony with another name',
  );
}

async function assertBundle(deps: CeremonyDeps, step: Step<'process-request'>): Promise<void> {
  const octets = deps.folder.bundle(step.bundle);
  const { bundle } = await checkRequest(deps, octets);
  if (step.sha256 === undefined || step.sha256 === bundle.sha256) return;
  throw ceremonyRefusal(
    'K-BUNDLE',
    `${step.bundle} is not the file that the ceremony names: ${bundle.sha256}`,
    'sha256',
    'fetch the right file',
  );
}
