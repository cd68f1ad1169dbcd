import { decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { consistencyProof } from '../../formats/log/merkle-tree.ts';
import { encodeConsistencyProof } from '../../formats/log/proof-files.ts';
import { decodeSignatureLine, encodeSignatureLine } from '../../formats/log/signed-note.ts';
import { subtreesOf } from '../../formats/log/tiles.ts';
import { type VerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { InvariantBroken, Unavailable } from '../errors.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';

/** What a witness says to add-checkpoint (C2SP tlog-witness). */
export type WitnessAnswer =
  /** Signature lines, as they came. */
  | { readonly kind: 'cosigned'; readonly lines: string }
  /** It has cosigned a tree of this size last. */
  | { readonly kind: 'conflict'; readonly size: number };

export interface Witness {
  readonly key: VerifierKey;
  /** @throws Unavailable when it does not answer in time, or does not want this checkpoint */
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer>;
}

/** Has one witness cosign each checkpoint; nothing waits for it but what is served under a policy that asks for it. */
export class Cosigner {
  readonly #witness: Witness;
  readonly #log: LogRecords;
  /** Size of the tree that the witness cosigned last, as far as is known; it says so itself when that is wrong. */
  #seen = 0;
  /** Newest checkpoint that it has cosigned. */
  #cosigned: number | undefined;

  constructor(witness: Witness, log: LogRecords) {
    this.#witness = witness;
    this.#log = log;
  }

  /**
   * Asks for a cosignature of the newest checkpoint, unless it is there, and puts it on record.
   *
   * @returns whether there is a new one
   * @throws Unavailable; InvariantBroken when the witness knows a larger tree than there is: records have gone back
   */
  async cosign(): Promise<boolean> {
    const checkpoint = this.#log.latestCheckpoint();
    if (checkpoint === undefined || checkpoint.size === this.#cosigned) return false;
    const lines = await this.#ask(checkpoint);
    await this.#record(checkpoint, lines);
    this.#seen = checkpoint.size;
    this.#cosigned = checkpoint.size;
    return true;
  }

  async #ask(checkpoint: CheckpointRecord): Promise<string> {
    const first = await this.#witness.addCheckpoint(this.#body(checkpoint));
    if (first.kind === 'cosigned') return first.lines;
    if (first.size > checkpoint.size) {
      throw new InvariantBroken(
        `${this.#witness.key.name} has cosigned ${first.size} leaves of this log, and there are ${checkpoint.size} under its last checkpoint: the records have gone back, or the log was forked`,
      );
    }
    this.#seen = first.size;
    const second = await this.#witness.addCheckpoint(this.#body(checkpoint));
    if (second.kind === 'cosigned') return second.lines;
    throw this.#unavailable(`says that it has cosigned ${first.size} leaves, then ${second.size}`);
  }

  #body({ note, size }: CheckpointRecord): Uint8Array {
    const oldSize = Math.min(this.#seen, size);
    const proof = consistencyProof(subtreesOf(this.#log.hashes), oldSize, size);
    return encodeConsistencyProof({ oldSize, proof, checkpoint: note });
  }

  /** Only lines of the key that this witness has, and only those that hold; it may send others too. */
  async #record({ size, note }: CheckpointRecord, lines: string): Promise<void> {
    const { key } = this.#witness;
    const { text } = decodeCheckpoint(note).note;
    const signatures = lines.split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [decodeSignatureLine(line)];
      } catch (error) {
        if (error instanceof MalformedInput) return [];
        throw error;
      }
    });
    const valid = signatures.find(
      (signature) => verifyNote({ text, signatures: [signature] }, [key]).holding.length > 0,
    );
    if (valid === undefined) throw this.#unavailable('has sent no cosignature that holds under its vkey');
    await this.#log.recordCosignature(size, key.name, encodeSignatureLine(valid));
  }

  #unavailable(detail: string): Unavailable {
    return new Unavailable('witness', `${this.#witness.key.name} ${detail}`, {
      outcome: 'unknown',
      mend: 'compare log.witnesses in sigillo.yaml with what its operator publishes',
    });
  }
}
