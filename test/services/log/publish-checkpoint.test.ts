import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/adapters/clock/index.ts';
import { openRecords, type Records } from '../../../src/adapters/store/index.ts';
import { type Checkpoint, decodeCheckpoint, encodeTreeHead } from '../../../src/formats/log/checkpoint.ts';
import { consistencyProof, leafHash, treeRoot } from '../../../src/formats/log/merkle-tree.ts';
import { encodeSignedNote } from '../../../src/formats/log/signed-note.ts';
import { subtreesOf } from '../../../src/formats/log/tiles.ts';
import {
  decodeVerifierKey,
  encodeVerifierKey,
  verifierKey,
  verifyNote,
} from '../../../src/formats/log/verifier-key.ts';
import { Refused, Unavailable } from '../../../src/services/errors.ts';
import { retireLogKey, rotateLogKey } from '../../../src/services/log/log-keys.ts';
import { CheckpointPublisher } from '../../../src/services/log/publish-checkpoint.ts';
import { SigningCore } from '../../../src/services/signing-core/signing-core.ts';
import { shippedPolicies } from '../../support/policies.ts';
import { leafHashes, mth } from '../../support/rfc6962.ts';
import { signerOver } from '../../support/signer-over.ts';
import { openTestToken } from '../../support/token.ts';
import { utopia } from '../../support/utopia.ts';

const origin = 'log.example/utopia';
const test = openTestToken();
afterAll(() => test.remove());

const clock = { now: () => new Date('2026-11-21T12:00:00Z') };
const quiet = () => undefined;

let folder: string;
let records: Records;
let core: SigningCore;
let publisher: CheckpointPublisher;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-log-'));
  start();
});
afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true });
});

/** As a process that starts: memory is gone. */
function start(keyAlgorithm = 'ed25519', name = origin): void {
  records = openRecords(join(folder, 'records.sqlite'), clock);
  core = new SigningCore(test.token, shippedPolicies(), utopia, undefined, name);
  publisher = new CheckpointPublisher({
    signer: signerOver(core),
    records: records.issuance,
    log: records.log,
    clock,
    random: systemRandom,
    settings: { origin: name, keyAlgorithm, cosignatures: 0 },
  });
}

/** Leaves by way of what is cheapest to record. */
async function append(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await records.issuance.announceRollover({
      announcedAt: new Date(Date.UTC(2026, 0, 1) + records.log.size() * 1000),
      notBefore: clock.now(),
      executedAt: undefined,
    });
  }
}

async function publish(): Promise<Checkpoint> {
  const checkpoint = await publisher.publish(quiet);
  if (checkpoint === undefined) throw new Error('nothing was published');
  return decodeCheckpoint(checkpoint.note);
}

function rootByDefinition(size: number): Uint8Array {
  const entries = records.log.entries(0, size);
  return mth(leafHashes(size, (i) => Buffer.from(entries[i]!).toString()));
}

function usesOfLogKey() {
  const database = new DatabaseSync(join(folder, 'records.sqlite'), { readOnly: true });
  const row = database.prepare("SELECT uses, key_id FROM keys WHERE role = 'log'").get();
  database.close();
  return { uses: Number(row?.['uses']), keyId: String(row?.['key_id']) };
}

