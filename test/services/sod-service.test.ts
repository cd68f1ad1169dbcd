import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MalformedInput } from '../../src/formats/malformed-input.ts';
import { InvariantBroken, Refused, Unavailable } from '../../src/services/errors.ts';
import {
  type FaultKind,
  firstKey,
  keyNotActive,
  secondKey,
  SodWorld,
  type Step,
} from '../support/sod-world.ts';

let world: SodWorld;
beforeEach(async () => {
  world = await SodWorld.make();
});
afterEach(() => {
  world.checkInvariants();
  world.remove();
});

const duplicate = expect.objectContaining({ kind: 'refused', code: 'duplicate' });
const kinds: readonly FaultKind[] = ['not-applied', 'applied-but-answer-lost'];

describe('a Document Signer is revoked', () => {
  it('while a request claims it: it signs nothing, and the same request goes to the next one', async () => {
    world.now = new Date('2027-01-31T12:00:00Z');
    world.onClaim = () => world.revoke(firstKey);
    await expect(world.sign('one')).rejects.toEqual(
      expect.objectContaining({ kind: 'refused', code: 'key-not-active' }),
    );
    expect(world.signatures.size).toBe(0);
    expect(world.service.broken).toBeUndefined();
    world.onClaim = () => undefined;
    await world.sign('one');
    expect([...world.signatures]).toEqual([[secondKey, 1]]);
  });
});

describe('a SOD is signed exactly once', () => {
  it('gives the same bytes for the same request, for ever', async () => {
    const first = await world.sign('one');
    const again = await world.sign('one');
    expect(again.sod).toEqual(first.sod);
    expect([first.isRepeat, again.isRepeat]).toEqual([false, true]);
    world.restart();
    expect((await world.sign('one')).sod).toEqual(first.sod);
    expect(world.signatures.get(firstKey)).toBe(1);
  });

  it('refuses other content under the same request id, and signs nothing', async () => {
    await world.sign('one');
    await expect(world.sign('one', 1)).rejects.toEqual(duplicate);
    world.restart();
    await expect(world.sign('one', 1)).rejects.toEqual(duplicate);
    expect(world.signatures.get(firstKey)).toBe(1);
    expect(world.uses()).toBe(1);
  });

  it('signs once for requests that come at the same moment', async () => {
    const signed = await Promise.all(Array.from({ length: 8 }, () => world.sign('one')));
    expect(new Set(signed.map(({ sod }) => sod.logLeaf)).size).toBe(1);
    expect(signed.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    expect(world.signatures.get(firstKey)).toBe(1);
    expect(world.service.broken).toBeUndefined();
  });

  it('has one content win where two come at the same moment', async () => {
    const outcomes = await Promise.allSettled([world.sign('one', 0), world.sign('one', 1)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'duplicate' } });
  });

  it('answers repeats of a request that is being worked on with its outcome', async () => {
    const release = world.holdSigner();
    const first = world.sign('one');
    await tick();
    const second = world.sign('one');
    const other = Promise.allSettled([world.sign('one', 1)]);
    await tick();
    release();
    expect((await second).sod).toEqual((await first).sod);
    expect(await other).toMatchObject([{ status: 'rejected', reason: { code: 'duplicate' } }]);
  });

  it('does not refuse a repeat because other content comes at the same moment', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.restart();
    const [other, repeated] = await Promise.allSettled([world.sign('one', 1), world.sign('one')]);
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'duplicate' } });
    expect(repeated.status).toBe('fulfilled');
  });
});

