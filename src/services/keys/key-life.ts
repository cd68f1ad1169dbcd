import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { addPeriod, type Period } from '../../rules/profile/period.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import type { CertificateRecord, KeyRecord } from '../ports.ts';

/**
 * The life of a key. What is planned stands in the instance's configuration and has no key yet; a key without a
 * certificate is generated; one whose usage period has not begun, or whose rest is not over, is certified.
 */
export type KeyState = 'generated' | 'certified' | 'active' | 'retired' | 'destroyed';

export interface KeyLife {
  readonly key: KeyRecord;
  /** The certificate that gives the key its period; undefined before there is one. */
  readonly certificate: CertificateRecord | undefined;
  readonly state: KeyState;
  readonly signsFrom: Date | undefined;
  readonly signsUntil: Date | undefined;
}

/**
 * Where every key on record is in its life, oldest first. A CSCA key that follows another one signs after its rest
 * (Doc 9303-12 §4.1.4.3).
 */
export function keyLives(
  keys: readonly KeyRecord[],
  certificates: readonly CertificateRecord[],
  policies: Pick<Policies, 'profiles'>,
  at: Date,
): readonly KeyLife[] {
  const firstCsca = certificates.find(({ profile }) => policies.profiles.get(profile)?.kind === 'csca');
  return keys.map((key) => {
    const certificate = certificates.find(
      ({ keyId, profile }) => keyId === key.keyId && policies.profiles.get(profile)?.kind !== 'csca-link',
    );
    const profile = certificate && policies.profiles.get(certificate.profile);
    const follows = profile?.kind === 'csca' && certificate !== firstCsca;
    const period =
      certificate && usagePeriod(certificate, profile, follows ? profile.rotation?.rest : undefined);
    return {
      key,
      certificate,
      signsFrom: period?.signsFrom,
      signsUntil: period?.signsUntil,
      state: stateOf(key, period, at),
    };
  });
}

interface UsagePeriod {
  readonly signsFrom: Date;
  readonly signsUntil: Date;
}

type Periods = Pick<Certificate, 'notBefore' | 'notAfter' | 'privateKeyUsagePeriod'>;

/** Certificates on record do not change: each is read once, because the lives of all keys are looked at all the time. */
const periods = new WeakMap<CertificateRecord, Periods>();

function periodsOf(record: CertificateRecord): Periods {
  let known = periods.get(record);
  if (known === undefined) {
    const { notBefore, notAfter, privateKeyUsagePeriod } = decodeCertificate(record.der, { strict: true });
    known = { notBefore, notAfter, privateKeyUsagePeriod };
    periods.set(record, known);
  }
  return known;
}

/** Certificates of LDS2 and bar-code signers cannot say how long the key is used (Tables 7 and 8): their policy does. */
function usagePeriod(
  record: CertificateRecord,
  profile: CertificateProfile | undefined,
  rest: Period | undefined,
): UsagePeriod {
  const { notBefore, notAfter, privateKeyUsagePeriod } = periodsOf(record);
  if (privateKeyUsagePeriod !== undefined) {
    const from = privateKeyUsagePeriod.notBefore ?? notBefore;
    return {
      signsFrom: rest === undefined ? from : addPeriod(from, rest),
      signsUntil: privateKeyUsagePeriod.notAfter ?? notAfter,
    };
  }
  const validity = profile?.validity;
  const usage = validity === undefined || validity === 'of-successor' ? undefined : validity.privateKeyUsage;
  const end = usage && addPeriod(notBefore, usage);
  return { signsFrom: notBefore, signsUntil: end !== undefined && end < notAfter ? end : notAfter };
}

function stateOf(key: KeyRecord, period: UsagePeriod | undefined, at: Date): KeyState {
  if (key.destroyed !== undefined) return 'destroyed';
  if (key.retired !== undefined) return 'retired';
  if (period === undefined) return 'generated';
  return at < period.signsFrom ? 'certified' : 'active';
}

/** Why a key that counts as active has nothing left to do; undefined while it has. */
export function reasonToRetire({ key, signsUntil }: KeyLife, at: Date): string | undefined {
  if (signsUntil !== undefined && at > signsUntil) return 'its private key usage period is over';
  if (key.usageLimit !== undefined && key.uses >= key.usageLimit) {
    return 'it has made all the signatures that it may make';
  }
  return undefined;
}