describe('publishing checkpoints', () => {
  it.each(['ed25519', 'ecdsa-P-256-sha256'])(
    'signs every growth of the log with an %s key on the token',
    async (algorithm) => {
      records.close();
      start(algorithm);
      await append(3);
      const first = await publish();
      expect(first).toMatchObject({ origin, size: 4, root: rootByDefinition(4) });
      const vkey = decodeVerifierKey(records.log.verifierKeys()[0] ?? '');
      expect(vkey.kind).toBe(algorithm === 'ed25519' ? 'ed25519' : 'ecdsa');
      expect(verifyNote(first.note, [vkey]).holding).toHaveLength(1);

      expect(await publisher.publish(quiet)).toBeUndefined();
      await append(260);
      const second = await publish();
      expect(second).toMatchObject({ size: 264, root: rootByDefinition(264) });
      expect(verifyNote(second.note, [vkey]).holding).toHaveLength(1);
      // One use that proved the key, and one for each checkpoint.
      expect(usesOfLogKey().uses).toBe(3);
    },
  );

  it('goes on after a restart where it was, and makes no second key', async () => {
    await append(2);
    await publish();
    records.close();
    start();
    expect(await publisher.publish(quiet)).toBeUndefined();
    await append(1);
    expect(await publish()).toMatchObject({ size: 4, root: rootByDefinition(4) });
    expect((await records.issuance.keys()).filter(({ role }) => role === 'log')).toHaveLength(1);
  });

  it('goes on after a checkpoint that was signed and could not be put on record', async () => {
    await append(2);
    const { log } = records;
    const lost = new Unavailable('records', 'disk full', { outcome: 'not-applied', mend: 'free space' });
    const failing: typeof log = {
      size: () => log.size(),
      hashes: log.hashes,
      entries: (from, count) => log.entries(from, count),
      latestCheckpoint: () => log.latestCheckpoint(),
      servableCheckpoint: (cosignatures) => log.servableCheckpoint(cosignatures),
      countUse: (keyId) => log.countUse(keyId),
      recordCheckpoint: () => Promise.reject(lost),
      recordCosignature: (size, cosigner, line) => log.recordCosignature(size, cosigner, line),
      recordServed: (size, at) => log.recordServed(size, at),
      verifierKeys: () => log.verifierKeys(),
      recordVerifierKey: (vkey, place) => log.recordVerifierKey(vkey, place),
    };
    let isFailing = true;
    const deps = {
      signer: signerOver(core),
      records: records.issuance,
      clock,
      random: systemRandom,
      settings: { origin, keyAlgorithm: 'ed25519', cosignatures: 0 },
    };
    publisher = new CheckpointPublisher({
      ...deps,
      get log() {
        return isFailing ? failing : log;
      },
    });
    await expect(publisher.publish(quiet)).rejects.toBe(lost);
    expect(log.latestCheckpoint()).toBeUndefined();
    isFailing = false;
    await append(1);
    expect(await publish()).toMatchObject({ size: 4, root: rootByDefinition(4) });
  });

  it('keeps nobody waiting twice: two at once sign one after the other', async () => {
    await append(2);
    const both = await Promise.all([publisher.publish(quiet), publisher.publish(quiet)]);
    expect(both.map((checkpoint) => checkpoint?.size)).toEqual([3, undefined]);
  });

  it('puts no smaller or equal checkpoint on record', async () => {
    await append(2);
    const { note } = (await publisher.publish(quiet))!;
    for (const size of [2, 3]) {
      const again = { size, note, signedAt: clock.now(), cosignatures: [] };
      await expect(records.log.recordCheckpoint(again)).rejects.toMatchObject({ code: 'duplicate' });
    }
  });

  it('refuses to go on under another name', async () => {
    await append(2);
    await publish();
    records.close();
    start('ed25519', 'log.example/other');
    await append(1);
    await expect(publisher.publish(quiet)).rejects.toMatchObject({
      kind: 'refused',
      details: { rule: 'L-ORIGIN' },
    });
  });

  it('says what was changed when a leaf below the last checkpoint was', async () => {
    await append(5);
    await publish();
    const database = new DatabaseSync(join(folder, 'records.sqlite'));
    database.prepare('UPDATE log_leaves SET leaf_hash = ? WHERE leaf_index = 2').run(new Uint8Array(32));
    database.close();
    await append(1);
    await expect(publisher.publish(quiet)).rejects.toMatchObject({
      details: { rule: 'L-FORK', field: 'consistency' },
    });
  });
});