describe.each(kinds)('a fault at one step: %s', (kind) => {
  const steps: readonly Step[] = ['find', 'claim', 'signSod', 'check', 'record'];

  it.each(steps)('%s: the request can be repeated, and signs once', async (step) => {
    world.plant(step, kind);
    await world.sign('one').catch(expectUnavailable);
    world.checkInvariants();
    await world.sign('one');
    expect(world.service.broken).toBeUndefined();
    expect(world.recorded()).toEqual(['one']);
    expect(world.openIntents()).toEqual([]);
  });

  it.each(steps)('%s: other content is refused as soon as the request has begun', async (step) => {
    world.plant(step, kind);
    await world.sign('one').catch(expectUnavailable);
    const hasBegun = world.openIntents().length + world.recorded().length > 0;
    if (hasBegun) await expect(world.sign('one', 1)).rejects.toEqual(duplicate);
    else await world.sign('one', 1);
  });

  it.each(steps)('%s: recovery after a crash completes what was begun', async (step) => {
    world.plant(step, kind);
    await world.sign('one').catch(expectUnavailable);
    world.restart();
    world.checkInvariants();
    await world.service.completeOpenIntents();
    expect(world.openIntents()).toEqual([]);
    world.checkInvariants();
    await world.sign('one');
  });

  it.each(['openIntents', 'countUse', 'signSod', 'check', 'record'] as const)(
    'recovery itself fails at %s, and succeeds the next time',
    async (step) => {
      world.plant('record', 'not-applied');
      await world.sign('one').catch(expectUnavailable);
      world.restart();
      world.plant(step, kind);
      await world.service.completeOpenIntents().catch(expectUnavailable);
      world.checkInvariants();
      await world.service.completeOpenIntents();
      expect(world.openIntents()).toEqual([]);
      expect(world.service.broken).toBeUndefined();
      await world.sign('one');
    },
  );

  it('counts a use before every further attempt, and gives up if it cannot', async () => {
    world.plant('signSod', 'applied-but-answer-lost');
    world.plant('countUse', kind);
    await expect(world.sign('one')).rejects.toThrow(Unavailable);
    expect(world.signatures.get(firstKey)).toBe(1);
    world.checkInvariants();
    await world.sign('one');
  });

  it('an intent that cannot be abandoned stays, and is abandoned later', async () => {
    world.refusal = keyNotActive;
    world.plant('abandon', kind);
    await expect(world.sign('one')).rejects.toThrow(Unavailable);
    world.refusal = undefined;
    await world.sign('one', kind === 'not-applied' ? 0 : 1);
  });
});

describe('a signer that is lost', () => {
  it('is asked again, each time with one more use counted', async () => {
    for (let lost = 0; lost < 4; lost += 1) world.plant('signSod', 'applied-but-answer-lost');
    await world.sign('one');
    expect(world.signatures.get(firstKey)).toBe(5);
    expect(world.uses()).toBe(5);
  });

  it('is given up after five attempts; the intent stays open and is completed later', async () => {
    for (let lost = 0; lost < 5; lost += 1) world.plant('signSod', 'applied-but-answer-lost');
    await expect(world.sign('one')).rejects.toMatchObject({ kind: 'unavailable', outcome: 'unknown' });
    expect(world.openIntents()).toEqual(['one']);
    await world.service.completeOpenIntents();
    expect(world.recorded()).toEqual(['one']);
  });

  it('is not asked again when it has not even got the job', async () => {
    world.plant('signSod', 'not-applied');
    await expect(world.sign('one')).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(world.uses()).toBe(1);
  });
});

describe('no token', () => {
  const absent = new Unavailable('token', 'no token', { outcome: 'not-applied', mend: 'connect it' });

  it('changes nothing: no intent, no use', async () => {
    world.signerFailure = absent;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(world.sign('one')).rejects.toBe(absent);
    }
    expect(world.openIntents()).toEqual([]);
    expect(world.uses()).toBe(0);
  });

  it('does not keep what is on record from being answered', async () => {
    await world.sign('one');
    world.signerFailure = absent;
    expect((await world.sign('one')).isRepeat).toBe(true);
    await expect(world.sign('one', 1)).rejects.toEqual(duplicate);
  });

  it('leaves open intents as they are until it is back', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.restart();
    world.signerFailure = absent;
    await expect(world.service.completeOpenIntents()).rejects.toBe(absent);
    expect(world.uses()).toBe(1);
    world.signerFailure = undefined;
    expect(await world.service.completeOpenIntents()).toBe(1);
  });
});

