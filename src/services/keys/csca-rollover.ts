import { addPeriod, type Period } from '../../rules/profile/period.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { makeCertifiedKey, type PlannedKey } from '../issuance/establish.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { issueCertificate } from '../issuance/issue-certificate.ts';
import type { CertificateRecord, Rollover } from '../ports.ts';
import { cscaKeys, referenceTo } from './signing-csca.ts';

const source = 'Doc 9303-12 §4.1.4.3';

/**
 * Puts on record that a new CSCA key comes, no sooner than the notice of the policy from now. Receiving States
 * are told by the distribution's index from then on.
 *
 * @throws Refused `duplicate` while another announced change has not happened
 */
export async function announceRollover(deps: IssuanceDeps): Promise<Rollover> {
  const pending = await pendingRollover(deps);
  if (pending !== undefined) {
    throw new Refused('duplicate', `a change of the CSCA key is announced already`, {
      rule: 'rollover-notice',
      source,
      mend: `carry it out after ${pending.notBefore.toISOString()}`,
    });
  }
  const notice = noticeOf(deps.policies);
  const announcedAt = deps.clock.now();
  const rollover = { announcedAt, notBefore: addPeriod(announcedAt, notice), executedAt: undefined };
  await deps.records.announceRollover(rollover);
  return rollover;
}

/** How long before a change of the CSCA key the receiving States are told. @throws InvariantBroken */
export function noticeOf({ profiles }: Policies): Period {
  const notice = [...profiles.values()].find(({ kind }) => kind === 'csca')?.rotation?.notice;
  if (notice === undefined) throw new InvariantBroken('no CSCA profile has a notice period');
  return notice;
}

/** The announced change of the CSCA key that has not happened yet. */
export async function pendingRollover(deps: Pick<IssuanceDeps, 'records'>): Promise<Rollover | undefined> {
  return (await deps.records.rollovers()).find(({ executedAt }) => executedAt === undefined);
}

/** What a change of the CSCA key makes. */
export interface CscaGeneration {
  readonly root: CertificateRecord;
  readonly link: CertificateRecord;
}

/**
 * Changes the CSCA key: a new key pair, its self-signed certificate, and the link certificate in which the old
 * key introduces it. Called again after a crash it makes what is still missing. The new key signs nothing during
 * the rest of the policy; after it, everything.
 *
 * @throws Refused before the notice is over, or when nothing was announced
 */
export async function rollOver(
  deps: IssuanceDeps,
  planned: PlannedKey,
  progress: (making: string) => void,
): Promise<CscaGeneration> {
  const rollover = await dueRollover(deps);
  const before = await cscaKeys(deps);
  const old = before.findLast(({ record }) => record.issuedAt < rollover.notBefore);
  if (old === undefined) {
    throw new Refused('key-not-active', 'there is no CSCA key to change', { mend: 'run sigillo init' });
  }
  // It signs the link: without it there would be a new key that nobody introduces.
  await deps.signer.findKey({ keyId: old.key.keyId, role: 'csca' });
  const made = before.find(({ record }) => record.issuedAt >= rollover.notBefore);
  const root = made?.record ?? (await makeNextRoot(deps, planned, progress));
  const link = await linkFrom(deps, root, planned, progress, referenceTo(old));
  await deps.records.executeRollover(rollover.announcedAt, deps.clock.now());
  return { root, link };
}

async function makeNextRoot(
  deps: IssuanceDeps,
  planned: PlannedKey,
  progress: (making: string) => void,
): Promise<CertificateRecord> {
  const roots = (await deps.records.certificates()).filter(({ profile }) => profile === planned.profile);
  return makeCertifiedKey(deps, { planned, role: 'csca', number: roots.length + 1 }, progress);
}

async function dueRollover(deps: IssuanceDeps): Promise<Rollover> {
  const rollover = await pendingRollover(deps);
  if (rollover === undefined) {
    throw new Refused('policy', 'no change of the CSCA key was announced', {
      rule: 'rollover-notice',
      source,
      mend: 'announce it first (sigillo rotate csca --announce), 90 days before',
    });
  }
  if (deps.clock.now() < rollover.notBefore) {
    throw new Refused('policy', 'the notice to receiving States is not over', {
      rule: 'rollover-notice',
      source,
      mend: `carry it out after ${rollover.notBefore.toISOString()}`,
    });
  }
  return rollover;
}

async function linkFrom(
  deps: IssuanceDeps,
  root: CertificateRecord,
  planned: PlannedKey,
  progress: (making: string) => void,
  issuer: ReturnType<typeof referenceTo>,
): Promise<CertificateRecord> {
  const profile = [...deps.policies.profiles.values()].find(({ kind }) => kind === 'csca-link')?.profile;
  if (profile === undefined || root.keyId === undefined) {
    throw new InvariantBroken('there is no profile for link certificates');
  }
  const there = (await deps.records.certificates()).find(
    (record) => record.profile === profile && record.keyId === root.keyId,
  );
  if (there !== undefined) return there;
  progress('link certificate');
  return issueCertificate(deps, {
    profile,
    subject: {},
    subjectKey: { keyId: root.keyId },
    keyAlgorithm: planned.keyAlgorithm,
    issuer,
    successor: root.der,
  });
}
