import { encodeSubjectPublicKeyInfo } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { exchangeKeyAlgorithm } from '../../rules/exchange/exchange-key.ts';
import { Refused } from '../errors.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { makeKeyPair } from '../issuance/make-key-pair.ts';
import type { KeyOrder } from '../ports.ts';

const exchangeKeyLabel = 'exchange-00001';

/** The exchange key on record; undefined before there is one. */
export async function exchangeKeyOf(deps: Pick<IssuanceDeps, 'records'>): Promise<KeyOrder | undefined> {
  return (await deps.records.keys()).findLast(({ role }) => role === 'exchange');
}

/** @throws Refused `key-not-active` when none was made */
export async function assertExchangeKey(deps: Pick<IssuanceDeps, 'records'>): Promise<KeyOrder> {
  const key = await exchangeKeyOf(deps);
  if (key !== undefined) return key;
  throw new Refused('key-not-active', 'this instance has no exchange key', {
    rule: 'E-KEY',
    mend: 'make it: a step make-key with role exchange in a ceremony, or sigillo ceremony identity online',
  });
}

/** Makes the exchange key where there is none. */
export async function establishExchangeKey(deps: IssuanceDeps): Promise<KeyOrder> {
  const key = await exchangeKeyOf(deps);
  return key ?? makeKeyPair(deps, 'exchange', exchangeKeyLabel, exchangeKeyAlgorithm);
}

/** SubjectPublicKeyInfo of a key as the token has it, with the curve's name. */
export async function publicKeyInfo(deps: Pick<IssuanceDeps, 'signer'>, key: KeyOrder): Promise<Uint8Array> {
  const { publicKey } = await deps.signer.findKey(key);
  return encodeSubjectPublicKeyInfo(publicKey, 'named');
}
