import type { Policies } from '../../rules/profile/policies.ts';
import { isOffline, type InstancePlan, type PlannedKey } from '../issuance/establish.ts';
import type { IssuanceRecords, KeyEnd, KeyRole, Revocation } from '../ports.ts';
import { type KeyLife, keyLives, type KeyState } from './key-life.ts';

/** Where a key is in its life, for people. What is planned and has no key yet is there too. */
export interface KeyStatus {
  /** Of what is planned only, its profile. */
  readonly label: string;
  readonly role: KeyRole | undefined;
  readonly keyAlgorithm: string;
  readonly state: 'planned' | KeyState;
  readonly uses: number;
  /** Undefined for no limit. */
  readonly usageLimit: number | undefined;
  readonly signsFrom: Date | undefined;
  readonly signsUntil: Date | undefined;
  readonly retired: KeyEnd | undefined;
  readonly destroyed: KeyEnd | undefined;
  readonly revoked: KeyEnd | undefined;
  /** SHA-256 of its certificate, hexadecimal; undefined for a key without one. */
  readonly certificate: string | undefined;
}

/** Keys that have no certificate by what they are for: they sign as soon as they are made. */
const withoutCertificate: readonly KeyRole[] = ['exchange', 'log', 'health'];

/** Every key on record, oldest first, those without a certificate too; then what is planned and not made. */
export async function keyStatuses(
  records: IssuanceRecords,
  policies: Pick<Policies, 'profiles'>,
  plan: InstancePlan,
  at: Date,
): Promise<readonly KeyStatus[]> {
  const lives = keyLives(await records.keys(), await records.certificates(), policies, at);
  const serialNumbers = new Set(lives.flatMap(({ certificate }) => certificate?.serialNumber ?? []));
  const revocations = new Map<bigint, Revocation>();
  const profiles = [...new Set(lives.flatMap(({ certificate }) => certificate?.profile ?? []))];
  const filter = { profiles, isUnlisted: false };
  for await (const page of records.revocations(filter)) {
    for (const revocation of page) {
      if (serialNumbers.has(revocation.serialNumber)) revocations.set(revocation.serialNumber, revocation);
    }
  }
  const made = lives.map((life) => statusOf(life, revocations));
  const planned = plannedKeys(plan).filter(
    ({ profile }) => !lives.some(({ key }) => isOfProfile(key.label, profile)),
  );
  return [...made, ...planned.map(statusOfPlanned)];
}

function statusOf(life: KeyLife, revocations: ReadonlyMap<bigint, Revocation>): KeyStatus {
  const { key, certificate, state, signsFrom, signsUntil } = life;
  const revocation = certificate && revocations.get(certificate.serialNumber);
  const { label, role, keyAlgorithm, uses, usageLimit, retired, destroyed } = key;
  return {
    label,
    role,
    keyAlgorithm,
    state: state === 'generated' && withoutCertificate.includes(role) ? 'active' : state,
    uses,
    usageLimit,
    signsFrom,
    signsUntil,
    retired,
    destroyed,
    revoked: revocation && { at: revocation.revocationDate, reason: revocation.reason },
    certificate: certificate?.sha256,
  };
}

function statusOfPlanned({ profile, keyAlgorithm }: PlannedKey): KeyStatus {
  return {
    label: profile,
    role: undefined,
    keyAlgorithm,
    state: 'planned',
    uses: 0,
    usageLimit: undefined,
    signsFrom: undefined,
    signsUntil: undefined,
    retired: undefined,
    destroyed: undefined,
    revoked: undefined,
    certificate: undefined,
  };
}

function plannedKeys(plan: InstancePlan): readonly PlannedKey[] {
  const { csca, documentSigners, masterListSigner, otherSigners, accessCa } = plan;
  const others = [...documentSigners, masterListSigner, ...otherSigners, accessCa];
  return isOffline(csca) ? others : [csca, ...others];
}

/** Labels are `<profile>-<five digits>`. */
function isOfProfile(label: string, profile: string): boolean {
  return label.startsWith(`${profile}-`) && /^\d{5}$/.test(label.slice(profile.length + 1));
}