describe('recovery beside the load', () => {
  it('signs no intent again that ends while recovery works on another', async () => {
    world.plant('record', 'not-applied');
    await world.sign('1-orphan', 1).catch(expectUnavailable);
    const releaseOrphan = world.holdSigner(1);
    const releaseCurrent = world.holdSigner(2);
    const current = world.sign('2-current', 2);
    await tick();
    const recovery = world.service.completeOpenIntents();
    await tick();
    releaseCurrent();
    await current;
    releaseOrphan();
    await recovery;
    expect(world.service.broken).toBeUndefined();
    expect(world.recorded().toSorted()).toEqual(['1-orphan', '2-current']);
    expect(world.signatures.get(firstKey)).toBe(3);
  });

  it('signs no intent again that a repeat of its request ends while recovery works on another', async () => {
    for (const [requestId, content] of [
      ['1-orphan', 1],
      ['2-orphan', 2],
    ] as const) {
      world.plant('record', 'not-applied');
      await world.sign(requestId, content).catch(expectUnavailable);
    }
    const release = world.holdSigner(1);
    const recovery = world.service.completeOpenIntents();
    await tick();
    await world.sign('2-orphan', 2);
    release();
    await recovery;
    expect(world.service.broken).toBeUndefined();
    expect(world.signatures.get(firstKey)).toBe(4);
  });

  it('shares its work with a station that repeats the request meanwhile', async () => {
    for (const requestId of ['one', 'two']) {
      world.plant('record', 'not-applied');
      await world.sign(requestId).catch(expectUnavailable);
    }
    const release = world.holdSigner();
    const recovery = world.service.completeOpenIntents();
    await tick();
    const stations = ['two', 'one', 'two'].map((requestId) => world.sign(requestId));
    await tick();
    release();
    await Promise.all([recovery, ...stations]);
    expect(world.service.broken).toBeUndefined();
    expect(world.signatures.get(firstKey)).toBe(4);
  });

  it('completes the others when one cannot be completed', async () => {
    for (const requestId of ['one', 'two', 'three']) {
      world.plant('record', 'not-applied');
      await world.sign(requestId).catch(expectUnavailable);
    }
    world.restart();
    world.plant('signSod', 'not-applied');
    await expect(world.service.completeOpenIntents()).rejects.toThrow(Unavailable);
    expect(world.recorded()).toHaveLength(2);
    expect(await world.service.completeOpenIntents()).toBe(1);
  });
});

describe('an intent that can never be signed as it was meant', () => {
  it('is ended by recovery when the usage period of its key is over', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.restart();
    world.passUsagePeriod();
    expect(await world.service.completeOpenIntents()).toBe(0);
    expect(world.openIntents()).toEqual([]);
    expect(world.abandoned()).toEqual(['sod:one']);
    await world.sign('one', 1);
    expect(world.signatures.get(secondKey)).toBe(1);
  });

  it('is ended by a repeat of its request, which the next key signs', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.passUsagePeriod();
    await world.sign('one');
    expect(world.abandoned()).toEqual(['sod:one']);
    expect([world.uses(firstKey), world.uses(secondKey)]).toEqual([1, 1]);
  });

  it('is ended once when recovery and repeats come at the same moment', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.passUsagePeriod();
    const outcomes = await Promise.allSettled([
      world.service.completeOpenIntents(),
      world.sign('one'),
      world.sign('one'),
    ]);
    expect(world.service.broken).toBeUndefined();
    expect(world.abandoned()).toEqual(['sod:one']);
    expect(outcomes[0].status).toBe('fulfilled');
    await world.sign('one');
    expect(world.uses(secondKey)).toBe(1);
  });

  it.each([
    ['Refused', keyNotActive],
    ['MalformedInput', new MalformedInput('dataGroupHashes', 'cannot be encoded')],
  ])('is ended when the signer answers %s, and frees its request id', async (_, refusal) => {
    world.refusal = refusal;
    await expect(world.sign('one')).rejects.toBe(refusal);
    expect(world.openIntents()).toEqual([]);
    expect(world.abandoned()).toEqual(['sod:one']);
    world.refusal = undefined;
    await world.sign('one', 1);
  });

  it('is ended by recovery when the signer refuses it', async () => {
    world.plant('record', 'not-applied');
    await world.sign('one').catch(expectUnavailable);
    world.refusal = keyNotActive;
    await expect(world.service.completeOpenIntents()).rejects.toBe(keyNotActive);
    expect(world.openIntents()).toEqual([]);
  });
});

