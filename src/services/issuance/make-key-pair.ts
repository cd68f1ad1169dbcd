import type { KeyOrder, KeyRole } from '../ports.ts';
import type { IssuanceDeps } from './issuance-deps.ts';

/**
 * Makes a key pair on the token. Its CKA_ID is on record before the token makes it, so that after a crash
 * the same key is found again instead of a second one made.
 *
 * @throws Refused, Unavailable, InvariantBroken
 */
export async function makeKeyPair(
  deps: Pick<IssuanceDeps, 'records' | 'signer' | 'random' | 'clock'>,
  role: KeyRole,
  label: string,
  keyAlgorithm: string,
  usageLimit?: number,
): Promise<KeyOrder> {
  const keyId = Buffer.from(deps.random.octets(16)).toString('hex');
  const order: KeyOrder = { keyId, role, label, keyAlgorithm, usageLimit };
  await deps.records.begin({ kind: 'key', order });
  await completeKeyPair(deps, order);
  return order;
}

/** The second half of `makeKeyPair`, after a crash too. */
export async function completeKeyPair(
  deps: Pick<IssuanceDeps, 'records' | 'signer' | 'clock'>,
  order: KeyOrder,
): Promise<void> {
  await deps.signer.generateKeyPair(order);
  await deps.records.recordKey(order, deps.clock.now());
}
