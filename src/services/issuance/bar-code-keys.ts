import { addPeriod } from '../../rules/profile/period.ts';
import { Refused } from '../errors.ts';
import type { IssuanceDeps } from './issuance-deps.ts';

/** Doc 9303-12 §4.1.3: as many keys to verify seals with may be published in a year. */
const mostInAYear = 5;
const aYear = { years: 0, months: 0, days: 365 };

/**
 * Holds a bar-code signer that is to be certified against those of the last 365 days, under all profiles and names.
 *
 * @throws Refused `policy` for the sixth
 */
export async function assertKeysOfAYear(
  { policies, records, clock }: Pick<IssuanceDeps, 'policies' | 'records' | 'clock'>,
  profileName: string,
): Promise<void> {
  const isBarCodeSigner = (name: string) => policies.profiles.get(name)?.kind === 'vds-signer';
  if (!isBarCodeSigner(profileName)) return;
  const now = clock.now();
  const ofTheYear = (await records.certificates()).filter(
    ({ profile, issuedAt }) => isBarCodeSigner(profile) && addPeriod(issuedAt, aYear) > now,
  );
  const oldest = ofTheYear.at(-mostInAYear);
  if (oldest === undefined) return;
  throw new Refused('policy', `${ofTheYear.length} bar-code signers were certified in the last 365 days`, {
    rule: 'vds-keys-a-year',
    field: 'profile',
    source: 'Doc 9303-12 §4.1.3',
    mend: `go on with those there are: the next may come after ${addPeriod(oldest.issuedAt, aYear).toISOString()}`,
  });
}
