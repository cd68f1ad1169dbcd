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