describe('another key of the log', () => {
  const logKeys = async () => (await records.issuance.keys()).filter(({ role }) => role === 'log');
  const deps = () => ({
    signer: signerOver(core),
    records: records.issuance,
    log: records.log,
    clock: { now: () => new Date('2026-11-22T12:00:00Z') },
    random: systemRandom,
    settings: { keyAlgorithm: 'ecdsa-P-256-sha256' },
  });

  beforeEach(async () => {
    await append(3);
    await publish();
  });

  it('signs beside the older one, which ends only when the newer one has signed', async () => {
    await expect(retireLogKey(deps())).rejects.toMatchObject({ details: { rule: 'L-ROTATION' } });
    await rotateLogKey(deps(), quiet);
    await expect(rotateLogKey(deps(), quiet)).rejects.toMatchObject({ details: { rule: 'L-ROTATION' } });
    await expect(retireLogKey(deps())).rejects.toMatchObject({ details: { rule: 'L-ROTATION' } });
    const both = await publish();
    const vkeys = records.log.verifierKeys().map(decodeVerifierKey);
    expect(vkeys.map(({ kind }) => kind)).toEqual(['ed25519', 'ecdsa']);
    for (const vkey of vkeys) expect(verifyNote(both.note, [vkey]).holding).toHaveLength(1);
    await retireLogKey(deps());
    const alone = await publish();
    expect(verifyNote(alone.note, vkeys).holding.map(({ key }) => key)).toEqual(vkeys.slice(1));
    // A use that proved each, and one for each signature.
    expect((await logKeys()).map(({ uses }) => uses)).toEqual([3, 3]);
  });

  it('that a crash left half made is completed, and no third one is made', async () => {
    const [first] = await logKeys();
    const keyId = 'cd'.repeat(16);
    const order = { keyId, role: 'log', label: 'log-2', keyAlgorithm: 'ecdsa-P-256-sha256' } as const;
    await records.issuance.begin({ kind: 'key', order });
    await rotateLogKey(deps(), quiet);
    expect((await logKeys()).map((key) => key.keyId)).toEqual([first?.keyId, keyId]);
  });

  it('goes on from what the older one has signed only while that one signs too', async () => {
    await rotateLogKey(deps(), quiet);
    const [older, newer] = await logKeys();
    if (older === undefined || newer === undefined) throw new Error('there are two');
    const latest = records.log.latestCheckpoint();
    const subtrees = subtreesOf(records.log.hashes);
    const size = records.log.size();
    const order = {
      keyId: newer.keyId,
      keyAlgorithm: newer.keyAlgorithm,
      size,
      root: treeRoot(subtrees, size),
      previous: latest?.note,
      consistency: consistencyProof(subtrees, latest?.size ?? 0, size),
    };
    await expect(core.signCheckpoint(order)).rejects.toMatchObject({ details: { rule: 'L-FORK' } });
    expect(decodeCheckpoint(await core.signCheckpoint({ ...order, older })).note.signatures).toHaveLength(2);
  });

  it('is refused in the place of another: what is on record of a key stays', async () => {
    const [vkey = ''] = records.log.verifierKeys();
    const foreign = encodeVerifierKey(verifierKey(origin, 'ed25519', new Uint8Array(32).fill(9)));
    const elsewhere = encodeVerifierKey(
      verifierKey('log.example/other', 'ed25519', new Uint8Array(32).fill(9)),
    );
    for (const [other, place] of [
      [foreign, 0],
      [foreign, 2],
      [elsewhere, 1],
    ] as const) {
      const recorded = records.log.recordVerifierKey(other, place);
      await expect(recorded).rejects.toMatchObject({ details: { rule: 'L-ORIGIN' } });
    }
    expect(records.log.verifierKeys()).toEqual([vkey]);
  });
});

