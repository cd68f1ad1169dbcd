import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpWitness } from '../../../src/adapters/witness/index.ts';
import { decodeCheckpoint } from '../../../src/formats/log/checkpoint.ts';
import { decodeVerifierKey, verifyNote } from '../../../src/formats/log/verifier-key.ts';
import { verifyCheckpointFile } from '../../../src/rules/log/verify-log-file.ts';
import { Cosigner } from '../../../src/services/log/cosign-checkpoint.ts';
import { PublishedLog } from '../../../src/services/log/published-log.ts';
import { LogWorld } from '../../support/log-world.ts';
import { openTestToken } from '../../support/token.ts';
import { TestWitness } from '../../support/witness.ts';

/** Real HTTP, a witness that shares nothing with us, real records and a real token. */

const token = openTestToken();
let world: LogWorld;
let witnesses: TestWitness[];

beforeEach(async () => {
  world = new LogWorld(token);
  witnesses = [];
  await world.issue();
  await world.sign(5);
  await world.publish();
});
afterEach(() => {
  for (const witness of witnesses) witness.close();
  world.remove();
});

async function newWitness(
  name = 'witness.example/w1',
  type?: 'ed25519' | 'ml-dsa-44',
  logKey = () => world.vkey,
) {
  const witness = new TestWitness(name, logKey, type);
  witnesses.push(witness);
  const url = await witness.listen();
  /** As after a restart: it remembers nothing. A busy machine takes its time, unless it is a hang that is waited for. */
  const cosigner = (deadlineMs = 10_000) =>
    new Cosigner(new HttpWitness(decodeVerifierKey(witness.vkey), url, deadlineMs), world.records.log);
  return { witness, cosigner };
}

async function grow(): Promise<void> {
  await world.sign(4);
  await world.publish();
}

/** The checkpoint that the public gets under a policy. */
async function served(cosignatures: number): Promise<Uint8Array | undefined> {
  const published = new PublishedLog(world.records.log, { now: () => new Date() }, cosignatures);
  await published.refresh();
  return published.find('checkpoint')?.octets;
}

describe('cosigners (C2SP tlog-witness)', () => {
  it.each(['ed25519', 'ml-dsa-44'] as const)(
    '%s: cosign every checkpoint after the one before',
    async (type) => {
      const { witness, cosigner } = await newWitness('witness.example/w1', type);
      const asking = cosigner();
      for (let round = 0; round < 4; round += 1) {
        expect(await asking.cosign()).toBe(true);
        expect(await asking.cosign()).toBe(false);
        const keys = [world.vkey, witness.vkey].map(decodeVerifierKey);
        const file = (await served(1))!;
        expect(verifyCheckpointFile(file, { keys, cosignatures: 1 })).toMatchObject({ verdict: 'TRUSTED' });
        expect(decodeCheckpoint(file).size).toBe(witness.latest.size);
        await grow();
      }
      expect(witness.answered).toEqual([200, 200, 200, 200]);
    },
  );

  it('are told what they ask for after we have forgotten where they are', async () => {
    const { witness, cosigner } = await newWitness();
    await cosigner().cosign();
    await grow();
    expect(await cosigner().cosign()).toBe(true);
    expect(witness.answered).toEqual([200, 409, 200]);
    // The same checkpoint once more, as when its answer was lost.
    expect(await cosigner().cosign()).toBe(true);
    expect(witness.answered.slice(3)).toEqual([409, 200]);
  });

  it('that know a larger tree are heard: the records have gone back', async () => {
    const { witness, cosigner } = await newWitness();
    witness.latest = { size: 1000, root: Buffer.alloc(32) };
    await expect(cosigner().cosign()).rejects.toMatchObject({
      kind: 'broken',
      message: expect.stringMatching(/has cosigned 1000 leaves of this log/) as string,
    });
  });

  it('that know another history, or not this log, are heard', async () => {
    const { witness, cosigner } = await newWitness();
    witness.latest = { size: 3, root: Buffer.alloc(32) };
    await expect(cosigner().cosign()).rejects.toMatchObject({
      message: expect.stringMatching(/another history/) as string,
    });
    const foreign = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    const unknown = await newWitness('w2', undefined, () => foreign);
    await expect(unknown.cosigner().cosign()).rejects.toMatchObject({
      message: expect.stringMatching(/does not know this log/) as string,
    });
    const otherKey = await newWitness('w3', undefined, () =>
      foreign.replace('example.com/foo', 'log.example/utopia'),
    );
    await expect(otherKey.cosigner().cosign()).rejects.toMatchObject({
      message: expect.stringMatching(/another key for this log/) as string,
    });
  });

  it.each([
    ['hang', /does not answer/],
    ['forge', /no cosignature that holds/],
    ['garbage', /no cosignature that holds/],
  ] as const)('that %s give no cosignature, and no wait without end', async (misbehave, message) => {
    const { witness, cosigner } = await newWitness();
    witness.misbehave = misbehave;
    await expect(cosigner(misbehave === 'hang' ? 300 : undefined).cosign()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(message) as string,
    });
    expect(world.records.log.latestCheckpoint()?.cosignatures).toEqual([]);
    witness.misbehave = undefined;
    expect(await cosigner().cosign()).toBe(true);
  });

  it('as many as the policy asks for are there before a checkpoint is served, and none goes back', async () => {
    const [one, two] = [await newWitness('w1'), await newWitness('w2')];
    const [first, second] = [one.cosigner(), two.cosigner()];
    expect(await served(2)).toBeUndefined();
    await first.cosign();
    expect(await served(2)).toBeUndefined();
    await second.cosign();
    const size = decodeCheckpoint((await served(2))!).size;
    await grow();
    await first.cosign();
    expect(decodeCheckpoint((await served(2))!).size).toBe(size);
    expect(decodeCheckpoint((await served(1))!).size).toBe(size + 4);
    // Under a stricter policy than before, what was served stays.
    expect(decodeCheckpoint((await served(2))!).size).toBe(size + 4);
    await second.cosign();
    const { note } = decodeCheckpoint((await served(2))!);
    const keys = [one, two].map(({ witness }) => decodeVerifierKey(witness.vkey));
    expect(verifyNote(note, keys).holding).toHaveLength(2);
  });
});
