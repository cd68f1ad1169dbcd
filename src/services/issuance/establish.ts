import { publishCrl } from '../crl/publish-crl.ts';
import { publishMasterList } from '../masterlist/publish-master-list.ts';
import { signingCsca } from '../keys/signing-csca.ts';
import type { CertificateRecord, IssuanceIntent, IssuerReference, KeyOrder, KeyRole } from '../ports.ts';
import { usageLimitOf } from '../../rules/profile/certificate-profile.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { InvariantBroken, Refused, Unavailable } from '../errors.ts';
import { roles } from '../signing-core/roles.ts';
import { type IssuanceDeps, startToCome } from './issuance-deps.ts';
import { completeCertificate, issueCertificate, newestIssuer } from './issue-certificate.ts';
import { completeKeyPair, makeKeyPair } from './make-key-pair.ts';
import { countAgain } from './or-abandoned.ts';
import { recoverIssuance } from './recover-issuance.ts';
import { rehearseCertificate } from './rehearse-certificate.ts';

/** A key with its certificate that an instance is to have. */
export interface PlannedKey {
  /** Profile of its certificate; also the start of the key's label. */
  readonly profile: string;
  readonly keyAlgorithm: string;
  /** Document Signers of the profile that sign at a time; 1 where absent. */
  readonly count?: number | undefined;
  /** For the placeholder {name} of the profile's subject. */
  readonly name?: string | undefined;
}

/** The CSCA is on another machine: its certificates come by `sigillo ceremony accept`. */
export interface OfflineCsca {
  readonly offline: true;
}

/** What an instance is to have before it serves. */
export interface InstancePlan {
  readonly csca: PlannedKey | OfflineCsca;
  readonly documentSigners: readonly PlannedKey[];
  readonly masterListSigner: PlannedKey;
  readonly otherSigners: readonly PlannedKey[];
  readonly accessCa: PlannedKey;
}

/**
 * Makes what the plan asks for and the records lack: keys, certificates, first CRL, first master list. Run
 * again it makes nothing twice; run after a crash it goes on where that happened. Without a token it does
 * nothing when the records lack nothing.
 *
 * @param progress told each thing that is made, before it is
 */
export async function establish(
  deps: IssuanceDeps,
  plan: InstancePlan,
  progress: (making: string) => void,
): Promise<void> {
  if (await lacksNothing(deps, plan)) return recoverIfPossible(deps);
  await recoverIssuance(deps);
  if (isOffline(plan.csca)) return establishBesideCsca(deps, plan, progress);
  await establishCertificate(deps, plan.csca, 'csca', progress);
  await establishCertificate(deps, plan.accessCa, 'access-ca', progress);
  for (const { role, ...planned } of plannedSigners(plan, deps.policies)) {
    await establishCertificate(deps, planned, role, progress);
  }
  if ((await deps.records.latestCrl()) === undefined) {
    progress('CRL of the CSCA');
    await publishCrl(deps);
  }
  if ((await deps.records.latestMasterList()) === undefined) {
    progress('master list');
    await publishMasterList(deps);
  }
}

/** A key that the CSCA certifies, with the role that its profile gives it. */
export interface PlannedSigner extends PlannedKey {
  readonly role: KeyRole;
}

/**
 * Every signer under the CSCA that is planned.
 *
 * @throws Refused `policy` for a profile that is not there, or whose keys do not live on the token
 */
export function plannedSigners(plan: InstancePlan, { profiles }: Policies): readonly PlannedSigner[] {
  const keys = [...plan.documentSigners, plan.masterListSigner, ...plan.otherSigners];
  return keys.map((planned) => {
    const profile = profiles.get(planned.profile);
    const role = profile?.issuer === 'csca' ? roles[profile.kind].subject : undefined;
    if (role !== undefined && role !== 'csca') return { ...planned, role };
    throw new Refused('policy', `${planned.profile} is no profile of a signer under the CSCA`, {
      field: 'keys',
      mend: 'name profiles of policies/ whose keys live on the token',
    });
  });
}

export function isOffline(csca: InstancePlan['csca']): csca is OfflineCsca {
  return 'offline' in csca;
}

/** What can be made here while the CSCA is elsewhere: the access CA, and a master list once its signer is certified. */
async function establishBesideCsca(
  deps: IssuanceDeps,
  plan: InstancePlan,
  progress: (making: string) => void,
): Promise<void> {
  await establishCertificate(deps, plan.accessCa, 'access-ca', progress);
  const hasSigner = (await newestIssuer(deps, 'master-list-signer')) !== undefined;
  if (!hasSigner || (await deps.records.latestMasterList()) !== undefined) return;
  progress('master list');
  await publishMasterList(deps);
}

