import { decodeCheckpoint, encodeTreeHead } from '../../formats/log/checkpoint.ts';
import { consistencyProof, treeRoot } from '../../formats/log/merkle-tree.ts';
import { subtreesOf } from '../../formats/log/tiles.ts';
import { decodeVerifierKey, encodeVerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { logVerifierKey } from '../../rules/log/log-key.ts';
import { InvariantBroken } from '../errors.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { completeKeyPair, makeKeyPair } from '../issuance/make-key-pair.ts';
import type { KeyOrder } from '../ports.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';
import type { LogSettings } from './log-settings.ts';

export interface LogDeps extends Pick<IssuanceDeps, 'signer' | 'records' | 'clock' | 'random'> {
  readonly log: LogRecords;
  readonly settings: LogSettings;
}

/** Signs checkpoints of the log on record, each after the one before, one at a time. */
export class CheckpointPublisher {
  readonly #deps: LogDeps;
  /** Known to be the log's on the token that is used now. */
  #key: KeyOrder | undefined;
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
    this.#key ??= await this.#establishKey(progress);
    const key = this.#key;
    const size = log.size();
    const latest = log.latestCheckpoint();
    if (latest?.size === size) return undefined;
    const previous = this.#unrecorded ?? latest?.note;
    const before = previous === undefined ? undefined : decodeCheckpoint(previous);
    const subtrees = subtreesOf(log.hashes);
    const root = treeRoot(subtrees, size);
    const consistency = before === undefined ? [] : consistencyProof(subtrees, before.size, size);
    // Durable with it is every leaf that was read above: no checkpoint covers what a power cut could take back.
    await log.countUse(key.keyId);
    const { keyId, keyAlgorithm } = key;
    const note = await signer.signCheckpoint({ keyId, keyAlgorithm, size, root, previous, consistency });
    this.#check(note, size, root);
    this.#unrecorded = note;
    const checkpoint = { size, note, signedAt: clock.now(), cosignatures: [] };
    await log.recordCheckpoint(checkpoint);
    this.#unrecorded = undefined;
    return checkpoint;
  }

  /** By the reader of notes and OpenSSL, which share nothing with the token. */
  #check(note: Uint8Array, size: number, root: Uint8Array): void {
    const { log, settings } = this.#deps;
    const { note: signed } = decodeCheckpoint(note);
    const isWhatWasOrdered = signed.text === encodeTreeHead({ origin: settings.origin, size, root });
    const { holding, failing } = verifyNote(signed, [decodeVerifierKey(log.verifierKey() ?? '')]);
    if (isWhatWasOrdered && holding.length === 1 && failing.length === 0) return;
    throw new InvariantBroken(
      "the checkpoint is not what was ordered, or does not verify with the log's key",
    );
  }

  async #establishKey(progress: (making: string) => void): Promise<KeyOrder> {
    const { records, signer, log, settings } = this.#deps;
    const known = (await records.keys()).findLast(({ role }) => role === 'log');
    const key = known ?? (await this.#makeKey(progress));
    const { publicKey } = await signer.findKey(key);
    await log.recordVerifierKey(encodeVerifierKey(logVerifierKey(settings.origin, publicKey)));
    return key;
  }

  /** A key pair that a crash left half made is completed. */
  async #makeKey(progress: (making: string) => void): Promise<KeyOrder> {
    const { records, settings } = this.#deps;
    const { keyAlgorithm } = settings;
    progress(`key pair of the log (${keyAlgorithm}) on the token`);
    const open = (await records.openIntents()).find(
      (intent) =>
        intent.kind === 'key' && intent.order.role === 'log' && intent.order.keyAlgorithm === keyAlgorithm,
    );
    if (open?.kind !== 'key') {
      return makeKeyPair(this.#deps, 'log', `log-${keyAlgorithm}`, keyAlgorithm);
    }
    await records.countUse(open);
    await completeKeyPair(this.#deps, open.order);
    return open.order;
  }
}