describe('the signer of checkpoints is no oracle', () => {
  /** An order for a tree as it is on record. */
  async function order(size: number, previous: Uint8Array | undefined) {
    const subtrees = subtreesOf(records.log.hashes);
    const { keyId } = usesOfLogKey();
    const before = previous === undefined ? 0 : decodeCheckpoint(previous).size;
    return {
      keyId,
      keyAlgorithm: 'ed25519',
      size,
      root: treeRoot(subtrees, size),
      previous,
      consistency: before > size ? [] : consistencyProof(subtrees, before, size),
    };
  }

  let note: Uint8Array;
  beforeEach(async () => {
    await append(9);
    ({ note } = (await publisher.publish(quiet))!);
    await append(10);
  });

  /** The rule that a job is refused by. */
  async function ruleAgainst(job: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await job();
      return undefined;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.details.rule;
    }
  }

  it('signs what continues the checkpoint before', async () => {
    const good = await order(20, note);
    expect(decodeCheckpoint(await core.signCheckpoint(good)).size).toBe(20);
  });

  it('signs no smaller tree, and none without the one before', async () => {
    const [smaller, first] = [await order(9, note), await order(20, undefined)];
    expect(await ruleAgainst(() => core.signCheckpoint(smaller))).toBe('L-FORK');
    expect(await ruleAgainst(() => core.signCheckpoint(first))).toBe('L-FORK');
  });

  it('signs no other tree of the same size, nor one that does not continue', async () => {
    const good = await order(20, note);
    const other = leafHash(Buffer.from('other'));
    for (const bad of [
      { ...good, root: other },
      { ...good, consistency: good.consistency.toReversed() },
      { ...good, consistency: [] },
      // A size of the same shape would pass: a root does not say how many leaves are below it (RFC 6962 §2.1).
      { ...good, size: 40 },
      { ...(await order(10, note)), root: other },
    ]) {
      expect(await ruleAgainst(() => core.signCheckpoint(bad))).toBe('L-FORK');
    }
  });

  it('does not go on from what it has not signed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const foreign = verifierKey(origin, 'ed25519', Uint8Array.from(spki.subarray(-32)));
    const text = encodeTreeHead({ origin, size: 10, root: leafHash(Buffer.from('forged')) });
    const signature = Uint8Array.from(sign(null, Buffer.from(text), privateKey));
    const ours = decodeVerifierKey(records.log.verifierKeys()[0] ?? '');
    for (const { keyId } of [foreign, ours]) {
      const forged = encodeSignedNote({ text, signatures: [{ name: origin, keyId, signature }] });
      const bad = { ...(await order(20, note)), previous: forged };
      expect(await ruleAgainst(() => core.signCheckpoint(bad))).toBe('L-FORK');
    }
  });

  it('does not go back to a checkpoint of its own that is not the last one', async () => {
    await core.signCheckpoint(await order(20, note));
    const again = await order(15, note);
    expect(await ruleAgainst(() => core.signCheckpoint(again))).toBe('L-FORK');
  });

  it('signs with a log key only, and no size or root that is none', async () => {
    const good = await order(20, note);
    for (const bad of [{ size: 1.5 }, { size: -1 }, { root: new Uint8Array(31) }]) {
      expect(await ruleAgainst(() => core.signCheckpoint({ ...good, ...bad }))).toBe('L-HEAD');
    }
    const dsc = await core.generateKeyPair({
      keyId: 'ab'.repeat(16),
      role: 'document-signer',
      label: 'dsc',
      keyAlgorithm: 'ecdsa-P-256-sha256',
    });
    await expect(core.signCheckpoint({ ...good, keyId: dsc.keyId })).rejects.toThrow(/is not for log/);
  });

  it('has no log on a machine without one', async () => {
    const offline = new SigningCore(test.token, shippedPolicies(), utopia);
    const good = await order(20, note);
    await expect(offline.signCheckpoint(good)).rejects.toThrow(/signs no checkpoints/);
  });
});
