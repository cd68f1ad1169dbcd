import { decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { decodeVerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { Refused } from '../errors.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { completeKeyPair, makeKeyPair } from '../issuance/make-key-pair.ts';
import type { IssuanceRecords, KeyOrder, KeyRecord } from '../ports.ts';
import type { LogRecords } from './log-records.ts';

export interface LogKeyDeps extends Pick<IssuanceDeps, 'signer' | 'records' | 'clock' | 'random'> {
  readonly log: LogRecords;
  /** Of the key that is made. */
  readonly settings: { readonly keyAlgorithm: string };
}

/** A key of the log that signs, with its place among all that the log ever had. */
export interface LogKey {
  readonly key: KeyOrder;
  readonly place: number;
}

/** The keys that sign checkpoints now, oldest first: one, or two while the newer takes over. */
export async function signingLogKeys(records: IssuanceRecords): Promise<readonly LogKey[]> {
  const all = (await records.keys()).filter(({ role }) => role === 'log');
  return all.flatMap((key, place) => (key.retired === undefined ? [{ key, place }] : []));
}

/** A key pair that a crash left half made is completed. */
export async function makeLogKey(deps: LogKeyDeps, progress: (making: string) => void): Promise<KeyOrder> {
  const { records, settings } = deps;
  const { keyAlgorithm } = settings;
  progress(`key pair of the log (${keyAlgorithm}) on the token`);
  const open = (await records.openIntents()).find(
    (intent) =>
      intent.kind === 'key' && intent.order.role === 'log' && intent.order.keyAlgorithm === keyAlgorithm,
  );
  if (open?.kind !== 'key') return makeKeyPair(deps, 'log', await nextLabel(deps), keyAlgorithm);
  await records.countUse(open);
  await completeKeyPair(deps, open.order);
  return open.order;
}

async function nextLabel({ records, settings }: LogKeyDeps): Promise<string> {
  const before = (await records.keys()).filter(({ role }) => role === 'log').length;
  return `log-${settings.keyAlgorithm}${before === 0 ? '' : `-${before + 1}`}`;
}

/**
 * Makes the next key of the log. From the next checkpoint on both sign, so that who knows one of them can go on.
 *
 * @throws Refused while two sign already, and where the log has no key yet; Unavailable
 */
export async function rotateLogKey(deps: LogKeyDeps, progress: (making: string) => void): Promise<void> {
  const { length } = await signingLogKeys(deps.records);
  if (length === 0) {
    throw refusal('the log has no key yet', 'start the service with its token: it makes the first one');
  }
  if (length > 1) {
    throw refusal('two keys of the log sign already', 'retire the older one: sigillo rotate log --retire');
  }
  await makeLogKey(deps, progress);
}

/**
 * Ends the older of two keys: it signs no more, and stays known for what it has signed.
 *
 * @returns the key that is retired
 * @throws Refused where there is only one, and until a checkpoint is on record that the newer one has signed
 */
export async function retireLogKey({
  records,
  log,
  clock,
}: Pick<LogKeyDeps, 'records' | 'log' | 'clock'>): Promise<KeyRecord | KeyOrder> {
  const [older, newer] = await signingLogKeys(records);
  if (older === undefined || newer === undefined) {
    throw refusal('only one key of the log signs', 'make the next one first: sigillo rotate log');
  }
  // The signer goes on from a checkpoint only that a key of its own has signed.
  if (!hasSigned(log, newer)) {
    const mend = 'wait some seconds for the next checkpoint; the service signs one where there is a new leaf';
    throw refusal('the newer key has signed no checkpoint yet', mend);
  }
  await records.endKey(older.key.keyId, 'retired', {
    at: clock.now(),
    reason: 'a newer key of the log signs',
  });
  return older.key;
}

function hasSigned(log: LogRecords, { place }: LogKey): boolean {
  const vkey = log.verifierKeys()[place];
  const latest = log.latestCheckpoint();
  if (vkey === undefined || latest === undefined) return false;
  return verifyNote(decodeCheckpoint(latest.note).note, [decodeVerifierKey(vkey)]).holding.length > 0;
}

function refusal(detail: string, mend: string): Refused {
  return new Refused('policy', detail, { rule: 'L-ROTATION', source: 'docs/log.md', mend });
}