async function lacksNothing(deps: IssuanceDeps, plan: InstancePlan): Promise<boolean> {
  if (isOffline(plan.csca)) return false;
  const issued = new Set((await deps.records.certificates()).map(({ profile }) => profile));
  const planned = [plan.csca, plan.accessCa, ...plannedSigners(plan, deps.policies)];
  return (
    planned.every(({ profile }) => issued.has(profile)) &&
    (await deps.records.latestCrl()) !== undefined &&
    (await deps.records.latestMasterList()) !== undefined
  );
}

/** What was begun besides, such as a renewed CRL, can wait for the token. */
async function recoverIfPossible(deps: IssuanceDeps): Promise<void> {
  try {
    await recoverIssuance(deps);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

async function establishCertificate(
  deps: IssuanceDeps,
  planned: PlannedKey,
  role: KeyRole,
  progress: (making: string) => void,
): Promise<void> {
  const certificates = await deps.records.certificates();
  if (certificates.some(({ profile }) => profile === planned.profile)) return;
  await makeCertifiedKey(deps, { planned, role, number: 1 }, progress);
}

/** A key that is to be made and certified. */
export interface NumberedKey {
  readonly planned: PlannedKey;
  readonly role: KeyRole;
  /** Counts the keys of a profile from 1; stands in the label and, as the profile has it, in the subject. */
  readonly number: number;
  /** When its usage period begins, if not at once. */
  readonly usageFrom?: Date | undefined;
}

/**
 * Makes a key pair and has it certified. A key of this label that a crash left without a certificate is used. What
 * can be known to be refused is refused before there is a key.
 *
 * @returns the certificate
 */
export async function makeCertifiedKey(
  deps: IssuanceDeps,
  { planned, role, number, usageFrom }: NumberedKey,
  progress: (making: string) => void,
): Promise<CertificateRecord> {
  const { profile, keyAlgorithm } = planned;
  const sequence = String(number).padStart(5, '0');
  const label = `${profile}-${sequence}`;
  let key: KeyOrder | undefined = (await deps.records.keys()).find((candidate) => candidate.label === label);
  const certificates = await deps.records.certificates();
  if (key !== undefined && certificates.some(({ keyId }) => keyId === key?.keyId)) {
    throw new InvariantBroken(`key ${label} is certified already; a key is certified once`);
  }
  const issuer = await issuerOf(deps, profile);
  const subject = planned.name === undefined ? { sequence } : { sequence, name: planned.name };
  const request = { profile, subject, keyAlgorithm, issuer, usageFrom };
  const open = await deps.records.openIntents();
  if (key === undefined) {
    await rehearseCertificate(deps, request, issuer);
    progress(`key pair ${label} (${keyAlgorithm}) on the token`);
    key = await completeKeyOfLabel(deps, open, label);
  }
  if (key === undefined) {
    const policy = deps.policies.profiles.get(profile);
    key = await makeKeyPair(deps, role, label, keyAlgorithm, policy && usageLimitOf(policy));
  }
  progress(`certificate ${label}`);
  const begun = open.find((intent) => certifies(intent, key.keyId));
  if (begun?.kind === 'certificate') {
    await countAgain(deps, begun);
    return completeCertificate(deps, begun.order);
  }
  // The key may have taken its time.
  const start = startToCome(usageFrom, deps.clock.now());
  return issueCertificate(deps, { ...request, subjectKey: { keyId: key.keyId }, usageFrom: start });
}

/** A key pair that was begun and not ended, because the token failed in between, is completed, not made twice. */
async function completeKeyOfLabel(
  deps: IssuanceDeps,
  open: readonly IssuanceIntent[],
  label: string,
): Promise<KeyOrder | undefined> {
  const begun = open.find((intent) => intent.kind === 'key' && intent.order.label === label);
  if (begun?.kind !== 'key') return undefined;
  await countAgain(deps, begun);
  await completeKeyPair(deps, begun.order);
  return begun.order;
}

function certifies(intent: IssuanceIntent, keyId: string): boolean {
  if (intent.kind !== 'certificate') return false;
  const { subjectKey } = intent.order;
  return 'keyId' in subjectKey && subjectKey.keyId === keyId;
}

/** The issuer that a profile asks for; undefined for a self-signed one. */
export async function issuerOf(
  deps: IssuanceDeps,
  profileName: string,
): Promise<IssuerReference | undefined> {
  const from = deps.policies.profiles.get(profileName)?.issuer;
  switch (from) {
    case undefined:
    case 'self':
      return undefined;
    case 'csca':
      return signingCsca(deps);
    case 'access-ca':
      return newestIssuer(deps, from);
  }
}
