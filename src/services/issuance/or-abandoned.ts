import { Refused } from '../errors.ts';
import type { IssuanceIntent } from '../ports.ts';
import type { IssuanceDeps } from './issuance-deps.ts';

/** Ends the intent when the signer refuses it for good: it would otherwise stand in the way of the next one. */
export async function orAbandoned<T>(
  { records }: IssuanceDeps,
  intent: IssuanceIntent,
  sign: () => Promise<T>,
): Promise<T> {
  try {
    return await sign();
  } catch (error) {
    if (error instanceof Refused && error.code !== 'not-found') await records.abandon(intent, error.message);
    throw error;
  }
}

/**
 * Counts a use of the key once more for what a crash left open; ended is what its key may not sign any more.
 *
 * @throws Refused `key-not-active`
 */
export function countAgain(deps: IssuanceDeps, intent: IssuanceIntent): Promise<void> {
  return orAbandoned(deps, intent, () => deps.records.countUse(intent));
}
