import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { Refused } from '../errors.ts';
import {
  isOffline,
  makeCertifiedKey,
  type InstancePlan,
  type PlannedKey,
  plannedSigners,
} from '../issuance/establish.ts';
import { type IssuanceDeps, wholeSecond } from '../issuance/issuance-deps.ts';
import type { KeyRole, SodRecords } from '../ports.ts';
import { type KeyLife, keyLives, reasonToRetire } from './key-life.ts';
import { cscaKeys, signingCsca } from './signing-csca.ts';

export interface MaintenanceDeps extends IssuanceDeps {
  readonly sods: SodRecords;
}

/** Share of the usage limit after which the next key is made, so that it is published before it is needed. */
const preparedAtShare = 0.8;

/**
 * What time does to keys: keys whose period or limit is over are retired, the next ones are made in advance, and
 * retired ones are destroyed on the token after the time of the policy. Done again it does nothing twice.
 *
 * @param progress told each thing that is done, before it is
 * @returns whether anything changed
 * @throws Refused after the rest is done, where a key that is due may not be made
 */
export async function maintainKeys(
  deps: MaintenanceDeps,
  plan: InstancePlan,
  progress: (doing: string) => void,
): Promise<boolean> {
  let changed = false;
  // With an offline CSCA the next keys are made by `sigillo ceremony request`.
  const prepared = isOffline(plan.csca) ? [] : plannedSigners(plan, deps.policies);
  let refusal: Refused | undefined;
  for (const { role, ...planned } of prepared) {
    try {
      if (await prepareNext(deps, planned, role, progress)) changed = true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal ??= error;
    }
  }
  if (await retireOver(deps, progress)) changed = true;
  if (await destroyRetired(deps, progress)) changed = true;
  if (refusal !== undefined) throw refusal;
  return changed;
}

async function livesOf(deps: IssuanceDeps): Promise<readonly KeyLife[]> {
  const { records, policies, clock } = deps;
  return keyLives(await records.keys(), await records.certificates(), policies, clock.now());
}

/** Makes the next key of a profile when the newest one comes near to its end. */
async function prepareNext(
  deps: IssuanceDeps,
  planned: PlannedKey,
  role: KeyRole,
  progress: (doing: string) => void,
): Promise<boolean> {
  const { count = 1 } = planned;
  const profile = deps.policies.profiles.get(planned.profile);
  const ofProfile = (await livesOf(deps)).filter(
    ({ certificate }) => certificate?.profile === planned.profile,
  );
  const now = deps.clock.now();
  if (profile?.rotation === undefined || ofProfile.length === 0) return false;
  // Of several that sign at a time, each has its own next one; the oldest of the newest is due first.
  const before = ofProfile.at(-count);
  const usageFrom =
    before === undefined || isShort(ofProfile, count, now)
      ? wholeSecond(now)
      : startOfNext(before, profile, now);
  if (usageFrom === undefined) return false;
  await makeCertifiedKey(deps, { planned, role, number: ofProfile.length + 1, usageFrom }, progress);
  return true;
}

/**
 * Whether fewer than `count` may sign now because a key has come to its end before its period: its certificate was
 * revoked, or it has made all the signatures that it may make.
 */
function isShort(lives: readonly KeyLife[], count: number, now: Date): boolean {
  const wasRevoked = lives.some(
    ({ state, signsUntil }) =>
      ['retired', 'destroyed'].includes(state) && signsUntil !== undefined && signsUntil > now,
  );
  return wasRevoked && lives.filter(({ state }) => state === 'active').length < count;
}

/**
 * When the key after `newest` begins to be used, if it is time to make it: with the end of the period of the one
 * before, or at once where that one has used up most of its limit, or where the certificate cannot say that the
 * period begins later. Never by itself where the profile has no rotation.
 */
export function startOfNext(
  { key, signsUntil }: KeyLife,
  { rotation, extensions }: CertificateProfile,
  now: Date,
): Date | undefined {
  if (signsUntil === undefined || rotation === undefined) return undefined;
  const isUsedUp = key.usageLimit !== undefined && key.uses >= key.usageLimit * preparedAtShare;
  if (isUsedUp) return wholeSecond(now);
  if (addPeriod(now, rotation.prepareBefore) < signsUntil) return undefined;
  const saysWhen = extensions.privateKeyUsagePeriod !== undefined;
  return saysWhen && signsUntil > now ? signsUntil : wholeSecond(now);
}

async function retireOver(deps: IssuanceDeps, progress: (doing: string) => void): Promise<boolean> {
  const now = deps.clock.now();
  const signing = await signingCsca(deps);
  let changed = false;
  for (const life of await livesOf(deps)) {
    // The newest CSCA key that may sign is in use whatever its period says: it still signs CRLs.
    if (life.state !== 'active' || life.key.role === 'access-ca' || life.key.keyId === signing?.keyId)
      continue;
    const reason = await reasonOf(deps, life, now);
    if (reason === undefined) continue;
    progress(`retirement of key ${life.key.label}: ${reason}`);
    await deps.records.endKey(life.key.keyId, 'retired', { at: now, reason });
    changed = true;
  }
  return changed;
}

/** A CSCA key is over as soon as a newer one signs (Doc 9303-12 §4.1.4.3). */
async function reasonOf(deps: IssuanceDeps, life: KeyLife, now: Date): Promise<string | undefined> {
  if (life.key.role !== 'csca') return reasonToRetire(life, now);
  const newer = (await cscaKeys(deps)).some(
    ({ key, signsFrom }) => key.createdAt > life.key.createdAt && signsFrom <= now,
  );
  return newer ? 'a newer CSCA key signs' : undefined;
}

async function destroyRetired(deps: MaintenanceDeps, progress: (doing: string) => void): Promise<boolean> {
  const now = deps.clock.now();
  const inUse = new Set((await deps.sods.openIntents()).map(({ keyId }) => keyId));
  let changed = false;
  for (const { key, certificate, state } of await livesOf(deps)) {
    const rotation = deps.policies.profiles.get(certificate?.profile ?? '')?.rotation;
    if (state !== 'retired' || rotation === undefined || inUse.has(key.keyId)) continue;
    if (key.retired === undefined || addPeriod(key.retired.at, rotation.destroyAfter) > now) continue;
    progress(`destruction of key ${key.label} on the token`);
    await deps.signer.destroyKey({ keyId: key.keyId, role: key.role });
    await deps.records.endKey(key.keyId, 'destroyed', { at: now, reason: key.retired.reason });
    changed = true;
  }
  return changed;
}
