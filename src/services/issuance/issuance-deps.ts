import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import type { Clock, IssuanceRecords, Random, Signer } from '../ports.ts';

export interface IssuanceDeps {
  readonly signer: Signer;
  readonly records: IssuanceRecords;
  readonly clock: Clock;
  readonly random: Random;
  readonly policies: Policies;
  readonly state: IssuingState;
}

/** Now, without the fraction of a second that certificates and CRLs cannot carry. */
export function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}

/** When a usage period begins that is still to come; one that should have begun by `now` begins with its certificate. */
export function startToCome(usageFrom: Date | undefined, now: Date): Date | undefined {
  return usageFrom !== undefined && usageFrom > now ? usageFrom : undefined;
}