describe('a key that is not on the token', () => {
  it('leaves the intent open, until the right token is there', async () => {
    world.refusal = new Refused('not-found', 'the token has no such key', { mend: 'connect the right one' });
    await expect(world.sign('one')).rejects.toMatchObject({ kind: 'unavailable', outcome: 'not-applied' });
    expect(world.openIntents()).toEqual(['one']);
    world.refusal = undefined;
    await world.sign('one');
    expect(world.abandoned()).toEqual([]);
  });
});

describe('a broken invariant', () => {
  it('releases nothing and stops signing, not answering', async () => {
    await world.sign('before');
    world.refusal = new InvariantBroken('the token lies');
    await expect(world.sign('one')).rejects.toThrow(InvariantBroken);
    world.refusal = undefined;
    await expect(world.sign('two')).rejects.toThrow(InvariantBroken);
    expect(world.service.broken).toBeInstanceOf(InvariantBroken);
    expect((await world.sign('before')).isRepeat).toBe(true);
    expect(world.recorded()).toEqual(['before']);
  });
});

describe('any history', () => {
  const requestIds = fc.constantFrom('a', 'b', 'c');
  const fault = fc.record({
    step: fc.constantFrom<Step>('find', 'claim', 'countUse', 'signSod', 'check', 'record', 'abandon'),
    kind: fc.constantFrom<FaultKind>(...kinds),
    after: fc.nat({ max: 2 }),
  });
  type Command =
    | { readonly act: 'sign'; readonly requests: readonly [string, number][] }
    | { readonly act: 'fault'; readonly step: Step; readonly kind: FaultKind; readonly after: number }
    | { readonly act: 'restart' | 'recover' | 'pass-usage-period' };
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        act: fc.constant('sign' as const),
        requests: fc.array(fc.tuple(requestIds, fc.nat({ max: 1 })), { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 5, arbitrary: fault.map((planted) => ({ act: 'fault' as const, ...planted })) },
    { weight: 1, arbitrary: fc.constant({ act: 'restart' as const }) },
    { weight: 2, arbitrary: fc.constant({ act: 'recover' as const }) },
    { weight: 1, arbitrary: fc.constant({ act: 'pass-usage-period' as const }) },
  );

  it('keeps every invariant, and heals by itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 20 }), async (commands) => {
        const other = await SodWorld.make();
        try {
          for (const step of commands) {
            await perform(other, step);
            other.checkInvariants();
          }
          other.restart();
          await other.service.completeOpenIntents();
          expect(other.openIntents()).toEqual([]);
          expect(other.service.broken).toBeUndefined();
          for (const requestId of ['a', 'b', 'c']) await signWhatever(other, requestId);
          other.checkInvariants();
        } finally {
          other.remove();
        }
      }),
      { numRuns: 60 },
    );
  });

  async function perform(other: SodWorld, step: Command): Promise<void> {
    switch (step.act) {
      case 'sign': {
        const requests = step.requests.map(([requestId, content]) => other.sign(requestId, content));
        for (const outcome of await Promise.allSettled(requests)) {
          if (outcome.status === 'fulfilled') continue;
          expect(outcome.reason).toMatchObject({ kind: expect.stringMatching(/^(unavailable|refused)$/) });
        }
        return;
      }
      case 'fault':
        other.plant(step.step, step.kind, step.after);
        return;
      case 'restart':
        other.restart();
        return;
      case 'recover':
        await other.service.completeOpenIntents().catch(expectUnavailable);
        return;
      case 'pass-usage-period':
        other.passUsagePeriod();
    }
  }

  /** One of the two contents has the request id, or it is free. */
  async function signWhatever(other: SodWorld, requestId: string): Promise<void> {
    const outcomes = await Promise.allSettled([other.sign(requestId, 0), other.sign(requestId, 1)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  }
});

function expectUnavailable(error: unknown): void {
  expect(error).toBeInstanceOf(Unavailable);
}

/** Until everything that was begun waits for the signer. */
async function tick(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
