import { decodeCheckpoint, encodeTreeHead } from '../../formats/log/checkpoint.ts';
import { consistencyProof, treeRoot } from '../../formats/log/merkle-tree.ts';
import { subtreesOf } from '../../formats/log/tiles.ts';
import { decodeVerifierKey, encodeVerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { logVerifierKey } from '../../rules/log/log-key.ts';
import { InvariantBroken } from '../errors.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import type { KeyOrder } from '../ports.ts';
import { makeLogKey, signingLogKeys } from './log-keys.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';
import type { LogSettings } from './log-settings.ts';

export interface LogDeps extends Pick<IssuanceDeps, 'signer' | 'records' | 'clock' | 'random'> {
  readonly log: LogRecords;
  readonly settings: LogSettings;
}

/** Signs checkpoints of the log on record, each after the one before, one at a time. */
export class CheckpointPublisher {
  readonly #deps: LogDeps;
  /** Keys that are known to be the log's on the token that is used now. */
  readonly #established = new Set<string>();
  /** What was signed last and could not be put on record: the signer goes on from there only. */
  #unrecorded: Uint8Array | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: LogDeps) {
    this.#deps = deps;
  }

  /**
   * Signs what has come since the checkpoint before, and puts it on record. Makes the log key where there is none.
   *
   * @param progress told each thing that is made, before it is
   * @returns undefined when everything is under a checkpoint already
   * @throws Refused, Unavailable, InvariantBroken
   */
  publish(progress: (making: string) => void): Promise<CheckpointRecord | undefined> {
    const next = this.#last.then(() => this.#publishNext(progress));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #publishNext(progress: (making: string) => void): Promise<CheckpointRecord | undefined> {
    const { log, signer, clock } = this.#deps;
    if (log.latestCheckpoint()?.size === log.size()) return undefined;
    const [{ keyId, keyAlgorithm }, older] = await this.#establishKeys(progress);
    const size = log.size();
    const latest = log.latestCheckpoint();
    const previous = this.#unrecorded ?? latest?.note;
    const before = previous === undefined ? undefined : decodeCheckpoint(previous);
    const subtrees = subtreesOf(log.hashes);
    const root = treeRoot(subtrees, size);
    const consistency = before === undefined ? [] : consistencyProof(subtrees, before.size, size);
    // Durable with it is every leaf that was read above: no checkpoint covers what a power cut could take back.
    await log.countUse(keyId);
    if (older !== undefined) await log.countUse(older.keyId);
    const note = await signer.signCheckpoint({
      keyId,
      keyAlgorithm,
      older: older && { keyId: older.keyId, keyAlgorithm: older.keyAlgorithm },
      size,
      root,
      previous,
      consistency,
    });
    this.#check(note, { size, root, signatures: older === undefined ? 1 : 2 });
    this.#unrecorded = note;
    const checkpoint = { size, note, signedAt: clock.now(), cosignatures: [] };
    await log.recordCheckpoint(checkpoint);
    this.#unrecorded = undefined;
    return checkpoint;
  }

  /** By the reader of notes and OpenSSL, which share nothing with the token. */
  #check(
    note: Uint8Array,
    { size, root, signatures }: { size: number; root: Uint8Array; signatures: number },
  ): void {
    const { log, settings } = this.#deps;
    const { note: signed } = decodeCheckpoint(note);
    const isWhatWasOrdered = signed.text === encodeTreeHead({ origin: settings.origin, size, root });
    const { holding, failing } = verifyNote(signed, log.verifierKeys().map(decodeVerifierKey));
    if (isWhatWasOrdered && holding.length === signatures && failing.length === 0) return;
    throw new InvariantBroken(
      "the checkpoint is not what was ordered, or does not verify with the log's keys",
    );
  }

  /** The newest first. Each is known to be the log's on the token that is used now. */
  async #establishKeys(progress: (making: string) => void): Promise<[KeyOrder, KeyOrder?]> {
    const { records, signer, log, settings } = this.#deps;
    let keys = await signingLogKeys(records);
    if (keys.length === 0) {
      await makeLogKey(this.#deps, progress);
      keys = await signingLogKeys(records);
    }
    for (const { key, place } of keys) {
      if (this.#established.has(key.keyId)) continue;
      const { publicKey } = await signer.findKey(key);
      const vkey = encodeVerifierKey(logVerifierKey(settings.origin, publicKey));
      await log.recordVerifierKey(vkey, place);
      this.#established.add(key.keyId);
    }
    const [newest, older] = keys.map(({ key }) => key).toReversed();
    if (newest === undefined) throw new InvariantBroken('the key of the log was made and is not on record');
    return older === undefined ? [newest] : [newest, older];
  }
}
