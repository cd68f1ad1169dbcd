import { publishCrl } from '../crl/publish-crl.ts';
import { publishMasterList } from '../masterlist/publish-master-list.ts';
import type { IssuerReference, KeyOrder, KeyRole } from '../ports.ts';
import type { IssuanceDeps } from './issuance-deps.ts';
import { issueCertificate, newestIssuer } from './issue-certificate.ts';
import { makeKeyPair } from './make-key-pair.ts';
import { recoverIssuance } from './recover-issuance.ts';

/** A key with its certificate that an instance is to have. */
export interface PlannedKey {
  /** Profile of its certificate; also the start of the key's label. */
  readonly profile: string;
  readonly keyAlgorithm: string;
}

/** What an instance is to have before it serves. */
export interface InstancePlan {
  readonly csca: PlannedKey;
  readonly documentSigners: readonly PlannedKey[];
  readonly masterListSigner: PlannedKey;
  readonly accessCa: PlannedKey;
}

/**
 * Makes what the plan asks for and the records lack: keys, certificates, first CRL, first master list. Run
 * again it makes nothing twice; run after a crash it goes on where that happened.
 *
 * @param progress told each thing that is made, before it is
 */
export async function establish(
  deps: IssuanceDeps,
  plan: InstancePlan,
  progress: (making: string) => void,
): Promise<void> {
  await recoverIssuance(deps);
  await establishCertificate(deps, plan.csca, 'csca', progress);
  await establishCertificate(deps, plan.accessCa, 'access-ca', progress);
  for (const planned of plan.documentSigners) {
    await establishCertificate(deps, planned, 'document-signer', progress);
  }
  await establishCertificate(deps, plan.masterListSigner, 'master-list-signer', progress);
  if ((await deps.records.latestCrl()) === undefined) {
    progress('CRL of the CSCA');
    await publishCrl(deps);
  }
  if ((await deps.records.latestMasterList()) === undefined) {
    progress('master list');
    await publishMasterList(deps);
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
  const sequence = '00001';
  const label = `${planned.profile}-${sequence}`;
  const keys = await deps.records.keys();
  let key: KeyOrder | undefined = keys.find(
    (candidate) => candidate.label === label && candidate.role === role,
  );
  if (key === undefined) {
    progress(`key pair ${label} (${planned.keyAlgorithm}) on the token`);
    key = await makeKeyPair(deps, role, label, planned.keyAlgorithm);
  }
  progress(`certificate ${label}`);
  const issuer = await issuerOf(deps, planned.profile);
  await issueCertificate(deps, {
    profile: planned.profile,
    subject: { sequence },
    subjectKey: { keyId: key.keyId },
    keyAlgorithm: planned.keyAlgorithm,
    issuer,
  });
}

/** The issuer that a profile asks for; undefined for a self-signed one. */
export async function issuerOf(
  deps: IssuanceDeps,
  profileName: string,
): Promise<IssuerReference | undefined> {
  const from = deps.policies.profiles.get(profileName)?.issuer;
  return from === undefined || from === 'self' ? undefined : newestIssuer(deps, from);
}
