import { decodeCheckpoint, encodeTreeHead, type TreeHead } from '../../formats/log/checkpoint.ts';
import { hashOctets, isConsistent } from '../../formats/log/merkle-tree.ts';
import { encodeSignedNote, type NoteSignature } from '../../formats/log/signed-note.ts';
import { type VerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { logKeyAlgorithm, logVerifierKey } from '../../rules/log/log-key.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type { CheckpointOrder, Token } from '../ports.ts';

/**
 * Signs checkpoints of one log. It writes the text itself, under the origin that its own configuration names, and
 * signs only a tree that is proved to continue the one it signed before: whoever has captured the service cannot
 * have two histories signed by this process. What one process has not seen, another may have signed; that is what
 * cosigners are for.
 */
export class CheckpointSigner {
  readonly #token: Token;
  readonly #origin: string;
  /** The largest tree that this process has signed. */
  #signed: TreeHead | undefined;
  /** One after the other: each is held against the one before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(token: Token, origin: string) {
    this.#token = token;
    this.#origin = origin;
  }

  /** @throws Refused, MalformedInput */
  sign(order: CheckpointOrder): Promise<Uint8Array> {
    const signed = this.#last.then(() => this.#signNext(order));
    this.#last = signed.catch(() => undefined);
    return signed;
  }

  async #signNext(order: CheckpointOrder): Promise<Uint8Array> {
    const { size, root, previous, consistency, older } = order;
    const keys = await Promise.all(
      (older === undefined ? [order] : [order, older]).map((key) => this.#find(key)),
    );
    const head: TreeHead = { origin: this.#origin, size, root };
    if (!Number.isSafeInteger(size) || size < 0 || root.length !== hashOctets) {
      throw refusal('L-HEAD', 'root', 'size or root hash is none', 'compute both from the leaves on record');
    }
    const verifierKeys = keys.map(({ verifierKey }) => verifierKey);
    this.#assertContinues(verifierKeys, head, previous, consistency);
    const text = encodeTreeHead(head);
    const signatures: NoteSignature[] = [];
    for (const { keyId, algorithm, verifierKey } of keys) {
      const signature = await this.#token.sign(keyId, 'log', algorithm, Buffer.from(text));
      signatures.push({ name: verifierKey.name, keyId: verifierKey.keyId, signature });
    }
    // A wrong signature binds nobody; to go on from it would refuse every later checkpoint.
    if (verifyNote({ text, signatures }, verifierKeys).holding.length !== keys.length) {
      throw new InvariantBroken(`the token's signature over the checkpoint of ${size} leaves does not hold`);
    }
    this.#signed = head;
    return encodeSignedNote({ text, signatures });
  }

  async #find({ keyId, keyAlgorithm }: { readonly keyId: string; readonly keyAlgorithm: string }) {
    const { publicKey } = await this.#token.findKey(keyId, 'log');
    const { signature: algorithm } = logKeyAlgorithm(keyAlgorithm);
    return { keyId, algorithm, verifierKey: logVerifierKey(this.#origin, publicKey) };
  }

  #assertContinues(
    keys: readonly VerifierKey[],
    head: TreeHead,
    previous: Uint8Array | undefined,
    consistency: readonly Uint8Array[],
  ): void {
    const before = previous === undefined ? undefined : this.#ownCheckpoint(previous, keys);
    if (this.#signed !== undefined && (before === undefined || before.size < this.#signed.size)) {
      const detail = `this signer has signed a tree of ${this.#signed.size} leaves`;
      throw refusal('L-FORK', 'previous', detail, 'give the checkpoint that was signed last');
    }
    if (before === undefined || isConsistent(before, head, consistency)) return;
    const detail = `the tree of ${head.size} leaves is not proved to continue that of ${before.size}`;
    throw refusal('L-FORK', 'consistency', detail, 'sigillo fsck says where the log was changed');
  }

  /** One that a key has signed which signs now: a newer key goes on from what the older one has signed. */
  #ownCheckpoint(note: Uint8Array, keys: readonly VerifierKey[]): TreeHead {
    const checkpoint = decodeCheckpoint(note);
    const { holding, failing } = verifyNote(checkpoint.note, keys);
    if (checkpoint.origin === this.#origin && holding.length > 0 && failing.length === 0) return checkpoint;
    const detail = `the previous checkpoint is not signed by the key of ${this.#origin}`;
    throw refusal('L-FORK', 'previous', detail, 'log.origin must not be changed once a log has begun');
  }
}

function refusal(rule: string, field: string, detail: string, mend: string): Refused {
  return new Refused('policy', detail, {
    rule,
    field,
    mend,
    source: 'C2SP tlog-checkpoint, Signatures',
  });
}
